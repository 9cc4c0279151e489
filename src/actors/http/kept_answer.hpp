// The last answer to a question that many ask again and again, as long as it would be the same.
#pragma once

#include "alder/cause.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace alder::actors {

/// Loop thread only.
class kept_answer {
public:
  struct question {
    std::vector<std::pair<std::string, std::string>> query;
    std::vector<std::string> notices; ///< that the answer contains
    std::uint64_t board = 0;          ///< its version
    bool operator==(const question&) const = default;
  };
  /// What processes use is told anew after this time.
  static constexpr std::chrono::milliseconds good_for{1000};

  /// Null when there is none that is still good.
  [[nodiscard]] const std::string* find(const question& asked, wall_time now) const {
    return asked == asked_ && now >= made_ && now - made_ < good_for && !text_.empty() ? &text_ : nullptr;
  }
  void keep(question asked, wall_time now, const std::string& text) {
    asked_ = std::move(asked);
    made_ = now;
    text_ = text;
  }

private:
  question asked_;
  wall_time made_{};
  std::string text_;
};

} // namespace alder::actors

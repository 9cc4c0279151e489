// How a followed stream continues where it was when its daemon was replaced: what to request next.
#pragma once

#include "cli/common/answers.hpp"
#include "cli/common/client.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace alder::cli {

/// Log lines: by the cursors of those that were shown.
class log_resumption {
public:
  /// `first`: the target of the first request. `again`: the target of the following ones, without the number of past
  /// lines; both with a query.
  log_resumption(std::string first, std::string again) : first_(std::move(first)), again_(std::move(again)) {}

  /// What the daemon has said; before it is shown.
  void note(const log_item& line);
  [[nodiscard]] call next() const;

private:
  void note_cursor(const std::string& cursor);

  std::string first_;
  std::string again_;
  std::map<std::string, std::string> cursors_; ///< the last of each source, by its name
  bool has_begun_ = false;                     ///< there is nothing older that was to be shown first
};

/// Events: by their numbers.
class event_resumption {
public:
  /// As above. `latest`: the number of the last event there was before, when no past ones are to be shown.
  event_resumption(std::string first, std::string again, std::optional<std::uint64_t> latest)
      : first_(std::move(first)), again_(std::move(again)), seen_(latest) {}

  void note(const event_item& line);
  [[nodiscard]] call next() const;

private:
  std::string first_;
  std::string again_;
  std::optional<std::uint64_t> seen_;
};

} // namespace alder::cli

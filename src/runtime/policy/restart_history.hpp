// The restarts of one supervisor that may still count, as a value that is cheap to hand to a decider and back.
//
// Copies share their stamps: a history of many thousand restarts is not copied with every question. It belongs to one
// supervisor, so that a copy is extended only after the one it was taken from is not used any more; extending an older
// copy is correct too, and then copies.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace alder::policy {

/// Monotonic time; policies never read a clock.
using time_point = std::chrono::steady_clock::time_point;

class restart_history {
public:
  restart_history() = default;
  /// `oldest_first` in the order of time.
  explicit restart_history(std::vector<time_point> oldest_first);

  /// Adds `now` and drops, from the first one on that is older than `within`, what came before: OTP's add_restart/3.
  void add(time_point now, std::chrono::milliseconds within);

  [[nodiscard]] std::size_t size() const { return end_ - begin_; }
  [[nodiscard]] bool empty() const { return size() == 0; }
  /// The newest `most` of them.
  [[nodiscard]] std::vector<time_point> newest_first(std::size_t most = SIZE_MAX) const;

  bool operator==(const restart_history& other) const { return newest_first() == other.newest_first(); }

private:
  std::shared_ptr<std::vector<time_point>> stamps_; ///< oldest first; appended to by the history that ends at its end
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

} // namespace alder::policy

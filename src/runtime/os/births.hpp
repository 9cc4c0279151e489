// Which processes were born since the last look, without a look at all there are: the kernel gives process numbers in
// turn, and /proc/loadavg tells the last one it gave.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace alder::os {

/// Where births takes its facts from: the system, or a test.
struct number_source {
  std::function<std::optional<int>()> last; ///< the number given last in this namespace; nothing: not known
  std::function<int()> limit;               ///< numbers are below it; behind it the count begins anew
  /// Processes and threads that were made since the machine started; nothing: not known.
  std::function<std::optional<std::uint64_t>()> forks;
  std::function<std::vector<int>()> all; ///< of the processes there are now
  std::function<std::chrono::steady_clock::time_point()> now;
};

/// The system's own. Without `last` where /proc/loadavg does not follow the numbers that are given here, as in
/// containers that make up the file: found out by a thread that is made for it.
[[nodiscard]] number_source system_numbers();

class births {
public:
  explicit births(number_source from = system_numbers()) : from_(std::move(from)) {}

  /// The numbers that were given since the last call, in their order: of processes, of threads, and of what has ended
  /// by now; those told as absent() come again, first. Nothing: it is not known, so all processes must be looked at;
  /// what is born while that is done comes with the next call. The first call knows nothing. Missed are processes whose
  /// number was chosen by their maker (clone3 with set_tid).
  [[nodiscard]] std::optional<std::vector<int>> take();
  /// No process has this number: it has ended, or is only being made, which take() tells about again for two seconds.
  /// Whether that is new.
  bool absent(int number);
  /// A process has this number: it is not told again.
  void present(int number) { missing_.erase(number); }
  /// Whether take() can ever know.
  [[nodiscard]] bool is_told() const { return static_cast<bool>(from_.last); }

private:
  struct look {
    int last = 0;
    std::chrono::steady_clock::time_point at;
  };
  void begin(const look& now);
  [[nodiscard]] bool may_have_wrapped(const look& now);
  void append_range(int after, int last, int limit, std::vector<int>& numbers) const;

  number_source from_;
  std::optional<look> former_;
  std::optional<std::uint64_t> forks_; ///< at `forks_at_`
  std::chrono::steady_clock::time_point forks_at_;
  std::map<int, std::chrono::steady_clock::time_point> missing_; ///< told as absent, and until when they are told again
};

} // namespace alder::os

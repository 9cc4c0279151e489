// The requests to stop, one after the other: the steps, then the signal; when that was of no use it is killed.
#pragma once

#include "runtime/policy/deadline.hpp"
#include "runtime/policy/process_events.hpp"

#include "alder/spec.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace alder::policy {

class stop_sequence {
public:
  enum class then : std::uint8_t {
    wait,    ///< for its end, or for the timer that was armed
    kill,    ///< as the rules want it
    give_up, ///< kill it, since asking was of no use
  };

  /// Makes the request that is next by these rules, which may be newer than those of the one before. `main_is_gone`:
  /// only other processes are left; a command and a message are for the main process.
  [[nodiscard]] then ask(const stop_spec& rules, bool main_is_gone, process_output& out);
  /// Whether this is the timer of the request under way and its time is over.
  [[nodiscard]] bool is_over(std::uint64_t token, process_output& out);
  /// When it is: what follows.
  [[nodiscard]] then ask_next(const stop_spec& rules, bool main_is_gone, process_output& out);
  /// The request under way went to the main process alone, which has ended: those that it left behind get it, too.
  void ask_the_rest(const stop_spec& rules, process_output& out) const;
  /// The program asked for more time for the request under way.
  void extend(milliseconds time, const process_output& out) { limit_.extend(time, out); }
  /// The time that the request under way has or had, for people.
  [[nodiscard]] std::string patience() const { return limit_.patience(time_); }

private:
  std::size_t step_ = 0;
  bool was_signalled_ = false; ///< it got the signal that comes after the steps
  deadline limit_;
  milliseconds time_{0}; ///< of that limit, without what the program asked for
};

} // namespace alder::policy

#include "runtime/policy/process_end.hpp"

#include "runtime/base/words.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <vector>

namespace alder::policy {
namespace {

using exit_kind = exit_reason::kind;

bool contains(const std::vector<int>& values, int value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

/// The signals by which people and other programs ask one to end, or mean to reload it.
bool is_request(int signal) { return signal == SIGTERM || signal == SIGINT || signal == SIGHUP; }

/// What there is to add about an end that looks as if it had been asked for, and was not by us.
std::string stranger_words(const service_spec& spec, exit_status status) {
  if (status.kind == exit_status::how::exited) {
    const int signal = status.value - 128; // as shells and the JVM report it
    return is_request(signal) && !contains(spec.clean_exit_codes, status.value)
               ? " (128 + " + signal_name(signal) + ", not a stop requested through Alder)"
               : "";
  }
  if (status.kind != exit_status::how::signaled || !is_request(status.value)) return {};
  const bool stays_down =
      !spec.task && spec.restart != restart_kind::permanent && contains(spec.clean_signals, status.value);
  return std::string{", not a stop requested through Alder"} +
         (stays_down ? "; it counts as clean (clean_signals)" : "");
}

/// Deaths that are faults of the program whenever they happen.
bool is_fault(exit_status status) {
  constexpr std::array<int, 6> faults{SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSYS};
  return status.kind == exit_status::how::signaled &&
         std::find(faults.begin(), faults.end(), status.value) != faults.end();
}

} // namespace

exit_reason classify_exit(const service_spec& spec, exit_status status) {
  exit_kind what = exit_kind::crash;
  switch (status.kind) {
  case exit_status::how::exited:
    if (contains(spec.fatal_exit_codes, status.value)) {
      exit_reason fatal{exit_kind::crash, status, phrase(status) + ", which is fatal"};
      fatal.is_final = true;
      return fatal;
    }
    what = contains(spec.clean_exit_codes, status.value) ? exit_kind::normal : exit_kind::crash;
    break;
  case exit_status::how::signaled:
    what = !contains(spec.clean_signals, status.value)
               ? (status.value == SIGKILL ? exit_kind::killed : exit_kind::crash)
           : status.value == SIGTERM ? exit_kind::shutdown
                                     : exit_kind::shutdown_term;
    break;
  case exit_status::how::unknown: break;
  }
  return {what, status, phrase(status)};
}

exit_reason seen_as(const service_spec& spec, const process_end& end) {
  auto how = classify_exit(spec, *end.status);
  if (!end.asked) how.detail += stranger_words(spec, *end.status);
  if (!end.kernel_words.empty()) how.detail += ": " + end.kernel_words;
  return how;
}

exit_reason reason_of(const service_spec& spec, const stop_spec& rules, const process_end& end) {
  if (end.forced && !end.asked) {
    exit_reason sick{exit_kind::crash, end.status, end.forced->why};
    sick.is_final = end.forced->is_final;
    return sick;
  }
  auto how = seen_as(spec, end);
  if (!end.asked) {
    if (spec.task && how.what != exit_kind::normal) { // it runs again when it is wanted again
      if (is_clean(how)) how.what = exit_kind::crash;
      how.is_final = true;
    }
    return how;
  }
  if (end.killed_after) {
    const bool brutal = rules.signal == SIGKILL;
    return {exit_kind::killed, end.status,
            brutal ? "was killed as configured" : "did not stop within " + *end.killed_after + " and was killed"};
  }
  // How it ends when it was asked to is its own affair: java says 143, lighttpd 1, haproxy 130. A fault is not: OTP
  // reports a crash during a shutdown, too.
  if (is_fault(*end.status)) return how;
  return {how.what == exit_kind::normal ? exit_kind::normal : exit_kind::shutdown, end.status, how.detail};
}

std::optional<std::string> fault_in_stop(const service_spec& spec, const process_end& end) {
  if (!end.asked || end.killed_after || (!is_fault(*end.status) && end.kernel_words.empty())) return std::nullopt;
  return seen_as(spec, end).detail + " while it was being stopped";
}

} // namespace alder::policy

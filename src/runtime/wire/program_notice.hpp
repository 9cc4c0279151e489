// What a program says to its manager: sd_notify datagrams, and JSON lines over Node's IPC channel.
#pragma once

#include "runtime/base/known_by.hpp"

#include "alder/error.hpp"
#include "alder/snapshot.hpp"

#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace alder::wire {

struct said_ready {
  using over = ready_channel;
  over channel = over::notify;
  bool operator==(const said_ready&) const = default;
};
struct said_alive {
  bool operator==(const said_alive&) const = default;
};
struct said_status {
  std::string text; ///< one line, at most max_notice_text bytes
  bool operator==(const said_status&) const = default;
};
struct said_reloading {
  bool operator==(const said_reloading&) const = default;
};
/// It asks for more time for the start or stop in progress.
struct said_more_time {
  std::chrono::milliseconds time{0};
  bool operator==(const said_more_time&) const = default;
};
/// From now on another process is the main one.
struct said_main_process {
  int pid = 0;
  bool operator==(const said_main_process&) const = default;
};
/// It cannot continue and asks to be restarted.
struct said_unwell {
  std::string text;
  bool operator==(const said_unwell&) const = default;
};
/// It reports an error and continues.
struct said_error {
  std::string text;
  bool operator==(const said_error&) const = default;
};
struct said_metrics {
  std::map<std::string, program_metric> values;
  bool operator==(const said_metrics&) const = default;
};
/// Anything else: JSON text, at most max_notice_text bytes.
struct said_message {
  std::string json;
  bool operator==(const said_message&) const = default;
};
/// A notice that cannot be understood, and why.
struct said_nonsense {
  std::string why;
  bool operator==(const said_nonsense&) const = default;
};
using program_notice = std::variant<said_ready, said_alive, said_status, said_reloading, said_more_time, said_unwell,
                                    said_error, said_metrics, said_message, said_nonsense, said_main_process>;

inline constexpr std::size_t max_notice_text = 4096;
/// Longer lines over IPC are dropped.
inline constexpr std::size_t max_ipc_line = std::size_t{1} << 20;
/// Node never splits a message of this size (docs/decisions/0050-talking-to-programs.md).
inline constexpr std::size_t max_ipc_message = std::size_t{32} << 10;
inline constexpr std::size_t max_metrics = 64;

/// The lines of one datagram to NOTIFY_SOCKET. Unknown keys are ignored, as systemd does.
[[nodiscard]] std::vector<program_notice> read_notify(std::string_view datagram);

/// One line over IPC, without its line break; it may hold any bytes. Empty for a message internal to Node.
[[nodiscard]] std::vector<program_notice> read_ipc_line(std::string_view line);

/// The line for a message to the program, its line break included. Errors: invalid_input (not JSON, nested too deeply),
/// too_large.
[[nodiscard]] result<std::string> ipc_line(std::string_view json);

} // namespace alder::wire

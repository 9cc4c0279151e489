// The frames between alder-keeper and alderd: plain structs and their bytes. One frame is one SOCK_SEQPACKET record.
#pragma once

#include "alder/cause.hpp"
#include "alder/error.hpp"
#include "alder/exit_status.hpp"
#include "alder/node_id.hpp"
#include "alder/program_start.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace alder::wire {

/// Said in hello and welcome; the two sides refuse each other when it differs.
inline constexpr std::uint32_t keeper_protocol_version = 7;
/// In the daemon's environment: the number of its end of the channel.
inline constexpr const char* keeper_fd_variable = "ALDER_KEEPER_FD";
/// In every service's environment: the marker by which processes that left session and parents are recognised.
inline constexpr const char* member_variable = "ALDER_MEMBER";
/// The soft limit of file locks of every service's processes, of which the kernel has made nothing since Linux 2.4.25:
/// the same marker for those that overwrite or drop their environment. Of the value of `member_variable`.
[[nodiscard]] std::uint64_t member_number(std::string_view marker);
/// Where the daemon notes the control groups it has made, for the keeper and those that come after them.
[[nodiscard]] inline std::string cgroup_list(const std::string& run_dir) { return run_dir + "/cgroups"; }
/// No frame is longer, in either direction.
inline constexpr std::size_t max_keeper_frame = std::size_t{192} * 1024;
/// A note is what the daemon wants to be told again about a child after a crash; no note is longer.
inline constexpr std::size_t max_keeper_note = std::size_t{64} * 1024;

/// The step of a start that failed, in the order in which they are taken.
enum class spawn_stage : std::uint8_t {
  pipe,        ///< making the output pipes
  process,     ///< making the process
  session,     ///< setsid
  channel,     ///< making the descriptors that the daemon talks through
  file_limit,  ///< giving the original RLIMIT_NOFILE back
  terminal,    ///< making the pseudo-terminal its own
  cgroup,      ///< moving into its control group
  stdin_file,  ///< opening the standard input
  output,      ///< connecting the standard output and error
  limits,      ///< setrlimit
  priority,    ///< setpriority
  io_priority, ///< ioprio_set
  oom_score,   ///< /proc/self/oom_score_adj
  cpus,        ///< sched_setaffinity
  mounts,      ///< a mount name space of its own, and what is mounted there
  identity,    ///< setgroups, setresgid, setresuid
  privileges,  ///< PR_SET_NO_NEW_PRIVS
  directory,   ///< chdir
  program,     ///< execve
};

/// The names of the descriptors that go along with a frame, in their order (base/holdings.hpp).
using held_names = std::vector<std::string>;

/// What a process gets besides its output to talk to the daemon.
struct spawn_channels {
  bool input = false;      ///< standard input is a pipe, or the terminal
  bool terminal = false;   ///< the three standard streams are a pseudo-terminal
  std::int32_t ipc = -1;   ///< the number of its end of a stream socket pair; -1: none
  std::int32_t ready = -1; ///< the number of the write end of a pipe; -1: none
  std::string notify;      ///< abstract address of a datagram socket, without the leading NUL; empty: none
  bool operator==(const spawn_channels&) const = default;
};

// From the daemon to the keeper.
/// The news of a keeper whose upgrade goes well.
inline constexpr const char* upgraded_news = "it was upgraded";
struct hello_frame {
  std::uint32_t version = keeper_protocol_version;
  std::int32_t pid = 0; ///< of the daemon, for the keeper's log
  bool operator==(const hello_frame&) const = default;
};
/// The daemon serves: the process that started the keeper may be told.
struct ready_frame {
  bool operator==(const ready_frame&) const = default;
};
/// The daemon cannot serve and is about to exit; `text` is for the process that started the keeper.
struct failed_frame {
  std::string text;
  bool operator==(const failed_frame&) const = default;
};
struct spawn_frame {
  node_id id;
  alder::generation generation = 0;
  std::string program; ///< absolute path, already looked up
  program_start start; ///< but for the control group of its attributes, which the daemon has made
  bool capture = true; ///< false: output goes to /dev/null
  std::string note;
  std::string cgroup; ///< the directory of its control group; empty: the keeper's
  spawn_channels channels;
  bool operator==(const spawn_frame&) const = default;
};
/// Replaces the stored note of a child.
struct note_frame {
  node_id id;
  alder::generation generation = 0;
  std::string text;
  bool operator==(const note_frame&) const = default;
};
/// The daemon has written down that this child exited: the keeper forgets it and closes its pipes.
struct acknowledge_frame {
  node_id id;
  alder::generation generation = 0;
  bool operator==(const acknowledge_frame&) const = default;
};
/// The daemon has stopped everything and exits: the keeper makes sure and exits too.
struct shutdown_frame {
  bool operator==(const shutdown_frame&) const = default;
};

/// The answer to ping.
struct pong_frame {
  bool operator==(const pong_frame&) const = default;
};
/// A process to look after, with its descriptors as in child_frame: before hello from a daemon that has lost its keeper
/// to the new one, later of what a keeper and a daemon left that were killed together. It is no child of this keeper:
/// its exit status may stay unknown.
struct adopt_frame {
  node_id id;
  alder::generation generation = 0;
  std::int32_t pid = 0;
  std::string note;
  std::int64_t started_ms = 0; ///< Unix time in milliseconds
  std::optional<exit_status> exited;
  held_names held{};
  bool operator==(const adopt_frame&) const = default;
};
/// Another process of a child is its main one from now on; also of a child whose former main process has exited, which
/// then has not ended.
struct main_frame {
  node_id id;
  alder::generation generation = 0;
  std::int32_t pid = 0;
  std::uint64_t start_ticks = 0; ///< of /proc/PID/stat
  bool operator==(const main_frame&) const = default;
};
/// The keeper replaces itself and the daemon by these programs, absolute paths.
struct upgrade_frame {
  std::string keeper;
  std::string daemon;
  bool operator==(const upgrade_frame&) const = default;
};

using to_keeper = std::variant<hello_frame, ready_frame, failed_frame, spawn_frame, note_frame, acknowledge_frame,
                               shutdown_frame, pong_frame, adopt_frame, upgrade_frame, main_frame>;

// From the keeper to the daemon.
/// With descriptors [read end, write end, memory] of the staging of output, or none when the keeper could not make it.
struct welcome_frame {
  std::uint32_t version = keeper_protocol_version;
  std::uint32_t epoch = 0; ///< counts the starts of the daemon, from 1
  std::int32_t keeper_pid = 0;
  std::uint64_t keeper_start_ticks = 0; ///< of /proc/PID/stat: with the pid it names this keeper and no other
  std::int64_t keeper_started_ms = 0;   ///< Unix time in milliseconds
  std::string mark; ///< how ALDER_MEMBER of its processes begins: "PID.TICKS" of the first keeper of this line
  std::string news; ///< what people should know: how an upgrade went wrong, why the former daemon was killed
  bool operator==(const welcome_frame&) const = default;
};
/// A child the keeper still knows; with its descriptors.
struct child_frame {
  node_id id;
  alder::generation generation = 0;
  std::int32_t pid = 0;
  std::string note;
  std::int64_t started_ms = 0; ///< Unix time in milliseconds
  std::optional<exit_status> exited;
  held_names held{};
  bool adrift = false; ///< it is no child of the keeper, which replaced one that was killed
  bool operator==(const child_frame&) const = default;
};
struct inventory_end_frame {
  bool operator==(const inventory_end_frame&) const = default;
};
/// A process is about to be: with the descriptors it will have, but the pidfd. Left out when the channel is full.
struct starting_frame {
  node_id id;
  alder::generation generation = 0;
  held_names held{};
  bool operator==(const starting_frame&) const = default;
};
/// With its descriptors.
struct spawned_frame {
  node_id id;
  alder::generation generation = 0;
  std::int32_t pid = 0;
  std::int64_t started_ms = 0; ///< Unix time in milliseconds
  held_names held{};
  bool operator==(const spawned_frame&) const = default;
};
struct spawn_failed_frame {
  node_id id;
  alder::generation generation = 0;
  spawn_stage stage = spawn_stage::process;
  std::int32_t os_errno = 0;
  bool operator==(const spawn_failed_frame&) const = default;
};
struct exited_frame {
  node_id id;
  alder::generation generation = 0;
  std::int32_t pid = 0;
  exit_status status;
  bool core_dumped = false;
  /// The processes that had lost their parents when it was reaped and were not reaped themselves: only these and what
  /// is below them can be left of it. Nothing: not known.
  std::optional<std::vector<std::uint32_t>> orphans{};
  bool operator==(const exited_frame&) const = default;
};
/// A process that was not a main process ended and was reaped: an orphan of some service.
struct reaped_frame {
  std::int32_t pid = 0;
  bool operator==(const reaped_frame&) const = default;
};
/// The keeper was asked to end: the daemon stops its trees and then sends shutdown.
struct stop_requested_frame {
  std::int32_t signal = 0;
  bool operator==(const stop_requested_frame&) const = default;
};

/// Answered by pong; a daemon that does not is replaced.
struct ping_frame {
  bool operator==(const ping_frame&) const = default;
};

using to_daemon = std::variant<welcome_frame, child_frame, inventory_end_frame, starting_frame, spawned_frame,
                               spawn_failed_frame, exited_frame, reaped_frame, stop_requested_frame, ping_frame>;

[[nodiscard]] std::string encode(const to_keeper& frame);
[[nodiscard]] std::string encode(const to_daemon& frame);

/// Reads exactly one frame back. Any bytes may come in. Errors (invalid_input): too long, unknown kind, cut short,
/// bytes left over, a value out of its range.
[[nodiscard]] result<to_keeper> decode_to_keeper(std::string_view bytes);
[[nodiscard]] result<to_daemon> decode_to_daemon(std::string_view bytes);

/// Why a start failed, without the errno: "chdir /nope", "exec /bin/x". `request` is what was asked for.
[[nodiscard]] std::string stage_text(spawn_stage stage, const spawn_frame& request);

} // namespace alder::wire

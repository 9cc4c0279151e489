// What the user asked for: a tree of supervisors and services, as read from a configuration file.
#pragma once

#include "alder/log_spec.hpp"
#include "alder/program_start.hpp"
#include "alder/schedule.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace alder {

using std::chrono::milliseconds;

/// Which siblings a restart touches (OTP supervisor, "Supervision Principles").
enum class strategy : std::uint8_t {
  one_for_one,        ///< only the child that ended
  one_for_all,        ///< all children: stopped in reverse order, started in order
  rest_for_one,       ///< the child that ended and all that come after it
  simple_one_for_one, ///< a pool: like instances of one template, each on its own, all stopped at once
};

/// Whether a child is restarted when it ends by itself.
enum class restart_kind : std::uint8_t {
  permanent, ///< always
  transient, ///< only after an abnormal exit
  temporary, ///< never; it is forgotten
};

/// Whether a supervisor shuts itself down when significant children end (OTP 24).
enum class auto_shutdown : std::uint8_t { never, any_significant, all_significant };

/// More than `max_restarts` restarts within `within` make a supervisor give up. These defaults are those of Elixir's
/// Supervisor; a configuration that says nothing means `default_intensity`.
struct intensity {
  unsigned max_restarts = 3;
  milliseconds within{5000};

  bool operator==(const intensity&) const = default;
};

/// Delay before a restart attempt: `min * factor^k`, at most `max`, spread by `jitter` (0 to 1: share of the delay
/// added or taken away); k counts the attempts since the child last ran for `reset_after`. With `first` that is the
/// delay of the first attempt, and k counts from the second. `min` 0 means no delay, as in OTP; a configuration that
/// says nothing means `default_backoff`.
struct backoff {
  milliseconds min{0};
  milliseconds max{30000};
  double factor = 2.0;
  double jitter = 0.1;
  milliseconds reset_after{60000};
  std::optional<milliseconds> first = {};

  bool operator==(const backoff&) const = default;
};

/// What a configuration that says nothing means: the first restart at once, then 500 ms, doubling to 30 s.
inline constexpr backoff default_backoff{milliseconds{500},   milliseconds{30000}, 2.0, 0.1,
                                         milliseconds{60000}, milliseconds{0}};
/// Two children that crash at every start and have that backoff never use it up, for each is restarted 9 times in any
/// minute at most; three do (docs/decisions/0003-defaults.md).
inline constexpr intensity default_intensity{20, milliseconds{60000}};

/// Limits on the restarts of one child, apart from its supervisor's intensity; 0 means no limit. Reaching one makes the
/// child wait or fail and leaves its siblings alone.
struct restart_limit {
  milliseconds min_uptime{1000}; ///< a start whose process ends sooner is unstable
  unsigned max_unstable = 0;     ///< so many unstable starts in a row, and it has failed
  unsigned hourly = 0;           ///< after so many restarts in an hour the next waits until one is an hour old

  bool operator==(const restart_limit&) const = default;
};

/// One way of asking a process to stop, and how long it is waited before the next.
struct stop_step {
  struct message {
    bool operator==(const message&) const = default;
  };
  /// A signal, a command that is run, or the IPC message "shutdown".
  std::variant<int, std::vector<std::string>, message> how = 15;
  milliseconds wait{5000};

  bool operator==(const stop_step&) const = default;
};

/// How a process is stopped: the steps in order, then `signal`, then SIGKILL to all that is left after `timeout`. No
/// timeout: wait without limit. Signal SIGKILL kills at once (OTP's brutal_kill), after the steps.
struct stop_spec {
  int signal = 15;
  std::optional<milliseconds> timeout{milliseconds{10000}};
  bool main_only = false; ///< signals go to the main process alone; SIGKILL never does
  std::vector<stop_step> steps;
  bool kill_leftovers = false; ///< what is left when the main process has ended gets SIGKILL at once, unasked

  bool operator==(const stop_spec&) const = default;
};

/// Ready when it has run for `delay`.
struct ready_after {
  milliseconds delay{0};
  bool operator==(const ready_after&) const = default;
};
/// Ready when a TCP connection to `host`:`port` is accepted.
struct ready_tcp {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  bool operator==(const ready_tcp&) const = default;
};
/// Ready when GET `path` on `host`:`port` answers with one of `statuses` (empty: 200 to 399), and its body matches the
/// regular expression `body` (empty: any).
struct ready_http {
  std::string host = "127.0.0.1";
  std::uint16_t port = 80;
  std::string path = "/";
  std::vector<int> statuses{};
  std::string body{};
  bool operator==(const ready_http&) const = default;
};
/// Ready when `command` exits with 0.
struct ready_exec {
  std::vector<std::string> command;
  bool operator==(const ready_exec&) const = default;
};

/// Ready when the file exists and was written since the process started.
struct ready_file {
  std::string path; ///< absolute
  bool operator==(const ready_file&) const = default;
};
/// Ready when it sends READY=1 to NOTIFY_SOCKET (sd_notify).
struct ready_notify {
  bool operator==(const ready_notify&) const = default;
};
/// Ready when it sends "ready" over its IPC channel.
struct ready_message {
  bool operator==(const ready_message&) const = default;
};
/// Ready when it writes a line to descriptor `number` (s6).
struct ready_descriptor {
  int number = 3; ///< 3 to 255
  bool operator==(const ready_descriptor&) const = default;
};
/// Ready when a line of its output matches the POSIX extended regular expression `pattern`.
struct ready_log {
  std::string pattern;
  bool operator==(const ready_log&) const = default;
};
using check_spec = std::variant<std::monostate, ready_after, ready_tcp, ready_http, ready_exec, ready_file,
                                ready_notify, ready_message, ready_descriptor, ready_log>;

/// What is done with a program that is not well.
enum class remedy : std::uint8_t {
  restart, ///< stop it; it has crashed
  fail,    ///< stop it; it has failed and is not restarted
  report,  ///< say so
};

/// A program that does not say for `interval` * `missed` that it lives is not well: a message "heartbeat" over IPC or
/// WATCHDOG=1 to NOTIFY_SOCKET.
struct heartbeat_spec {
  milliseconds interval{5000};
  unsigned missed = 3;
  remedy then = remedy::restart;
  bool operator==(const heartbeat_spec&) const = default;
};

/// A check that is repeated while it runs; tcp, http, exec or file.
struct health_spec {
  check_spec check;
  milliseconds delay{0}; ///< after it is ready, before the first
  milliseconds interval{10000};
  milliseconds timeout{2000}; ///< of one check
  unsigned failures = 3;      ///< so many in a row, and it is not well
  unsigned successes = 1;     ///< so many in a row, and it is well again
  remedy then = remedy::restart;
  bool operator==(const health_spec&) const = default;
};

/// Files whose change restarts a service.
struct watch_spec {
  std::vector<std::string> paths;  ///< absolute; directories with all below them
  std::vector<std::string> ignore; ///< globs: without '/' of a name, else of a path below one of `paths`
  milliseconds debounce{200};      ///< so long nothing more changes, then it is restarted
  bool content = false;            ///< a file that was written with the same content has not changed
  [[nodiscard]] bool any() const { return !paths.empty(); }
  bool operator==(const watch_spec&) const = default;
};

/// Commands that are run at moments of a process's life; empty: none.
struct hooks_spec {
  std::vector<std::string> before_start; ///< it is started when this has succeeded
  std::vector<std::string> after_start;
  std::vector<std::string> before_stop; ///< asking it to stop waits for this
  std::vector<std::string> after_exit;  ///< its next start waits for this
  milliseconds timeout{30000};          ///< of each; then it is killed and has failed
  bool operator==(const hooks_spec&) const = default;
};

/// What all processes of a service together may use; 0: no limit. More than that for `grace`, and it is not well.
struct usage_limits {
  std::uint64_t memory = 0; ///< bytes, resident
  double cpu = 0;           ///< 1 is one processor
  milliseconds interval{5000};
  milliseconds grace{10000};
  remedy then = remedy::restart;
  [[nodiscard]] bool any() const { return memory > 0 || cpu > 0; }
  bool operator==(const usage_limits&) const = default;
};

/// When a start counts as done. Without a check a process is ready when it runs (its exec succeeded).
struct ready_spec {
  check_spec check;
  milliseconds timeout{30000}; ///< not ready by then: the start has failed
  milliseconds interval{
      100}; ///< between two attempts of a check, at most: the first follow faster (10 ms, 20 ms, 40 ms …)

  bool operator==(const ready_spec&) const = default;
};

/// A leaf that runs a program. `command`, `cwd` and `environment` are final: variables are replaced, files read,
/// inheritance applied. The program is looked up in `environment`'s PATH, relative names in `cwd`.
struct service_spec : program_start {
  std::string name;
  std::map<std::string, std::string> secrets; ///< variables whose values are read from these files at each start
  bool stdin_pipe = false;                    ///< standard input is a pipe the daemon writes to
  bool terminal = false;                      ///< standard input, output and error are a pseudo-terminal of its own
  /// It does its work and ends. Its start is complete when it has ended well, and `ready`, if there is one, holds then.
  bool task = false;
  bool autostart = true;        ///< it is started with its supervisor; else on request only, as long as it is not up
  milliseconds task_timeout{0}; ///< it is stopped after this time and has failed; 0: no limit
  ready_spec ready;
  std::optional<heartbeat_spec> heartbeat;
  std::optional<health_spec> health;
  usage_limits limits;
  log_spec log;
  bool ipc = false; ///< it has a channel for JSON lines, as Node's child processes have
  stop_spec stop;
  restart_kind restart = restart_kind::permanent;
  bool significant = false;
  std::vector<std::string> after; ///< siblings that are up before it starts
  schedule_spec schedule;
  watch_spec watch;
  hooks_spec hooks;
  alder::backoff backoff;
  alder::restart_limit restart_limit;
  std::vector<int> fatal_exit_codes;        ///< exits after which it is not restarted but has failed
  std::vector<int> clean_exit_codes{0};     ///< exits that count as normal
  std::vector<int> clean_signals{15, 2, 1}; ///< unrequested deaths that count as clean: SIGTERM, SIGINT, SIGHUP
  bool operator==(const service_spec&) const = default;
  /// A task that runs when its time has come, or on request, and not when its supervisor starts.
  [[nodiscard]] bool waits_for_schedule() const { return task && schedule.cron.has_value(); }
};

struct supervisor_spec;

/// Never null in a tree, and never changed: versions of a tree, the supervisors' plans and the board share what they
/// have in common.
using service_ptr = std::shared_ptr<const service_spec>;
using supervisor_ptr = std::shared_ptr<const supervisor_spec>;

/// A child, in start order.
using child_spec = std::variant<service_ptr, supervisor_ptr>;

/// A node with a strategy, an intensity and ordered children. A service with `instances: N`, N > 1, is read as a
/// simple_one_for_one supervisor with `pool` set and children `name:0` … `name:N-1`.
struct supervisor_spec {
  std::string name;
  alder::strategy strategy = strategy::one_for_one;
  alder::intensity intensity;
  restart_kind restart = restart_kind::permanent;
  bool significant = false;
  alder::auto_shutdown auto_shutdown = auto_shutdown::never;
  bool sticky_stop = false;    ///< a child stopped on request stays down when its group restarts; OTP starts it again
  bool finish_starts = false;  ///< a stop waits for a start under way, as in OTP; else it cuts it short
  bool parallel_start = false; ///< children that do not wait for each other (`after`) start at the same time
  std::vector<std::string> after;
  alder::backoff backoff; ///< delay before the parent starts this supervisor again
  bool pool = false;
  std::vector<child_spec> children;
};

[[nodiscard]] inline const std::string& name_of(const child_spec& child) {
  return std::visit([](const auto& node) -> const std::string& { return node->name; }, child);
}

/// What one configuration describes.
struct tree_spec {
  supervisor_spec root;
  std::string file; ///< absolute path of the configuration, empty for a service started from the command line
};

} // namespace alder

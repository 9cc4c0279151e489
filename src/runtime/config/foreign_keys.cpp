#include "runtime/config/foreign_keys.hpp"

#include <algorithm>
#include <array>

namespace alder::config {
namespace {

struct foreign_entry {
  std::string_view key;     ///< in small letters
  std::string_view instead; ///< the line to write; begins with '!' where it is a sentence of its own
};

// Sorted.
constexpr std::array<foreign_entry, 121> entries{{
    {"apps", "children: with one 'service: NAME' each"},
    {"args", "!arguments follow the program: command: node app.js --port 3000"},
    {"autorestart", "restart: permanent, transient or temporary"},
    {"availability", "restart: and backoff:"},
    {"build", "!Alder does not build anything; a task with 'task: true' can run a build before a service starts"},
    {"cap_add", "!Alder does not change capabilities; start the program through setpriv or capsh"},
    {"cap_drop", "!Alder does not change capabilities; start the program through setpriv or capsh"},
    {"condition", "after: [db (ready)], or of a task (completed)"},
    {"container_name", "service: NAME"},
    {"cpuquota", "limits: { cpu_max: 80% }, with cgroup: true"},
    {"cron_restart", "schedule: { cron: \"0 3 * * *\" }"},
    {"depends_on", "after: [db (ready)]"},
    {"deploy", "instances: N"},
    {"description", "!there is no such key; use a comment instead"},
    {"directory", "cwd: DIRECTORY"},
    {"disabled", "autostart: false"},
    {"entrypoint", "command: PROGRAM ARGUMENTS"},
    {"environment", "env: { NAME: value }"},
    {"environmentfile", "env_file: FILE"},
    {"env_files", "env_file: [FILE, FILE]"},
    {"error_file", "log: { err: FILE }"},
    {"exec_mode", "instances: N, each with its own ${INSTANCE}"},
    {"execreload", "!to make a program reload its configuration: alder signal NAME HUP"},
    {"execstart", "command: PROGRAM ARGUMENTS"},
    {"execstartpost", "hooks: { after_start: COMMAND }"},
    {"execstartpre", "hooks: { before_start: COMMAND }, or a task (task: true) before it"},
    {"execstop", "stop: { steps: [ { command: COMMAND, wait: 10s } ] }"},
    {"execstoppost", "hooks: { after_exit: COMMAND }"},
    {"exitcodes", "clean_exit_codes: [0, 2]"},
    {"exp_backoff_restart_delay", "backoff: { min: 100ms, max: 15s }"},
    {"expose", "!a program opens its ports itself; to wait for a port: ready: { tcp: 3000 }"},
    {"extra_hosts", "!Alder does not change name resolution"},
    {"filter_env", "inherit_env: [NAME, NAME]"},
    {"healthcheck", "health: { http: \"http://127.0.0.1:3000/health\" }, and 'ready' for startup"},
    {"ignore_watch", "watch: { ignore: [node_modules] }"},
    {"image", "!Alder runs programs, not images: command: PROGRAM ARGUMENTS"},
    {"init", "!not needed: Alder always reaps orphaned processes of a service"},
    {"instance_var", "!the number of an instance is ${INSTANCE}: env: { NODE_APP_INSTANCE: \"${INSTANCE}\" }"},
    {"interpreter", "!write the interpreter before the script: command: python3 app.py"},
    {"interpreter_args", "!write them after the interpreter: command: node --inspect app.js"},
    {"is_daemon",
     "!a program should stay in the foreground; one that forks can send MAINPID= (ready: { notify: true })"},
    {"kill_signal", "stop: { signal: TERM }"},
    {"kill_timeout", "stop: { timeout: 10s }"},
    {"killasgroup",
     "!all processes of a service are always stopped; to signal all of them at once: stop: { scope: tree }"},
    {"killmode", "stop: { scope: tree }, which signals all processes at once"},
    {"killsignal", "stop: { signal: TERM }"},
    {"labels", "!there are no labels; group services under a supervisor"},
    {"limitnofile", "rlimits: { nofile: 65536 }"},
    {"limitnproc", "rlimits: { nproc: 4096 }"},
    {"links", "after: [db (ready)]"},
    {"listen_timeout", "ready: { message: true, timeout: 10s }"},
    {"liveness_probe", "health: { http: \"http://127.0.0.1:3000/health\" }"},
    {"log_date_format", "log: { date_format: \"%Y-%m-%d %H:%M:%S\" }"},
    {"log_file", "log: { out: FILE, err: FILE }"},
    {"log_location", "log: { out: FILE, err: FILE }"},
    {"logging", "log: { max_size: 10M, max_files: 5 }"},
    {"max_memory_restart", "limits: { memory: 300M }"},
    {"max_restarts",
     "restart_limit: { max_unstable: N }, or of a supervisor intensity: { max_restarts: N, within: 30s }"},
    {"mem_limit", "limits: { memory_max: 300M }, with cgroup: true"},
    {"memoryhigh", "limits: { memory_high: 300M }, with cgroup: true"},
    {"memorymax", "limits: { memory_max: 300M }, with cgroup: true"},
    {"merge_logs", "log: { share: true }"},
    {"min_uptime", "restart_limit: { min_uptime: 5s }"},
    {"namespace", "supervisor: NAME, with the services as its children"},
    {"network_mode", "!services use the network of the machine"},
    {"networks", "!services use the network of the machine"},
    {"node_args", "!write them after the interpreter: command: node --inspect app.js"},
    {"nonewprivileges", "no_new_privileges: true"},
    {"numprocs", "instances: N"},
    {"oomscoreadjust", "oom_score_adj: N"},
    {"out_file", "log: { out: FILE }"},
    {"pid_file", "!not needed: Alder is the parent of its services; a program that forks can send MAINPID= (ready: { "
                 "notify: true })"},
    {"pidfile", "!not needed: Alder is the parent of its services; a program that forks can send MAINPID= (ready: { "
                "notify: true })"},
    {"pids_limit", "limits: { pids_max: 200 }, with cgroup: true"},
    {"ports", "!a program opens its ports itself; to wait for a port: ready: { tcp: 3000 }"},
    {"post_update", "!Alder does not deploy; run the command yourself, then: alder restart NAME"},
    {"priority", "!children start in the order of the file; to wait for another one: after: [db (ready)]"},
    {"privatetmp", "private_tmp: true"},
    {"process_name", "service: NAME"},
    {"processes", "children: with one 'service: NAME' each"},
    {"profiles", "autostart: false, and then: alder start NAME"},
    {"programs", "children: with one 'service: NAME' each"},
    {"readiness_probe", "ready: { http: \"http://127.0.0.1:3000/health\" }"},
    {"readonlypaths", "read_only_paths: [/etc]"},
    {"redirect_stderr", "log: { merge: true }"},
    {"replicas", "instances: N"},
    {"requires", "after: [db (ready)]; to also restart it after db restarts: 'strategy: rest_for_one'"},
    {"restart_delay", "backoff: { min: 3s, factor: 1, jitter: 0 }"},
    {"restart_policy", "restart: permanent, transient or temporary"},
    {"restartsec", "backoff: { min: 3s, factor: 1, jitter: 0 }"},
    {"scale", "instances: N"},
    {"script", "command: node app.js"},
    {"security_opt", "no_new_privileges: true"},
    {"services", "children: with one 'service: NAME' each"},
    {"shutdown", "stop: { signal: TERM, timeout: 10s }"},
    {"shutdown_with_message", "stop: { steps: [ { message: shutdown, wait: 5s } ] }"},
    {"standarderror", "log: { err: FILE }"},
    {"standardoutput", "log: { out: FILE }"},
    {"startlimitburst", "intensity: { max_restarts: N, within: 30s }, on the supervisor"},
    {"startlimitintervalsec", "intensity: { max_restarts: N, within: 30s }, on the supervisor"},
    {"startretries", "restart_limit: { max_unstable: 3 }"},
    {"startsecs", "restart_limit: { min_uptime: 1s }, or ready: { after: 1s }"},
    {"stderr_logfile", "log: { err: FILE }"},
    {"stdin_open", "stdin: pipe"},
    {"stdout_logfile", "log: { out: FILE }"},
    {"stop_exit_codes", "clean_exit_codes: [0, 3], with restart: transient"},
    {"stop_grace_period", "stop: { timeout: 10s }"},
    {"stop_signal", "stop: { signal: TERM }"},
    {"stopasgroup", "stop: { scope: tree }"},
    {"stopsignal", "stop: { signal: TERM }"},
    {"stopwaitsecs", "stop: { timeout: 10s }"},
    {"timeoutstartsec", "ready: { …, timeout: 30s }"},
    {"timeoutstopsec", "stop: { timeout: 30s }"},
    {"tty", "pty: true"},
    {"ulimits", "rlimits: { nofile: 65536 }"},
    {"volumes", "!programs use the files of the machine; to restrict that: private_tmp, read_only_paths"},
    {"wait_ready", "ready: { message: true }"},
    {"wants", "after: [db]"},
    {"watchdogsec", "heartbeat: { interval: 15s }"},
    {"working_dir", "cwd: DIRECTORY"},
    {"workingdirectory", "cwd: DIRECTORY"},
}};

} // namespace

std::optional<std::string> foreign_key(std::string_view key) {
  std::string small{key};
  std::transform(small.begin(), small.end(), small.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  const auto found = std::find_if(entries.begin(), entries.end(), [&](const auto& one) { return one.key == small; });
  if (found == entries.end()) return std::nullopt;
  if (found->instead.front() == '!') return std::string{found->instead.substr(1)};
  return "the Alder equivalent is " + std::string{found->instead};
}

} // namespace alder::config

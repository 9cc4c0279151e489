#include "runtime/config/schema.hpp"

#include "runtime/base/text.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace alder::config {
namespace {

constexpr unsigned bit(place p) { return static_cast<unsigned>(p); }

constexpr unsigned on_root = bit(place::root);
constexpr unsigned on_supervisor = bit(place::supervisor);
constexpr unsigned on_service = bit(place::service);
constexpr unsigned on_both_supervisors = on_root | on_supervisor;
constexpr unsigned on_children = on_supervisor | on_service;
constexpr unsigned on_all = on_root | on_supervisor | on_service;

using kind = value_kind;

std::vector<key_entry> tree_keys() {
  return {
      {"name", on_root, kind::name, "the directory of the file", "Name of the tree and its root supervisor.", "shop"},
      {"supervisor", on_supervisor, kind::name, "", "Name of a supervisor; makes this child one.", "backend"},
      {"service", on_service, kind::name, "", "Name of a service; makes this child one.", "api"},
      {"children", on_both_supervisors, kind::children, "",
       "What it supervises, in start order: each a mapping with `service` or `supervisor`.", "[]"},
      {"strategy",
       on_both_supervisors,
       kind::word,
       "one_for_one",
       "Which children a restart touches: the one that ended, all, or it and those after it.",
       "rest_for_one",
       {"one_for_one", "one_for_all", "rest_for_one"},
       "strategy"},
      {"intensity",
       on_all,
       kind::group,
       "3 within 5s",
       "More restarts than this make the supervisor give up. On a service: that of its pool, by default as its "
       "supervisor's.",
       "{ max_restarts: 5, within: 30s }",
       {},
       "",
       0,
       0,
       place::intensity},
      {"auto_shutdown",
       on_both_supervisors,
       kind::word,
       "never",
       "Whether the supervisor shuts itself down when one or all of its significant children have ended.",
       "any_significant",
       {"never", "any_significant", "all_significant"},
       "auto_shutdown"},
      {"sticky_stop", on_both_supervisors, kind::boolean, "false",
       "A child stopped by hand stays down when its group restarts; Erlang/OTP starts it again.", "true"},
      {"finish_starts", on_both_supervisors, kind::boolean, "false",
       "A stop waits until a start under way has ended, as in Erlang/OTP; else it cuts the start short.", "true"},
      {"start",
       on_both_supervisors,
       kind::word,
       "sequential",
       "Whether each child starts when the one before is up, or all at once, as far as their `after` allows.",
       "parallel",
       {"sequential", "parallel"},
       "order"},
      {"after", on_children, kind::texts, "",
       "Siblings that are up before it starts: NAME or NAME (ready), or of a task NAME (completed).",
       "[db (ready), migrate (completed)]"},
      {"restart",
       on_children,
       kind::word,
       "permanent",
       "Restart it when it ends: always, only after a failure, never. `always`, `on-failure` and `never` mean the "
       "same.",
       "transient",
       {"permanent", "transient", "temporary", "always", "on-failure", "never"},
       "restart policy"},
      {"significant", on_children, kind::boolean, "false",
       "Its end counts for `auto_shutdown`; needs transient or temporary.", "true"},
      {"instances",
       on_service,
       kind::whole_number,
       "1",
       "How many processes; from 2 on a pool of children `name:0` and so on.",
       "4",
       {},
       "",
       1,
       10000},
  };
}

std::vector<key_entry> process_keys() {
  return {
      {"command", on_service, kind::command, "",
       "Program and arguments: a list of words, or a text split into words as by a shell.",
       "node server.js --port 3000"},
      {"shell", on_service, kind::boolean, "false", "Run the text of `command` with `/bin/sh -c`.", "true"},
      {"cwd", on_all, kind::path, "the directory of the file", "Working directory, relative to that of the file.",
       "server"},
      {"env", on_all, kind::environment, "",
       "Environment variables; null unsets one. Added key by key to those of the supervisors above.", "{ PORT: 3000 }"},
      {"env_file", on_all, kind::paths, "",
       "Files with lines NAME=VALUE, relative to the file; later ones win, `env` wins over them.",
       "[common.env, api.env]"},
      {"inherit_env", on_all, kind::inherit, "true",
       "Start from the environment of whoever starts the tree: all, nothing, or these names.", "[HOME, LANG]"},
      {"secrets", on_all, kind::secrets, "",
       "Variables whose values are in files. They are read at each start, a last line break left out, and shown "
       "nowhere.",
       "{ DB_PASSWORD: /run/secrets/db }"},
      {"stdin", on_service, kind::input, "null",
       "File to read standard input from, relative to the file; null for /dev/null; `pipe` for what `alder send` "
       "writes.",
       "queries.sql"},
      {"umask", on_all, kind::octal, "that of the daemon", "File mode creation mask, read as octal.", "022"},
      {"user", on_all, kind::text, "that of the daemon",
       "User to run as, by name or number; with its groups, and its HOME, USER, LOGNAME and SHELL.", "www-data"},
      {"group", on_all, kind::text, "that of `user`", "Group to run as, by name or number.", "www-data"},
      {"groups", on_all, kind::texts, "those of `user`", "Supplementary groups.", "[adm, ssl-cert]"},
      {"nice",
       on_all,
       kind::whole_number,
       "that of the daemon",
       "Priority, from -20 (first) to 19 (last).",
       "10",
       {},
       "",
       -20,
       19},
      {"ionice", on_all, kind::text, "that of the daemon",
       "Priority of disk access: idle, best-effort:0 to best-effort:7, realtime:0 to realtime:7.", "best-effort:7"},
      {"oom_score_adj",
       on_all,
       kind::whole_number,
       "that of the daemon",
       "Whom the kernel kills when memory runs out: from -1000 (never) to 1000 (first).",
       "500",
       {},
       "",
       -1000,
       1000},
      {"rlimits", on_all, kind::limits, "those of the daemon",
       "Limits of setrlimit: as, core, cpu, data, fsize, locks, memlock, msgqueue, nice, nofile, nproc, rss, rtprio, "
       "rttime, sigpending, stack; each a number, a size, unlimited, or SOFT:HARD.",
       "{ nofile: 65536, core: 0 }"},
      {"cpus", on_all, kind::texts, "all", "Processors it may run on.", "[0, 2-3]"},
      {"no_new_privileges", on_all, kind::boolean, "false",
       "Nothing it executes gains rights, such as setuid programs.", "true"},
      {"optional",
       on_all,
       kind::words,
       "[]",
       "Which of these keys are left out, with a warning, where they are not possible; else that is a mistake.",
       "[nice, rlimits]",
       {"user", "nice", "ionice", "oom_score_adj", "rlimits", "cpus"},
       "key"},
      {"task", on_service, kind::boolean, "false",
       "It does its work and ends: its start is complete when it has ended well, and `ready`, if given, holds then.",
       "true"},
      {"task_timeout",
       on_service,
       kind::duration,
       "none",
       "A task that runs longer is stopped and has failed.",
       "10m",
       {},
       "",
       1,
       0},
      {"schedule",
       on_service,
       kind::group,
       "",
       "When a task is run, or another service restarted.",
       "{ cron: \"0 3 * * *\", zone: Europe/Berlin }",
       {},
       "",
       0,
       0,
       place::schedule},
      {"watch",
       on_service,
       kind::group,
       "",
       "Files whose change restarts it, which is not counted as a failure.",
       "{ paths: [src], ignore: [\"*.tmp\"] }",
       {},
       "",
       0,
       0,
       place::watch},
      {"hooks",
       on_service,
       kind::group,
       "",
       "Commands that are run before and after it starts, before it is stopped and after it has ended.",
       "{ before_start: ./migrate.sh, after_exit: [logger, ended] }",
       {},
       "",
       0,
       0,
       place::hooks},
      {"ready",
       on_service,
       kind::group,
       "runs",
       "When a start counts as done; exactly one check.",
       "{ http: \"http://127.0.0.1:3000/health\" }",
       {},
       "",
       0,
       0,
       place::ready},
      {"health",
       on_service,
       kind::group,
       "",
       "Whether it is well while it runs; exactly one check. What is done when not is `on_failure`.",
       "{ tcp: 127.0.0.1:6400, interval: 10s }",
       {},
       "",
       0,
       0,
       place::health},
      {"heartbeat",
       on_service,
       kind::group,
       "",
       "It must say that it lives: a message \"heartbeat\" over IPC, or WATCHDOG=1 to NOTIFY_SOCKET.",
       "{ interval: 5s, missed: 3 }",
       {},
       "",
       0,
       0,
       place::heartbeat},
      {"limits",
       on_service,
       kind::group,
       "",
       "What its processes together may use for longer than `grace`.",
       "{ memory: 300M, cpu: 80% }",
       {},
       "",
       0,
       0,
       place::limits},
      {"ipc",
       on_service,
       kind::word,
       "auto",
       "A channel for JSON lines as Node's child processes have one; auto: for node, bun and deno.",
       "true",
       {"auto", "true", "false"},
       "choice"},
      {"stop",
       on_all,
       kind::group,
       "TERM, 10s",
       "How it is asked to stop.",
       "{ signal: INT, timeout: 30s }",
       {},
       "",
       0,
       0,
       place::stop},
      {"backoff",
       on_all,
       kind::group,
       "none",
       "Delay before a restart.",
       "{ min: 100ms, max: 30s }",
       {},
       "",
       0,
       0,
       place::backoff},
      {"restart_limit",
       on_service,
       kind::group,
       "",
       "When it fails alone instead of taking its supervisor along, and when it has to wait.",
       "{ min_uptime: 1s, max_unstable: 16, hourly: 60 }",
       {},
       "",
       0,
       0,
       place::restart_limit},
      {"log",
       on_all,
       kind::group,
       "",
       "What becomes of the output. Key by key, as those of the supervisors above say otherwise.",
       "{ max_size: 10M, max_files: 5 }",
       {},
       "",
       0,
       0,
       place::log},
      {"fatal_exit_codes", on_service, kind::exit_codes, "[]",
       "Exit codes after which it is not restarted: it has failed.", "[78]"},
      {"clean_exit_codes", on_service, kind::exit_codes, "[0]",
       "Exit codes that are no failure; 0 always is among them.", "[3]"},
      {"clean_signals", on_service, kind::signals, "[TERM, INT, HUP]",
       "Signals that are no failure when they end it unasked.", "[TERM]"},
  };
}

std::vector<key_entry> log_keys() {
  const auto in = bit(place::log);
  return {
      {"to", in, kind::word, "file", "Where it goes: to files, or nowhere.", "none", {"file", "none"}, "destination"},
      {"out", in, kind::path, "LOGS/TREE/SERVICE.out.log",
       "File for standard output, relative to the file. `${INSTANCE}` tells instances apart.", "/var/log/shop/web.log"},
      {"err", in, kind::path, "LOGS/TREE/SERVICE.err.log", "File for standard error.", "/dev/null"},
      {"mode", in, kind::octal, "0600", "Mode of new files, read as octal.", "0640"},
      {"format",
       in,
       kind::word,
       "raw",
       "How lines stand in the file: as they are, behind their time, or as JSON objects.",
       "json",
       {"raw", "time", "json"},
       "format"},
      {"date_format", in, kind::text, "ISO 8601 in UTC",
       "Of times in the file, in the tokens of moment.js and local time: `YYYY-MM-DD HH:mm:ss.SSS Z`.",
       "YYYY-MM-DD HH:mm:ss"},
      {"pressure",
       in,
       kind::word,
       "drop_newest",
       "When the file cannot be written or lines come too fast: lose what comes then, delete old archives to make "
       "room, "
       "or let the service wait.",
       "block",
       {"drop_newest", "drop_oldest", "block"},
       "choice"},
      {"max_rate",
       in,
       kind::whole_number,
       "0",
       "So many lines a second at most; 0: any.",
       "1000",
       {},
       "",
       0,
       100'000'000},
      {"max_size", in, kind::size, "64M", "A file of this size is put aside; 0: none is, for its size.", "10M"},
      {"rotate_every", in, kind::duration, "0",
       "A file is put aside with the first line after such a period, counted from midnight; 0: by size alone.", "1d"},
      {"max_files", in, kind::whole_number, "10", "So many archives each file has at most.", "30", {}, "", 0, 100000},
      {"max_total", in, kind::size, "0",
       "All files of a service have this size at most, those being written with their `max_size`; 0: any.", "1G"},
      {"tree_total", in, kind::size, "0",
       "All files in the tree's log directory have this size at most; the oldest archives go. 0: any.", "20G"},
      {"min_free", in, kind::size, "0",
       "The oldest archives of the tree go when its file system has less than this left; 0: none go.", "2G"},
      {"max_age", in, kind::duration, "0", "Archives that are older go; 0: none go for their age.", "30d"},
      {"compress", in, kind::boolean, "true", "Compress archives (gzip), all but the newest.", "false"},
  };
}

std::vector<key_entry> group_keys() {
  const auto in = [](place p) { return bit(p); };
  const unsigned on_checks = bit(place::ready) | bit(place::health);
  return {
      {"max_restarts",
       in(place::intensity),
       kind::whole_number,
       "3",
       "So many restarts are allowed; one more and it gives up.",
       "5",
       {},
       "",
       0,
       1'000'000},
      {"within",
       in(place::intensity),
       kind::duration,
       "5s",
       "The time in which they are counted.",
       "30s",
       {},
       "",
       1,
       0},
      {"tcp", on_checks, kind::tcp_address, "", "Good when a connection to HOST:PORT or PORT succeeds.",
       "127.0.0.1:6400"},
      {"http", on_checks, kind::http_url, "",
       "Good when a GET of this URL answers with a status from 200 to 399, or one of `status`.",
       "http://127.0.0.1:3000/health"},
      {"status", on_checks, kind::statuses, "200 to 399", "The statuses that are good: 204, or 2xx.", "[200, 3xx]"},
      {"body", on_checks, kind::text, "", "A regular expression that must match the answer's body (its first 64 KiB).",
       "ok"},
      {"exec", on_checks, kind::command, "", "Good when this command exits with 0.", "redis-cli ping"},
      {"file", on_checks, kind::path, "", "Good when this file exists and was written since the start.", "run/ready"},
      {"notify", in(place::ready), kind::boolean, "", "Ready when it sends READY=1 to NOTIFY_SOCKET (sd_notify).",
       "true"},
      {"message", in(place::ready), kind::boolean, "", "Ready when it sends \"ready\" over IPC.", "true"},
      {"descriptor",
       in(place::ready),
       kind::whole_number,
       "",
       "Ready when it writes a line to this descriptor (s6).",
       "3",
       {},
       "",
       3,
       255},
      {"after", in(place::ready), kind::duration, "", "Ready when it has run for this long.", "2s"},
      {"timeout",
       in(place::ready),
       kind::duration,
       "30s",
       "Not ready by then: the start has failed. With a longer `after`: that and 30s.",
       "10s",
       {},
       "",
       1,
       0},
      {"interval",
       in(place::ready),
       kind::duration,
       "100ms",
       "Pause between two attempts of a check, at most: the first follow faster.",
       "500ms",
       {},
       "",
       1,
       0},
      {"delay", in(place::health), kind::duration, "`interval`", "From readiness to the first check.", "30s"},
      {"interval",
       in(place::health),
       kind::duration,
       "10s",
       "From the answer to one check to the next.",
       "5s",
       {},
       "",
       1,
       0},
      {"timeout", in(place::health), kind::duration, "2s", "A check that takes longer has failed.", "1s", {}, "", 1, 0},
      {"failures",
       in(place::health),
       kind::whole_number,
       "3",
       "So many failed checks in a row, and it is not well.",
       "5",
       {},
       "",
       1,
       1000},
      {"successes",
       in(place::health),
       kind::whole_number,
       "1",
       "So many good checks in a row, and it is well again (with `report`).",
       "2",
       {},
       "",
       1,
       1000},
      {"interval", in(place::heartbeat), kind::duration, "5s", "How often it says that it lives.", "1s", {}, "", 10, 0},
      {"missed",
       in(place::heartbeat),
       kind::whole_number,
       "3",
       "So many heartbeats missing, and it is not well.",
       "2",
       {},
       "",
       1,
       1000},
      {"memory", in(place::limits), kind::size, "", "Resident memory.", "300M"},
      {"cpu", in(place::limits), kind::processors, "", "Share of one processor; more than 100% is several.", "80%"},
      {"interval", in(place::limits), kind::duration, "5s", "How often it is looked at.", "1s", {}, "", 100, 0},
      {"grace", in(place::limits), kind::duration, "10s",
       "It may use more for so long; less than 90% of the limit ends that.", "1m"},
      {"on_failure",
       in(place::health) | in(place::heartbeat) | in(place::limits),
       kind::word,
       "restart",
       "What is done then: stop it, and it has crashed; stop it, and it has failed for good; or only a warning.",
       "report",
       {"restart", "fail", "report"},
       "remedy"},
      {"cron", in(place::schedule), kind::text, "",
       "Five fields (minute, hour, day, month, weekday), six with seconds in front, or @hourly, @daily, @weekly, "
       "@monthly, @yearly.",
       "0 3 * * mon-fri"},
      {"zone", in(place::schedule), kind::text, "that of the machine", "The time zone of `cron`.", "Europe/Berlin"},
      {"max_age",
       in(place::schedule),
       kind::duration,
       "",
       "It is restarted when it has run for so long.",
       "24h",
       {},
       "",
       1000,
       0},
      {"jitter", in(place::schedule), kind::share, "0", "Share of `max_age` that is added or taken away at random.",
       "10%"},
      {"paths", in(place::watch), kind::paths, "`cwd`", "Files and directories, these with all below them.",
       "[src, config.json]"},
      {"ignore", in(place::watch), kind::texts, "[.git, node_modules, \"*.log\", \"*.swp\", \"*~\"]",
       "Globs of what does not count: of a name, or with a `/` of a path below `paths`.", "[\"*.tmp\", build/*]"},
      {"debounce", in(place::watch), kind::duration, "200ms",
       "It is restarted when nothing more has changed for so long.", "1s"},
      {"content", in(place::watch), kind::boolean, "false",
       "A file that is written with the same content has not changed; each is read once at the start.", "true"},
      {"before_start", in(place::hooks), kind::command, "",
       "It is started when this has exited with 0; else its start has failed.", "./prepare.sh"},
      {"after_start", in(place::hooks), kind::command, "", "When it is ready; nothing waits for it.", "./announce.sh"},
      {"before_stop", in(place::hooks), kind::command, "", "Before it is asked to stop.", "./drain.sh"},
      {"after_exit", in(place::hooks), kind::command, "",
       "When none of its processes is left; the next start waits for it.", "./tidy.sh"},
      {"timeout",
       in(place::hooks),
       kind::duration,
       "30s",
       "Each of them is killed after this, and has failed.",
       "5s",
       {},
       "",
       1,
       0},
      {"min_uptime", in(place::restart_limit), kind::duration, "1s", "A start that ends sooner, or fails, is unstable.",
       "5s"},
      {"max_unstable",
       in(place::restart_limit),
       kind::whole_number,
       "0",
       "So many unstable starts in a row, and it has failed; 0: no limit.",
       "16",
       {},
       "",
       0,
       100000},
      {"hourly",
       in(place::restart_limit),
       kind::whole_number,
       "0",
       "After so many restarts within an hour the next waits until one is an hour old; 0: no limit.",
       "60",
       {},
       "",
       0,
       10000},
      {"steps",
       in(place::stop),
       kind::groups,
       "[]",
       "Ways of asking that are tried before `signal`, in order.",
       "[{ command: nginx -s quit, wait: 20s }]",
       {},
       "",
       0,
       0,
       place::stop_step},
      {"scope",
       in(place::stop),
       kind::word,
       "tree",
       "Whom signals reach: all its processes, or the main one. SIGKILL reaches all.",
       "main",
       {"tree", "main"},
       "scope"},
      {"signal", in(place::stop_step), kind::signal, "", "Send this signal.", "INT"},
      {"command", in(place::stop_step), kind::command, "", "Run this command, with ALDER_PID, as the service's user.",
       "nginx -s quit"},
      {"message",
       in(place::stop_step),
       kind::word,
       "",
       "Send this message over IPC.",
       "shutdown",
       {"shutdown"},
       "message"},
      {"wait", in(place::stop_step), kind::duration, "5s", "So long before the next step.", "20s", {}, "", 1, 0},
      {"signal", in(place::stop), kind::signal, "TERM", "The signal that asks it to stop; KILL kills at once.", "INT"},
      {"timeout", in(place::stop), kind::timeout, "10s", "After this it is killed; `infinity` waits without limit.",
       "30s"},
      {"min", in(place::backoff), kind::duration, "0", "The first delay; 0 restarts without delay.", "100ms"},
      {"max", in(place::backoff), kind::duration, "30s", "The longest delay.", "1m"},
      {"factor",
       in(place::backoff),
       kind::number,
       "2",
       "Each delay is so many times the one before.",
       "1.5",
       {},
       "",
       1,
       1000},
      {"jitter", in(place::backoff), kind::share, "10%", "Share of the delay that is added or taken away at random.",
       "0.2"},
      {"reset_after", in(place::backoff), kind::duration, "1m", "After running for so long it begins with `min` again.",
       "5m"},
  };
}

const std::array<std::pair<place, std::string_view>, 16> place_phrases{{{place::root, "the root"},
                                                                        {place::supervisor, "a supervisor"},
                                                                        {place::service, "a service"},
                                                                        {place::intensity, "'intensity'"},
                                                                        {place::backoff, "'backoff'"},
                                                                        {place::stop, "'stop'"},
                                                                        {place::ready, "'ready'"},
                                                                        {place::health, "'health'"},
                                                                        {place::heartbeat, "'heartbeat'"},
                                                                        {place::limits, "'limits'"},
                                                                        {place::restart_limit, "'restart_limit'"},
                                                                        {place::stop_step, "a stop step"},
                                                                        {place::schedule, "'schedule'"},
                                                                        {place::watch, "'watch'"},
                                                                        {place::hooks, "'hooks'"},
                                                                        {place::log, "'log'"}}};

/// The column "where" of the documentation: "root, supervisor", "ready".
std::string where_text(const key_entry& key) {
  static const std::vector<std::pair<place, std::string>> names{{place::root, "root"},
                                                                {place::supervisor, "supervisor"},
                                                                {place::service, "service"},
                                                                {place::intensity, "intensity"},
                                                                {place::backoff, "backoff"},
                                                                {place::stop, "stop"},
                                                                {place::ready, "ready"},
                                                                {place::health, "health"},
                                                                {place::heartbeat, "heartbeat"},
                                                                {place::limits, "limits"},
                                                                {place::restart_limit, "restart_limit"},
                                                                {place::stop_step, "steps"},
                                                                {place::schedule, "schedule"},
                                                                {place::watch, "watch"},
                                                                {place::hooks, "hooks"},
                                                                {place::log, "log"}};
  if (key.places == on_all) return "all";
  std::vector<std::string> found;
  for (const auto& [p, name] : names) {
    if ((key.places & bit(p)) != 0) found.push_back(name);
  }
  return join(found, ", ");
}

} // namespace

const std::vector<key_entry>& key_table() {
  static const std::vector<key_entry> table = [] {
    auto all = tree_keys();
    for (auto&& more : {process_keys(), group_keys(), log_keys()})
      all.insert(all.end(), more.begin(), more.end());
    return all;
  }();
  return table;
}

const key_entry* find_key(place where, std::string_view name) {
  const auto& table = key_table();
  const auto found = std::find_if(table.begin(), table.end(),
                                  [&](const auto& key) { return (key.places & bit(where)) != 0 && key.name == name; });
  return found == table.end() ? nullptr : &*found;
}

std::vector<std::string> key_names(place where) {
  std::vector<std::string> names;
  for (const auto& key : key_table()) {
    if ((key.places & bit(where)) != 0) names.emplace_back(key.name);
  }
  return names;
}

std::string_view phrase(place where) {
  const auto found =
      std::find_if(place_phrases.begin(), place_phrases.end(), [&](const auto& p) { return p.first == where; });
  return found == place_phrases.end() ? "" : found->second;
}

std::string_view phrase(value_kind kind) {
  switch (kind) {
  case value_kind::name: return "a name";
  case value_kind::word: return "a word";
  case value_kind::boolean: return "true or false";
  case value_kind::whole_number: return "a whole number";
  case value_kind::number: return "a number";
  case value_kind::share: return "a share such as 10% or 0.1";
  case value_kind::duration: return "a duration such as 30s";
  case value_kind::timeout: return "a duration such as 30s, or infinity";
  case value_kind::signal: return "a signal such as TERM";
  case value_kind::octal: return "an octal number such as 022";
  case value_kind::path: return "a path";
  case value_kind::input: return "a path, null or pipe";
  case value_kind::text: return "text";
  case value_kind::texts: return "a text or a list of texts";
  case value_kind::words: return "a list of words";
  case value_kind::limits: return "a mapping of limits";
  case value_kind::secrets: return "a mapping of variables to files";
  case value_kind::paths: return "a path or a list of paths";
  case value_kind::command: return "a command line or a list of words";
  case value_kind::tcp_address: return "HOST:PORT or PORT";
  case value_kind::http_url: return "a URL such as http://127.0.0.1:3000/";
  case value_kind::exit_codes: return "a list of exit codes";
  case value_kind::signals: return "a list of signals";
  case value_kind::environment: return "a mapping of variables";
  case value_kind::inherit: return "true, false or a list of names";
  case value_kind::children: return "a list of services and supervisors";
  case value_kind::statuses: return "an HTTP status or a list of them";
  case value_kind::size: return "a size such as 300M";
  case value_kind::processors: return "a share such as 80% or 1.5";
  case value_kind::groups: return "a list of mappings";
  case value_kind::group: return "a mapping";
  }
  return "";
}

std::string key_table_markdown() {
  const auto cell = [](std::string_view text) {
    std::string safe;
    for (const char c : text)
      safe += c == '|' ? "\\|" : std::string{c};
    return safe;
  };
  std::string table = "| key | of | value | default | meaning | example |\n|---|---|---|---|---|---|\n";
  for (const auto& key : key_table()) {
    const auto value = key.words.empty() ? std::string{phrase(key.kind)} : join(key.words, ", ");
    table += "| `" + std::string{key.name} + "` | " + where_text(key) + " | " + cell(value) + " | " +
             cell(key.fallback) + " | " + cell(key.help) + " | `" + cell(key.example) + "` |\n";
  }
  return table;
}

} // namespace alder::config

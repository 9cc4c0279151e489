#include "cli/common/command_table.hpp"

#include "runtime/base/assert.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace alder::cli {
namespace {

constexpr unsigned any = std::numeric_limits<unsigned>::max();

constexpr std::array<std::pair<option, option_text>, 38> options{
    {{option::follow, {"-f,--follow", "", "keep printing new ones as they arrive, until Ctrl-C"}},
     {option::file, {"-f,--file", "FILE", "the configuration file; same as the FILE argument"}},
     {option::detach, {"-d,--detach", "", "has no effect: this is the default; 'alder run' stays in the foreground"}},
     {option::keep_going, {"--keep-going", "", "if a service fails to start, keep the others up"}},
     {option::exit_code_from, {"--exit-code-from", "NAME", "exit with the exit code of this service"}},
     {option::all_trees, {"--all", "", "all trees"}},
     {option::tail, {"-n,--tail", "N", "start with the last N (at most 100000)"}},
     {option::out, {"--out", "", "standard output only"}},
     {option::err, {"--err", "", "standard error only"}},
     {option::all, {"--all", "", "include the daemon's own actors"}},
     {option::watch, {"--watch", "", "refresh whenever something changes, until Ctrl-C"}},
     {option::show_env, {"--show-env", "", "show the values of environment variables"}},
     {option::no_prefix, {"--no-prefix", "", "print the lines only, without time and name"}},
     {option::raw, {"--raw", "", "like --no-prefix, and print control characters unchanged even on a terminal"}},
     {option::show,
      {"--show", "HOW",
       "how to show output: prefixed, raw (keeps the two streams apart) or none; default: 'show' in the service's "
       "'log'"}},
     {option::since, {"--since", "TIME", "only from this time on: 10m (ago), 14:30, 2026-11-28, 2026-11-28T14:30:05Z"}},
     {option::until, {"--until", "TIME", "only up to this time"}},
     {option::grep, {"--grep", "REGEX", "only what matches (RE2 syntax); searches everything that is kept"}},
     {option::previous, {"--previous", "", "output of the previous run, up to the last exit"}},
     {option::name, {"--name", "NAME", "name of the service (default: name of the program)"}},
     {option::cwd, {"--cwd", "DIR", "working directory (default: the current one)"}},
     {option::restart, {"--restart", "KIND", "restart policy: permanent (default), transient or temporary"}},
     {option::timeout, {"--timeout", "TIME", "stop waiting after this time, e.g. 30s (exit code 6)"}},
     {option::no_wait, {"--no-wait", "", "return as soon as the daemon has accepted the request"}},
     {option::socket, {"--socket", "", "print only the path of the socket"}},
     {option::run_dir, {"--run", "", "print only the directory of the socket and lock"}},
     {option::state_dir, {"--state", "", "print only the directory of the journal"}},
     {option::log_dir, {"--log", "", "print only the directory of the logs"}},
     {option::resurrect, {"--resurrect", "", "start the trees that were up before the machine went down"}},
     {option::print, {"--print", "", "print the unit and change nothing"}},
     {option::dry_run, {"--dry-run", "", "print the differences and change nothing"}},
     {option::start_added, {"--start-added", "", "start what is new in the file"}},
     {option::stop_removed, {"--stop-removed", "", "stop and remove what is no longer in the file"}},
     {option::restart_changed, {"--restart-changed", "", "restart what is running with outdated settings"}},
     {option::sync,
      {"--sync", "",
       "make the tree match the file: start new and failed services, stop removed ones, restart changed ones"}},
     {option::take_environment, {"--env", "", "use the current environment instead of that of 'alder up'"}},
     {option::force,
      {"--force", "", "scale even if running processes are stopped or instances share the address of a check"}},
     {option::explain, {"--explain", "", "explain what the tree does if a service keeps crashing"}}}};

constexpr std::array<option_text, 4> common{{{"-h,--help", "", "show this help"},
                                             {"--json", "", "print JSON on standard output and nothing else"},
                                             {"-q,--quiet", "", "print nothing but errors"},
                                             {"--no-color", "", "do not use colours (also: NO_COLOR=1)"}}};

std::vector<command_info> make_commands() { // NOLINT(readability-function-size): one table
  return {
      {"up",
       {},
       "trees",
       "[FILE]",
       "start the tree of a configuration",
       {option::file, option::keep_going, option::detach, option::timeout, option::no_wait},
       0,
       1,
       {"alder up                     # alder.yaml here or in a parent directory", "alder up shop/alder.yaml",
        "alder up --keep-going        # a service that fails does not undo the start"}},
      {"down",
       {},
       "trees",
       "[TREE… | PATTERN… | FILE]",
       "stop a tree in reverse order and remove it",
       {option::file, option::all_trees, option::timeout, option::no_wait},
       0,
       any,
       {"alder down                   # the tree of alder.yaml here or in a parent directory", "alder down shop",
        "alder down 'test-*'", "alder down --all"}},
      {"apply",
       {},
       "trees",
       "[FILE]",
       "apply a changed configuration to a running tree",
       {option::file, option::dry_run, option::start_added, option::stop_removed, option::restart_changed, option::sync,
        option::take_environment, option::timeout, option::no_wait},
       0,
       1,
       {"alder apply --dry-run        # what would change", "alder apply --sync shop/alder.yaml"}},
      {"run",
       {},
       "trees",
       "[FILE]",
       "run a tree in the foreground and exit with its result",
       {option::file, option::exit_code_from, option::no_prefix, option::show},
       0,
       1,
       {"alder run alder.yaml         # for containers and CI", "alder run --no-prefix job.yaml",
        "alder run --show raw job.yaml", "alder run --exit-code-from tests ci.yaml"}},
      {"start",
       {},
       "services",
       "NAME… | PATTERN… | all | [OPTIONS] -- COMMAND…",
       "start stopped services, or a program without a configuration file",
       {option::name, option::cwd, option::restart, option::timeout, option::no_wait},
       0,
       any,
       {"alder start db", "alder start all              # what is down and has not finished",
        "alder start migrate          # a task: run it (again) and wait for its end",
        "alder start nightly          # by name, also a scheduled task or autostart: false",
        "alder start -- python3 -m http.server", "alder start --name web --restart transient -- ./server.sh 8080"}},
      {"stop",
       {"terminate"},
       "services",
       "NAME… | PATTERN… | all",
       "stop services or supervisors and keep them stopped",
       {option::timeout, option::no_wait},
       1,
       any,
       {"alder stop api", "alder stop api:0 worker", "alder stop 'worker-*'", "alder stop all"}},
      {"restart",
       {},
       "services",
       "NAME… | PATTERN… | all",
       "restart services or supervisors; not counted as a failure",
       {option::timeout, option::no_wait},
       1,
       any,
       {"alder restart api", "alder restart 'api:*'        # one after the other, until one does not come up",
        "alder restart all"}},
      {"signal",
       {},
       "services",
       "(NAME… | PATTERN… | all) SIGNAL",
       "send a signal to the main process of services",
       {},
       2,
       any,
       {"alder signal web HUP         # numbers and SIGHUP work too", "alder signal api USR1",
        "alder signal all USR1"}},
      {"reset",
       {},
       "services",
       "NAME… | PATTERN… | all",
       "reset the restart counters of services",
       {option::timeout},
       1,
       any,
       {"alder reset api", "alder reset 'worker:*'"}},
      {"msg",
       {},
       "services",
       "(NAME | PATTERN | all) JSON",
       "send a message to a service over its IPC channel",
       {},
       2,
       any,
       {"alder msg api '{\"level\": \"debug\"}'"}},
      {"send",
       {},
       "services",
       "(NAME | PATTERN | all) TEXT…",
       "write a line to a service's standard input",
       {},
       2,
       any,
       {"alder send console reload    # needs 'stdin: pipe' or 'pty: true'", "alder send 'worker:*' flush"}},
      {"scale",
       {},
       "services",
       "(NAME… | PATTERN… | all) N",
       "run N instances of a service",
       {option::force, option::timeout, option::no_wait},
       2,
       any,
       {"alder scale api 6", "alder scale 'worker-*' 2     # every pool that it matches"}},
      {"add",
       {},
       "services",
       "SUPERVISOR FILE | SUPERVISOR [OPTIONS] -- COMMAND…",
       "start new children under a running supervisor",
       {option::name, option::cwd, option::restart, option::timeout, option::no_wait},
       1,
       2,
       {"alder add shop extra.yaml    # the children of that file", "alder add shop --name mailer -- node mailer.js"}},
      {"remove",
       {"rm"},
       "services",
       "NAME… | PATTERN…",
       "stop and remove services or supervisors",
       {option::timeout, option::no_wait},
       1,
       any,
       {"alder remove mailer", "alder remove 'test-*'        # asks at a terminal"}},
      {"ls",
       {"list", "ps", "status", "l"},
       "inspection",
       "[NAME | PATTERN | all]",
       "list services",
       {},
       0,
       1,
       {"alder ls", "alder ls 'api*'", "alder ls --json"}},
      {"tree",
       {},
       "inspection",
       "",
       "show supervisors, services and restart budgets",
       {option::all, option::watch},
       0,
       0,
       {"alder tree", "alder tree --all             # with the daemon's own actors", "alder tree --watch"}},
      {"describe",
       {"show"},
       "inspection",
       "NAME… | PATTERN… | all",
       "show everything about a service or supervisor",
       {option::show_env},
       1,
       any,
       {"alder describe api:0", "alder describe shop/api --show-env", "alder describe 'api:*'"}},
      {"logs",
       {"log"},
       "inspection",
       "[clear | reopen | rotate | path] [NAME… | PATTERN… | all]",
       "show the output of services",
       {option::follow, option::tail, option::since, option::until, option::grep, option::previous, option::out,
        option::err, option::no_prefix, option::raw},
       0,
       any,
       {"alder logs -f                # all output as it arrives", "alder logs -n 100 --err api",
        "alder logs -f 'worker-*'", "alder logs --since 10m --grep 'timeout|refused'",
        "alder logs --previous api    # up to the crash",
        "alder logs clear api         # empty its files, delete its archives",
        "alder logs reopen            # after the files were moved"}},
      {"events",
       {},
       "inspection",
       "[NAME… | PATTERN… | all]",
       "show what happened and why",
       {option::follow, option::tail, option::since, option::grep},
       0,
       any,
       {"alder events", "alder events -f api", "alder events 'api:*'",
        "alder events --since 1h --grep 'gave up|failed'"}},
      {"check",
       {"validate"},
       "configuration",
       "[FILE] [--explain [NAME…]]",
       "check a configuration and report all errors",
       {option::file, option::explain},
       0,
       any,
       {"alder check alder.yaml", "alder check --explain         # what happens if a service keeps crashing",
        "alder check --explain worker"}},
      {"schema",
       {},
       "configuration",
       "",
       "print the JSON Schema of configuration files",
       {},
       0,
       0,
       {"alder schema >alder.schema.json"}},
      {"ping", {}, "daemon", "", "check that the daemon answers", {}, 0, 0, {"alder ping && echo running"}},
      {"info",
       {},
       "daemon",
       "",
       "show version, process IDs and directories of the daemon",
       {},
       0,
       0,
       {"alder info --json"}},
      {"paths",
       {},
       "daemon",
       "",
       "show where the socket, state and logs are",
       {option::socket, option::run_dir, option::state_dir, option::log_dir},
       0,
       0,
       {"curl --unix-socket \"$(alder paths --socket)\" http://alder/v1/services"}},
      {"daemon",
       {},
       "daemon",
       "start | stop | status | upgrade",
       "start, stop, query or upgrade the daemon itself",
       {option::timeout, option::resurrect},
       1,
       1,
       {"alder daemon start", "alder daemon start --resurrect   # for a boot unit",
        "alder daemon stop                # stops all trees first",
        "alder daemon upgrade             # to the installed version; services keep running"}},
      {"startup",
       {},
       "daemon",
       "",
       "start at boot: write and enable a systemd unit",
       {option::print},
       0,
       0,
       {"sudo alder startup            # for root", "alder startup                 # for this user",
        "alder startup --print         # only show the unit"}},
      {"unstartup", {}, "daemon", "", "remove the systemd unit again", {}, 0, 0, {"alder unstartup"}},
      {"help", {}, "daemon", "[COMMAND]", "show help for a command", {}, 0, 1, {"alder help logs"}},
  };
}

const std::vector<command_info>& commands() {
  static const auto table = make_commands();
  return table;
}

void add_options(std::string& text, const look& on, std::string_view title, std::span<const option_text> list) {
  text += "\n" + paint(on, tone::bold, title) + "\n";
  for (const auto& one : list) {
    auto flags = std::string{one.flags};
    if (const auto comma = flags.find(','); comma != std::string::npos) flags.insert(comma + 1, " ");
    if (flags.rfind("--", 0) == 0) flags.insert(0, "    ");
    if (!one.value.empty()) flags += " " + std::string{one.value};
    text += "  " + pad(flags, 20) + "  " + std::string{one.help} + "\n";
  }
}

} // namespace

std::span<const command_info> all_commands() { return commands(); }

std::span<const option_text> common_options() { return common; }

const option_text& text_of(option id) {
  const auto* found = std::find_if(options.begin(), options.end(), [&](const auto& one) { return one.first == id; });
  ALDER_ASSERT(found != options.end());
  return found->second;
}

const command_info* find_command(std::string_view name) {
  for (const auto& one : commands())
    if (one.name == name || std::find(one.aliases.begin(), one.aliases.end(), name) != one.aliases.end()) return &one;
  return nullptr;
}

std::vector<std::string> command_names() {
  std::vector<std::string> names;
  for (const auto& one : commands()) {
    names.emplace_back(one.name);
    names.insert(names.end(), one.aliases.begin(), one.aliases.end());
  }
  return names;
}

std::string overview(const look& on) {
  auto text = paint(on, tone::bold, "alder") + " keeps programs running in supervision trees\n";
  std::string_view group;
  for (const auto& one : commands()) {
    if (one.group != group) text += "\n" + paint(on, tone::bold, one.group) + "\n";
    group = one.group;
    text += "  " + pad(std::string{one.name}, 10) + "  " + std::string{one.summary} + "\n";
  }
  return text + "\nOptions and examples: alder COMMAND --help\nFirst steps: write alder.yaml, then run alder check, "
                "alder up and alder tree.\n";
}

std::string help_for(const look& on, const command_info& command) {
  auto text = std::string{"alder "} + std::string{command.name} + ": " + std::string{command.summary} + "\n\n";
  text += paint(on, tone::bold, "usage") + "\n  alder " + std::string{command.name} + " [OPTIONS]";
  if (!command.usage.empty()) text += " " + std::string{command.usage};
  text += "\n";
  if (!command.aliases.empty()) {
    text += "  aliases:";
    for (const auto& alias : command.aliases)
      text += " " + std::string{alias};
    text += "\n";
  }
  std::vector<option_text> own;
  for (const auto id : command.options)
    own.push_back(text_of(id));
  if (!own.empty()) add_options(text, on, "options", own);
  add_options(text, on, "common options", common);
  if (!command.examples.empty()) text += "\n" + paint(on, tone::bold, "examples") + "\n";
  for (const auto& example : command.examples)
    text += "  " + std::string{example} + "\n";
  return text;
}

} // namespace alder::cli

#include "cli/common/command_table.hpp"

#include "runtime/base/assert.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace alder::cli {
namespace {

constexpr unsigned any = std::numeric_limits<unsigned>::max();

constexpr std::array<std::pair<option, option_text>, 37> options{
    {{option::follow, {"-f,--follow", "", "go on as new ones come, until Ctrl-C"}},
     {option::file, {"-f,--file", "FILE", "the configuration, instead of the FILE argument"}},
     {option::detach, {"-d,--detach", "", "accepted, because it is the default; 'alder run' stays in the foreground"}},
     {option::keep_going, {"--keep-going", "", "leave the other services up when one does not start"}},
     {option::exit_code_from, {"--exit-code-from", "NAME", "exit with the exit code of this service"}},
     {option::all_trees, {"--all", "", "all trees"}},
     {option::tail, {"-n,--tail", "N", "begin with the last N (at most 100000)"}},
     {option::out, {"--out", "", "standard output only"}},
     {option::err, {"--err", "", "standard error only"}},
     {option::all, {"--all", "", "with the daemon's own branch"}},
     {option::watch, {"--watch", "", "show it again whenever something happens, until Ctrl-C"}},
     {option::show_env, {"--show-env", "", "with the values of environment variables"}},
     {option::no_prefix, {"--no-prefix", "", "the lines alone, without time and name"}},
     {option::raw, {"--raw", "", "the lines alone, and their control characters as they are also on a terminal"}},
     {option::show,
      {"--show", "HOW", "prefixed, raw (standard error on standard error) or none; default: what 'log' says"}},
     {option::since, {"--since", "TIME", "lines from then on: 10m (ago), 14:30, 2026-11-28, 2026-11-28T14:30:05Z"}},
     {option::until, {"--until", "TIME", "lines until then"}},
     {option::grep, {"--grep", "REGEX", "lines that match, in all files there are"}},
     {option::previous, {"--previous", "", "the run before the last time a process ended"}},
     {option::name, {"--name", "NAME", "the service's name (default: the program's)"}},
     {option::cwd, {"--cwd", "DIR", "its working directory (default: this one)"}},
     {option::restart, {"--restart", "KIND", "permanent (default), transient or temporary"}},
     {option::timeout, {"--timeout", "TIME", "give up waiting after this long, e.g. 30s; exit code 6"}},
     {option::socket, {"--socket", "", "the socket alone"}},
     {option::run_dir, {"--run", "", "the directory of socket and lock alone"}},
     {option::state_dir, {"--state", "", "the directory of the journal alone"}},
     {option::log_dir, {"--log", "", "the directory of the logs alone"}},
     {option::resurrect, {"--resurrect", "", "bring the trees up again that were up before the machine went down"}},
     {option::print, {"--print", "", "show the unit and change nothing"}},
     {option::dry_run, {"--dry-run", "", "show the difference and change nothing"}},
     {option::start_added, {"--start-added", "", "start what is new"}},
     {option::stop_removed, {"--stop-removed", "", "stop and forget what is not in the file any more"}},
     {option::restart_changed, {"--restart-changed", "", "restart what runs with old settings"}},
     {option::sync,
      {"--sync", "", "make it match the file: start the new and the failed, stop the removed, restart the changed"}},
     {option::take_environment, {"--env", "", "use the current environment instead of the one from 'alder up'"}},
     {option::force, {"--force", "", "even if running processes are stopped, or instances share a check's address"}},
     {option::explain, {"--explain", "", "tell what the tree does when a service keeps crashing"}}}};

constexpr std::array<option_text, 4> common{{{"-h,--help", "", "show this"},
                                             {"--json", "", "data for programs on standard output, and nothing else"},
                                             {"-q,--quiet", "", "say nothing but errors"},
                                             {"--no-color", "", "no colours (also: NO_COLOR=1)"}}};

std::vector<command_info> make_commands() { // NOLINT(readability-function-size): one table
  return {
      {"up",
       {},
       "trees",
       "[FILE]",
       "bring a configuration's tree up",
       {option::file, option::keep_going, option::detach, option::timeout},
       0,
       1,
       {"alder up                     # alder.yaml here or in a directory above", "alder up shop/alder.yaml",
        "alder up --keep-going        # one bad service does not undo the start"}},
      {"down",
       {},
       "trees",
       "[TREE… | FILE]",
       "stop a tree in reverse order and forget it",
       {option::file, option::all_trees, option::timeout},
       0,
       any,
       {"alder down                   # the tree of the alder.yaml here or in a directory above", "alder down shop",
        "alder down --all"}},
      {"apply",
       {},
       "trees",
       "[FILE]",
       "take up a changed configuration while its tree is up",
       {option::file, option::dry_run, option::start_added, option::stop_removed, option::restart_changed, option::sync,
        option::take_environment, option::timeout},
       0,
       1,
       {"alder apply --dry-run        # what would change", "alder apply --sync shop/alder.yaml"}},
      {"run",
       {},
       "trees",
       "[FILE]",
       "run a tree in the foreground; its result is the exit code",
       {option::file, option::exit_code_from, option::no_prefix, option::show},
       0,
       1,
       {"alder run alder.yaml         # for containers and CI", "alder run --no-prefix job.yaml",
        "alder run --show raw job.yaml", "alder run --exit-code-from tests ci.yaml"}},
      {"start",
       {},
       "services",
       "NAME… | [OPTIONS] -- COMMAND…",
       "start a stopped node, or a program without a file",
       {option::name, option::cwd, option::restart, option::timeout},
       0,
       any,
       {"alder start db", "alder start all              # whatever is stopped", "alder start -- python3 -m http.server",
        "alder start --name web --restart transient -- ./server.sh 8080"}},
      {"stop",
       {"terminate"},
       "services",
       "NAME…",
       "stop nodes and keep them stopped",
       {option::timeout},
       1,
       any,
       {"alder stop api", "alder stop api:0 worker", "alder stop 'worker-*'", "alder stop all"}},
      {"restart",
       {},
       "services",
       "NAME…",
       "stop and start nodes; no failure is counted",
       {option::timeout},
       1,
       any,
       {"alder restart api", "alder restart 'api:*'", "alder restart all"}},
      {"signal",
       {},
       "services",
       "NAME… SIGNAL",
       "send a signal to the main process of services",
       {},
       2,
       any,
       {"alder signal web HUP         # numbers and SIGHUP work too", "alder signal api USR1"}},
      {"reset",
       {},
       "services",
       "NAME…",
       "forget how often services were restarted",
       {option::timeout},
       1,
       any,
       {"alder reset api"}},
      {"msg",
       {},
       "services",
       "NAME JSON",
       "send a message to a service over its IPC channel",
       {},
       2,
       any,
       {"alder msg api '{\"level\": \"debug\"}'"}},
      {"send",
       {},
       "services",
       "NAME TEXT…",
       "write a line to a service's standard input",
       {},
       2,
       any,
       {"alder send console reload    # needs 'stdin: pipe' or 'pty: true'"}},
      {"scale",
       {},
       "services",
       "NAME N",
       "let a service have N instances",
       {option::force, option::timeout},
       2,
       2,
       {"alder scale api 6"}},
      {"add",
       {},
       "services",
       "SUPERVISOR FILE | SUPERVISOR [OPTIONS] -- COMMAND…",
       "start new children under a supervisor that is up",
       {option::name, option::cwd, option::restart, option::timeout},
       1,
       2,
       {"alder add shop extra.yaml    # the children of that file", "alder add shop --name mailer -- node mailer.js"}},
      {"remove",
       {"rm"},
       "services",
       "NAME…",
       "stop nodes and forget them",
       {option::timeout},
       1,
       any,
       {"alder remove mailer"}},
      {"ls",
       {"list", "ps", "status", "l"},
       "looking",
       "[PATTERN]",
       "list services",
       {},
       0,
       1,
       {"alder ls", "alder ls 'api*'", "alder ls --json"}},
      {"tree",
       {},
       "looking",
       "",
       "show supervisors, services and restart budgets",
       {option::all, option::watch},
       0,
       0,
       {"alder tree", "alder tree --all             # with the daemon's own actors", "alder tree --watch"}},
      {"describe",
       {"show"},
       "looking",
       "NAME",
       "everything about one node",
       {option::show_env},
       1,
       1,
       {"alder describe api:0", "alder describe shop/api --show-env"}},
      {"logs",
       {"log"},
       "looking",
       "[clear | reopen | rotate | path] [NAME…]",
       "output of services",
       {option::follow, option::tail, option::since, option::until, option::grep, option::previous, option::out,
        option::err, option::no_prefix, option::raw},
       0,
       any,
       {"alder logs -f                # everything, as it comes", "alder logs -n 100 --err api",
        "alder logs --since 10m --grep 'timeout|refused'", "alder logs --previous api    # before it crashed",
        "alder logs clear api         # empty its files, delete their archives",
        "alder logs reopen            # somebody else moved the files"}},
      {"events",
       {},
       "looking",
       "[NAME…]",
       "what happened, and why",
       {option::follow, option::tail},
       0,
       any,
       {"alder events", "alder events -f api"}},
      {"check",
       {"validate"},
       "files",
       "[FILE] [--explain [NAME…]]",
       "report every mistake of a configuration",
       {option::file, option::explain},
       0,
       any,
       {"alder check alder.yaml", "alder check --explain         # who gives up when a service keeps crashing",
        "alder check --explain worker"}},
      {"schema",
       {},
       "files",
       "",
       "print the JSON Schema of configurations",
       {},
       0,
       0,
       {"alder schema >alder.schema.json"}},
      {"ping", {}, "the daemon", "", "whether the daemon answers", {}, 0, 0, {"alder ping && echo there"}},
      {"info", {}, "the daemon", "", "version, process ids and places of the daemon", {}, 0, 0, {"alder info --json"}},
      {"paths",
       {},
       "the daemon",
       "",
       "where socket, state and logs are",
       {option::socket, option::run_dir, option::state_dir, option::log_dir},
       0,
       0,
       {"curl --unix-socket \"$(alder paths --socket)\" http://alder/v1/services"}},
      {"daemon",
       {},
       "the daemon",
       "start | stop | status | upgrade",
       "start, stop or replace the daemon itself",
       {option::timeout, option::resurrect},
       1,
       1,
       {"alder daemon start", "alder daemon start --resurrect   # what a boot unit calls",
        "alder daemon stop                # stops all trees first",
        "alder daemon upgrade             # to the installed programs; services go on"}},
      {"startup",
       {},
       "the daemon",
       "",
       "start with the machine: write and enable a systemd unit",
       {option::print},
       0,
       0,
       {"sudo alder startup            # for root", "alder startup                 # for this user",
        "alder startup --print         # only show the unit"}},
      {"unstartup", {}, "the daemon", "", "remove that unit again", {}, 0, 0, {"alder unstartup"}},
      {"help", {}, "the daemon", "[COMMAND]", "show help", {}, 0, 1, {"alder help logs"}},
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
  auto text = paint(on, tone::bold, "alder") + " keeps programs running, in trees of supervisors\n";
  std::string_view group;
  for (const auto& one : commands()) {
    if (one.group != group) text += "\n" + paint(on, tone::bold, one.group) + "\n";
    group = one.group;
    text += "  " + pad(std::string{one.name}, 10) + "  " + std::string{one.summary} + "\n";
  }
  return text + "\n'alder COMMAND --help' says more, with examples. First steps: write alder.yaml, 'alder check', "
                "'alder up', 'alder tree'.\n";
}

std::string help_for(const look& on, const command_info& command) {
  auto text = std::string{"alder "} + std::string{command.name} + ": " + std::string{command.summary} + "\n\n";
  text += paint(on, tone::bold, "usage") + "\n  alder " + std::string{command.name} + " [OPTIONS]";
  if (!command.usage.empty()) text += " " + std::string{command.usage};
  text += "\n";
  if (!command.aliases.empty()) {
    text += "  also called:";
    for (const auto& alias : command.aliases)
      text += " " + std::string{alias};
    text += "\n";
  }
  std::vector<option_text> own;
  for (const auto id : command.options)
    own.push_back(text_of(id));
  if (!own.empty()) add_options(text, on, "options", own);
  add_options(text, on, "everywhere", common);
  if (!command.examples.empty()) text += "\n" + paint(on, tone::bold, "examples") + "\n";
  for (const auto& example : command.examples)
    text += "  " + std::string{example} + "\n";
  return text;
}

} // namespace alder::cli

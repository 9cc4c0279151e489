#include "cli/commands/args.hpp"

#include "cli/commands/command_table.hpp"
#include "cli/common/foreign_words.hpp"

#include "runtime/base/text.hpp"
#include "runtime/base/units.hpp"
#include "runtime/base/words.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <charconv>
#include <utility>

namespace alder::cli {
namespace {

/// Values as written; they are read afterwards, for better words about what is wrong with them.
struct raw_values {
  std::string tail;
  std::string restart;
  std::string timeout;
  bool out = false;
  bool err = false;
  bool socket = false;
  bool run_dir = false;
  bool state_dir = false;
  bool log_dir = false;
  bool sync = false;
  bool detach = false; ///< what 'alder up' does anyway
};

std::string hint_for(const command_info* command) {
  return command == nullptr ? "list all commands: alder help" : help_hint(command->name);
}

void add_option(CLI::App& app, option id, invocation& into, raw_values& raw) {
  const std::string flags{text_of(id).flags};
  switch (id) {
  case option::follow: app.add_flag(flags, into.follow); return;
  case option::file: app.add_option(flags, into.file); return;
  case option::detach: app.add_flag(flags, raw.detach); return;
  case option::keep_going: app.add_flag(flags, into.keep_going); return;
  case option::exit_code_from: app.add_option(flags, into.exit_code_from); return;
  case option::all_trees: app.add_flag(flags, into.all); return;
  case option::tail: app.add_option(flags, raw.tail); return;
  case option::out: app.add_flag(flags, raw.out); return;
  case option::err: app.add_flag(flags, raw.err); return;
  case option::all: app.add_flag(flags, into.all); return;
  case option::watch: app.add_flag(flags, into.watch); return;
  case option::show_env: app.add_flag(flags, into.show_env); return;
  case option::no_prefix: app.add_flag(flags, into.no_prefix); return;
  case option::raw: app.add_flag(flags, into.raw); return;
  case option::show: app.add_option(flags, into.show); return;
  case option::since: app.add_option(flags, into.since); return;
  case option::until: app.add_option(flags, into.until); return;
  case option::grep: app.add_option(flags, into.grep); return;
  case option::previous: app.add_flag(flags, into.previous); return;
  case option::name: app.add_option(flags, into.name); return;
  case option::cwd: app.add_option(flags, into.cwd); return;
  case option::restart: app.add_option(flags, raw.restart); return;
  case option::timeout: app.add_option(flags, raw.timeout); return;
  case option::no_wait: app.add_flag(flags, into.no_wait); return;
  case option::socket: app.add_flag(flags, raw.socket); return;
  case option::run_dir: app.add_flag(flags, raw.run_dir); return;
  case option::state_dir: app.add_flag(flags, raw.state_dir); return;
  case option::log_dir: app.add_flag(flags, raw.log_dir); return;
  case option::resurrect: app.add_flag(flags, into.resurrect); return;
  case option::print: app.add_flag(flags, into.print); return;
  case option::dry_run: app.add_flag(flags, into.dry_run); return;
  case option::start_added: app.add_flag(flags, into.start_added); return;
  case option::stop_removed: app.add_flag(flags, into.stop_removed); return;
  case option::restart_changed: app.add_flag(flags, into.restart_changed); return;
  case option::sync: app.add_flag(flags, raw.sync); return;
  case option::take_environment: app.add_flag(flags, into.take_environment); return;
  case option::force: app.add_flag(flags, into.force); return;
  case option::explain: app.add_flag(flags, into.explain); return;
  }
}

std::vector<std::string> known_flags(const command_info* command) {
  std::vector<std::string> flags;
  const auto add = [&](const option_text& one) {
    for (const auto flag : split(one.flags, ','))
      flags.emplace_back(flag);
  };
  for (const auto& one : common_options())
    add(one);
  if (command == nullptr) return flags;
  for (const auto id : command->options)
    add(text_of(id));
  return flags;
}

std::optional<failure> read_values(invocation& into, const raw_values& raw) {
  const auto hint = hint_for(into.command);
  if (!raw.tail.empty()) {
    unsigned number = 0;
    const auto* end = raw.tail.data() + raw.tail.size();
    const auto parsed = std::from_chars(raw.tail.data(), end, number);
    if (parsed.ec != std::errc{} || parsed.ptr != end || number > max_tail)
      return misuse("'" + raw.tail + "' is not a valid number of lines (0 to " + std::to_string(max_tail) + ")",
                    {hint});
    into.tail = number;
  }
  if (!raw.timeout.empty()) {
    const auto time = parse_duration(raw.timeout);
    if (!time) return misuse("invalid --timeout: " + time.failure().message, {"add a unit, for example 30s"});
    into.timeout = *time;
  }
  if (into.no_wait && into.timeout)
    return misuse("--no-wait and --timeout exclude each other", {"--timeout limits how long the command waits"});
  if (!raw.restart.empty()) {
    const auto kind = restart_named(raw.restart);
    if (!kind) {
      std::vector<std::string> help{"one of: permanent, transient, temporary"};
      const auto near = nearest(raw.restart, {"permanent", "transient", "temporary", "always", "on-failure", "never"});
      if (near) help.insert(help.begin(), "did you mean '" + *near + "'?");
      return misuse("'" + raw.restart + "' is not a restart policy", help);
    }
    into.restart = word(*kind);
  }
  if (!into.show.empty() && into.show != "prefixed" && into.show != "raw" && into.show != "none")
    return misuse("invalid value '" + into.show + "' for --show", {"one of: prefixed, raw, none"});
  if (raw.sync) into.start_added = into.stop_removed = into.restart_changed = true;
  if (raw.out != raw.err) into.stream = raw.out ? "out" : "err";
  if (raw.socket) into.path_part = "socket";
  if (raw.run_dir) into.path_part = "run";
  if (raw.state_dir) into.path_part = "state";
  if (raw.log_dir) into.path_part = "log";
  return std::nullopt;
}

std::optional<failure> unknown_option(const CLI::App& app, const command_info* command) {
  const auto left = app.remaining();
  if (left.empty()) return std::nullopt;
  const auto& what = left.front();
  const auto flag = what.substr(0, what.find('='));
  std::vector<std::string> help{hint_for(command)};
  if (const auto ours = foreign_option(command == nullptr ? "" : command->name, flag)) {
    help.insert(help.begin(), *ours);
  } else if (const auto near = nearest(flag, known_flags(command))) {
    help.insert(help.begin(), "did you mean '" + *near + "'?");
  }
  return misuse("unknown option '" + flag + "'", help);
}

failure unknown_command(const std::string& name, const std::vector<std::string>& after) {
  std::vector<std::string> help{hint_for(nullptr)};
  if (const auto ours = foreign_command(name, after)) {
    help.insert(help.begin(), *ours);
  } else if (const auto near = nearest(name, command_names())) {
    help.insert(help.begin(), "did you mean 'alder " + *near + "'?");
  }
  return misuse("unknown command '" + name + "'", help);
}

std::optional<failure> check_words(const invocation& wanted) {
  const auto& command = *wanted.command;
  const auto name = std::string{command.name};
  const auto hint = hint_for(wanted.command);
  if (command.check != nullptr)
    if (auto wrong = command.check(wanted)) return wrong;
  if (wanted.words.size() < command.least_words)
    return misuse("'alder " + name + "' needs " + std::string{command.usage}, {hint});
  if (wanted.words.size() > command.most_words)
    return misuse("'alder " + name + "' does not take '" + wanted.words.at(command.most_words) + "'", {hint});
  return std::nullopt;
}

/// Where the command's name is among the words before "--". An option may come first, with a value that is not a
/// command: `alder -f stack.yaml up`. Where no word is a command, the first one was meant to be it.
std::vector<std::string>::const_iterator find_command_word(const std::vector<std::string>& words) {
  const auto is_option = [](const std::string& word) { return word.size() > 1 && word.front() == '-'; };
  auto first = words.end();
  for (auto word = words.begin(); word != words.end(); ++word) {
    if (is_option(*word)) continue;
    if (find_command(*word) != nullptr) return word;
    if (first == words.end()) first = word;
    const bool may_be_a_value = word != words.begin() && is_option(*(word - 1));
    if (!may_be_a_value) return first;
  }
  return first;
}

/// Those that take a configuration's name take it with -f too.
std::optional<failure> take_file(invocation& wanted) {
  if (wanted.file.empty()) return std::nullopt;
  if (!wanted.words.empty() && !wanted.explain) // whose words are names
    return misuse("two configurations are given: '" + wanted.file + "' and '" + wanted.words.front() + "'",
                  {"name only one file"});
  wanted.words.insert(wanted.words.begin(), wanted.file);
  return std::nullopt;
}

std::optional<failure> parse_options(std::vector<std::string> words, invocation& into) {
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  raw_values raw;
  app.add_flag("-h,--help", into.wants_help);
  app.add_flag("--json", into.json);
  app.add_flag("-q,--quiet", into.quiet);
  app.add_flag("--no-color,--no-colour", into.no_colour);
  app.add_flag("--version", into.wants_version);
  if (into.command != nullptr) {
    for (const auto id : into.command->options)
      add_option(app, id, into, raw);
    app.add_option("words", into.words);
  }
  std::reverse(words.begin(), words.end()); // CLI11 takes them from the back
  try {
    app.parse(std::move(words));
  } catch (const CLI::ParseError& wrong) {
    return misuse(wrong.what(), {hint_for(into.command)});
  }
  if (auto unknown = unknown_option(app, into.command)) return unknown;
  return read_values(into, raw);
}

} // namespace

std::variant<invocation, failure> parse_command_line(const std::vector<std::string>& words) {
  invocation wanted;
  const auto dashes = std::find(words.begin(), words.end(), "--");
  std::vector<std::string> before{words.begin(), dashes};
  if (const auto name = find_command_word(before); name != before.end()) {
    wanted.command = find_command(*name);
    if (wanted.command == nullptr) return unknown_command(*name, {name + 1, before.cend()});
    before.erase(name);
  }
  if (auto wrong = parse_options(std::move(before), wanted)) return *wrong;
  if (wanted.wants_help || wanted.wants_version || wanted.command == nullptr) return wanted;

  if (dashes != words.end()) {
    // Where there is no program, "--" says that names follow, even if they look like options.
    auto& rest = wanted.command->takes_program ? wanted.program : wanted.words;
    rest.insert(rest.end(), dashes + 1, words.end());
  }
  if (auto wrong = take_file(wanted)) return *wrong;
  if (auto wrong = check_words(wanted)) return *wrong;
  return wanted;
}

} // namespace alder::cli

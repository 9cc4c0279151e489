#include "cli/commands/command_table.hpp"

#include "cli/commands/command.hpp"

#include <algorithm>

namespace alder::cli {
namespace {

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

std::span<const command_info> all_commands() {
#define ALDER_ROW(name) name##_command(),
  static const std::vector<command_info> table{ALDER_COMMANDS(ALDER_ROW)};
#undef ALDER_ROW
  return table;
}

const command_info* find_command(std::string_view name) {
  for (const auto& one : all_commands())
    if (one.name == name || std::find(one.aliases.begin(), one.aliases.end(), name) != one.aliases.end()) return &one;
  return nullptr;
}

std::string_view title_of(command_group group) {
  switch (group) {
  case command_group::trees: return "trees";
  case command_group::services: return "services";
  case command_group::inspection: return "inspection";
  case command_group::configuration: return "configuration";
  case command_group::daemon: return "daemon";
  }
  return "?";
}

std::vector<std::string> command_names() {
  std::vector<std::string> names;
  for (const auto& one : all_commands()) {
    names.emplace_back(one.name);
    names.insert(names.end(), one.aliases.begin(), one.aliases.end());
  }
  return names;
}

std::string overview(const look& on) {
  auto text = paint(on, tone::bold, "alder") + " keeps programs running in supervision trees\n";
  const command_info* before = nullptr;
  for (const auto& one : all_commands()) {
    if (before == nullptr || one.group != before->group)
      text += "\n" + paint(on, tone::bold, title_of(one.group)) + "\n";
    before = &one;
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
  add_options(text, on, "common options", common_options());
  if (!command.examples.empty()) text += "\n" + paint(on, tone::bold, "examples") + "\n";
  for (const auto& example : command.examples)
    text += "  " + std::string{example} + "\n";
  return text;
}

exit_code run_wanted(session& s) {
  const auto* command = s.wanted().command;
  if (s.wanted().wants_version) {
    (void)s.print("alder " ALDER_VERSION "\n");
    return s.end_code();
  }
  if (command == nullptr || s.wanted().wants_help) {
    (void)s.print(command == nullptr ? overview(s.out()) : help_for(s.out(), *command));
    return s.end_code();
  }
  return command->run(s);
}

} // namespace alder::cli

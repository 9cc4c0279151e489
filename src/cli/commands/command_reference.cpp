// The command reference, docs/commands.md, made from the table.
#include "cli/commands/command_table.hpp"

namespace alder::cli {
namespace {

/// In a cell of a table a bar would end it.
std::string cell(std::string_view text) {
  std::string safe;
  for (const char c : text)
    safe += c == '|' ? std::string{"\\|"} : std::string{c};
  return safe;
}

std::string anchor(std::string_view heading) { return "#alder-" + std::string{heading}; }

void add_options(std::string& text, std::span<const option_text> options) {
  text += "| option | |\n|---|---|\n";
  for (const auto& one : options) {
    auto flags = std::string{one.flags};
    if (const auto comma = flags.find(','); comma != std::string::npos) flags.insert(comma + 1, " ");
    if (!one.value.empty()) flags += " " + std::string{one.value};
    text += "| `" + cell(flags) + "` | " + cell(one.help) + " |\n";
  }
  text += "\n";
}

void add_command(std::string& text, const command_info& command) {
  text += "### alder " + std::string{command.name} + "\n\n";
  text += "    alder " + std::string{command.name} + " [OPTIONS]" +
          (command.usage.empty() ? "" : " " + std::string{command.usage}) + "\n\n";
  auto summary = std::string{command.summary};
  if (!summary.empty() && summary[0] >= 'a' && summary[0] <= 'z') summary[0] = static_cast<char>(summary[0] - 32);
  text += summary + ".";
  for (const auto& alias : command.aliases)
    text += (&alias == &command.aliases.front() ? " Aliases: `" : ", `") + std::string{alias} + "`";
  text += "\n\n";
  std::vector<option_text> own;
  for (const auto id : command.options)
    own.push_back(text_of(id));
  if (!own.empty()) add_options(text, own);
  for (const auto& example : command.examples)
    text += "    " + std::string{example} + "\n";
  text += "\n";
}

} // namespace

std::string command_reference() {
  std::string text =
      "<!-- Generated from src/cli/commands; do not edit. -->\n# Commands\n\n"
      "Every command accepts the [common options](#common-options); `alder help COMMAND` prints its help.\n\n"
      "Exit codes: 0 success, 1 failure, 2 usage or configuration error, 4 no such service, supervisor or tree,\n"
      "5 no daemon, 6 timed out, 7 permission denied, 130 and 143 interrupted.\n\n";
  const command_info* before = nullptr;
  for (const auto& one : all_commands()) {
    if (before == nullptr || one.group != before->group)
      text += (before != nullptr ? "\n\n" : "") + ("**" + std::string{title_of(one.group)} + "**: ");
    else
      text += ", ";
    before = &one;
    text += "[" + std::string{one.name} + "](" + anchor(one.name) + ")";
  }
  text += "\n\n";
  before = nullptr;
  for (const auto& one : all_commands()) {
    if (before == nullptr || one.group != before->group) {
      auto title = std::string{title_of(one.group)};
      title[0] = static_cast<char>(title[0] - 32);
      text += "## " + title + "\n\n";
    }
    before = &one;
    add_command(text, one);
  }
  text += "## Common options\n\n";
  add_options(text, common_options());
  text.pop_back();
  return text;
}

} // namespace alder::cli

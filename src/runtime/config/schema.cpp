#include "runtime/config/schema.hpp"

#include "runtime/base/text.hpp"
#include "runtime/base/units.hpp"
#include "runtime/base/words.hpp"
#include "runtime/config/schema_keys.hpp"

#include <algorithm>
#include <chrono>

namespace alder::config {
namespace {

std::string cell(std::string_view text) {
  std::string safe;
  for (const char c : text)
    safe += c == '|' ? "\\|" : std::string{c};
  return safe;
}

std::string in_backticks(std::string_view text) { return "`" + std::string{text} + "`"; }

/// "`true`, `false`", "a whole number from 1 to 10000", "text such as `best-effort:7`".
std::string value_text(const key_entry& key) {
  if (!key.words.empty()) {
    std::vector<std::string> quoted;
    for (const auto& word : key.words)
      quoted.push_back(in_backticks(word));
    return (key.kind == value_kind::words ? "a list of " : "") + join(quoted, ", ");
  }
  const std::string what{phrase(key.kind)};
  switch (key.kind) {
  case value_kind::boolean: return "`true`, `false`";
  case value_kind::whole_number:
  case value_kind::number: return what + " from " + std::to_string(key.low) + " to " + std::to_string(key.high);
  case value_kind::share: return what + ", at most 100%";
  case value_kind::duration:
    return key.low > 1    ? what + ", at least " + format_duration(std::chrono::milliseconds{key.low})
           : key.low == 1 ? what + ", not 0"
                          : what;
  case value_kind::octal: return what + ", at most 777";
  case value_kind::text:
  case value_kind::texts:
  case value_kind::paths:
  case value_kind::limits:
  case value_kind::secrets:
  case value_kind::environment:
  case value_kind::inherit:
  case value_kind::statuses:
  case value_kind::exit_codes:
  case value_kind::signals: return what + " such as " + in_backticks(key.example);
  default: return what;
  }
}

/// Of one of the mappings that are nodes; all other keys take effect with one of theirs.
bool is_of_node(place_set where) {
  return where.has(place::root) || where.has(place::supervisor) || where.has(place::service);
}

std::string row(const key_entry& key) {
  const std::string fallback = key.fallback.empty() ? "–" : cell(key.fallback);
  const std::string effect = is_of_node(key.places) ? " | " + std::string{config::word(key.effect)} : "";
  return "| " + in_backticks(key.name) + " | " + cell(value_text(key)) + " | " + fallback + effect + " | " +
         cell(key.help) + " |\n";
}

std::string head(place_set where) {
  return is_of_node(where) ? "| key | value | default | takes effect | meaning |\n|---|---|---|---|---|\n"
                           : "| key | value | default | meaning |\n|---|---|---|---|\n";
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
                                  [&](const auto& key) { return key.places.has(where) && key.name == name; });
  return found == table.end() ? nullptr : &*found;
}

std::vector<std::string> key_names(place where) {
  std::vector<std::string> names;
  for (const auto& key : key_table()) {
    if (key.places.has(where)) names.emplace_back(key.name);
  }
  return names;
}

takes_effect effect_of(std::string_view name) {
  for (const auto where : {place::service, place::supervisor, place::root})
    if (const auto* key = find_key(where, name)) return key->effect;
  return takes_effect::next_start;
}

std::string_view word(takes_effect when) {
  switch (when) {
  case takes_effect::at_once: return "at once";
  case takes_effect::next_start: return "next start";
  case takes_effect::names_it: return "names it";
  case takes_effect::with_mapping: return "with its mapping";
  }
  return "";
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
  case value_kind::files: return "a path, a mapping, or a list of them";
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
  case value_kind::optional_group: return "a mapping, or none";
  }
  return "";
}

std::map<std::string, std::string> key_tables() {
  std::map<std::string, std::string> tables;
  for (const auto& [where, name, phrase] : all_places)
    tables[std::string{name}] = head(where);
  auto& common = tables["all three"] = head(on_all);
  for (const auto& key : key_table()) {
    if (key.places == on_all) {
      common += row(key);
      continue;
    }
    for (const auto& [where, name, phrase] : all_places)
      if (key.places.has(where)) tables[std::string{name}] += row(key);
  }
  return tables;
}

// -- defaults

std::string shown(std::chrono::milliseconds time) { return time.count() == 0 ? "0" : format_duration(time); }
std::string shown(bool value) { return value ? "true" : "false"; }
std::string shown(unsigned number) { return std::to_string(number); }
std::string shown_size(std::uint64_t bytes) { return format_size(bytes); }
std::string shown_share(double share) { return share == 0 ? "0" : shown_number(share * 100) + "%"; }

std::string shown_number(double number) {
  auto text = std::to_string(number);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

std::string shown_octal(unsigned mode) {
  std::string digits;
  for (; mode > 0; mode /= 8)
    digits.insert(digits.begin(), static_cast<char>('0' + mode % 8));
  return "0" + digits;
}

std::string shown_signal(int signal) { return signal_name(signal).substr(3); }

std::string shown_list(const std::vector<std::string>& items) {
  std::vector<std::string> quoted;
  for (const auto& item : items)
    quoted.push_back(item.find_first_of("*#~[") == std::string::npos ? item : "\"" + item + "\"");
  return "[" + join(quoted, ", ") + "]";
}

} // namespace alder::config

#include "runtime/config/schema.hpp"

#include "runtime/base/text.hpp"
#include "runtime/config/schema_keys.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace alder::config {
namespace {

const std::array<std::pair<place, std::string_view>, 17> place_phrases{{{place::root, "the root"},
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
                                                                        {place::log, "'log'"},
                                                                        {place::env_file, "'env_file'"}}};

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
                                                                {place::log, "log"},
                                                                {place::env_file, "env_file"}};
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

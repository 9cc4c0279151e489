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
      {"stdin", on_service, kind::input, "null",
       "File to read standard input from, relative to the file; null for /dev/null.", "queries.sql"},
      {"umask", on_all, kind::octal, "that of the daemon", "File mode creation mask, read as octal.", "022"},
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
      {"clean_exit_codes", on_service, kind::exit_codes, "[0]",
       "Exit codes that are no failure; 0 always is among them.", "[3]"},
      {"clean_signals", on_service, kind::signals, "[TERM, INT, HUP]",
       "Signals that are no failure when they end it unasked.", "[TERM]"},
  };
}

std::vector<key_entry> group_keys() {
  const auto in = [](place p) { return bit(p); };
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
      {"tcp", in(place::ready), kind::tcp_address, "", "Ready when a connection to HOST:PORT or PORT succeeds.",
       "127.0.0.1:6400"},
      {"http", in(place::ready), kind::http_url, "",
       "Ready when a GET of this URL answers with a status from 200 to 399.", "http://127.0.0.1:3000/health"},
      {"exec", in(place::ready), kind::command, "", "Ready when this command exits with 0.", "redis-cli ping"},
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

const std::array<std::pair<place, std::string_view>, 7> place_phrases{{{place::root, "the root"},
                                                                       {place::supervisor, "a supervisor"},
                                                                       {place::service, "a service"},
                                                                       {place::intensity, "'intensity'"},
                                                                       {place::backoff, "'backoff'"},
                                                                       {place::stop, "'stop'"},
                                                                       {place::ready, "'ready'"}}};

/// The column "where" of the documentation: "root, supervisor", "ready".
std::string where_text(const key_entry& key) {
  static const std::vector<std::pair<place, std::string>> names{
      {place::root, "root"},           {place::supervisor, "supervisor"}, {place::service, "service"},
      {place::intensity, "intensity"}, {place::backoff, "backoff"},       {place::stop, "stop"},
      {place::ready, "ready"}};
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
    for (auto&& more : {process_keys(), group_keys()})
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
  case value_kind::input: return "a path or null";
  case value_kind::paths: return "a path or a list of paths";
  case value_kind::command: return "a command line or a list of words";
  case value_kind::tcp_address: return "HOST:PORT or PORT";
  case value_kind::http_url: return "a URL such as http://127.0.0.1:3000/";
  case value_kind::exit_codes: return "a list of exit codes";
  case value_kind::signals: return "a list of signals";
  case value_kind::environment: return "a mapping of variables";
  case value_kind::inherit: return "true, false or a list of names";
  case value_kind::children: return "a list of services and supervisors";
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

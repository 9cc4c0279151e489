// Configurations with values that nobody means, and what must hold for whatever comes of them.
#pragma once

#include "runtime/base/overloaded.hpp"
#include "runtime/config/load_tree.hpp"
#include "runtime/config/schema.hpp"
#include "runtime/config/schema_keys.hpp"
#include "runtime/policy/tree_edit.hpp"
#include "runtime/wire/spec_text.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace alder::test {

using key_and_value = std::pair<std::string, std::string>; ///< as they are written in YAML

inline const std::vector<std::string>& hostile_values() {
  // clang-format off
  static const std::vector<std::string> all{
      R"("\0")", R"("a\0b ${HOME} c")", R"(["\0", x])", R"([x, "\0"])", R"({a: "\0"})", R"({"\0": a})",
      R"([{"\0": a}, "\0"])", R"("")", "''", "null", "~", "[]", "{}", "[[]]", "[{}]", "[null]", "{a: null}",
      "[[[[x]]]]", "{a: {b: {c: d}}}", "true", "false", "0", "-1", "1", "007", "1e999", "99999999999999999999999999",
      "-99999999999999999999999999", "1.5", ".", "4294967295", "18446744073709551615", "2147483648", "65536", "nan",
      "inf", "infinity", "unlimited", "99999999d", "1d1d", "0s", "-5s", "1h1ms", "101%", "-1%", "%", "9999999T", "0B",
      "1X", R"("\x01\x1b[31m\x7f")", R"("a\nb\r\tc")", R"("\u200b\ufeff\U0010FFFF")", "'; rm -rf /'", R"("$" )",
      "'${'", "'${}'", "'${NOPE}'", "'${HOME'", "'${A:-${B:-${C:-d}}}'", "'$$'", "'${INSTANCE}'", "'unclosed \"'",
      "'a\\'", "/", "//", "../../../..", "/dev/null", "/proc/self/mem", ".", "x:y", ":", "[::1]:1", "http://",
      "http://a:99999/", "https://a", "http://[/", "'http://a/ b'", "TERM", "SIG", "99", "RTMIN", "*", "'* * * * *'",
      "'60 24 32 13 8'", "@reboot", "'a(b'", "'(a)\\1'", "'x{1,1000}'", "root", "'0:0'", "realtime:9", "0-99999",
      "1023", "9-1", "Europe/Berlin", "../../etc/passwd", "pipe", "any_significant", "'a (completed)'", "'(ready)'",
      "'a ('", "!!int 5", "!!binary AAAA", "!!binary eA==", "!!binary '%'", "none", "!x y", "*nowhere", "&a [*a]",
      "!x {a: b}", "!x [a]", std::string(3000, 'x'), "'" + std::string(3000, '\'') + "'",
      "[" + std::string(600, '[') + std::string(600, ']') + "]"};
  // clang-format on
  return all;
}

/// The mappings a key can be written in.
inline std::vector<config::place> places_of(const config::key_entry& key) {
  std::vector<config::place> found;
  for (const auto& place : config::all_places)
    if (key.places.has(place.is)) found.push_back(place.is);
  return found;
}

inline std::string mapping_of(const std::vector<key_and_value>& entries) {
  std::string text;
  for (const auto& [key, value] : entries)
    text += (text.empty() ? "" : ", ") + key + ": " + value;
  return "{" + text + "}";
}

/// A configuration that has these keys in a mapping of that kind.
inline std::string document_with(config::place where, std::vector<key_and_value> entries) {
  const auto has = [&](const char* name) {
    return std::any_of(entries.begin(), entries.end(), [&](const auto& e) { return e.first == name; });
  };
  const auto add = [&](const char* name, const char* value) {
    if (!has(name)) entries.insert(entries.begin(), {name, value});
  };
  using config::place;
  if (where == place::root) {
    add("children", "[{service: a, command: x}]");
    return mapping_of(entries);
  }
  if (where == place::service || where == place::supervisor) {
    if (where == place::service) add("command", "node x");
    if (where == place::supervisor) add("children", "[{service: b, command: y, after: c}, {service: c, command: z}]");
    add(where == place::service ? "service" : "supervisor", "a");
    return "{children: [" + mapping_of(entries) + ", {service: s, command: t}]}";
  }
  for (const auto& holder : config::key_table()) {
    const bool is_list = holder.kind == config::value_kind::groups;
    const bool holds = is_list || holder.kind == config::value_kind::group ||
                       holder.kind == config::value_kind::optional_group || holder.kind == config::value_kind::files;
    if (!holds || holder.inner != where) continue;
    const auto outer = places_of(holder);
    const auto inner = mapping_of(entries);
    return document_with(outer.back(), {{std::string{holder.name}, is_list ? "[" + inner + "]" : inner}});
  }
  return {};
}

/// All that a check of these programs may ask for.
inline std::shared_ptr<const machine> any_machine(const std::string& zone) {
  auto here = std::make_shared<machine>();
  here->user_named = [](const std::string& name) -> std::optional<account> {
    if (name != "root") return std::nullopt;
    return account{"root", 0, 0, {0}, "/root", "/bin/sh"};
  };
  here->user_with_id = [](std::uint32_t uid) -> std::optional<account> {
    if (uid != 0) return std::nullopt;
    return account{"root", 0, 0, {0}, "/root", "/bin/sh"};
  };
  here->group_named = [](const std::string&) -> std::optional<std::uint32_t> { return std::nullopt; };
  here->can_read = [](const std::string&) { return success(); };
  here->can_read_file = [](const std::string&) { return success(); };
  here->can_have_directory = [](const std::string&) { return success(); };
  here->zone_data = [zone](const std::string&) -> result<std::string> { return zone; };
  here->may_change_user = here->may_raise_priority = here->may_raise_limits = true;
  here->cpus = {0, 1};
  return here;
}

/// Why a process could not be launched as it is described; empty: it can.
inline std::string trouble_with_service(const service_spec& spec) {
  const auto is_bad = [](const std::string& text) { return text.find('\0') != std::string::npos; };
  if (spec.name.empty() || is_bad(spec.name)) return "a service without a name";
  if (spec.command.empty() || spec.command.front().empty()) return "a service without a program";
  if (std::any_of(spec.command.begin(), spec.command.end(), is_bad)) return "NUL in its command";
  for (const auto* all : {&spec.environment, &spec.secrets})
    for (const auto& [name, value] : *all)
      if (name.empty() || name.find('=') != std::string::npos || is_bad(name) || is_bad(value))
        return "NUL in a variable";
  for (const auto* path : {&spec.cwd, &spec.stdin_file, &spec.log.out, &spec.log.err, &spec.log.spill_to})
    if (is_bad(*path) || (!path->empty() && path->front() != '/')) return "a path that is none: " + *path;
  if (spec.cwd.empty()) return "no working directory";
  // What people are told about it is told of whatever it is.
  (void)(wire::ready_text(spec.ready) + wire::stop_text(spec.stop) + wire::attributes_text(spec.attributes) +
         wire::schedule_text(spec.schedule) + wire::watch_text(spec.watch) + wire::hooks_text(spec.hooks) +
         wire::health_text(spec.health) + wire::heartbeat_text(spec.heartbeat) + wire::limits_text(spec.limits) +
         wire::restart_limit_text(spec.restart_limit) + wire::exits_text(spec) + wire::log_rules_text(spec.log) +
         wire::backoff_text(spec.backoff) + wire::task_text(spec));
  return {};
}

inline std::string trouble_with_tree(const supervisor_spec& root) {
  if (root.name.empty()) return "a supervisor without a name";
  for (const auto& child : root.children) {
    const auto trouble =
        std::visit(overloaded{[](const service_ptr& service) { return trouble_with_service(*service); },
                              [](const supervisor_ptr& nested) { return trouble_with_tree(*nested); }},
                   child);
    if (!trouble.empty()) return trouble;
  }
  return {};
}

/// What does not hold of a text that is read, rendered and made ready to be launched; empty: all does.
inline std::string trouble_with(const char* file, const std::string& text) {
  config::source from;
  from.file = file;
  from.text = text;
  from.environment = {{"HOME", "/home/ann"}};
  from.read_file = [&](const std::string&) -> result<std::string> { return text; };
  from.here = any_machine(text);
  const auto loaded = config::load_tree(from);
  const bool failed = std::any_of(loaded.diagnostics.begin(), loaded.diagnostics.end(),
                                  [](const auto& d) { return d.severity == config::diagnostic::level::error; });
  if (loaded.tree.has_value() == failed) return "a tree and errors, or neither";
  for (const auto& d : loaded.diagnostics)
    if (d.line != 0 && d.end_column <= d.column) return "a mark that ends before it begins";
  if (config::render(loaded.diagnostics, true).empty() != loaded.diagnostics.empty()) return "nothing is shown";
  if (!loaded.tree) return {};
  const auto again = config::load_tree(from);
  if (!again.tree || !policy::difference(loaded.tree->root, again.tree->root, config::effect_of).empty())
    return "it is not read alike twice";
  return trouble_with_tree(loaded.tree->root);
}

} // namespace alder::test

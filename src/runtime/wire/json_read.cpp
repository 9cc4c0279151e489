#include "runtime/base/text.hpp"
#include "runtime/base/utf8.hpp"
#include "runtime/base/words.hpp"
#include "runtime/wire/json.hpp"
#include "runtime/wire/time_text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

namespace alder::wire {
namespace {

using nlohmann::json;

constexpr int deepest_request = 32; // the parser recurses when it frees what it read

error invalid(std::string message) { return {error_kind::invalid_input, std::move(message)}; }

/// Whether objects and lists are nested at most `deepest_request` deep; looks at brackets outside strings only.
bool is_shallow(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > deepest_request) return false;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return true;
}

/// "parse error at line 1, column 5: …" without the library's own prefix.
std::string parser_message(const json::exception& e) {
  const std::string_view text = e.what();
  const auto prefix = text.find("] ");
  return std::string{prefix == std::string_view::npos ? text : text.substr(prefix + 2)};
}

result<json> parse_object(std::string_view text) {
  if (!is_shallow(text))
    return invalid("the JSON is nested more than " + std::to_string(deepest_request) + " levels deep");
  try {
    auto value = json::parse(text);
    if (!value.is_object()) return invalid(std::string{"expected a JSON object, got "} + value.type_name());
    return value;
  } catch (const json::exception& e) {
    return invalid("not JSON: " + parser_message(e));
  }
}

error wrong(const std::string& field, const std::string& expected, const json& got) {
  return invalid("'" + field + "': expected " + expected + ", got " +
                 (got.is_string() && got.get_ref<const std::string&>().empty() ? "an empty string" : got.type_name()));
}

/// The field, or null.
const json* find(const json& object, const std::string& field) {
  const auto found = object.find(field);
  return found == object.end() ? nullptr : &*found;
}

bool has_nul(const std::string& text) { return text.find('\0') != std::string::npos; }

result<std::string> read_text(const json& object, const std::string& field) {
  const auto* value = find(object, field);
  if (value == nullptr) return invalid("'" + field + "' is missing: expected a string");
  if (!value->is_string()) return wrong(field, "a string", *value);
  return value->get<std::string>();
}

/// What a program is given, which may be any bytes but NUL.
result<std::string> read_bytes(const std::string& text, const std::string& field) {
  auto bytes = bytes_carried(text);
  if (!bytes) return invalid("'" + field + "': expected base64 after the NUL");
  if (has_nul(*bytes)) return invalid("'" + field + "' contains a NUL byte");
  return std::move(*bytes);
}

/// Bytes that are not empty.
result<std::string> read_word(const json& object, const std::string& field) {
  const auto text = read_text(object, field);
  if (!text) return text;
  if (text->empty()) return invalid("'" + field + "' is empty");
  return read_bytes(*text, field);
}

result<std::string> read_path(const json& object, const std::string& field) {
  auto text = read_word(object, field);
  if (text && text->front() != '/') return invalid("'" + field + "': expected an absolute path, got '" + *text + "'");
  return text;
}

result<std::map<std::string, std::string>> read_environment(const json& object) {
  std::map<std::string, std::string> environment;
  const auto* value = find(object, "environment");
  if (value == nullptr) return invalid("'environment' is missing: expected an object of strings");
  if (!value->is_object()) return wrong("environment", "an object of strings", *value);
  for (const auto& [key, text] : value->items()) {
    const auto name = bytes_carried(key);
    if (!name || name->empty() || name->find('=') != std::string::npos || has_nul(*name))
      return invalid("'environment': '" + key + "' is not a valid variable name");
    if (!text.is_string()) return wrong("environment." + key, "a string", text);
    auto bytes = read_bytes(text.get_ref<const std::string&>(), "environment." + key);
    if (!bytes) return bytes.failure();
    environment.emplace(*name, std::move(*bytes));
  }
  return environment;
}

result<std::vector<std::string>> read_command(const json& object) {
  const auto* value = find(object, "command");
  if (value == nullptr) return invalid("'command' is missing: expected a list of strings");
  if (!value->is_array()) return wrong("command", "a list of strings", *value);
  std::vector<std::string> words;
  for (const auto& each : *value) {
    const auto field = "command[" + std::to_string(words.size()) + "]";
    if (!each.is_string()) return wrong(field, "a string", each);
    auto bytes = read_bytes(each.get_ref<const std::string&>(), field);
    if (!bytes) return bytes.failure();
    words.push_back(std::move(*bytes));
  }
  if (words.empty() || words.front().empty()) return invalid("'command': the program is missing");
  return words;
}

outcome check_fields(const json& object, const std::vector<std::string>& known) {
  for (const auto& [name, value] : object.items()) {
    if (name == "schema" || std::find(known.begin(), known.end(), name) != known.end()) continue;
    const auto near = nearest(name, known);
    return invalid("'" + name + "' is not a known field" + (near ? ": did you mean '" + *near + "'?" : ""));
  }
  return success();
}

/// A whole number between 0 and the type's largest; `otherwise` when the field is absent.
template <class Number> result<Number> read_number(const json& object, const std::string& field, Number otherwise) {
  const auto* value = find(object, field);
  if (value == nullptr) return otherwise;
  constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<Number>::max());
  if (!value->is_number_unsigned() || value->get<std::uint64_t>() > most)
    return wrong(field, "a whole number from 0 to " + std::to_string(most), *value);
  return static_cast<Number>(value->get<std::uint64_t>());
}

/// The text of a field, "" when it is absent or something else.
std::string text_or_empty(const json& object, const std::string& field) {
  const auto* value = find(object, field);
  return value != nullptr && value->is_string() ? value->get<std::string>() : std::string{};
}

std::optional<int> read_signal(const std::string& name) {
  constexpr std::string_view unnamed = "signal ";
  return signal_named(name.rfind(unnamed, 0) == 0 ? std::string_view{name}.substr(unnamed.size())
                                                  : std::string_view{name});
}

result<std::optional<exit_status>> read_exit(const json& object) {
  const auto* value = find(object, "exit");
  if (value == nullptr) return std::optional<exit_status>{};
  if (!value->is_object()) return wrong("exit", "an object", *value);
  if (find(*value, "code") != nullptr) {
    const auto code = read_number<int>(*value, "code", 0);
    if (!code) return code.failure();
    return std::optional{exit_status::code(*code)};
  }
  if (find(*value, "signal") == nullptr) return std::optional{exit_status{}};
  const auto signal = read_signal(text_or_empty(*value, "signal"));
  if (!signal) return invalid("'exit.signal' is not a signal");
  return std::optional{exit_status::signal(*signal)};
}

result<cause> read_cause(const json& object) {
  const auto* value = find(object, "cause");
  if (value == nullptr) return cause{};
  if (!value->is_object()) return wrong("cause", "an object", *value);
  const auto kind = cause_named(text_or_empty(*value, "kind"));
  if (!kind) return invalid("'cause.kind' is not a kind of cause");
  return cause{*kind, text_or_empty(*value, "origin"), text_or_empty(*value, "detail"),
               text_or_empty(*value, "strategy")};
}

/// What identifies an event, and must be there.
outcome read_head(const json& object, event& e) {
  if (find(object, "seq") == nullptr) return invalid("'seq' is missing");
  const auto seq = read_number<std::uint64_t>(object, "seq", 0);
  if (!seq) return seq.failure();
  const auto at = parse_time(text_or_empty(object, "at"));
  if (!at) return invalid("'at': expected a time");
  const auto kind = event_kind_named(text_or_empty(object, "kind"));
  if (!kind) return invalid("'kind' is not a kind of event");
  e.seq = *seq;
  e.at = *at;
  e.kind = *kind;
  return success();
}

outcome read_numbers(const json& object, event& e) {
  const auto pid = read_number<int>(object, "pid", 0);
  if (!pid) return pid.failure();
  const auto generation = read_number<alder::generation>(object, "generation", 0);
  if (!generation) return generation.failure();
  const auto delay = read_number<std::int64_t>(object, "delay_ms", 0);
  if (!delay) return delay.failure();
  e.pid = *pid;
  e.generation = *generation;
  e.delay = milliseconds{*delay};
  return success();
}

} // namespace

result<event> parse_event(std::string_view text) {
  const auto object = parse_object(text);
  if (!object) return object.failure();
  event e;
  if (auto head = read_head(*object, e); !head) return head.failure();
  if (auto numbers = read_numbers(*object, e); !numbers) return numbers.failure();
  auto status = read_exit(*object);
  if (!status) return status.failure();
  auto why = read_cause(*object);
  if (!why) return why.failure();
  e.tree = text_or_empty(*object, "tree");
  e.name = text_or_empty(*object, "name");
  e.status = *status;
  e.cause = std::move(*why);
  return e;
}

result<config_request> parse_config_request(std::string_view body) {
  const auto object = parse_object(body);
  if (!object) return object.failure();
  if (auto known = check_fields(*object, {"file", "text", "environment"}); !known) return known.failure();
  auto file = read_path(*object, "file");
  if (!file) return file.failure();
  auto text = read_text(*object, "text");
  if (!text) return text.failure();
  auto environment = read_environment(*object);
  if (!environment) return environment.failure();
  return config_request{std::move(*file), std::move(*text), std::move(*environment)};
}

result<unsigned> parse_scale_request(std::string_view body) {
  constexpr unsigned most = 10'000;
  const auto object = parse_object(body);
  if (!object) return object.failure();
  if (auto known = check_fields(*object, {"instances"}); !known) return known.failure();
  const auto found = object->find("instances");
  const bool fits = found != object->end() && found->is_number_unsigned() && found->get<std::uint64_t>() >= 1 &&
                    found->get<std::uint64_t>() <= most;
  if (!fits) return error{error_kind::invalid_input, "'instances' must be a number from 1 to " + std::to_string(most)};
  return found->get<unsigned>();
}

result<int> parse_signal_request(std::string_view body) {
  const auto object = parse_object(body);
  if (!object) return object.failure();
  if (auto known = check_fields(*object, {"signal"}); !known) return known.failure();
  const auto name = read_word(*object, "signal");
  if (!name) return name.failure();
  const auto signal = signal_named(*name);
  if (!signal) return invalid("'signal': '" + *name + "' is not a signal; examples: HUP, SIGUSR1, 10");
  return *signal;
}

result<std::vector<std::string>> parse_cursors(std::string_view body) {
  std::vector<std::string> cursors;
  if (body.empty()) return cursors;
  const auto object = parse_object(body);
  if (!object) return object.failure();
  if (auto known = check_fields(*object, {"after"}); !known) return known.failure();
  const error wrong{error_kind::invalid_input, "'after' must be a list of cursors of log lines"};
  const auto found = object->find("after");
  if (found == object->end() || !found->is_array()) return wrong;
  for (const auto& one : *found) {
    if (!one.is_string()) return wrong;
    cursors.push_back(one.get<std::string>());
  }
  return cursors;
}

result<upgrade_request> parse_upgrade_request(std::string_view body) {
  const auto object = parse_object(body);
  if (!object) return object.failure();
  if (auto known = check_fields(*object, {"keeper", "daemon"}); !known) return known.failure();
  auto keeper = read_path(*object, "keeper");
  if (!keeper) return keeper.failure();
  auto daemon = read_path(*object, "daemon");
  if (!daemon) return daemon.failure();
  return upgrade_request{std::move(*keeper), std::move(*daemon)};
}

result<service_request> parse_service_request(std::string_view body) {
  const auto object = parse_object(body);
  if (!object) return object.failure();
  if (auto known = check_fields(*object, {"name", "command", "cwd", "environment", "restart"}); !known)
    return known.failure();
  auto name = read_word(*object, "name");
  if (!name) return name.failure();
  auto command = read_command(*object);
  if (!command) return command.failure();
  auto cwd = read_path(*object, "cwd");
  if (!cwd) return cwd.failure();
  auto environment = read_environment(*object);
  if (!environment) return environment.failure();
  service_request request{std::move(*name), std::move(*command), std::move(*cwd), std::move(*environment), {}};
  if (find(*object, "restart") == nullptr) return request;
  const auto restart = read_text(*object, "restart");
  if (!restart) return restart.failure();
  request.restart = restart_named(*restart);
  if (!request.restart) return invalid("'restart': expected permanent, transient or temporary, got '" + *restart + "'");
  return request;
}

} // namespace alder::wire

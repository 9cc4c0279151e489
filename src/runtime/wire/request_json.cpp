#include "runtime/wire/request_json.hpp"

#include "runtime/base/utf8.hpp"
#include "runtime/base/words.hpp"
#include "runtime/wire/json_value.hpp"
#include "runtime/wire/strict_json.hpp"

#include <nlohmann/json.hpp>

#include <utility>

namespace alder::wire {
namespace {

bool has_nul(const std::string& text) { return text.find('\0') != std::string::npos; }

/// What a program is given, which may be any bytes but NUL.
result<std::string> read_bytes(const std::string& text, const std::string& field) {
  auto bytes = bytes_carried(text);
  if (!bytes) return invalid("'" + field + "': expected base64 after the NUL");
  if (has_nul(*bytes)) return invalid("'" + field + "' contains a NUL byte");
  return std::move(*bytes);
}

/// Bytes that are not empty.
result<std::string> read_word(const strict_json& object, const std::string& field) {
  const auto text = read_text(object, field);
  if (!text) return text;
  if (text->empty()) return invalid("'" + field + "' is empty");
  return read_bytes(*text, field);
}

result<std::string> read_path(const strict_json& object, const std::string& field) {
  auto text = read_word(object, field);
  if (text && text->front() != '/') return invalid("'" + field + "': expected an absolute path, got '" + *text + "'");
  return text;
}

result<std::map<std::string, std::string>> read_environment(const strict_json& object) {
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

result<std::vector<std::string>> read_command(const strict_json& object) {
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

/// Names and values of variables may be any bytes.
json_value carried(const std::map<std::string, std::string>& environment) {
  auto object = json_value::object();
  for (const auto& [name, value] : environment)
    object[carried_text(name)] = carried_text(value);
  return object;
}

} // namespace

std::string config_body(const config_request& request) {
  return written(
      {{"file", carried_text(request.file)}, {"text", request.text}, {"environment", carried(request.environment)}});
}

result<config_request> parse_config_request(std::string_view body) {
  const auto object = parse_strictly(body);
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

std::string service_body(const service_request& request) {
  json_value command = json_value::array();
  for (const auto& word : request.command)
    command.push_back(carried_text(word));
  json_value body{{"name", request.name},
                  {"command", std::move(command)},
                  {"cwd", carried_text(request.cwd)},
                  {"environment", carried(request.environment)}};
  if (request.restart) body["restart"] = word(*request.restart);
  return written(body);
}

result<service_request> parse_service_request(std::string_view body) {
  const auto object = parse_strictly(body);
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

std::string upgrade_body(const upgrade_request& request) {
  return written({{"keeper", carried_text(request.keeper)}, {"daemon", carried_text(request.daemon)}});
}

result<upgrade_request> parse_upgrade_request(std::string_view body) {
  const auto object = parse_strictly(body);
  if (!object) return object.failure();
  if (auto known = check_fields(*object, {"keeper", "daemon"}); !known) return known.failure();
  auto keeper = read_path(*object, "keeper");
  if (!keeper) return keeper.failure();
  auto daemon = read_path(*object, "daemon");
  if (!daemon) return daemon.failure();
  return upgrade_request{std::move(*keeper), std::move(*daemon)};
}

std::string scale_body(unsigned instances) { return written({{"instances", instances}}); }

result<unsigned> parse_scale_request(std::string_view body) {
  constexpr unsigned most = 10'000;
  const auto object = parse_strictly(body);
  if (!object) return object.failure();
  if (auto known = check_fields(*object, {"instances"}); !known) return known.failure();
  const auto found = object->find("instances");
  const bool fits = found != object->end() && found->is_number_unsigned() && found->get<std::uint64_t>() >= 1 &&
                    found->get<std::uint64_t>() <= most;
  if (!fits) return error{error_kind::invalid_input, "'instances' must be a number from 1 to " + std::to_string(most)};
  return found->get<unsigned>();
}

std::string signal_body(const std::string& signal) { return written({{"signal", signal}}); }

result<int> parse_signal_request(std::string_view body) {
  const auto object = parse_strictly(body);
  if (!object) return object.failure();
  if (auto known = check_fields(*object, {"signal"}); !known) return known.failure();
  const auto name = read_word(*object, "signal");
  if (!name) return name.failure();
  const auto signal = signal_named(*name);
  if (!signal) return invalid("'signal': '" + *name + "' is not a signal; examples: HUP, SIGUSR1, 10");
  return *signal;
}

} // namespace alder::wire

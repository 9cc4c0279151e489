#include "runtime/config/load_tree.hpp"
#include "runtime/config/schema.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace alder::config {
namespace {

using json = nlohmann::ordered_json;

constexpr const char* name_pattern = "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$";

/// A string that holds a variable can become anything.
json or_variable(json schema) {
  return json{{"anyOf", json::array({std::move(schema), json{{"type", "string"}, {"pattern", "\\$\\{"}}})}};
}

json text(const char* pattern = nullptr) {
  json schema{{"type", "string"}};
  if (pattern != nullptr) schema["pattern"] = pattern;
  return schema;
}

json list_of(json items) { return json{{"type", "array"}, {"items", std::move(items)}}; }

json any_of(std::initializer_list<json> choices) { return json{{"anyOf", json(choices)}}; }

json number(const char* type, long low, long high) {
  return or_variable({{"type", type}, {"minimum", low}, {"maximum", high}});
}

json scalar() { return json{{"type", json::array({"string", "number", "boolean"})}}; }

constexpr const char* duration_pattern = "^(0|([0-9.]+(d|h|ms|m|s))+)$|\\$\\{";

/// One of the words; what YAML takes for a boolean is one.
json one_of(const std::vector<std::string>& words) {
  json values = words;
  for (const bool value : {true, false})
    if (std::find(words.begin(), words.end(), value ? "true" : "false") != words.end()) values.push_back(value);
  return json{{"enum", values}};
}

json schema_of(const key_entry& key) {
  switch (key.kind) {
  case value_kind::name: return or_variable(text(name_pattern));
  case value_kind::word: return or_variable(one_of(key.words));
  case value_kind::boolean: return or_variable({{"type", "boolean"}});
  case value_kind::whole_number: return number("integer", key.low, key.high);
  case value_kind::number: return number("number", key.low, key.high);
  case value_kind::share: return any_of({number("number", 0, 1), text("^[0-9.]+%$")});
  case value_kind::duration: return any_of({text(duration_pattern), json{{"const", 0}}});
  case value_kind::timeout: return any_of({text(duration_pattern), json{{"const", "infinity"}}, json{{"const", 0}}});
  case value_kind::signal: return json{{"type", json::array({"string", "integer"})}};
  case value_kind::octal: return json{{"type", json::array({"string", "integer"})}};
  case value_kind::path: return text();
  case value_kind::input: return json{{"type", json::array({"string", "null"})}};
  case value_kind::paths: return any_of({text(), list_of(text())});
  case value_kind::text: return scalar();
  case value_kind::texts: return any_of({scalar(), list_of(scalar())});
  case value_kind::words: return any_of({one_of(key.words), list_of(one_of(key.words))});
  case value_kind::limits:
    return json{{"type", "object"}, {"additionalProperties", {{"type", json::array({"string", "integer"})}}}};
  case value_kind::secrets: return json{{"type", "object"}, {"additionalProperties", text()}};
  case value_kind::command: return any_of({text(), list_of(scalar())});
  case value_kind::tcp_address: return any_of({text(), number("integer", 1, 65535)});
  case value_kind::http_url: return text("^http://|\\$\\{");
  case value_kind::exit_codes: return list_of(number("integer", 0, 255));
  case value_kind::signals: return list_of({{"type", json::array({"string", "integer"})}});
  case value_kind::environment:
    return json{{"type", "object"},
                {"additionalProperties", {{"type", json::array({"string", "number", "boolean", "null"})}}}};
  case value_kind::inherit: return any_of({json{{"type", "boolean"}}, list_of(text())});
  case value_kind::children: return list_of({{"$ref", "#/$defs/child"}});
  case value_kind::statuses: return any_of({scalar(), list_of(scalar())});
  case value_kind::size:
  case value_kind::processors: return scalar();
  case value_kind::files:
  case value_kind::groups:
  case value_kind::optional_group:
  case value_kind::group: break;
  }
  return json::object();
}

json object_schema(place where);

json with_required(json schema, std::initializer_list<const char*> keys) {
  schema["required"] = json(keys);
  return schema;
}

json property(const key_entry& key) {
  const auto file = [&] { return any_of({text(), with_required(object_schema(key.inner), {"path"})}); };
  auto schema = key.kind == value_kind::group            ? object_schema(key.inner)
                : key.kind == value_kind::optional_group ? any_of({object_schema(key.inner), json{{"const", "none"}}})
                : key.kind == value_kind::groups         ? list_of(object_schema(key.inner))
                : key.kind == value_kind::files          ? any_of({file(), list_of(file())})
                                                         : schema_of(key);
  auto description = std::string{key.help};
  if (!key.fallback.empty()) description += " Default: " + std::string{key.fallback} + ".";
  schema["description"] = description;
  return schema;
}

json object_schema(place where) {
  json properties = json::object();
  for (const auto& name : key_names(where))
    properties[name] = property(*find_key(where, name));
  return json{{"type", "object"}, {"additionalProperties", false}, {"properties", std::move(properties)}};
}

} // namespace

std::string json_schema() {
  auto schema = with_required(object_schema(place::root), {"children"});
  json whole{{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", "Alder configuration"}};
  whole.update(schema);
  whole["$defs"]["child"]["oneOf"] =
      json::array({json{{"$ref", "#/$defs/service"}}, json{{"$ref", "#/$defs/supervisor"}}});
  whole["$defs"]["service"] = with_required(object_schema(place::service), {"service", "command"});
  whole["$defs"]["supervisor"] = with_required(object_schema(place::supervisor), {"supervisor", "children"});
  return whole.dump(2) + "\n";
}

} // namespace alder::config

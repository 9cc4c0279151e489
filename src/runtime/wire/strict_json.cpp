#include "runtime/wire/strict_json.hpp"

#include "runtime/base/text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>

namespace alder::wire {
namespace {

constexpr int deepest = 32; // the parser recurses when it frees what it read

/// Whether objects and lists are nested at most `deepest` deep; looks at brackets outside strings only.
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
      if (++depth > deepest) return false;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return true;
}

/// "parse error at line 1, column 5: …" without the library's own prefix.
std::string parser_message(const strict_json::exception& e) {
  const std::string_view text = e.what();
  const auto prefix = text.find("] ");
  return std::string{prefix == std::string_view::npos ? text : text.substr(prefix + 2)};
}

} // namespace

error invalid(std::string message) { return {error_kind::invalid_input, std::move(message)}; }

result<strict_json> parse_strictly(std::string_view text) {
  if (!is_shallow(text)) return invalid("the JSON is nested more than " + std::to_string(deepest) + " levels deep");
  try {
    auto value = strict_json::parse(text);
    if (!value.is_object()) return invalid(std::string{"expected a JSON object, got "} + value.type_name());
    return value;
  } catch (const strict_json::exception& e) {
    return invalid("not JSON: " + parser_message(e));
  }
}

error wrong(const std::string& field, const std::string& expected, const strict_json& got) {
  return invalid("'" + field + "': expected " + expected + ", got " +
                 (got.is_string() && got.get_ref<const std::string&>().empty() ? "an empty string" : got.type_name()));
}

const strict_json* find(const strict_json& object, const std::string& field) {
  const auto found = object.find(field);
  return found == object.end() ? nullptr : &*found;
}

std::string text_or_empty(const strict_json& object, const std::string& field) {
  const auto* value = find(object, field);
  return value != nullptr && value->is_string() ? value->get<std::string>() : std::string{};
}

result<std::string> read_text(const strict_json& object, const std::string& field) {
  const auto* value = find(object, field);
  if (value == nullptr) return invalid("'" + field + "' is missing: expected a string");
  if (!value->is_string()) return wrong(field, "a string", *value);
  return value->get<std::string>();
}

template <class Number>
result<Number> read_number(const strict_json& object, const std::string& field, Number otherwise) {
  const auto* value = find(object, field);
  if (value == nullptr) return otherwise;
  constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<Number>::max());
  if (!value->is_number_unsigned() || value->get<std::uint64_t>() > most)
    return wrong(field, "a whole number from 0 to " + std::to_string(most), *value);
  return static_cast<Number>(value->get<std::uint64_t>());
}
template result<int> read_number(const strict_json&, const std::string&, int);
template result<std::uint32_t> read_number(const strict_json&, const std::string&, std::uint32_t);
template result<std::int64_t> read_number(const strict_json&, const std::string&, std::int64_t);
template result<std::uint64_t> read_number(const strict_json&, const std::string&, std::uint64_t);

outcome check_fields(const strict_json& object, const std::vector<std::string>& known) {
  for (const auto& [name, value] : object.items()) {
    if (name == "schema" || std::find(known.begin(), known.end(), name) != known.end()) continue;
    const auto near = nearest(name, known);
    return invalid("'" + name + "' is not a known field" + (near ? ": did you mean '" + *near + "'?" : ""));
  }
  return success();
}

} // namespace alder::wire

#include "runtime/wire/json_value.hpp"

#include "runtime/base/utf8.hpp"
#include "runtime/wire/time_text.hpp"

#include <nlohmann/json.hpp>

#include <limits>
#include <utility>

namespace alder::wire {
namespace {

/// The field, or null.
const json_value* find(const json_value& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

template <class T> bool whole_number(const json_value& value, T& into) {
  using limits = std::numeric_limits<T>;
  if (!value.is_number_integer()) return false;
  if (value.is_number_unsigned()) {
    const auto number = value.get<std::uint64_t>();
    if (number > static_cast<std::uint64_t>(limits::max())) return false;
    into = static_cast<T>(number);
    return true;
  }
  const auto number = value.get<std::int64_t>(); // a negative one: the branch above has the others
  if (!limits::is_signed || number < static_cast<std::int64_t>(limits::min())) return false;
  into = static_cast<T>(number);
  return true;
}

template <class T> bool take_number(const json_value& object, const char* key, T& into) {
  const auto* value = find(object, key);
  return value != nullptr && whole_number(*value, into);
}

template <class T> bool take_numbers(const json_value& object, const char* key, std::vector<T>& into) {
  const auto* value = find(object, key);
  if (value == nullptr || !value->is_array()) return false;
  into.clear();
  for (const auto& one : *value)
    if (T number{}; whole_number(one, number)) into.push_back(number);
  return true;
}

} // namespace

std::string written(const json_value& value) {
  return value.dump(-1, ' ', false, json_value::error_handler_t::replace);
}

std::string shown_text(const std::string& bytes) {
  if (find_invalid_utf8(bytes) == bytes.size()) return bytes;
  return json_value::parse(written(json_value(bytes))).get<std::string>();
}

std::string number_text(double number) { return json_value(number).dump(); }

error not_promised(const std::string& what) {
  return error{error_kind::io, "cannot read the daemon's answer: " + what};
}

result<json_value> parse_answer(std::string_view text) {
  auto document = json_value::parse(text, nullptr, /*allow_exceptions=*/false);
  if (document.is_discarded()) return not_promised("it is not JSON");
  if (!document.is_object()) return not_promised("it is not an object");
  return document;
}

bool take(const json_value& object, const char* key, std::string& into) {
  const auto* value = find(object, key);
  if (value == nullptr || !value->is_string()) return false;
  into = value->get<std::string>();
  return true;
}

bool take(const json_value& object, const char* key, bool& into) {
  const auto* value = find(object, key);
  if (value == nullptr || !value->is_boolean()) return false;
  into = value->get<bool>();
  return true;
}

bool take(const json_value& object, const char* key, double& into) {
  const auto* value = find(object, key);
  if (value == nullptr || !value->is_number()) return false;
  into = value->get<double>();
  return true;
}

bool take(const json_value& object, const char* key, int& into) { return take_number(object, key, into); }
bool take(const json_value& object, const char* key, std::uint16_t& into) { return take_number(object, key, into); }
bool take(const json_value& object, const char* key, unsigned& into) { return take_number(object, key, into); }
bool take(const json_value& object, const char* key, std::uint64_t& into) { return take_number(object, key, into); }

bool take(const json_value& object, const char* key, milliseconds& into) {
  std::int64_t number = 0;
  if (!take_number(object, key, number)) return false;
  into = milliseconds{number};
  return true;
}

bool take(const json_value& object, const char* key, wall_time& into) {
  std::string text;
  if (!take(object, key, text)) return false;
  const auto time = parse_time(text);
  if (time) into = *time;
  return time.has_value();
}

bool take(const json_value& object, const char* key, std::vector<std::string>& into) {
  const auto* value = find(object, key);
  if (value == nullptr || !value->is_array()) return false;
  into.clear();
  for (const auto& one : *value)
    if (one.is_string()) into.push_back(one.get<std::string>());
  return true;
}

bool take(const json_value& object, const char* key, std::vector<int>& into) { return take_numbers(object, key, into); }
bool take(const json_value& object, const char* key, std::vector<unsigned>& into) {
  return take_numbers(object, key, into);
}

bool take(const json_value& object, const char* key, std::map<std::string, std::string>& into) {
  const auto* value = find(object, key);
  if (value == nullptr || !value->is_object()) return false;
  into.clear();
  for (const auto& [name, text] : value->items())
    if (text.is_string()) into.emplace(name, text.get<std::string>());
  return true;
}

const json_value* object_in(const json_value& object, const char* key) {
  const auto* value = find(object, key);
  return value != nullptr && value->is_object() ? value : nullptr;
}

bool has(const json_value& object, const char* key) { return find(object, key) != nullptr; }

void each_in(const json_value& object, const char* key, const std::function<void(const json_value&)>& visit) {
  const auto* list = find(object, key);
  if (list == nullptr || !list->is_array()) return;
  for (const auto& one : *list)
    if (one.is_object()) visit(one);
}

} // namespace alder::wire

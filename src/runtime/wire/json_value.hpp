// What the files about single shapes of docs/api.md have in common: values as text, and fields read leniently.
//
// Each shape is a struct with a writer, `to_json`, and beside it the reader, `from_json`. What a writer left out, and
// what has another type than promised, leaves the field as it was: a newer daemon must not break an older command.
#pragma once

#include "alder/error.hpp"
#include "alder/event.hpp"

#include <nlohmann/json_fwd.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace alder::wire {

using std::chrono::milliseconds;

using json_value = nlohmann::ordered_json;

/// Of answers; raised when a field changes its meaning.
inline constexpr int answer_schema = 1;

/// One line without a line end. Bytes that are not UTF-8 become U+FFFD.
[[nodiscard]] std::string written(const json_value& value);
/// A text as `written` shows it, and readers find it: bytes that are not UTF-8 become U+FFFD.
[[nodiscard]] std::string shown_text(const std::string& bytes);
/// "42.0", "0.1": the shortest digits that mean this number.
[[nodiscard]] std::string number_text(double number);

/// An answer of the daemon. Errors (io): not JSON, not an object.
[[nodiscard]] result<json_value> parse_answer(std::string_view text);
/// Of an answer that is not what docs/api.md promises.
[[nodiscard]] error not_promised(const std::string& what);

// Each sets `into` when the field is there and has that type, and says whether it is.
bool take(const json_value& object, const char* key, std::string& into);
bool take(const json_value& object, const char* key, bool& into);
bool take(const json_value& object, const char* key, double& into);
bool take(const json_value& object, const char* key, int& into); // a number that does not fit is none
bool take(const json_value& object, const char* key, std::uint16_t& into);
bool take(const json_value& object, const char* key, unsigned& into);
bool take(const json_value& object, const char* key, std::uint64_t& into);
bool take(const json_value& object, const char* key, milliseconds& into); // a number
bool take(const json_value& object, const char* key, wall_time& into);    // a text
bool take(const json_value& object, const char* key, std::vector<std::string>& into);
bool take(const json_value& object, const char* key, std::vector<int>& into);
bool take(const json_value& object, const char* key, std::vector<unsigned>& into);
bool take(const json_value& object, const char* key, std::map<std::string, std::string>& into);

template <class T> bool take(const json_value& object, const char* key, std::optional<T>& into) {
  T found{};
  if (!take(object, key, found)) return false;
  into = std::move(found);
  return true;
}

/// The object in this field; null: there is none.
[[nodiscard]] const json_value* object_in(const json_value& object, const char* key);
[[nodiscard]] bool has(const json_value& object, const char* key);
/// Calls `visit` with each object of the list in this field.
void each_in(const json_value& object, const char* key, const std::function<void(const json_value&)>& visit);

/// An object that `from_json` reads.
template <class T> bool take_object(const json_value& object, const char* key, std::optional<T>& into) {
  const auto* found = object_in(object, key);
  if (found != nullptr) from_json(*found, into.emplace());
  return found != nullptr;
}
/// A list of such objects.
template <class T> void take_objects(const json_value& object, const char* key, std::vector<T>& into) {
  each_in(object, key, [&into](const json_value& one) { from_json(one, into.emplace_back()); });
}

} // namespace alder::wire

// JSON that others send, read strictly: what is wrong with it is told, field by field.
#pragma once

#include "alder/error.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace alder::wire {

/// Its fields are found by name in logarithmic time, however many a stranger sends.
using strict_json = nlohmann::json;

/// An object. Errors (invalid_input): not JSON, not an object, nested more than 32 deep.
[[nodiscard]] result<strict_json> parse_strictly(std::string_view text);

[[nodiscard]] error invalid(std::string message);
/// "'FIELD': expected EXPECTED, got number".
[[nodiscard]] error wrong(const std::string& field, const std::string& expected, const strict_json& got);

/// The field, or null.
[[nodiscard]] const strict_json* find(const strict_json& object, const std::string& field);
/// The text of a field, "" when it is absent or something else.
[[nodiscard]] std::string text_or_empty(const strict_json& object, const std::string& field);
/// Errors: the field is missing, or no text.
[[nodiscard]] result<std::string> read_text(const strict_json& object, const std::string& field);
/// A whole number between 0 and the type's largest; `otherwise` when the field is absent. For int, std::uint32_t,
/// std::int64_t and std::uint64_t.
template <class Number>
[[nodiscard]] result<Number> read_number(const strict_json& object, const std::string& field, Number otherwise);
/// Refuses fields beyond `known` and "schema", with the nearest of these.
[[nodiscard]] outcome check_fields(const strict_json& object, const std::vector<std::string>& known);

} // namespace alder::wire

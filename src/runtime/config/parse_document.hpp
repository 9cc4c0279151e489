// Reads YAML and JSON text into a document; the only part that knows the parser library.
#pragma once

#include "runtime/config/document.hpp"
#include "runtime/config/report.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace alder::config {

constexpr std::size_t max_text = 1U << 20U; ///< bytes of a configuration or env file
constexpr unsigned max_depth = 64;          ///< levels of a document
constexpr std::size_t max_values = 100'000; ///< nodes of a document, aliases counted as often as they are used

enum class syntax : std::uint8_t { yaml, json };

/// The root of the one document in `text`, or null when it has mistakes, which are then in `mistakes`. Aliases are
/// followed and merge keys (`<<`) applied; the root is a mapping. Duplicate keys are reported, the first one counts.
[[nodiscard]] node_ptr parse_document(std::string_view text, syntax language, report& mistakes);

} // namespace alder::config

// Replaces ${NAME}, ${NAME:-default} and $$ in a text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace alder::config {

constexpr std::size_t max_expanded = 1U << 20U; ///< bytes of one text with its variables replaced

/// A part of the result: text as it was written, or what stands for a variable (its default included).
struct expanded_piece {
  std::string text;
  bool from_variable = false;
};

struct expansion_problem {
  enum class kind : std::uint8_t {
    undefined, ///< neither set nor with a default
    malformed, ///< not ${NAME} or ${NAME:-default}, or nested more than 8 deep
    too_long,  ///< the result has more than max_expanded bytes
  };
  kind what = kind::undefined;
  std::size_t offset = 0; ///< of "${" in the text
  std::size_t length = 0;
  std::string name; ///< of the variable, as far as it could be read
};

struct expansion {
  std::vector<expanded_piece> pieces;
  std::vector<expansion_problem> problems; ///< with any of these the pieces are not complete
};

/// The value of a variable, or nothing when it is not set.
using variable_lookup = std::function<std::optional<std::string>(std::string_view name)>;

/// `$$` becomes `$`; a default stands for a variable that is not set or empty and may itself hold variables; `$NAME`
/// without braces is left alone.
[[nodiscard]] expansion expand(std::string_view text, const variable_lookup& lookup);

/// All pieces in a row.
[[nodiscard]] std::string joined(const expansion& e);

/// The words of a command line in which each variable stays inside its word, whatever blanks and quotes its value has.
/// Nothing when a quote is not closed.
[[nodiscard]] std::optional<std::vector<std::string>> expanded_words(const expansion& e);

} // namespace alder::config

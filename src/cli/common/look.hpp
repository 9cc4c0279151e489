// How text looks on the terminal it goes to: colours, glyphs, and the columns a text takes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace alder::cli {

/// What an output can show.
struct look {
  bool colour = false;
  bool unicode = false;  ///< else ASCII alone
  bool terminal = false; ///< else nothing is repainted, cut off or made harmless
  unsigned width = 0;    ///< columns; 0: without limit
};

struct look_wishes {
  bool no_colour = false; ///< --no-color
  bool terminal = false;
  bool utf8 = false; ///< of the locale
  unsigned width = 0;
};

/// The look for an output: NO_COLOR and TERM=dumb take colour away, CLICOLOR_FORCE (not "0") gives it to what is no
/// terminal too; --no-color beats all.
[[nodiscard]] look choose_look(const look_wishes& wishes, const std::map<std::string, std::string>& environment);

enum class tone : std::uint8_t { plain, bold, dim, good, warning, bad, heading };
/// `text` in a tone; unchanged without colour.
[[nodiscard]] std::string paint(const look& on, tone how, std::string_view text);
/// `text` in a colour that belongs to `name`, the same in every run.
[[nodiscard]] std::string paint_name(const look& on, std::string_view name, std::string_view text);

/// The mark of a node's state, one column: ● running, ◐ backoff …
[[nodiscard]] std::string_view state_mark(const look& on, std::string_view state);
[[nodiscard]] tone state_tone(std::string_view state);
/// " · ", or ", " in ASCII.
[[nodiscard]] std::string_view separator(const look& on);

/// The columns `text` takes: wide characters two, combining ones none. Escape sequences of `paint` take none.
[[nodiscard]] std::size_t columns_of(std::string_view text);
/// At most `width` columns of `text`, with … (ASCII: ~) at its end when something was cut off. Colours are ended.
[[nodiscard]] std::string cut(const look& on, std::string_view text, std::size_t width);
/// Filled up with spaces to `width` columns.
[[nodiscard]] std::string pad(std::string text, std::size_t width);
[[nodiscard]] std::string pad_left(std::string text, std::size_t width);

/// Text of others, fit for a terminal: control characters as ^X, colour sequences dropped, tabs as spaces, broken UTF-8
/// as
/// "?". One line in, one line out.
[[nodiscard]] std::string harmless(std::string_view text);
/// Text of others: harmless on a terminal, unchanged elsewhere.
[[nodiscard]] std::string foreign(const look& on, const std::string& text);

} // namespace alder::cli

// Small tools for text: splitting, joining, the nearest known word.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace alder {

/// "a,b,,c" at ',' gives {"a","b","","c"}; empty text gives one empty piece.
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);
[[nodiscard]] std::string join(const std::vector<std::string>& pieces, std::string_view separator);
/// Without spaces, tabs and line ends at either side.
[[nodiscard]] std::string_view trim(std::string_view text);

/// "1 time", "2 times": `noun` as it is for one.
[[nodiscard]] std::string counted(std::uint64_t number, std::string_view noun);

/// The known word a person most likely meant by `text`: nearest by edit distance with transpositions, no further away
/// than a third of its length (at least 1); nothing when none is near.
[[nodiscard]] std::optional<std::string> nearest(std::string_view text, const std::vector<std::string>& known);

/// Splits a command line into words as a POSIX shell does: white space, '…', "…", backslash; nothing is expanded.
/// Nothing when a quote is not closed.
[[nodiscard]] std::optional<std::vector<std::string>> shell_words(std::string_view text);

/// A command for people to read and paste: words that need it are quoted.
[[nodiscard]] std::string shell_quote(const std::vector<std::string>& words);

} // namespace alder

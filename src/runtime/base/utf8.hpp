// UTF-8, and bytes that are none.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace alder {

/// Where the first byte is that is not valid UTF-8 (overlong forms, surrogates and values beyond U+10FFFF are not); the
/// size of the text when all is.
[[nodiscard]] std::size_t find_invalid_utf8(std::string_view text);

/// How many bytes at the end of the text are the beginning of a character whose rest is missing: 0 to 3. Bytes that no
/// character begins with are none.
[[nodiscard]] std::size_t unfinished_character(std::string_view text);

/// At most `most` bytes of the text; a character is in it as a whole or not at all. Bytes that are no UTF-8 may be cut
/// anywhere; something is left of a text that is not empty when `most` is not 0.
[[nodiscard]] std::string_view clipped(std::string_view text, std::size_t most);

/// RFC 4648, with padding: any bytes as ASCII.
[[nodiscard]] std::string base64(std::string_view bytes);
/// Nothing when the text is not base64 with its padding.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

/// Any bytes as a text that JSON can carry: what is UTF-8 stays as it is, anything else becomes a NUL and the bytes in
/// base64. (What programs are given never contains a NUL.)
[[nodiscard]] std::string carried_text(std::string_view bytes);
/// The bytes again; nothing when there is no base64 behind a NUL.
[[nodiscard]] std::optional<std::string> bytes_carried(std::string_view text);

} // namespace alder

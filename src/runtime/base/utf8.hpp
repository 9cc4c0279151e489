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

/// RFC 4648, with padding: any bytes as ASCII.
[[nodiscard]] std::string base64(std::string_view bytes);
/// Nothing when the text is not base64 with its padding.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

} // namespace alder

#include "runtime/base/utf8.hpp"

#include <algorithm>
#include <cstdint>

namespace alder {
namespace {

constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

/// Bytes of the character that starts `text`, 0 when it is not valid.
std::size_t character_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (byte(0) < 0x80) return 1;
  const std::size_t length = byte(0) >= 0xF0 ? 4 : byte(0) >= 0xE0 ? 3 : 2;
  if (byte(0) < 0xC2 || byte(0) > 0xF4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if (!continues_character(text[i])) return 0;
  }
  const bool overlong = (byte(0) == 0xE0 && byte(1) < 0xA0) || (byte(0) == 0xF0 && byte(1) < 0x90);
  const bool beyond = (byte(0) == 0xED && byte(1) > 0x9F) || (byte(0) == 0xF4 && byte(1) > 0x8F);
  return overlong || beyond ? 0 : length;
}

} // namespace

std::size_t find_invalid_utf8(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const auto length = character_length(text.substr(at));
    if (length == 0) return at;
    at += length;
  }
  return at;
}

std::size_t unfinished_character(std::string_view text) {
  constexpr std::size_t longest = 4;
  for (std::size_t count = 1; count < longest && count <= text.size(); ++count) {
    const auto end = text.substr(text.size() - count);
    if (continues_character(end.front())) continue;
    // The missing bytes are replaced by the smallest and by the greatest continuation byte: one of them completes it.
    for (const char rest : {'\x80', '\xBF'}) {
      auto whole = std::string{end};
      while (whole.size() < longest) {
        whole += rest;
        if (character_length(whole) == whole.size()) return count;
      }
    }
    return 0;
  }
  return 0;
}

std::string_view clipped(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text;
  const auto cut = text.substr(0, most);
  const auto whole = cut.size() - unfinished_character(cut);
  return whole == 0 ? cut : cut.substr(0, whole);
}

std::string base64(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const auto some = bytes.substr(at, 3);
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 3; ++i)
      value = value << 8U | (i < some.size() ? static_cast<unsigned char>(some[i]) : 0U);
    for (std::size_t i = 0; i < 4; ++i)
      text += i <= some.size() ? digits[value >> (18U - 6U * i) & 63U] : '=';
  }
  return text;
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  for (std::size_t at = 0; at < text.size(); at += 4) {
    auto some = text.substr(at, 4);
    if (at + 4 == text.size()) some = some.substr(0, some.find_last_not_of('=') + 1);
    if (some.size() < 2) return std::nullopt;
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      const auto digit = i < some.size() ? digits.find(some[i]) : 0;
      if (digit == std::string_view::npos) return std::nullopt;
      value = value << 6U | static_cast<std::uint32_t>(digit);
    }
    for (std::size_t i = 0; i + 1 < some.size(); ++i)
      bytes += static_cast<char>(value >> (16U - 8U * i) & 0xFFU);
  }
  return bytes;
}

std::string carried_text(std::string_view bytes) {
  const bool is_text = find_invalid_utf8(bytes) == bytes.size() && (bytes.empty() || bytes.front() != '\0');
  return is_text ? std::string{bytes} : std::string(1, '\0') + base64(bytes);
}

std::optional<std::string> bytes_carried(std::string_view text) {
  if (text.empty() || text.front() != '\0') return std::string{text};
  return from_base64(text.substr(1));
}

} // namespace alder

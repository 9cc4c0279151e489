#include "runtime/wire/journal_record.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

namespace alder::wire {
namespace {

constexpr std::string_view title = "alder-journal ";
constexpr std::size_t checksum_digits = 8;

constexpr std::array<std::uint32_t, 256> crc_table() {
  constexpr std::uint32_t polynomial = 0xEDB88320U;
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < table.size(); ++byte) {
    std::uint32_t value = byte;
    for (int bit = 0; bit < 8; ++bit)
      value = (value & 1U) != 0 ? (value >> 1U) ^ polynomial : value >> 1U;
    table[byte] = value;
  }
  return table;
}

std::string hexadecimal(std::uint32_t number) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text(checksum_digits, '0');
  for (auto place = text.rbegin(); place != text.rend(); ++place, number >>= 4U)
    *place = digits[number & 0xFU];
  return text;
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20; }

struct record {
  std::string_view key;
  std::string_view value;
};

/// A line without its end; nothing when it is not what journal_record() writes.
std::optional<record> parse(std::string_view line) {
  if (line.size() < checksum_digits + 2 || line[checksum_digits] != '\t') return std::nullopt;
  const auto body = line.substr(checksum_digits + 1);
  if (line.substr(0, checksum_digits) != hexadecimal(crc32(body))) return std::nullopt;
  const auto tab = body.find('\t');
  if (tab == std::string_view::npos || tab == 0) return std::nullopt;
  const record found{body.substr(0, tab), body.substr(tab + 1)};
  if (std::any_of(found.value.begin(), found.value.end(), is_control)) return std::nullopt;
  return found;
}

} // namespace

std::uint32_t crc32(std::string_view bytes) {
  static constexpr auto table = crc_table();
  std::uint32_t value = ~0U;
  for (const char c : bytes)
    value = table[(value ^ static_cast<unsigned char>(c)) & 0xFFU] ^ (value >> 8U);
  return ~value;
}

std::string journal_header() { return std::string{title} + std::to_string(journal_version) + "\n"; }

std::string journal_record(std::string_view key, std::string_view value) {
  std::string body;
  body.reserve(key.size() + value.size() + 1);
  body.append(key).append("\t").append(value);
  return hexadecimal(crc32(body)) + "\t" + body + "\n";
}

result<journal_contents> read_journal(std::string_view bytes) {
  journal_contents read;
  const auto header = bytes.find('\n');
  if (bytes.empty() || (header == std::string_view::npos && journal_header().rfind(bytes, 0) == 0)) {
    read.torn_bytes = bytes.size();
    return read;
  }
  unsigned version = 0;
  const auto first = bytes.substr(0, std::min(header, bytes.size()));
  if (first.substr(0, title.size()) != title ||
      std::from_chars(first.data() + title.size(), first.data() + first.size(), version).ec != std::errc{})
    return error{error_kind::invalid_input, "it is not a journal", 0};
  if (version > journal_version)
    return error{error_kind::conflict,
                 "a newer version of Alder wrote it (format " + std::to_string(version) + ", this one reads up to " +
                     std::to_string(journal_version) + ")",
                 0};
  read.good_bytes = header + 1;
  std::size_t bad = 0; // since the last good record
  for (auto begin = read.good_bytes; begin < bytes.size();) {
    const auto end = bytes.find('\n', begin);
    if (end == std::string_view::npos) break;
    if (const auto found = parse(bytes.substr(begin, end - begin))) {
      if (found->value.empty())
        read.values.erase(std::string{found->key});
      else
        read.values.insert_or_assign(std::string{found->key}, std::string{found->value});
      read.good_bytes = end + 1;
      read.damaged += std::exchange(bad, 0);
    } else {
      ++bad;
    }
    begin = end + 1;
  }
  read.torn_bytes = bytes.size() - read.good_bytes;
  return read;
}

} // namespace alder::wire

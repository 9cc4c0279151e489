#include "runtime/wire/journal_record.hpp"

#include <array>
#include <charconv>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

namespace alder::wire {
namespace {

constexpr std::string_view journal_title = "alder-journal ";
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

/// Goes through the bytes of a journal. Neither keys nor values hold control characters, so a tab is always one of a
/// record, and any other control character is between records.
class record_reader {
public:
  explicit record_reader(std::string_view bytes) : bytes_(bytes) {}

  result<journal_contents> read() {
    for (std::size_t begin = 0; begin < bytes_.size() && !newer_;) {
      begin += pass_zeros(begin);
      auto end = begin;
      while (end < bytes_.size() && (bytes_[end] == '\t' || !is_control(bytes_[end])))
        ++end;
      read_line(begin, end);
      if (end < bytes_.size()) pass_separator(bytes_[end]);
      begin = end + 1;
    }
    if (newer_) return std::move(*newer_);
    const bool has_end = bytes_.empty() || bytes_.back() == '\n';
    read_.is_torn = lost_ > 0 && !has_end && is_text_;
    read_.is_irregular = read_.is_irregular || !has_header_ || (!has_end && !read_.is_torn);
    end_of_gap(/*is_damage=*/!read_.is_torn);
    return std::move(read_);
  }

private:
  struct range {
    std::size_t begin = 0;
    std::size_t end = 0;
    [[nodiscard]] std::size_t size() const { return end - begin; }
  };

  /// Mostly one record. If line ends were lost, the checksum of the next follows its value at once; what stands before
  /// a checksum is then a value, the header, or garbage.
  void read_line(std::size_t begin, std::size_t end) {
    split_fields(begin, end);
    auto rest = begin; // what has not been accounted for
    for (std::size_t i = 0; i + 2 < fields_.size();) {
      const auto until = end_of_record(i);
      if (!until) {
        ++i;
        continue;
      }
      const auto from = fields_[i].end - checksum_digits;
      pass(rest, from);
      take({fields_[i + 1].begin, fields_[i + 1].end}, {fields_[i + 2].begin, *until});
      read_.is_irregular = read_.is_irregular || from != begin || *until != end;
      rest = *until;
      const bool is_followed = *until < fields_[i + 2].end;
      if (is_followed) fields_[i + 2].begin = *until;
      i += is_followed ? 2 : 3;
    }
    pass(rest, end);
  }

  void split_fields(std::size_t begin, std::size_t end) {
    fields_.clear();
    for (;;) {
      const auto tab = bytes_.substr(0, end).find('\t', begin);
      fields_.push_back({begin, tab == std::string_view::npos ? end : tab});
      if (tab == std::string_view::npos) return;
      begin = tab + 1;
    }
  }

  /// Where the value ends, if the fields from `first` on are a record: CHECKSUM, KEY, VALUE.
  [[nodiscard]] std::optional<std::size_t> end_of_record(std::size_t first) const {
    const auto& key = fields_[first + 1];
    const auto& value = fields_[first + 2];
    if (fields_[first].size() < checksum_digits || key.size() == 0) return std::nullopt;
    const auto checksum = bytes_.substr(fields_[first].end - checksum_digits, checksum_digits);
    const auto matches = [&](std::size_t until) {
      return checksum == hexadecimal(crc32(bytes_.substr(key.begin, until - key.begin)));
    };
    const auto before_blanks = [&](std::size_t until) {
      while (until > value.begin && bytes_[until - 1] == ' ')
        --until;
      return until;
    };
    const bool may_be_followed = first + 3 < fields_.size() && value.size() >= checksum_digits;
    for (const auto end : {value.end, value.end - (may_be_followed ? checksum_digits : 0)}) {
      if (matches(end)) return end;
      if (const auto trimmed = before_blanks(end); trimmed != end && matches(trimmed)) return trimmed;
    }
    return std::nullopt;
  }

  void take(range key, range value) {
    end_of_gap(/*is_damage=*/true);
    ++read_.records;
    const auto name = std::string{bytes_.substr(key.begin, key.size())};
    if (value.size() == 0)
      read_.values.erase(name);
    else
      read_.values.insert_or_assign(name, std::string{bytes_.substr(value.begin, value.size())});
  }

  /// What is no record: the header, or damage.
  void pass(std::size_t begin, std::size_t end) {
    const auto text = bytes_.substr(begin, end - begin);
    if (begin == 0 && is_header(text)) return;
    lost_ += text.size();
  }

  bool is_header(std::string_view text) {
    if (text.substr(0, journal_title.size()) != journal_title) return false;
    unsigned version = 0;
    const auto* last = text.data() + text.size();
    const auto [stop, failed] = std::from_chars(text.data() + journal_title.size(), last, version);
    if (failed == std::errc::invalid_argument) return false;
    if (failed == std::errc::result_out_of_range || version > journal_version) {
      newer_ = error{error_kind::conflict,
                     "a newer version of Alder wrote it (format " + std::string{text.substr(journal_title.size(), 20)} +
                         ", this version reads up to " + std::to_string(journal_version) + ")",
                     0};
    }
    return has_header_ = stop == last;
  }

  /// Of a file that was made longer than what was written to it, there can be very many.
  std::size_t pass_zeros(std::size_t begin) {
    static constexpr std::array<char, 4096> zeros{};
    std::size_t count = 0;
    while (bytes_.size() - begin - count >= zeros.size() &&
           std::memcmp(bytes_.data() + begin + count, zeros.data(), zeros.size()) == 0)
      count += zeros.size();
    if (count > 0) is_text_ = false;
    lost_ += count;
    return count;
  }

  void pass_separator(char c) {
    if (c == '\n') return;
    read_.is_irregular = true;
    if (c == '\r') return; // line ends as other systems write them
    ++lost_;
    is_text_ = false;
  }

  /// Of what is between two whole records.
  void end_of_gap(bool is_damage) {
    read_.lost_bytes += lost_;
    if (lost_ > 0 && is_damage) ++read_.damaged;
    lost_ = 0;
    is_text_ = true;
  }

  std::string_view bytes_;
  journal_contents read_;
  std::optional<error> newer_;
  bool has_header_ = false;
  std::vector<range> fields_; ///< of a line
  std::size_t lost_ = 0;      ///< bytes since the last whole record
  bool is_text_ = true;       ///< those are
};

} // namespace

std::uint32_t crc32(std::string_view bytes) {
  static constexpr auto table = crc_table();
  std::uint32_t value = ~0U;
  for (const char c : bytes)
    value = table[(value ^ static_cast<unsigned char>(c)) & 0xFFU] ^ (value >> 8U);
  return ~value;
}

std::string journal_header() { return std::string{journal_title} + std::to_string(journal_version) + "\n"; }

std::string journal_record(std::string_view key, std::string_view value) {
  std::string body;
  body.reserve(key.size() + value.size() + 1);
  body.append(key).append("\t").append(value);
  return hexadecimal(crc32(body)) + "\t" + body + "\n";
}

result<journal_contents> read_journal(std::string_view bytes) { return record_reader{bytes}.read(); }

} // namespace alder::wire

// The journal's bytes: a header line, then one line a record, each with its checksum. Later records replace earlier
// ones of the same key.
//
//   alder-journal 1
//   9ae0daaf<TAB>node/shop/db<TAB>{"state":"stopped", …}
//   5bd1e995<TAB>tree/shop<TAB>                             forgotten
#pragma once

#include "alder/error.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace alder::wire {

/// A journal of a higher version is not read.
inline constexpr unsigned journal_version = 1;

/// CRC-32 (IEEE 802.3), of any bytes.
[[nodiscard]] std::uint32_t crc32(std::string_view bytes);

/// The first line.
[[nodiscard]] std::string journal_header();
/// One line. Neither key nor value holds a control character (JSON has none); an empty value: the key is forgotten.
[[nodiscard]] std::string journal_record(std::string_view key, std::string_view value);

struct journal_contents {
  std::map<std::string, std::string> values; ///< the last of every key that is not forgotten
  std::size_t records = 0;                   ///< that are whole, wherever they stand
  std::size_t damaged = 0;                   ///< places between them where something else stands: skipped
  std::size_t lost_bytes = 0;                ///< of those places, and of the end
  bool is_torn = false;                      ///< the end is a record that was not written to its end
  bool is_irregular = false;                 ///< whole records do not stand on lines of their own

  /// What journal_header() and journal_record() have written, all of it and nothing else.
  [[nodiscard]] bool is_sound() const { return damaged == 0 && !is_torn && !is_irregular; }
  bool operator==(const journal_contents&) const = default;
};

/// Reads any bytes: what has the right checksum counts, whatever stands around it. Errors: conflict (written by a newer
/// version: nothing of it is read).
[[nodiscard]] result<journal_contents> read_journal(std::string_view bytes);

} // namespace alder::wire

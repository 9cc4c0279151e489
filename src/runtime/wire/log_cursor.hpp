// A place in the output of services, as a client of the API keeps it and hands it back: which file, and where in it.
#pragma once

#include "alder/node_id.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace alder::wire {

/// A place between two bytes of an output file. The file is recognised after it was rotated, compressed or moved, and
/// the bytes before the place are compared, so that a file that was emptied meanwhile is not taken for the same one.
struct log_position {
  std::uint64_t offset = 0;   ///< bytes before it
  std::uint64_t inode = 0;    ///< of the file, while it was not compressed; 0: not known
  std::uint64_t begun_ns = 0; ///< the moment of the first record of the file's index; 0: not known
  std::int64_t stamp_us = 0;  ///< of the archive; 0: it was the file being written
  std::int64_t at_ms = 0;     ///< when what comes before it was written, milliseconds since 1970
  std::uint8_t compared = 0;  ///< how many bytes before it `digest` is of; at most `most_compared`
  std::uint32_t digest = 0;

  static constexpr std::int64_t latest_ms = 9'223'372'036'854; ///< in the year 2262, where nanoseconds end
  static constexpr std::size_t most_compared = 64;
  bool operator==(const log_position&) const = default;
};

/// Of the bytes before a place; `before`: the digest of what comes before them.
[[nodiscard]] std::uint32_t digest_of(std::string_view bytes, std::uint32_t before = 2166136261U);

/// An output file, named by who writes it; one that several write to has one name for all of them.
struct log_source_name {
  node_id writer;
  std::string stream; ///< "out", "err"; "all": both are in it
  auto operator<=>(const log_source_name&) const = default;

  /// "shop/api:0/out".
  [[nodiscard]] std::string text() const;
  /// The reverse; nothing when it is none.
  [[nodiscard]] static std::optional<log_source_name> parse(std::string_view text);
};

struct log_cursor {
  log_source_name source;
  log_position place;
  bool operator==(const log_cursor&) const = default;
};

/// "shop/api:0/out@2s.5k3.…": without spaces, in ASCII when the names are.
[[nodiscard]] std::string text_of(const log_cursor& cursor);
/// Nothing when it is not what text_of writes.
[[nodiscard]] std::optional<log_cursor> parse_log_cursor(std::string_view text);

} // namespace alder::wire

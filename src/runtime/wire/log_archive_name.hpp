// How the files around an output file are called: `web.out.log` is written, `web.out.log.20261128T010203.456789Z` was
// written until that moment, `….gz` or `….zst` is the same compressed, `….idx`, `….idx.gz` or `….idx.zst` its index.
#pragma once

#include "alder/log_spec.hpp"

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace alder::wire {

using archive_time = std::chrono::sys_time<std::chrono::microseconds>;

/// The form in which a file is read most easily comes first.
constexpr std::array<log_compression, 3> every_compression{log_compression::none, log_compression::zstd,
                                                           log_compression::gzip};

/// What a name ends in: "", ".gz", ".zst".
[[nodiscard]] std::string_view ending_of(log_compression how);

struct archive_name {
  std::string live;  ///< the file it was cut from; a name or a path, as given
  std::string stamp; ///< sorts by time
  bool is_index = false;
  log_compression compression = log_compression::none;
  bool is_unfinished = false; ///< a compression that was cut short
  bool operator==(const archive_name&) const = default;
};

/// "20261128T010203.456789Z"; years 0 to 9999.
[[nodiscard]] std::string archive_stamp(archive_time at);
/// Nothing when it is no stamp.
[[nodiscard]] std::optional<archive_time> parse_archive_stamp(std::string_view stamp);

/// Nothing if the name (or path) does not belong to an archive.
[[nodiscard]] std::optional<archive_name> parse_archive_name(std::string_view name);
[[nodiscard]] std::string text_of(const archive_name& name);

} // namespace alder::wire

// One record of the index beside an output file: where in the file a chunk begins and when it was written, or where and
// when the output of one process ended; and, in files that several write to, who wrote it. The index of a file that
// follows an archive begins with a record that says so.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

namespace alder::wire {

/// Who wrote a chunk to a file that is shared; `out` of instance 0 in any other.
struct log_origin {
  bool err = false;
  unsigned instance = 0; ///< at most `most_instance`; higher ones count as that

  static constexpr unsigned most_instance = 0x7FFF;
  bool operator==(const log_origin&) const = default;
};

/// 16 bytes on disk: two 64-bit numbers in the machine's byte order (the files do not travel). The upper 16 bits of the
/// first are the origin: instance * 2, and 1 for standard error.
struct log_index_record {
  std::uint64_t offset = 0;  ///< of the chunk's first byte in the output file; less than 2^48
  std::uint64_t unix_ns = 0; ///< nanoseconds since 1970, UTC; with `end_of_run` added where a process ended
  log_origin origin = {};

  static constexpr std::uint64_t end_of_run = std::uint64_t{1} << 63U;
  [[nodiscard]] bool ends_run() const { return (unix_ns & end_of_run) != 0; }
  /// The file follows the archive that was put aside at this moment. (Nobody else is that high an instance.)
  [[nodiscard]] static log_index_record behind_archive(std::uint64_t unix_ns) {
    return {0, unix_ns, {true, log_origin::most_instance}};
  }
  [[nodiscard]] bool is_behind_archive() const {
    return offset == 0 && origin == log_origin{true, log_origin::most_instance};
  }
  [[nodiscard]] std::uint64_t moment_ns() const { return unix_ns & ~end_of_run; }

  bool operator==(const log_index_record&) const = default;
};

inline constexpr std::size_t log_index_record_size = 16;
inline constexpr unsigned log_offset_width = 48;
inline constexpr std::uint64_t log_offset_bits = (std::uint64_t{1} << log_offset_width) - 1;
using log_index_bytes = std::array<char, log_index_record_size>;

[[nodiscard]] inline log_index_bytes encode(const log_index_record& record) {
  log_index_bytes bytes{};
  const auto instance = std::min(record.origin.instance, log_origin::most_instance);
  const std::uint64_t origin = instance * 2U + (record.origin.err ? 1U : 0U);
  const std::uint64_t first = (record.offset & log_offset_bits) | origin << log_offset_width;
  std::memcpy(bytes.data(), &first, sizeof first);
  std::memcpy(bytes.data() + sizeof first, &record.unix_ns, sizeof record.unix_ns);
  return bytes;
}

/// `bytes` are at least `log_index_record_size` long.
[[nodiscard]] inline log_index_record decode_log_index(const char* bytes) {
  log_index_record record;
  std::uint64_t first = 0;
  std::memcpy(&first, bytes, sizeof first);
  record.offset = first & log_offset_bits;
  const auto origin = static_cast<unsigned>(first >> log_offset_width);
  record.origin = {(origin & 1U) != 0, origin / 2};
  std::memcpy(&record.unix_ns, bytes + sizeof first, sizeof record.unix_ns);
  return record;
}

/// The name of the index of an output file.
[[nodiscard]] inline std::string log_index_path(const std::string& file) { return file + ".idx"; }

} // namespace alder::wire

// One record of the index beside an output file: where in the file a chunk begins and when it was written, or where and
// when the output of one process ended.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

namespace alder::wire {

/// 16 bytes on disk: two 64-bit numbers in the machine's byte order (the files do not travel).
struct log_index_record {
  std::uint64_t offset = 0;  ///< of the chunk's first byte in the output file
  std::uint64_t unix_ns = 0; ///< nanoseconds since 1970, UTC; with `end_of_run` added where a process ended

  static constexpr std::uint64_t end_of_run = std::uint64_t{1} << 63U;
  [[nodiscard]] bool ends_run() const { return (unix_ns & end_of_run) != 0; }
  [[nodiscard]] std::uint64_t moment_ns() const { return unix_ns & ~end_of_run; }

  bool operator==(const log_index_record&) const = default;
};

inline constexpr std::size_t log_index_record_size = 16;
using log_index_bytes = std::array<char, log_index_record_size>;

[[nodiscard]] inline log_index_bytes encode(const log_index_record& record) {
  log_index_bytes bytes{};
  std::memcpy(bytes.data(), &record.offset, sizeof record.offset);
  std::memcpy(bytes.data() + sizeof record.offset, &record.unix_ns, sizeof record.unix_ns);
  return bytes;
}

/// `bytes` are at least `log_index_record_size` long.
[[nodiscard]] inline log_index_record decode_log_index(const char* bytes) {
  log_index_record record;
  std::memcpy(&record.offset, bytes, sizeof record.offset);
  std::memcpy(&record.unix_ns, bytes + sizeof record.offset, sizeof record.unix_ns);
  return record;
}

/// The name of the index of an output file.
[[nodiscard]] inline std::string log_index_path(const std::string& file) { return file + ".idx"; }

} // namespace alder::wire

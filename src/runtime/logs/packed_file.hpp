// Compressed files, as gzip and zcat, or zstd and zstdcat, know them.
#pragma once

#include "runtime/base/unique_fd.hpp"

#include "alder/error.hpp"
#include "alder/log_spec.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace alder::logs {

class decompressor;

/// Writes `from`, compressed, to the new file `to` with the mode and times of `from`, and syncs it. `how`: not none.
/// Stops when `is_wanted` says so, asked every MiB. After an error there is no `to`. Errors: not_found, denied, io,
/// unavailable (not wanted any more).
outcome compress_file(const std::string& from, const std::string& to, log_compression how,
                      const std::function<bool()>& is_wanted);

/// A file that is there plain or compressed.
struct maybe_packed {
  unique_fd file;
  log_compression how = log_compression::none;
};
/// Opens `plain`, or else what it was compressed to. Errors: not_found, denied, io.
[[nodiscard]] result<maybe_packed> open_packed(const std::string& plain);

/// Reads a compressed file from its beginning to its end.
class packed_reader {
public:
  /// `file`: at its beginning. `how` it was compressed; not none.
  packed_reader(unique_fd file, log_compression how);
  ~packed_reader();
  packed_reader(packed_reader&&) noexcept;
  packed_reader& operator=(packed_reader&&) noexcept;
  packed_reader(const packed_reader&) = delete;
  packed_reader& operator=(const packed_reader&) = delete;

  /// Fewer bytes than asked for only at the end, which also is where a damaged file is damaged. Errors: io.
  [[nodiscard]] result<std::size_t> read(std::span<char> into);

private:
  [[nodiscard]] result<bool> refill();

  unique_fd file_;
  std::unique_ptr<decompressor> codec_;
  std::vector<char> block_;
  std::span<const char> in_; ///< of the block, what is not unpacked yet
  std::uint64_t position_ = 0;
  bool has_ended_ = false;
};

} // namespace alder::logs

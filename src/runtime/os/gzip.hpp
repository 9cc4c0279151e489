// Compressed files, as gzip and zcat know them.
#pragma once

#include "runtime/base/unique_fd.hpp"

#include "alder/error.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>

namespace alder::os {

/// Writes `from`, compressed, to the new file `to` with the mode and times of `from`, and syncs it. Stops when
/// `is_wanted` says so, asked every MiB. After an error there is no `to`. Errors: not_found, denied, io, unavailable
/// (not wanted any more).
outcome compress_file(const std::string& from, const std::string& to, const std::function<bool()>& is_wanted);

/// Reads a compressed file from its beginning to its end.
class gzip_reader {
public:
  /// `file`: at its beginning.
  explicit gzip_reader(unique_fd file);
  ~gzip_reader();
  gzip_reader(gzip_reader&&) noexcept;
  gzip_reader& operator=(gzip_reader&&) noexcept;
  gzip_reader(const gzip_reader&) = delete;
  gzip_reader& operator=(const gzip_reader&) = delete;

  /// Fewer bytes than asked for only at the end, which also is where a damaged file is damaged. Errors: io.
  [[nodiscard]] result<std::size_t> read(std::span<char> into);

private:
  struct state;
  std::unique_ptr<state> state_;
};

} // namespace alder::os

// Output that waits in another directory until its own file can be written again. It outlives the daemon, and comes
// back in order, exactly once.
#pragma once

#include "runtime/base/unique_fd.hpp"
#include "runtime/logs/log_stage.hpp"
#include "runtime/os/files.hpp"
#include "runtime/wire/log_index_record.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace alder::logs {

/// A header that says how far it was written back and what of that is under way, then pieces: a record as the index has
/// them, with the length in place of the offset, and the bytes. The file is there only while something waits. Not for
/// use by two threads at once.
class log_spill {
public:
  /// For what belongs to `file`, an absolute path; in `directory`, which is made when it is missing (0700). No more
  /// than `most` bytes wait.
  log_spill(const std::string& directory, std::string file, std::uint64_t most);

  /// Takes up what a former daemon left, and cuts off `file` what that one had begun to write back. Before `file` is
  /// opened. Returns 0 or an errno: what is there cannot be read.
  int take_up();

  struct put_result {
    int number = 0;        ///< errno; EFBIG: there is no room, by `most`
    std::size_t taken = 0; ///< of the bytes; whole lines, if not all
  };
  /// Adds bytes at the end. `stage` hears of the write before it begins.
  put_result put(std::string_view bytes, os::file_time at, wire::log_origin who, log_stage* stage);
  /// Adds that the output of a process ended here.
  void put_end_of_run(os::file_time at, wire::log_origin who);

  /// What has waited longest.
  struct piece {
    std::string_view bytes; ///< valid until the next call; none: the output of a process ended here
    os::file_time at{};     ///< when it was put here
    wire::log_origin who;
  };
  /// Nothing: nothing waits, or what is there cannot be read; then it is given up, and `any` is false.
  [[nodiscard]] std::optional<piece> front();
  /// `bytes` bytes are about to be added to the file, opened as `file`.
  void begin_write_back(int file, std::size_t bytes);
  /// The first `count` bytes of what `front` has shown are dealt with; ends what `begin_write_back` began.
  void took(std::size_t count);

  /// Throws away what waits.
  void clear();

  [[nodiscard]] bool any() const { return waiting_ > 0; }
  /// Bytes that wait, with their records.
  [[nodiscard]] std::uint64_t waiting() const { return waiting_; }
  /// Whether the last byte is inside a line.
  [[nodiscard]] bool in_line() const { return in_line_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  /// Why its file was not opened the last time; empty: it was.
  [[nodiscard]] const std::string& refusal() const { return refusal_; }

private:
  struct header;
  [[nodiscard]] int open();
  [[nodiscard]] int append_piece(std::string_view bytes, const wire::log_index_record& record, log_stage* stage);
  [[nodiscard]] bool read_header(header& into) const;
  [[nodiscard]] bool write_header(const header& from) const;
  void measure();
  [[nodiscard]] std::uint64_t length_at(std::uint64_t offset) const;

  std::string directory_;
  std::string file_;
  std::string path_;
  std::string refusal_;
  std::uint64_t most_;
  unique_fd fd_; ///< open while something waits
  std::uint64_t front_ = 0;
  std::uint64_t freed_ = 0;        ///< up to here the disk's blocks were given back
  std::size_t done_ = 0;           ///< of the front piece
  std::uint64_t front_length_ = 0; ///< of that piece, when `front` has shown it
  std::uint64_t end_ = 0;
  std::uint64_t waiting_ = 0; ///< from `front_` on
  bool in_line_ = false;
  std::string buffer_;
};

} // namespace alder::logs

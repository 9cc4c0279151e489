// Files as the daemon needs them: read whole or in part, replaced atomically, appended to.
#pragma once

#include "runtime/base/unique_fd.hpp"

#include "alder/error.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace alder::os {

/// A moment of the wall clock as files carry it.
using file_time = std::chrono::sys_time<std::chrono::nanoseconds>;

/// What the system knows about a file.
struct file_facts {
  std::uint64_t size = 0; ///< bytes; 0 for what is not a regular file
  std::uint64_t device = 0;
  std::uint64_t inode = 0; ///< with `device` the file's identity, whatever it is called
  file_time modified{};
  bool is_regular = false;
};

/// The whole of a regular file that somebody has named: no FIFO, device or file that the kernel makes up (in /proc,
/// say) is waited for or read. It can take long where the file system does. Errors: not_found, denied, invalid_input
/// (it is something else), too_large (more than `limit` bytes), io.
[[nodiscard]] result<std::string> read_file(const std::string& path, std::size_t limit);

/// A file of /proc or /sys whose path is ours and not a configuration's. Errors: as read_file.
[[nodiscard]] result<std::string> read_kernel_file(const std::string& path, std::size_t limit);

/// For the command line: as read_file, but for what its caller has handed over open: /dev/stdin and /dev/fd/N are read
/// to their end, however long that takes. Errors: as read_file.
[[nodiscard]] result<std::string> read_input(const std::string& path, std::size_t limit);

/// Replaces the file, or creates it, with `mode`: after a crash there is the old content or the new, never a mixture.
/// Written beside, synced, renamed, the directory synced. One writer a path at a time. Errors: as find_place
/// (safe_open.hpp), not_found (no such directory).
outcome write_file_atomically(const std::string& path, std::string_view data, unsigned mode = 0600);

/// Creates the directory and its missing parents, each with `mode` (0 to 0777, less the umask). Present ones are left
/// as they are. Errors: as find_place (safe_open.hpp), conflict (something else has the name).
outcome make_directories(const std::string& path, unsigned mode);

/// A regular file, through whatever links. Errors: not_found, denied, invalid_input (it is something else), io.
[[nodiscard]] result<unique_fd> open_for_reading(const std::string& path);

/// Whether an open file is regular, and none that the kernel makes up while it is read. Errors: invalid_input, io.
[[nodiscard]] outcome check_content(int fd, const std::string& path);

/// "a FIFO", "a directory", … of a st_mode.
[[nodiscard]] std::string sort_of(unsigned mode);

/// A regular file for appending and reading; created with 0600 when missing. Errors: as open_to_write (safe_open.hpp),
/// not_found (no such directory).
[[nodiscard]] result<unique_fd> open_for_append(const std::string& path);

/// Writes all of `data`, however many calls it takes. On an error a part may have been written. Errors: io.
outcome write_all(int fd, std::string_view data);

/// Writes all of `data` to a pipe that does not block, or nothing; a terminal that is full can take a part of it, which
/// is an error (conflict). Errors: too_large (more than 4096 bytes, which pipes
/// do not take as a whole), conflict (there is no room), unavailable (nobody can read it any more), io.
outcome write_whole(int pipe, std::string_view data);

/// Fills `into` from `offset` on; fewer bytes only at the end of the file. Errors: io.
[[nodiscard]] result<std::size_t> read_at(int fd, std::uint64_t offset, std::span<char> into);

/// Errors: not_found, denied, io.
[[nodiscard]] result<file_facts> facts_of(const std::string& path);
[[nodiscard]] result<file_facts> facts_of(int fd);

/// The path an open file has now, or had when it was removed; empty when that is not known.
[[nodiscard]] std::string path_of(int fd);

/// What has the name, be it a link. Errors: as find_place (safe_open.hpp).
outcome rename_file(const std::string& from, const std::string& to);

/// What has the name, be it a link. Errors: as find_place (safe_open.hpp).
outcome remove_file(const std::string& path);

/// What was written survives a power cut. Errors: io.
outcome sync_data(int fd);

/// Cuts the file off (or extends it with zeros). Errors: io.
outcome cut_file(int fd, std::uint64_t size);

} // namespace alder::os

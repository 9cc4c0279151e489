// The archives of an output file, in its directory: what there is, and how a file becomes one.
#pragma once

#include "runtime/os/files.hpp"
#include "runtime/wire/log_archive_name.hpp"

#include "alder/error.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace alder::logs {

/// Everything in a directory that is called like an archive, indexes and unfinished files too.
struct archive_entry {
  wire::archive_name name; ///< `live` with the directory
  std::uint64_t size = 0;
};
/// Sorted by stamp. Errors: not_found, denied, io.
[[nodiscard]] result<std::vector<archive_entry>> archives_in(const std::string& directory);

/// The archives of one output file that can be read, oldest first; of one that is there plain and compressed, the plain
/// one; of one compressed twice, either.
[[nodiscard]] std::vector<wire::archive_name> archives_of(const std::string& live_path);

/// The path of the regular file in a directory that has this inode; nothing when there is none.
[[nodiscard]] std::optional<std::string> path_of_inode(const std::string& directory, std::uint64_t inode);

/// Gives the file and its index the names of an archive of this moment, or of the next one that is free. A crash leaves
/// the file under one of its names, and the index where `forget_archived_index` or `archives_in` finds it. Returns the
/// stamp. Errors: not_found, denied, io.
[[nodiscard]] result<std::string> archive_file(const std::string& live_path, wire::archive_time now);

/// Removes an index that is an archive's under its old name: a crash came between.
void forget_archived_index(const std::string& live_path);

/// Empties an output file and its index, and deletes its archives; what is not there, cannot be or is not to be written
/// to (open_to_write, with this `owner`) is passed over. A device stays as it is.
void clear_log(const std::string& live_path, std::optional<std::uint32_t> owner = {});

/// The directory of a path, "." when it has none.
[[nodiscard]] std::string directory_of(const std::string& path);

/// Bytes that are free for us in the file system of `path`; all bits set when that is not known.
[[nodiscard]] std::uint64_t free_bytes(const std::string& path);

} // namespace alder::logs

// Files below directories that other users can change: opened, made, renamed and removed relative to a directory that
// was checked, and never through a link that somebody else may have put there. docs/decisions/0070 has the rule.
#pragma once

#include "runtime/base/unique_fd.hpp"

#include "alder/error.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace alder::os {

/// Where a path leads: a name in an open directory. Every link on the way was put there by root or by ourselves, in a
/// directory whose names nobody else can change.
struct safe_place {
  unique_fd directory;    ///< O_PATH
  std::string name;       ///< in `directory`; may be a link itself
  std::string path;       ///< for messages
  bool is_closed = false; ///< nobody but root and ourselves can change what the names in `directory` mean
};

/// The place of `path`. Missing directories are made with `make`, if given. Errors: not_found, denied (a link that is
/// not followed: the message says which part of the path, whose it is, and what helps), conflict (something on the way
/// is no directory), io.
[[nodiscard]] result<safe_place> find_place(const std::string& path, std::optional<unsigned> make = {});

/// How a file is opened that is written to.
struct write_access {
  /// What may be there instead of a regular file, in a directory that nobody else can change: there devices and FIFOs
  /// are where somebody we trust has put them.
  enum class sort : std::uint8_t { regular, any };

  unsigned mode = 0600; ///< of a new file
  sort what = sort::regular;
  bool create = true;                            ///< when it is missing
  bool at_end = true;                            ///< every write goes to the end
  bool through_link = true;                      ///< the last name may be a link, too
  std::optional<unsigned> make_directories = {}; ///< with this mode, when they are missing
  std::optional<std::uint32_t> owner = {};       ///< a user whose files it may be besides root's and our own
  bool any_owner = false;                        ///< the caller knows the file by its inode
};

struct opened_file {
  unique_fd fd;
  bool is_new = false;
  bool is_closed = false; ///< as in safe_place
};

/// For reading and writing, without waiting for anybody. In a directory that others can change the file has to be
/// regular, to have one name, and to belong to root, to us, to the directory's owner or to `owner`. Errors: as
/// find_place; denied (it is something else: the message says what).
[[nodiscard]] result<opened_file> open_to_write(const std::string& path, const write_access& how = {});

/// A regular file for reading, by the same rule but for its owner. Errors: as open_to_write, not_found.
[[nodiscard]] result<unique_fd> open_to_read(const std::string& path);

/// A regular file for reading whose content goes to somebody else, as a secret goes to a service: links are followed,
/// but one that another user controls only to that user's own files. Errors: not_found, denied, invalid_input (it is no
/// regular file), io.
[[nodiscard]] result<unique_fd> open_content(const std::string& path);

/// A new file for writing, 0600, in place of whatever had the name. Errors: as find_place.
[[nodiscard]] result<unique_fd> create_anew(const safe_place& at);

/// A socket that datagrams are sent to or connections made to: as open_to_write finds it, with O_PATH. Connect to
/// `/proc/self/fd/N`. Errors: as find_place, invalid_input (it is no socket).
[[nodiscard]] result<unique_fd> open_socket_file(const std::string& path);

enum class directory_role : std::uint8_t {
  state, ///< nobody else may write to it, or put another in its place
  logs,  ///< others may: then files in it are opened with that in mind
};
/// Whether a directory is one of our own: it belongs to us, and no link of somebody else leads to it. A missing one
/// passes. Errors: invalid_input (no absolute path, no directory), denied (the message says whose it is, or who can
/// write to it, and what helps), io.
[[nodiscard]] outcome check_own_directory(const std::string& path, directory_role what = directory_role::state);

/// Of a failure of what is above, the sentence that says more than its errno does; else nothing.
[[nodiscard]] std::string refusal_text(const error& failure);

/// "www-data (uid 33)", or "uid 33" when it has no name in /etc/passwd.
[[nodiscard]] std::string user_text(std::uint32_t uid);

} // namespace alder::os

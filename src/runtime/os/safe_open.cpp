#include "runtime/os/safe_open.hpp"

#include "runtime/base/text.hpp"
#include "runtime/base/words.hpp"
#include "runtime/os/files.hpp"

#include <climits>

#include <array>
#include <cerrno>
#include <deque>
#include <string_view>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace alder::os {
namespace {

constexpr int most_links = 40;                                  // on one path, as the kernel has it
constexpr int most_attempts = 10;                               // against somebody who makes and removes the file
constexpr std::size_t largest_database = std::size_t{4} << 20U; // of users or groups
constexpr long proc_file_system = 0x9fa0;
constexpr const char* other_place = "or choose a location that only the daemon's user can write to";

/// The kernel's open_how and its flag: the system's headers may be older than the kernel.
struct open_how {
  std::uint64_t flags;
  std::uint64_t mode;
  std::uint64_t resolve;
};
constexpr long openat2_number = 437;
constexpr std::uint64_t no_symlinks = 0x04;

error failed(const std::string& what, int number) {
  auto kind = error_kind::io;
  if (number == ENOENT || number == ENOTDIR) kind = error_kind::not_found;
  if (number == EEXIST) kind = error_kind::conflict;
  if (number == EACCES || number == EPERM || number == EROFS) kind = error_kind::denied;
  return {kind, what + ": " + errno_text(number), number};
}

error denied(std::string why, int number) { return {error_kind::denied, std::move(why), number}; }

bool is_trusted(uid_t uid) { return uid == 0 || uid == ::geteuid(); }

/// The entry of /etc/passwd or /etc/group with this number, by fields; none when there is none. Not getpwuid: the
/// keeper is linked statically, and this is asked on threads that must not wait for a directory service.
std::vector<std::string> database_entry(const char* file, std::uint32_t number) {
  const auto text = read_kernel_file(file, largest_database); // a user who can change it can do anything
  if (!text) return {};
  for (const auto line : split(*text, '\n')) {
    const auto fields = split(line, ':');
    if (fields.size() >= 3 && fields[2] == std::to_string(number)) return {fields.begin(), fields.end()};
  }
  return {};
}

/// A group of our own name with nobody else in it, as most distributions make one for each user.
bool is_private_group(gid_t gid) {
  if (gid != ::getegid()) return false;
  const auto group = database_entry("/etc/group", gid);
  const auto user = database_entry("/etc/passwd", ::geteuid());
  return group.size() >= 4 && !user.empty() && group[0] == user[0] && (group[3].empty() || group[3] == user[0]);
}

/// Who else can change what names in this directory mean, for people; empty: nobody.
std::string who_can_change(const struct stat& directory) {
  if (!is_trusted(directory.st_uid)) return user_text(directory.st_uid);
  if ((directory.st_mode & S_IWOTH) != 0) return "everybody";
  if ((directory.st_mode & S_IWGRP) == 0 || is_private_group(directory.st_gid)) return {};
  const auto group = database_entry("/etc/group", directory.st_gid);
  return "group " + (group.empty() ? std::to_string(directory.st_gid) : group[0]);
}

std::string path_in(const std::string& directory, std::string_view name) {
  return (directory == "/" ? directory : directory + "/") + std::string{name};
}

/// What to do with links that neither root nor we made, or that others could have made.
enum class foreign_links : std::uint8_t {
  refused,
  noted, ///< followed; then it matters whose file is at the end
};

/// Follows a path one name at a time.
class walker {
public:
  explicit walker(std::optional<unsigned> make, foreign_links links = foreign_links::refused)
      : make_(make), foreign_(links) {}

  /// Goes from `base` (a directory, or AT_FDCWD) to the directory that the last name of `path` is in.
  outcome go(int base, const std::string& base_path, const std::string& path) {
    if (auto begun = begin(base, base_path, path); !begun) return begun;
    while (left_.size() > 1)
      if (auto gone = step(); !gone) return gone;
    return success();
  }

  /// The last name is a link: follows it as far as to its own last name.
  outcome follow_last() {
    unique_fd link{::openat(at_.get(), left_.front().c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC)};
    struct stat facts {};
    if (!link || ::fstat(link.get(), &facts) != 0) return failed("cannot stat " + here(), errno);
    if (!S_ISLNK(facts.st_mode)) return success(); // it was one a moment ago
    if (auto followed = follow(link.get(), facts); !followed) return followed;
    while (left_.size() > 1)
      if (auto gone = step(); !gone) return gone;
    return success();
  }

  /// Whether names of the directory lead to what a process has open, which cannot be followed name by name.
  [[nodiscard]] bool is_in_proc() const {
    struct statfs facts {};
    return ::fstatfs(at_.get(), &facts) == 0 && facts.f_type == proc_file_system;
  }

  /// Whose links were followed that are not to be trusted; none: nobody's.
  [[nodiscard]] const std::vector<uid_t>& led_by() const { return led_by_; }

  [[nodiscard]] result<safe_place> place() {
    struct stat facts {};
    if (::fstat(at_.get(), &facts) != 0) return failed("cannot stat " + seen_, errno);
    return safe_place{at_.duplicate(), left_.front(), here(), who_can_change(facts).empty()};
  }

private:
  outcome begin(int base, const std::string& base_path, const std::string& path) {
    left_.clear();
    if (path.empty() || path.size() >= PATH_MAX || path.find('\0') != std::string::npos)
      return error{error_kind::invalid_input, "'" + path + "' is not a path", ENOENT};
    const bool is_absolute = path.front() == '/';
    if (const auto slash = path.rfind('/'); slash != std::string::npos && path.back() != '/') {
      // Most paths have no link at all: then one call is enough.
      auto directory = slash == 0 ? "/" : path.substr(0, slash);
      open_how how{O_PATH | O_DIRECTORY | O_CLOEXEC, 0, no_symlinks};
      unique_fd at{static_cast<int>(::syscall(openat2_number, base, directory.c_str(), &how, sizeof how))};
      if (at) {
        at_ = std::move(at);
        seen_ = is_absolute ? std::move(directory) : path_in(base_path, directory);
        left_.push_back(path.substr(slash + 1));
        return success();
      }
    }
    add_names(path);
    if (left_.empty()) return error{error_kind::conflict, path + " is a directory, not a regular file", EISDIR};
    at_.reset(is_absolute ? ::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)
                          : ::openat(base, ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
    seen_ = is_absolute ? "/" : base_path;
    if (!at_) return failed("cannot open " + seen_, errno);
    return success();
  }

  void add_names(std::string_view path) {
    std::deque<std::string> names;
    for (const auto name : split(path, '/'))
      if (!name.empty() && name != ".") names.emplace_back(name);
    left_.insert(left_.begin(), names.begin(), names.end());
  }

  [[nodiscard]] std::string here() const { return path_in(seen_, left_.front()); }

  outcome step() {
    const auto name = left_.front();
    unique_fd next{::openat(at_.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC)};
    if (!next && errno == ENOENT && make_) {
      if (::mkdirat(at_.get(), name.c_str(), *make_) != 0 && errno != EEXIST)
        return failed("cannot create directory " + here(), errno);
      next.reset(::openat(at_.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    }
    struct stat facts {};
    if (!next || ::fstat(next.get(), &facts) != 0) return failed("cannot open " + here(), errno);
    if (S_ISLNK(facts.st_mode)) return follow(next.get(), facts);
    if (!S_ISDIR(facts.st_mode))
      return error{make_ ? error_kind::conflict : error_kind::not_found,
                   here() + " is " + sort_of(facts.st_mode) + ", not a directory", ENOTDIR};
    seen_ = here();
    at_ = std::move(next);
    left_.pop_front();
    return success();
  }

  /// Replaces the name of the link by its target, if its owner is to be trusted.
  outcome follow(int link, const struct stat& facts) {
    struct stat directory {};
    if (::fstat(at_.get(), &directory) != 0) return failed("cannot stat " + seen_, errno);
    const auto who = who_can_change(directory);
    const bool is_foreign = !who.empty() || !is_trusted(facts.st_uid);
    if (is_foreign && foreign_ == foreign_links::noted) {
      led_by_.push_back(is_trusted(facts.st_uid) ? directory.st_uid : facts.st_uid);
    } else if (!who.empty()) {
      return denied(here() + " is a symbolic link in a directory that " + who +
                        " can change, so it is not followed; remove it, " + other_place,
                    ELOOP);
    } else if (is_foreign) {
      return denied(here() + " is a symbolic link owned by " + user_text(facts.st_uid) +
                        ", so it is not followed; remove it, or recreate it as the daemon's user",
                    ELOOP);
    }
    if (++links_ > most_links) return failed("cannot open " + here(), ELOOP);
    std::array<char, PATH_MAX> target{};
    const auto length = ::readlinkat(link, "", target.data(), target.size());
    if (length <= 0 || length == static_cast<ssize_t>(target.size())) return failed("cannot read " + here(), errno);
    const std::string_view text{target.data(), static_cast<std::size_t>(length)};
    const auto from = here();
    left_.pop_front();
    const bool was_last = left_.empty();
    add_names(text);
    if (was_last && left_.empty())
      return error{error_kind::conflict, from + " is a directory, not a regular file", EISDIR};
    if (text.front() != '/') return success();
    at_.reset(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
    seen_ = "/";
    return at_ ? success() : outcome{failed("cannot open /", errno)};
  }

  std::optional<unsigned> make_;
  foreign_links foreign_;
  std::vector<uid_t> led_by_;
  unique_fd at_;
  std::string seen_;
  std::deque<std::string> left_;
  int links_ = 0;
};

/// What speaks against a file that was opened in this directory; empty: nothing.
std::string objection(const struct stat& file, const struct stat& directory, const write_access* how) {
  const auto who = who_can_change(directory);
  const bool is_regular = S_ISREG(file.st_mode);
  if (!is_regular && (how == nullptr || how->what == write_access::sort::regular))
    return "is " + sort_of(file.st_mode) + ", not a regular file; remove it";
  if (who.empty()) return {};
  const auto there = " in a directory that " + who + " can change";
  if (!is_regular) return "is " + sort_of(file.st_mode) + there + "; remove it, " + other_place;
  if (file.st_nlink > 1)
    return "is a file with " + std::to_string(file.st_nlink) + " names (hard links)" + there +
           ", so it may be any file; remove it, " + other_place;
  const bool is_known = is_trusted(file.st_uid) || file.st_uid == directory.st_uid || how == nullptr ||
                        how->any_owner || (how->owner && file.st_uid == *how->owner);
  if (!is_known)
    return "belongs to " + user_text(file.st_uid) + there + "; remove it, name that user as its 'owner', " +
           other_place;
  return {};
}

struct opened {
  unique_fd fd;
  bool is_new = false;
};

/// One attempt; EEXIST: it has come meanwhile.
opened open_at(int directory, const std::string& name, int flags, const write_access* how) {
  opened made{unique_fd{::openat(directory, name.c_str(), flags)}, false};
  if (made.fd || errno != ENOENT || how == nullptr || !how->create) return made;
  made.fd.reset(::openat(directory, name.c_str(), flags | O_CREAT | O_EXCL, how->mode));
  made.is_new = made.fd.valid();
  return made;
}

result<opened_file> open_checked(const std::string& path, int flags, const write_access* how) {
  walker on_the_way{how == nullptr ? std::nullopt : how->make_directories};
  if (auto gone = on_the_way.go(AT_FDCWD, ".", path); !gone) return gone.failure();
  flags |= O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY;
  for (int attempt = 0, links = 0; attempt < most_attempts;) {
    const auto at = on_the_way.place();
    if (!at) return at.failure();
    auto made = open_at(at->directory.get(), at->name, flags, how);
    if (!made.fd && errno == EEXIST) {
      ++attempt;
      continue;
    }
    if (!made.fd && errno == ELOOP && at->is_closed && on_the_way.is_in_proc())
      made.fd.reset(::openat(at->directory.get(), at->name.c_str(), flags & ~O_NOFOLLOW));
    if (!made.fd && errno == ELOOP && how != nullptr && !how->through_link)
      return denied(at->path + " is a symbolic link; remove it", ELOOP);
    if (!made.fd && errno == ELOOP && ++links <= most_links) {
      if (auto followed = on_the_way.follow_last(); !followed) return followed.failure();
      continue;
    }
    if (!made.fd) return failed("cannot open " + at->path, errno);
    struct stat file {};
    struct stat directory {};
    if (::fstat(made.fd.get(), &file) != 0 || ::fstat(at->directory.get(), &directory) != 0)
      return failed("cannot stat " + at->path, errno);
    if (const auto why = objection(file, directory, how); !why.empty()) return denied(at->path + " " + why, EPERM);
    return opened_file{std::move(made.fd), made.is_new, at->is_closed};
  }
  return failed("cannot open " + path, EEXIST);
}

/// What is above a directory of our own: nobody else may be able to put another in its place.
outcome check_above(const std::string& path, int directory) {
  struct stat above {};
  if (::fstat(directory, &above) != 0) return failed("cannot stat the directory above " + path, errno);
  const auto who = who_can_change(above);
  const bool is_kept_by_sticky = is_trusted(above.st_uid) && (above.st_mode & S_ISVTX) != 0;
  if (who.empty() || is_kept_by_sticky) return success();
  return denied("the directory " + path + " is in a directory that " + who +
                    " can change, so it could be replaced; choose another home with ALDER_HOME",
                EPERM);
}

} // namespace

std::string refusal_text(const error& failure) {
  const bool is_told = failure.kind == error_kind::denied && (failure.os_errno == ELOOP || failure.os_errno == EPERM);
  return is_told ? failure.message : std::string{};
}

std::string user_text(std::uint32_t uid) {
  const auto entry = database_entry("/etc/passwd", uid);
  const auto number = "uid " + std::to_string(uid);
  return entry.empty() || entry[0].empty() ? number : entry[0] + " (" + number + ")";
}

result<safe_place> find_place(const std::string& path, std::optional<unsigned> make) {
  walker on_the_way{make};
  if (auto gone = on_the_way.go(AT_FDCWD, ".", path); !gone) return gone.failure();
  return on_the_way.place();
}

result<opened_file> open_to_write(const std::string& path, const write_access& how) {
  return open_checked(path, O_RDWR | (how.at_end ? O_APPEND : 0), &how);
}

result<unique_fd> open_to_read(const std::string& path) {
  auto opened = open_checked(path, O_RDONLY, nullptr);
  if (!opened) return opened.failure();
  return std::move(opened->fd);
}

result<unique_fd> open_content(const std::string& path) {
  walker on_the_way{std::nullopt, foreign_links::noted};
  if (auto gone = on_the_way.go(AT_FDCWD, ".", path); !gone) return gone.failure();
  for (int links = 0; links <= most_links; ++links) {
    const auto at = on_the_way.place();
    if (!at) return at.failure();
    unique_fd fd{
        ::openat(at->directory.get(), at->name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)};
    if (!fd && errno == ELOOP && on_the_way.is_in_proc())
      return error{error_kind::invalid_input, path + " is an open file of a process, not a regular file", EINVAL};
    if (!fd && errno == ELOOP) {
      if (auto followed = on_the_way.follow_last(); !followed) return followed.failure();
      continue;
    }
    if (!fd && errno == ENXIO)
      return error{error_kind::invalid_input, path + " is a socket, not a regular file", ENXIO};
    struct stat file {};
    if (!fd || ::fstat(fd.get(), &file) != 0) return failed("cannot read " + path, errno);
    if (auto fit = check_content(fd.get(), path); !fit) return fit.failure();
    for (const auto uid : on_the_way.led_by())
      if (file.st_uid != uid)
        return denied(path + " leads to a file of " + user_text(file.st_uid) + " through a symbolic link that " +
                          user_text(uid) +
                          " controls, so it is not read; name the file itself, or give it to that user",
                      EPERM);
    struct stat directory {};
    const bool is_theirs = file.st_nlink > 1 && ::fstat(at->directory.get(), &directory) == 0 &&
                           !is_trusted(directory.st_uid) && file.st_uid != directory.st_uid;
    if (is_theirs)
      return denied(path + " is a hard link to a file of " + user_text(file.st_uid) + " in a directory of " +
                        user_text(directory.st_uid) + ", so it is not read; remove it",
                    EPERM);
    return fd;
  }
  return failed("cannot read " + path, ELOOP);
}

result<unique_fd> create_anew(const safe_place& at) {
  for (int attempt = 0; attempt < most_attempts; ++attempt) {
    if (::unlinkat(at.directory.get(), at.name.c_str(), 0) != 0 && errno != ENOENT)
      return failed("cannot remove " + at.path, errno);
    unique_fd fd{
        ::openat(at.directory.get(), at.name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
    if (fd) return fd;
    if (errno != EEXIST) return failed("cannot create " + at.path, errno);
  }
  return failed("cannot create " + at.path, EEXIST);
}

result<unique_fd> open_socket_file(const std::string& path) {
  walker on_the_way{std::nullopt};
  if (auto gone = on_the_way.go(AT_FDCWD, ".", path); !gone) return gone.failure();
  for (int links = 0; links <= most_links; ++links) {
    const auto at = on_the_way.place();
    if (!at) return at.failure();
    unique_fd found{::openat(at->directory.get(), at->name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC)};
    struct stat facts {};
    if (!found || ::fstat(found.get(), &facts) != 0) return failed("cannot open " + at->path, errno);
    if (S_ISSOCK(facts.st_mode)) return found;
    if (!S_ISLNK(facts.st_mode)) return error{error_kind::invalid_input, at->path + " is not a socket", ECONNREFUSED};
    if (auto followed = on_the_way.follow_last(); !followed) return followed.failure();
  }
  return failed("cannot open " + path, ELOOP);
}

outcome check_own_directory(const std::string& path, directory_role what) {
  if (path.empty() || path.front() != '/')
    return error{error_kind::invalid_input, "the directory '" + path + "' is not an absolute path", 0};
  walker on_the_way{std::nullopt};
  if (auto gone = on_the_way.go(AT_FDCWD, ".", path); !gone)
    return gone.failure().kind == error_kind::not_found ? success() : outcome{gone.failure()};
  for (int links = 0; links <= most_links; ++links) {
    const auto at = on_the_way.place();
    if (!at) return at.failure();
    unique_fd found{::openat(at->directory.get(), at->name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC)};
    if (!found && errno == ENOENT) return success();
    struct stat facts {};
    if (!found || ::fstat(found.get(), &facts) != 0) return failed("cannot stat directory " + at->path, errno);
    if (S_ISLNK(facts.st_mode)) {
      if (auto followed = on_the_way.follow_last(); !followed) return followed.failure();
      continue;
    }
    if (!S_ISDIR(facts.st_mode)) return error{error_kind::invalid_input, at->path + " is not a directory", ENOTDIR};
    const auto own = ::geteuid();
    if (facts.st_uid != own)
      return denied("directory " + at->path + " belongs to " + user_text(facts.st_uid) + ", not to " + user_text(own) +
                        "; run this as that user, or choose another home with ALDER_HOME",
                    EPERM);
    if (what == directory_role::logs) return success();
    if (const auto who = who_can_change(facts); !who.empty())
      return denied("directory " + at->path + " can be written to by " + who + "; remove that permission: chmod go-w " +
                        at->path,
                    EPERM);
    return check_above(at->path, at->directory.get());
  }
  return failed("cannot stat directory " + path, ELOOP);
}

} // namespace alder::os

#include "runtime/os/program.hpp"

#include "runtime/base/text.hpp"
#include "runtime/base/words.hpp"

#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace alder::os {
namespace {

enum class usable : std::uint8_t { yes, missing, directory, not_executable, refused };

struct look {
  usable answer = usable::missing;
  int os_errno = 0;
};

look look_at_program(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return {usable::missing, errno};
    return {usable::refused, errno};
  }
  if (S_ISDIR(info.st_mode)) return {usable::directory, EISDIR};
  if (!S_ISREG(info.st_mode)) return {usable::not_executable, EACCES};
  if (::faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS) != 0) return {usable::not_executable, errno};
  return {usable::yes, 0};
}

std::string absolute(const std::string& path, const std::string& cwd) {
  if (path.front() == '/') return path;
  return cwd + (cwd.empty() || cwd.back() != '/' ? "/" : "") + path;
}

std::string quoted(const std::string& name) { return "'" + name + "'"; }

result<std::string> find_at(const std::string& name, const std::string& cwd) {
  auto path = absolute(name, cwd);
  const auto found = look_at_program(path);
  switch (found.answer) {
  case usable::yes: return path;
  case usable::missing:
    return error{error_kind::not_found, quoted(name) + " does not exist" + (name.front() == '/' ? "" : " in " + cwd),
                 found.os_errno};
  case usable::directory: return error{error_kind::invalid_input, quoted(name) + " is a directory", found.os_errno};
  case usable::not_executable:
    return error{error_kind::denied, quoted(name) + " exists but is not executable", found.os_errno};
  case usable::refused: break;
  }
  const auto kind = found.os_errno == EACCES ? error_kind::denied : error_kind::io;
  return error{kind, quoted(name) + " cannot be accessed: " + errno_text(found.os_errno), found.os_errno};
}

} // namespace

result<std::string> find_program(const std::string& name, const std::string& path_variable, const std::string& cwd) {
  if (name.empty()) return error{error_kind::invalid_input, "the name of the program is empty", 0};
  if (name.find('/') != std::string::npos) return find_at(name, cwd);
  std::string not_executable;
  for (const auto piece : split(path_variable, ':')) {
    const auto candidate = absolute(piece.empty() ? name : std::string{piece} + "/" + name, cwd);
    const auto found = look_at_program(candidate);
    if (found.answer == usable::yes) return candidate;
    if (found.answer == usable::not_executable && not_executable.empty()) not_executable = candidate;
  }
  if (!not_executable.empty())
    return error{error_kind::denied,
                 quoted(name) + " was found in PATH as " + not_executable + " but is not executable", EACCES};
  return error{error_kind::not_found, quoted(name) + " was not found in PATH (" + path_variable + ")", ENOENT};
}

outcome check_directory(const std::string& path) {
  if (path.empty() || path.front() != '/')
    return error{error_kind::invalid_input, "the working directory " + quoted(path) + " is not an absolute path", 0};
  const std::string what = "the working directory " + path;
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) {
    const int number = errno;
    if (number == ENOENT || number == ENOTDIR) return error{error_kind::not_found, what + " does not exist", number};
    const auto kind = number == EACCES ? error_kind::denied : error_kind::io;
    return error{kind, what + " cannot be accessed: " + errno_text(number), number};
  }
  if (!S_ISDIR(info.st_mode)) return error{error_kind::invalid_input, what + " is not a directory", ENOTDIR};
  if (::faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS) != 0)
    return error{error_kind::denied, what + " cannot be entered: " + errno_text(errno), errno};
  return success();
}

} // namespace alder::os

#include "runtime/os/caller.hpp"

#include "runtime/base/path.hpp"
#include "runtime/base/text.hpp"
#include "runtime/base/words.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <clocale>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <memory>

#include <langinfo.h>
#include <malloc.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace alder::os {
namespace {

bool has_dots(const std::string& path) {
  const auto parts = split(path, '/');
  return std::any_of(parts.begin(), parts.end(), [](auto part) { return part == "." || part == ".."; });
}

/// As POSIX wants $PWD to be.
bool is_plain(const std::string& path) { return path.substr(0, 1) == "/" && !has_dots(path); }

/// Empty when it is not there.
std::string real_path(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> found{::realpath(path.c_str(), nullptr), std::free};
  return found ? std::string{found.get()} : std::string{};
}

std::optional<std::string> find_above(const std::string& directory, const std::vector<std::string>& names) {
  for (auto here = directory;;) {
    for (const auto& name : names) {
      auto path = (here == "/" ? "" : here) + "/" + name;
      if (file_exists(path)) return path;
    }
    if (here.empty() || here == "/") return std::nullopt;
    const auto slash = here.rfind('/');
    here = slash == 0 || slash == std::string::npos ? "/" : here.substr(0, slash);
  }
}

} // namespace

std::map<std::string, std::string> environment() {
  std::map<std::string, std::string> all;
  for (char** entry = ::environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text{*entry};
    const auto equals = text.find('=');
    if (equals != std::string_view::npos && equals > 0) all.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return all;
}

surroundings current_surroundings() {
  std::array<char, 4096> cwd{};
  const bool known = ::getcwd(cwd.data(), cwd.size()) != nullptr && cwd[0] == '/';
  surroundings found{.uid = ::geteuid(), .cwd = known ? cwd.data() : "/", .environment = environment()};
  const auto named = found.environment.find("PWD");
  if (known && named != found.environment.end() && is_plain(named->second) && is_same_file(named->second, "."))
    found.cwd = named->second;
  return found;
}

std::string name_of_file(const std::string& word, const std::string& cwd) {
  auto name = absolute_path(word, cwd);
  if (!has_dots(word)) return name;
  const auto kernels = word.substr(0, 1) == "/" ? word : cwd + "/" + word;
  const auto slash = kernels.rfind('/');
  const auto last = kernels.substr(slash + 1);
  const bool is_directory = last.empty() || last == "." || last == "..";
  const auto directory = is_directory ? kernels : kernels.substr(0, slash + 1);
  const auto named = is_directory ? name : name.substr(0, name.rfind('/') + 1);
  if (is_same_file(directory, named)) return name;
  const auto real = real_path(directory);
  if (real.empty()) return name; // it is not there
  return is_directory ? real : absolute_path(last, real);
}

bool is_same_file(const std::string& a, const std::string& b) {
  struct stat first {};
  struct stat second {};
  return ::stat(a.c_str(), &first) == 0 && ::stat(b.c_str(), &second) == 0 && first.st_dev == second.st_dev &&
         first.st_ino == second.st_ino;
}

bool is_through_link(const std::string& file) {
  const auto directory = absolute_path(file.substr(0, file.rfind('/') + 1), "/");
  const auto real = real_path(directory);
  return !real.empty() && real != directory;
}

void name_process(const char* name) { (void)::prctl(PR_SET_NAME, name); } // a longer name is cut off

result<std::string> own_program() {
  std::array<char, 4096> path{};
  const auto size = ::readlink("/proc/self/exe", path.data(), path.size());
  if (size <= 0) return error{error_kind::io, "/proc/self/exe cannot be read: " + errno_text(errno), errno};
  std::string whole{path.data(), static_cast<std::size_t>(size)};
  constexpr std::string_view mark = " (deleted)"; // its file was replaced: what is there now has the name
  if (whole.size() > mark.size() && whole.ends_with(mark)) whole.erase(whole.size() - mark.size());
  return whole;
}

result<std::string> own_directory() {
  auto whole = own_program();
  if (!whole) return whole;
  return whole->substr(0, whole->rfind('/'));
}

int process_id() { return ::getpid(); }

void release_free_memory() { (void)::malloc_trim(0); } // tells whether there was any

bool is_terminal(int fd) { return ::isatty(fd) == 1; }

terminal_size size_of_terminal(int fd) {
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) != 0) return {};
  return {.columns = size.ws_col, .rows = size.ws_row};
}

std::string read_terminal_line(int fd) {
  constexpr std::size_t longest = 256;
  std::string line;
  char c = 0;
  while (line.size() < longest && ::read(fd, &c, 1) == 1 && c != '\n')
    line += c;
  return line;
}

bool use_locale() {
  // With a locale that is not installed, the character set stays that of "C"; only LC_CTYPE is taken, so that numbers
  // are written the same everywhere.
  (void)std::setlocale(LC_CTYPE, ""); // NOLINT(concurrency-mt-unsafe): before there is a second thread
  return std::strcmp(::nl_langinfo(CODESET), "UTF-8") == 0; // NOLINT(concurrency-mt-unsafe): as above
}

void ignore_broken_pipes() {
  (void)std::signal(SIGPIPE, SIG_IGN); // fails for signals that do not exist only
}

bool reader_is_gone(int fd) {
  pollfd wait{.fd = fd, .events = 0, .revents = 0};
  return ::poll(&wait, 1, 0) > 0 && (wait.revents & (POLLERR | POLLHUP)) != 0;
}

bool file_exists(const std::string& path) {
  struct stat about {};
  return ::stat(path.c_str(), &about) == 0;
}

std::optional<std::string> find_upwards(const std::string& directory, const std::vector<std::string>& names) {
  auto found = find_above(directory, names);
  if (found) return found;
  const auto real = real_path(directory);
  return real.empty() || real == directory ? std::nullopt : find_above(real, names);
}

} // namespace alder::os

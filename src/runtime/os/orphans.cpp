#include "runtime/os/orphans.hpp"

#include "runtime/base/number.hpp"
#include "runtime/base/text.hpp"
#include "runtime/os/clock.hpp"
#include "runtime/os/damaged_file.hpp"
#include "runtime/os/files.hpp"
#include "runtime/os/pidfd.hpp"
#include "runtime/os/proc.hpp"
#include "runtime/wire/keeper_protocol.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace alder::os {
namespace {

constexpr std::size_t longest_line = 512;

/// What process numbers mean something in: this start of the machine, and this namespace.
std::string realm_of_pids() {
  const auto boot = boot_id();
  const std::string realm = boot.empty() ? "?" : boot;
  std::array<char, 64> name{};
  const auto length = ::readlink("/proc/self/ns/pid", name.data(), name.size());
  return realm + " " + (length > 0 ? std::string{name.data(), static_cast<std::size_t>(length)} : "?");
}

struct noted_mark {
  std::string realm;
  std::string mark;
};

bool is_mark(std::string_view text) { // PID.TICKS
  const auto dot = text.find('.');
  return dot != std::string_view::npos && parse_number<std::uint64_t>(text.substr(0, dot)) &&
         parse_number<std::uint64_t>(text.substr(dot + 1));
}

result<std::string> read_regular_file(const std::string& path) {
  const auto facts = facts_of(path);
  if (!facts) return facts.failure();
  if (!facts->is_regular) return error{error_kind::invalid_input, path + " is not a file", 0};
  return read_file(path, longest_line);
}

/// Of "BOOT NAMESPACE MARK\n"; nothing when it is anything else.
std::optional<noted_mark> read_mark(const std::string& path) {
  const auto text = read_regular_file(path);
  if (!text || text->empty() || text->back() != '\n') return std::nullopt;
  const auto words = split(std::string_view{*text}.substr(0, text->size() - 1), ' ');
  if (words.size() != 3 || !is_mark(words[2])) return std::nullopt;
  return noted_mark{std::string{words[0]} + " " + std::string{words[1]}, std::string{words[2]}};
}

outcome write_if_other(const std::string& path, const std::string& text) {
  const auto there = read_regular_file(path);
  if (there && *there == text) return success();
  return write_file_atomically(path, text);
}

std::optional<std::string> mark_of(int pid) {
  for (exec_window window;;) {
    auto mark = environment_value(pid, wire::member_variable);
    if (mark) return mark;
    const auto now = read_stat(pid);
    if (!now || !is_living(*now) || !window.look_again(pid)) return std::nullopt;
  }
}

} // namespace

result<unique_fd> open_same_process(int pid, std::uint64_t start_ticks) {
  auto pidfd = open_pidfd(pid);
  if (!pidfd) return pidfd;
  // Behind the open: from here on the descriptor names this process and no later one.
  const auto found = read_stat(pid);
  if (!found || found->start_ticks != start_ticks || !is_living(*found))
    return error{error_kind::not_found, "process " + std::to_string(pid) + " is a different process", 0};
  return pidfd;
}

unique_fd reopen_pipe(int pid, int number, std::uint64_t inode) {
  const auto path = "/proc/" + std::to_string(pid) + "/fd/" + std::to_string(number);
  unique_fd pipe{::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)};
  struct stat facts {};
  if (!pipe || inode == 0 || ::fstat(pipe.get(), &facts) != 0 || !S_ISFIFO(facts.st_mode) || facts.st_ino != inode)
    return {};
  return pipe;
}

std::uint64_t inode_of(int fd) {
  const auto facts = facts_of(fd);
  return facts ? facts->inode : 0;
}

std::uint64_t inode_of(int pid, int number) {
  const auto facts = facts_of("/proc/" + std::to_string(pid) + "/fd/" + std::to_string(number));
  return facts ? facts->inode : 0;
}

std::vector<marked_process> marked_leaders(std::string_view prefix) {
  std::vector<marked_process> found;
  for (const int pid : all_pids()) {
    const auto process = read_stat(pid);
    if (!process || process->session != pid || !is_living(*process)) continue;
    const auto mark = mark_of(pid);
    if (!mark || mark->rfind(prefix, 0) != 0) continue;
    found.push_back({pid, process->start_ticks, mark->substr(prefix.size())});
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
    return std::pair{a.start_ticks, a.pid} < std::pair{b.start_ticks, b.pid};
  });
  return found;
}

std::optional<std::string> written_line_mark(const std::string& path, const std::string& spare) {
  auto written = read_mark(path);
  if (!written && is_taken(path)) written = read_mark(spare); // it is damaged
  if (!written || written->realm != realm_of_pids()) return std::nullopt;
  return written->mark;
}

result<std::string> line_mark(const std::string& path, const std::string& spare, const std::string& own) {
  // Without its mark our services would be taken for somebody else's.
  const auto written = written_line_mark(path, spare);
  if (is_taken(path) && !read_mark(path)) (void)keep_damaged(path); // people are told of what is kept
  const auto mark = written.value_or(own);
  const auto line = realm_of_pids() + " " + mark + "\n";
  if (auto noted = write_if_other(path, line); !noted && mark == own) return noted.failure();
  (void)write_if_other(spare, line); // it is needed when the other is damaged, and then had
  return mark;
}

} // namespace alder::os

#include "runtime/os/cgroup.hpp"

#include "runtime/base/text.hpp"
#include "runtime/base/units.hpp"
#include "runtime/base/words.hpp"
#include "runtime/os/descriptors.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace alder::os {
namespace {

constexpr std::size_t largest_file = std::size_t{4} << 20; // cgroup.procs of the most processes there can be
constexpr int deepest = 64;                                // groups below each other
constexpr std::uint32_t cpu_period = 100'000;              // microseconds; the kernel's own
constexpr std::uint64_t least_quota = 1000;                // that it takes

/// What the kernel writes for blanks and the like: \040.
std::string unescaped(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned code = 0;
    const char* const digits = text.data() + i + 1;
    if (text[i] == '\\' && text.size() - i > 3 && std::from_chars(digits, digits + 3, code, 8).ptr == digits + 3) {
      plain += static_cast<char>(code);
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

error failed(const std::string& what, int number) {
  auto kind = error_kind::io;
  if (number == ENOENT || number == ENODEV || number == ESRCH) kind = error_kind::not_found;
  if (number == EACCES || number == EPERM || number == EROFS) kind = error_kind::denied;
  if (number == EBUSY) kind = error_kind::conflict;
  return {kind, what + ": " + errno_text(number), number};
}

/// As read_file, and for a short look only: also when no descriptor is left.
result<std::string> read_text(const std::string& path, std::size_t limit) {
  const brief_descriptor file{[&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC); }};
  if (!file) return failed("open " + path, errno);
  std::string text;
  constexpr std::size_t step = 4096;
  while (true) {
    const auto had = text.size();
    text.resize(had + step);
    const auto got = ::read(file.get(), text.data() + had, step);
    if (got < 0 && errno != EINTR) return failed("read " + path, errno);
    text.resize(had + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (text.size() > limit) return error{error_kind::too_large, path + " is too large", 0};
    if (got == 0) return text;
  }
}

/// These files take one value with one call.
outcome write_value(const std::string& path, const std::string& value) {
  const brief_descriptor file{[&] { return ::open(path.c_str(), O_WRONLY | O_CLOEXEC); }};
  if (!file || ::write(file.get(), value.data(), value.size()) < 0)
    return failed("write " + value + " to " + path, errno);
  return success();
}

void add_processes(const std::string& group, std::vector<int>& to) {
  const auto text = read_text(group + "/cgroup.procs", largest_file);
  if (!text) return;
  for (const auto line : split(*text, '\n')) {
    int pid = 0;
    (void)std::from_chars(line.data(), line.data() + line.size(), pid); // not a number: 0
    if (pid > 0) to.push_back(pid);                                     // 0: in another name space
  }
}

void add_all_processes(const std::string& group, std::vector<int>& to, int depth) {
  add_processes(group, to);
  if (depth >= deepest) return;
  for (const auto& below : cgroups_below(group))
    add_all_processes(below, to, depth + 1);
}

outcome remove_down_to(const std::string& group, int depth) {
  if (::rmdir(group.c_str()) == 0 || errno == ENOENT) return success();
  if (errno != EBUSY && errno != ENOTEMPTY) return failed("remove " + group, errno);
  for (const auto& below : cgroups_below(group)) {
    if (depth >= deepest) break;
    if (auto removed = remove_down_to(below, depth + 1); !removed) return removed;
  }
  if (::rmdir(group.c_str()) == 0 || errno == ENOENT) return success();
  return failed("remove " + group, errno);
}

std::uint64_t value_in(std::string_view text, std::string_view name) {
  for (const auto line : split(text, '\n')) {
    if (line.substr(0, name.size()) != name || line.size() <= name.size() || line[name.size()] != ' ') continue;
    std::uint64_t value = 0;
    (void)std::from_chars(line.data() + name.size() + 1, line.data() + line.size(), value); // not a number: 0
    return value;
  }
  return 0;
}

} // namespace

std::vector<cgroup_mount> cgroup_mounts(std::string_view mountinfo) {
  std::vector<cgroup_mount> found;
  for (const auto line : split(mountinfo, '\n')) {
    const auto words = split(line, ' ');
    const auto dash = std::find(words.begin(), words.end(), "-");
    if (words.size() < 6 || dash == words.end() || dash + 1 == words.end() || *(dash + 1) != "cgroup2") continue;
    found.push_back({unescaped(words[3]), unescaped(words[4])});
  }
  return found;
}

std::optional<std::string> cgroup_in(std::string_view proc_cgroup) {
  constexpr std::string_view unified = "0::";
  for (const auto line : split(proc_cgroup, '\n'))
    if (line.substr(0, unified.size()) == unified) return std::string{line.substr(unified.size())};
  return std::nullopt;
}

std::optional<std::string> cgroup_directory(const std::vector<cgroup_mount>& mounts, std::string_view group) {
  if (group.substr(0, 3) == "/..") return std::nullopt; // above what this name space shows
  for (const auto& mount : mounts) {
    const std::string_view root = mount.root == "/" ? "" : std::string_view{mount.root};
    if (group.substr(0, root.size()) != root) continue;
    const auto rest = group.substr(root.size());
    if (!rest.empty() && rest.front() != '/') continue;
    return mount.directory + std::string{rest == "/" ? "" : rest};
  }
  return std::nullopt;
}

result<std::string> cgroup_of(int pid) {
  constexpr std::size_t largest_mountinfo = std::size_t{4} << 20;
  const auto process = pid == 0 ? "/proc/self" : "/proc/" + std::to_string(pid);
  const auto mounts = read_text("/proc/self/mountinfo", largest_mountinfo);
  const auto own = read_text(process + "/cgroup", largest_mountinfo);
  if (!mounts || !own)
    return error{error_kind::unavailable, "the control group of a process cannot be read from /proc", 0};
  const auto all = cgroup_mounts(*mounts);
  if (all.empty()) return error{error_kind::unavailable, "no cgroup2 file system is mounted", 0};
  const auto group = cgroup_in(*own);
  const auto directory = group ? cgroup_directory(all, *group) : std::nullopt;
  if (!directory)
    return error{error_kind::unavailable, "the control group " + group.value_or("") + " is not below a mounted cgroup2",
                 0};
  return *directory;
}

bool is_populated(const std::string& group) {
  const auto events = read_text(group + "/cgroup.events", largest_file);
  return events && value_in(*events, "populated") != 0;
}

std::vector<std::string> cgroups_below(const std::string& group) {
  std::vector<std::string> found;
  brief_descriptor opened{[&] { return ::open(group.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }};
  DIR* const directory = opened ? ::fdopendir(opened.release()) : nullptr;
  if (directory == nullptr) return found;
  while (const auto* entry = ::readdir(directory)) {
    const std::string name{static_cast<const char*>(entry->d_name)};
    if (entry->d_type == DT_DIR && name != "." && name != "..") found.push_back(group + "/" + name);
  }
  (void)::closedir(directory); // it was only read
  return found;
}

std::vector<int> processes_in(const std::string& group) {
  std::vector<int> found;
  add_processes(group, found);
  return found;
}

std::vector<int> processes_in_all(const std::string& group) {
  std::vector<int> found;
  add_all_processes(group, found, 0);
  return found;
}

outcome kill_cgroup(const std::string& group) {
  auto killed = write_value(group + "/cgroup.kill", "1");
  if (killed || killed.failure().kind != error_kind::not_found || !is_populated(group)) return killed;
  return error{error_kind::unavailable, "this kernel cannot kill a control group", 0};
}

outcome remove_cgroup(const std::string& group) { return remove_down_to(group, 0); }

outcome make_cgroup(const std::string& group) {
  if (::mkdir(group.c_str(), 0755) == 0 || errno == EEXIST) return success();
  return failed("create the control group " + group, errno);
}

outcome limit_cgroup(const std::string& group, const cgroup_limits& limits) {
  const auto set = [&](const char* file, std::uint64_t value) {
    return value == 0 ? success() : write_value(group + file, std::to_string(value));
  };
  if (auto done = set("/memory.max", limits.memory_max); !done) return done;
  if (auto done = set("/memory.high", limits.memory_high); !done) return done;
  if (auto done = set("/pids.max", limits.pids_max); !done) return done;
  return limits.cpu_max == 0 ? success() : write_value(group + "/cpu.max", cpu_max_text(limits.cpu_max));
}

outcome move_to_cgroup(const std::string& group, int pid) {
  return write_value(group + "/cgroup.procs", std::to_string(pid));
}

std::vector<std::string> controllers_of(const std::string& group, bool switched_on) {
  const auto text = read_text(group + (switched_on ? "/cgroup.subtree_control" : "/cgroup.controllers"), largest_file);
  std::vector<std::string> found;
  if (!text) return found;
  for (const auto word : split(trim(*text), ' '))
    if (!word.empty()) found.emplace_back(word);
  return found;
}

outcome switch_controller(const std::string& group, const std::string& controller, bool on) {
  return write_value(group + "/cgroup.subtree_control", (on ? "+" : "-") + controller);
}

std::vector<std::string> controllers_for(const cgroup_limits& limits) {
  std::vector<std::string> needed;
  if (limits.memory_max > 0 || limits.memory_high > 0) needed.emplace_back("memory");
  if (limits.cpu_max > 0) needed.emplace_back("cpu");
  if (limits.pids_max > 0) needed.emplace_back("pids");
  return needed;
}

std::string cpu_max_text(std::uint32_t thousandths) {
  const auto quota = std::max(least_quota, std::uint64_t{thousandths} * cpu_period / 1000);
  return std::to_string(quota) + " " + std::to_string(cpu_period);
}

memory_events parse_memory_events(std::string_view text) {
  return {.over_limit = value_in(text, "oom"), .killed = value_in(text, "oom_kill")};
}

memory_events memory_events_of(const std::string& group) {
  const auto text = read_text(group + "/memory.events", largest_file);
  return text ? parse_memory_events(*text) : memory_events{};
}

std::string memory_words(const memory_events& events, const cgroup_limits& limits) {
  if (events.killed == 0) return {};
  const auto who = events.killed == 1 ? std::string{"one"} : std::to_string(events.killed);
  const bool is_own = events.over_limit > 0 && limits.memory_max > 0;
  return "the kernel killed " + who + " of its processes because " +
         (is_own ? "memory_max " + format_size(limits.memory_max) + " was exceeded"
                 : std::string{"the machine was out of memory"});
}

} // namespace alder::os

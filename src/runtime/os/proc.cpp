#include "runtime/os/proc.hpp"

#include "runtime/os/descriptors.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <memory>
#include <string>
#include <thread>

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace alder::os {
namespace {

/// The first `limit` bytes of a file in /proc; nothing when it cannot be opened.
std::optional<std::string> read_proc(const std::string& path, std::size_t limit) {
  const brief_descriptor file{[&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC); }};
  if (!file) return std::nullopt;
  std::string text;
  while (text.size() < limit) {
    constexpr std::size_t step = 4096;
    const auto had = text.size();
    text.resize(had + step);
    const auto got = ::read(file.get(), text.data() + had, step);
    text.resize(had + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
  }
  return text;
}

std::string proc_path(int pid, std::string_view name) {
  return "/proc/" + std::to_string(pid) + "/" + std::string{name};
}

/// The numbers among the names in a directory.
std::vector<int> numbered_entries(const std::string& path) {
  std::vector<int> numbers;
  brief_descriptor opened{[&] { return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }};
  if (!opened) return numbers;
  const std::unique_ptr<DIR, int (*)(DIR*)> directory{::fdopendir(opened.release()), ::closedir};
  if (!directory) return numbers;
  while (const auto* entry = ::readdir(directory.get())) {
    const std::string_view name{static_cast<const char*>(entry->d_name)};
    int number = 0;
    const auto parsed = std::from_chars(name.data(), name.data() + name.size(), number);
    if (parsed.ec == std::errc{} && parsed.ptr == name.data() + name.size()) numbers.push_back(number);
  }
  return numbers;
}

void append_numbers(std::vector<int>& numbers, std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at < end) {
    int number = 0;
    const auto parsed = std::from_chars(at, end, number);
    if (parsed.ec == std::errc{}) numbers.push_back(number);
    at = parsed.ptr + 1;
  }
}

/// Children belong to the thread that made them, so those of all threads are listed.
std::vector<int> read_children_files(int pid) {
  std::vector<int> found;
  const auto tasks = proc_path(pid, "task");
  for (const int task : numbered_entries(tasks)) {
    constexpr std::size_t limit = std::size_t{16} << 20; // two million pids
    if (const auto text = read_proc(tasks + "/" + std::to_string(task) + "/children", limit))
      append_numbers(found, *text);
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::optional<std::uint64_t> lock_limit_in_file(int pid) {
  const auto text = read_proc(proc_path(pid, "limits"), 4096).value_or("");
  constexpr std::string_view name = "Max file locks";
  const auto line = text.find(name);
  const auto digits = line == std::string::npos ? line : text.find_first_not_of(' ', line + name.size());
  std::uint64_t limit = 0;
  if (digits == std::string::npos ||
      std::from_chars(text.data() + digits, text.data() + text.size(), limit).ec != std::errc{})
    return std::nullopt; // "unlimited"
  return limit;
}

} // namespace

std::optional<process_stat> parse_stat(std::string_view text) {
  // The name is in parentheses and may hold any bytes, parentheses and spaces too: the last one closes it.
  const auto open = text.find(" (");
  const auto close = text.rfind(") ");
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) return std::nullopt;
  process_stat p;
  if (std::from_chars(text.data(), text.data() + open, p.pid).ec != std::errc{}) return std::nullopt;
  const char* at = text.data() + close + 2;
  const char* const end = text.data() + text.size();
  const auto next_field = [&] { at = std::min(std::find(at, end, ' ') + 1, end); };
  if (at == end) return std::nullopt;
  p.state = *at;
  unsigned flags = 0;
  constexpr unsigned exiting_flag = 0x4;     // PF_EXITING of the kernel's sched.h …
  constexpr unsigned kernel_flag = 0x200000; // … and PF_KTHREAD
  const auto number = [&](auto& value) { return std::from_chars(at, end, value).ec == std::errc{}; };
  int exit_signal = 0;
  std::uint64_t kernel_ticks = 0;
  for (int field = 4; field <= 38; ++field) { // as counted in proc(5)
    if (at >= end && field > 22) break;
    if (at >= end) return std::nullopt;
    next_field();
    const bool good = field == 4    ? number(p.parent)
                      : field == 6  ? number(p.session)
                      : field == 9  ? number(flags)
                      : field == 14 ? number(p.cpu_ticks)
                      : field == 15 ? number(kernel_ticks)
                      : field == 20 ? number(p.threads)
                      : field == 22 ? number(p.start_ticks)
                      : field == 24 ? number(p.pages) || at >= end
                      : field == 38 ? number(exit_signal) || at >= end
                                    : true;
    if (!good) return std::nullopt;
  }
  p.cpu_ticks += kernel_ticks;
  p.is_exiting = (flags & exiting_flag) != 0;
  p.is_kernel = (flags & kernel_flag) != 0;
  p.is_thread = exit_signal == -1; // those of processes send a signal or none, which is 0
  return p;
}

std::vector<int> all_pids() { return numbered_entries("/proc"); }

std::optional<process_stat> read_stat(int pid) {
  const auto text = read_proc(proc_path(pid, "stat"), 4096);
  return text ? parse_stat(*text) : std::nullopt;
}

std::chrono::milliseconds start_after_boot(const process_stat& process) {
  static const auto ticks_a_second = static_cast<std::uint64_t>(std::max(1L, ::sysconf(_SC_CLK_TCK)));
  return std::chrono::milliseconds{process.start_ticks * 1000 / ticks_a_second};
}

bool is_there(int pid) { return ::kill(pid, 0) == 0 || errno != ESRCH; }

std::optional<int> zombie_status(int pid) {
  const auto text = read_proc(proc_path(pid, "stat"), 4096);
  const auto process = text ? parse_stat(*text) : std::nullopt;
  if (!process || is_living(*process)) return std::nullopt;
  const std::string_view all{*text};
  const auto last = all.find_last_not_of(" \n"); // field 52, the last one so far, is the exit code
  int field = 3;
  std::size_t at = all.rfind(") ") + 2;
  for (; field < 52 && at < last; ++field)
    at = std::min(all.find(' ', at), last) + 1;
  int status = 0;
  if (field != 52 || std::from_chars(all.data() + at, all.data() + all.size(), status).ec != std::errc{})
    return std::nullopt;
  return status;
}

std::string command_line(int pid) {
  constexpr std::size_t limit = 4096;
  auto text = read_proc(proc_path(pid, "cmdline"), limit).value_or("");
  while (!text.empty() && text.back() == '\0')
    text.pop_back();
  std::replace(text.begin(), text.end(), '\0', ' ');
  return text;
}

bool exec_window::look_again(int pid) {
  constexpr int most_looks = 200;
  constexpr std::chrono::microseconds pause{100};
  if (was_named_ || ++looks_ >= most_looks) return false;
  was_named_ = !command_line(pid).empty();
  if (!was_named_) std::this_thread::sleep_for(pause);
  return true;
}

std::optional<unsigned> user_of(int pid) {
  struct stat facts {};
  if (::stat(proc_path(pid, "").c_str(), &facts) != 0) return std::nullopt;
  return facts.st_uid;
}

bool is_living(const process_stat& p) { return (p.state != 'Z' && p.state != 'X') || p.threads > 1; }

std::optional<bool> environment_tells(int pid, std::string_view name, std::string_view value) {
  const auto text = read_proc(proc_path(pid, "environ"), std::size_t{2} << 20);
  if (!text) return false;
  if (text->empty()) return std::nullopt;
  const std::string wanted = std::string{name} + "=" + std::string{value};
  std::string_view rest = *text;
  while (!rest.empty()) {
    const auto entry = rest.substr(0, rest.find('\0'));
    if (entry == wanted) return true;
    rest.remove_prefix(std::min(entry.size() + 1, rest.size()));
  }
  return false;
}

std::optional<std::uint64_t> lock_limit_of(int pid) {
  rlimit value{};
  if (::prlimit(pid, RLIMIT_LOCKS, nullptr, &value) == 0)
    return value.rlim_cur == RLIM_INFINITY ? std::nullopt : std::optional{std::uint64_t{value.rlim_cur}};
  if (errno == ESRCH) return std::nullopt;
  return lock_limit_in_file(pid); // of another user: the file may be read
}

std::optional<std::string> environment_value(int pid, std::string_view name) {
  const auto text = read_proc(proc_path(pid, "environ"), std::size_t{2} << 20);
  if (!text) return std::nullopt;
  const std::string wanted = std::string{name} + "=";
  std::string_view rest = *text;
  while (!rest.empty()) {
    const auto entry = rest.substr(0, rest.find('\0'));
    if (entry.substr(0, wanted.size()) == wanted) return std::string{entry.substr(wanted.size())};
    rest.remove_prefix(std::min(entry.size() + 1, rest.size()));
  }
  return std::nullopt;
}

bool has_empty_environment(int pid) {
  const auto text = read_proc(proc_path(pid, "environ"), 1);
  return text && text->empty();
}

family::family()
    : family(::access("/proc/thread-self/children", R_OK) == 0 ? source::children_files : source::whole_proc) {}

family::family(source from) : source_(from) {
  if (source_ == source::children_files) return;
  for (const int pid : numbered_entries("/proc"))
    if (const auto p = read_stat(pid)) everyone_.push_back(*p);
  std::sort(everyone_.begin(), everyone_.end(), [](const auto& a, const auto& b) { return a.parent < b.parent; });
}

std::vector<int> family::children(int pid) const {
  if (source_ == source::whole_proc) {
    std::vector<int> found;
    const auto first = std::lower_bound(everyone_.begin(), everyone_.end(), pid,
                                        [](const process_stat& p, int wanted) { return p.parent < wanted; });
    for (auto p = first; p != everyone_.end() && p->parent == pid; ++p)
      found.push_back(p->pid);
    return found;
  }
  // Most processes have no children: an empty list needs no second reading, except for a process that is reaping at
  // this moment; callers that repeat until nobody is left read it twice anyway.
  auto found = read_children_files(pid);
  for (int reading = 1; reading < 5 && !found.empty(); ++reading) {
    auto again = read_children_files(pid);
    if (again == found) break;
    found = std::move(again);
  }
  return found;
}

} // namespace alder::os

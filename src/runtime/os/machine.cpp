#include "runtime/os/machine.hpp"

#include "runtime/base/words.hpp"
#include "runtime/os/cgroup_home.hpp"
#include "runtime/os/files.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace alder::os {
namespace {

constexpr std::size_t largest_proc_file = std::size_t{64} * 1024;

constexpr std::size_t largest_zone_file = std::size_t{64} * 1024; // the largest has 4 KiB

std::optional<account> account_of(const passwd* entry) {
  if (entry == nullptr) return std::nullopt;
  account found{entry->pw_name, entry->pw_uid, entry->pw_gid, {}, entry->pw_dir, entry->pw_shell};
  int count = 64;
  found.groups.resize(static_cast<std::size_t>(count));
  while (::getgrouplist(entry->pw_name, entry->pw_gid, found.groups.data(), &count) < 0)
    found.groups.resize(static_cast<std::size_t>(count));
  found.groups.resize(static_cast<std::size_t>(count));
  return found;
}

/// The effective capabilities of this process, one bit each; none when /proc is not there.
std::uint64_t capabilities() {
  const auto status = read_file("/proc/self/status", largest_proc_file);
  if (!status) return 0;
  constexpr std::string_view label = "CapEff:\t";
  const auto at = status->find(label);
  if (at == std::string::npos) return 0;
  std::uint64_t set = 0;
  const char* digits = status->data() + at + label.size();
  (void)std::from_chars(digits, status->data() + status->size(), set, 16); // no digits: no capabilities
  return set;
}

std::int32_t own_oom_score_adj() {
  const auto text = read_file("/proc/self/oom_score_adj", largest_proc_file);
  std::int32_t score = 0;
  if (text) (void)std::from_chars(text->data(), text->data() + text->size(), score); // not a number: 0, the default
  return score;
}

std::vector<std::uint32_t> own_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<std::uint32_t> cpus;
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return cpus;
  for (std::uint32_t cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
  return cpus;
}

/// As setpriority(2) sees it: RLIMIT_NICE 20 - n allows nice n.
std::int32_t own_lowest_nice() {
  errno = 0;
  const int now = ::getpriority(PRIO_PROCESS, 0);
  rlimit limit{};
  if (::getrlimit(RLIMIT_NICE, &limit) != 0 || limit.rlim_cur > 40) return now;
  return std::min(now, 20 - static_cast<std::int32_t>(limit.rlim_cur));
}

outcome can_read(const std::string& path) {
  const unique_fd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (file) return success();
  return error{error_kind::io, errno_text(errno), errno};
}

/// `path`: absolute. Whether it is one that we may write to, or could be made: directories above it are made too.
outcome can_have_directory(const std::string& path) {
  if (path.empty() || path.front() != '/')
    return error{error_kind::invalid_input, "'" + path + "' is no absolute path", EINVAL};
  for (std::string at = path;; at.resize(std::max<std::size_t>(at.rfind('/'), 1))) {
    struct stat facts {};
    if (::stat(at.c_str(), &facts) == 0) {
      if (!S_ISDIR(facts.st_mode)) return error{error_kind::invalid_input, "'" + at + "' is no directory", ENOTDIR};
      if (::access(at.c_str(), W_OK | X_OK) == 0) return success();
    }
    if (errno != ENOENT || at == "/") return error{error_kind::denied, "'" + at + "': " + errno_text(errno), errno};
  }
}

} // namespace

machine this_machine(int keeper) {
  const auto set = capabilities();
  const auto has = [set](unsigned capability) { return ((set >> capability) & 1U) != 0; };
  machine m;
  m.user_named = [](const std::string& name) { return account_of(::getpwnam(name.c_str())); };
  m.user_with_id = [](std::uint32_t uid) { return account_of(::getpwuid(uid)); };
  m.group_named = [](const std::string& name) -> std::optional<std::uint32_t> {
    const auto* entry = ::getgrnam(name.c_str());
    return entry == nullptr ? std::nullopt : std::optional<std::uint32_t>{entry->gr_gid};
  };
  m.can_read = can_read;
  m.can_have_directory = can_have_directory;
  m.zone_data = [](const std::string& name) {
    return read_file(name.empty() ? "/etc/localtime" : "/usr/share/zoneinfo/" + name, largest_zone_file);
  };
  // Asked for each service, and the same for all.
  const auto known = std::make_shared<std::map<std::string, std::optional<cgroup_trouble>>>();
  m.cgroup_trouble_with = [keeper, known](const std::string& controller) {
    const auto [at, is_new] = known->try_emplace(controller);
    if (is_new) at->second = cgroup_trouble_of(keeper, controller);
    return at->second;
  };
  m.uid = ::geteuid();
  m.may_change_user = has(CAP_SETUID) && has(CAP_SETGID);
  m.may_raise_priority = has(CAP_SYS_NICE);
  m.may_raise_limits = has(CAP_SYS_RESOURCE);
  m.may_mount = has(CAP_SYS_ADMIN);
  m.lowest_nice = own_lowest_nice();
  m.lowest_oom_score_adj = own_oom_score_adj();
  for (int resource = 0; resource < RLIM_NLIMITS; ++resource) {
    rlimit limit{};
    if (::getrlimit(static_cast<__rlimit_resource>(resource), &limit) == 0 && limit.rlim_max != RLIM_INFINITY)
      m.hard_limits[resource] = limit.rlim_max;
  }
  m.cpus = own_cpus();
  return m;
}

} // namespace alder::os

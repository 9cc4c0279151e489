#include "runtime/os/machine.hpp"

#include "runtime/base/text.hpp"
#include "runtime/base/words.hpp"
#include "runtime/os/cgroup_home.hpp"
#include "runtime/os/files.hpp"
#include "runtime/os/program.hpp"
#include "runtime/os/safe_open.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <tuple>
#include <vector>

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace alder::os {
namespace {

constexpr std::size_t largest_proc_file = std::size_t{64} * 1024;

constexpr std::size_t largest_account = std::size_t{4} << 20U;    // an entry of the user or group database
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

/// Numbers of capabilities, which the kernel never changes (capabilities(7)). Its header is not included: whatever else
/// is in it must not keep us from compiling.
enum class capability : unsigned { setgid = 6, setuid = 7, sys_admin = 21, sys_nice = 23, sys_resource = 24 };

/// Asks with more and more room; several threads may ask at once.
template <class Ask> std::optional<account> find_account(Ask ask) {
  for (std::size_t size = 1024; size <= largest_account; size *= 4) {
    std::vector<char> buffer(size);
    passwd entry{};
    passwd* found = nullptr;
    if (ask(&entry, buffer.data(), buffer.size(), &found) != ERANGE) return account_of(found);
  }
  return std::nullopt;
}

std::optional<std::uint32_t> group_named(const std::string& name) {
  for (std::size_t size = 1024; size <= largest_account; size *= 4) {
    std::vector<char> buffer(size);
    group entry{};
    group* found = nullptr;
    if (::getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) == ERANGE) continue;
    return found == nullptr ? std::nullopt : std::optional<std::uint32_t>{found->gr_gid};
  }
  return std::nullopt;
}

/// The effective capabilities of this process, one bit each; none when /proc is not there.
std::uint64_t capabilities() {
  const auto status = read_kernel_file("/proc/self/status", largest_proc_file);
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
  const auto text = read_kernel_file("/proc/self/oom_score_adj", largest_proc_file);
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

/// Whether it is there and may be read; it is not opened, whatever it is.
outcome can_read(const std::string& path) {
  if (::faccessat(AT_FDCWD, path.c_str(), R_OK, AT_EACCESS) == 0) return success();
  return error{error_kind::io, errno_text(errno), errno};
}

outcome can_read_file(const std::string& path) {
  const auto opened = ::geteuid() == 0 ? open_content(path) : open_for_reading(path);
  if (opened) return success();
  const auto& why = opened.failure();
  const bool is_plain = why.kind == error_kind::not_found || why.kind == error_kind::io || why.os_errno == EACCES;
  return is_plain ? error{why.kind, errno_text(why.os_errno), why.os_errno} : why;
}

/// `path`: absolute. Whether it is one that we may write to, or could be made: directories above it are made too.
outcome can_have_directory(const std::string& path) {
  if (path.empty() || path.front() != '/')
    return error{error_kind::invalid_input, "'" + path + "' is not an absolute path", EINVAL};
  for (std::string at = path;; at.resize(std::max<std::size_t>(at.rfind('/'), 1))) {
    struct stat facts {};
    if (::stat(at.c_str(), &facts) == 0) {
      if (!S_ISDIR(facts.st_mode)) return error{error_kind::invalid_input, "'" + at + "' is not a directory", ENOTDIR};
      if (::access(at.c_str(), W_OK | X_OK) == 0) return success();
    }
    if (errno != ENOENT || at == "/") return error{error_kind::denied, "'" + at + "': " + errno_text(errno), errno};
  }
}

/// A mount namespace of one's own begins with a change to the mount at "/", which a bare chroot does not have.
std::optional<machine_trouble> mount_trouble(bool may_administer) {
  if (!may_administer)
    return machine_trouble{"needs the capability CAP_SYS_ADMIN",
                           "start the daemon as root, in a container with --cap-add SYS_ADMIN, or remove the key"};
  if (!is_mount_point("/"))
    return machine_trouble{"the root directory is not a mount point, as in a plain chroot",
                           "before chroot: mount --bind DIRECTORY DIRECTORY"};
  return std::nullopt;
}

constexpr std::size_t most_names = 20'000; // of one directory

std::vector<std::string> names_in(const std::string& directory) {
  std::vector<std::string> names;
  std::error_code failed;
  for (std::filesystem::directory_iterator at{directory, failed}, end; !failed && at != end; at.increment(failed)) {
    if (names.size() == most_names) break;
    names.push_back(at->path().filename().string());
  }
  return names; // of a directory that cannot be read there are none
}

/// What a person may have meant by a program that is not there.
std::optional<std::string> nearest_program(const std::string& name, const std::string& path,
                                           const std::string& directory) {
  const auto slash = name.rfind('/');
  if (slash != std::string::npos) {
    const auto folder = name.substr(0, slash + 1);
    const auto near =
        nearest(name.substr(slash + 1), names_in(name.front() == '/' ? folder : directory + "/" + folder));
    return near ? std::optional{folder + *near} : std::nullopt;
  }
  std::vector<std::string> all;
  for (const auto piece : split(path, ':')) {
    const auto names = names_in(piece.empty() ? directory : std::string{piece});
    all.insert(all.end(), names.begin(), names.end());
  }
  return nearest(name, all);
}

/// Many services have the same program, which is looked for once.
decltype(machine::program_trouble_with) program_lookup() {
  using place = std::tuple<std::string, std::string, std::string>;
  const auto known = std::make_shared<std::map<place, std::optional<program_trouble>>>();
  return [known](const std::string& name, const std::string& path, const std::string& directory) {
    const bool is_named_by_place = name.find('/') != std::string::npos;
    const auto [at, is_new] = known->try_emplace(place{name, is_named_by_place ? "" : path, directory});
    if (!is_new) return at->second;
    const auto found = find_program(name, path, directory);
    // What cannot be looked at may exist for the user who starts it.
    const bool may_be_there = found || found.failure().kind == error_kind::io ||
                              (found.failure().kind == error_kind::denied && ::geteuid() != 0);
    if (!may_be_there) at->second = program_trouble{found.failure().message, nearest_program(name, path, directory)};
    return at->second;
  };
}

} // namespace

std::optional<machine_trouble> terminal_trouble() {
  constexpr auto* maker = "/dev/ptmx"; // as spawn opens it
  const unique_fd terminal{::open(maker, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)};
  const int unlocked = 0;
  if (terminal && ::ioctl(terminal.get(), TIOCSPTLCK, &unlocked) == 0) {
    const unique_fd other_side{::ioctl(terminal.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC)};
    if (other_side) return std::nullopt;
  }
  const int number = errno;
  if (number == EMFILE || number == ENFILE || number == ENOSPC || number == ENOMEM) return std::nullopt;
  return machine_trouble{std::string{maker} + ": " + errno_text(number),
                         "mount -t devpts -o ptmxmode=666 devpts /dev/pts, with /dev/ptmx a link to pts/ptmx"};
}

bool is_mount_point(const std::string& path) {
  struct statx facts {};
  if (::statx(AT_FDCWD, path.c_str(), 0, 0, &facts) != 0) return true;
  const auto told = facts.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT;
  return told == 0 || (facts.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

machine this_machine(int keeper) {
  const auto set = capabilities();
  const auto has = [set](capability one) { return ((set >> static_cast<unsigned>(one)) & 1U) != 0; };
  machine m;
  m.user_named = [](const std::string& name) {
    return find_account([&](passwd* into, char* buffer, std::size_t size, passwd** found) {
      return ::getpwnam_r(name.c_str(), into, buffer, size, found);
    });
  };
  m.user_with_id = [](std::uint32_t uid) {
    return find_account([&](passwd* into, char* buffer, std::size_t size, passwd** found) {
      return ::getpwuid_r(uid, into, buffer, size, found);
    });
  };
  m.group_named = group_named;
  m.can_read = can_read;
  m.can_read_file = can_read_file;
  m.can_have_directory = can_have_directory;
  m.zone_data = [](const std::string& name) {
    return read_file(name.empty() ? "/etc/localtime" : "/usr/share/zoneinfo/" + name, largest_zone_file);
  };
  // Asked for each service, and the same for all.
  const auto known = std::make_shared<std::map<std::string, std::optional<machine_trouble>>>();
  m.cgroup_trouble_with = [keeper, known](const std::string& controller) {
    const auto [at, is_new] = known->try_emplace(controller);
    if (is_new) at->second = cgroup_trouble_of(keeper, controller);
    return at->second;
  };
  m.program_trouble_with = program_lookup();
  m.uid = ::geteuid();
  m.terminal_trouble = terminal_trouble;
  m.may_change_user = has(capability::setuid) && has(capability::setgid);
  m.may_raise_priority = has(capability::sys_nice);
  m.may_raise_limits = has(capability::sys_resource);
  m.mount_trouble = mount_trouble(has(capability::sys_admin));
  m.lowest_nice = own_lowest_nice();
  m.lowest_oom_score_adj = own_oom_score_adj();
  for (int resource = 0; resource < RLIM_NLIMITS; ++resource) {
    rlimit limit{};
    if (::getrlimit(static_cast<decltype(RLIMIT_NOFILE)>(resource), &limit) == 0 && limit.rlim_max != RLIM_INFINITY)
      m.hard_limits[resource] = limit.rlim_max;
  }
  m.cpus = own_cpus();
  return m;
}

} // namespace alder::os

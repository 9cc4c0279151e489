#include "runtime/os/cgroup_home.hpp"

#include "runtime/base/text.hpp"
#include "runtime/os/background.hpp"
#include "runtime/os/damaged_file.hpp"
#include "runtime/os/files.hpp"
#include "runtime/os/proc.hpp"
#include "runtime/wire/keeper_protocol.hpp"

#include <algorithm>
#include <array>
#include <chrono>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace alder::os {
namespace {

constexpr std::string_view keeper_group = "/keeper";
constexpr std::string_view home_prefix = "/alder-";
constexpr std::size_t largest_list = std::size_t{64} * 1024;
constexpr int most_rounds = 20; // against processes that are born while others are moved
constexpr int deepest_family = 1000;
constexpr std::chrono::milliseconds between_looks{5};
constexpr int most_looks = 400;

bool is_directory(const std::string& path) {
  struct stat facts {};
  return ::stat(path.c_str(), &facts) == 0 && S_ISDIR(facts.st_mode);
}

bool may_write(const std::string& path) { return ::faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) == 0; }

/// The root of all groups has no type; only there processes and controllers get along.
bool is_root(const std::string& group) { return ::access((group + "/cgroup.type").c_str(), F_OK) != 0; }

std::string program_name(int pid) {
  std::array<char, 256> program{};
  const auto link = "/proc/" + std::to_string(pid) + "/exe";
  const auto length = ::readlink(link.c_str(), program.data(), program.size());
  const std::string_view path{program.data(), static_cast<std::size_t>(std::max<ssize_t>(length, 0))};
  return std::string{path.substr(path.rfind('/') + 1)};
}

/// The keeper (0: any), what is below it, processes with its mark, and our own programs: `alder run` and `alder
/// daemon start` wait for the keeper.
bool is_ours(int pid, int keeper, const std::string& mark) {
  const auto own = program_name(pid);
  if (own == "alder" || own == "alderd" || own == "alder-keeper") return true;
  const auto its_mark = mark.empty() ? std::nullopt : environment_value(pid, wire::member_variable);
  if (its_mark && its_mark->rfind(mark + "/", 0) == 0) return true;
  for (int depth = 0; pid > 0 && depth < deepest_family; ++depth) {
    if (pid == keeper || (keeper == 0 && depth > 0 && program_name(pid) == "alder-keeper")) return true;
    const auto process = read_stat(pid);
    if (!process) return depth == 0; // gone meanwhile
    pid = process->parent;
  }
  return false;
}

/// Of a process in BASE that is not ours; 0: there is none.
int stranger_in(const std::string& base, int keeper) {
  for (const int pid : processes_in(base))
    if (!is_ours(pid, keeper, {})) return pid;
  return 0;
}

bool contains(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

struct listed_home {
  std::string directory;
  std::vector<std::string> switched_on;
};

/// Whether the directory is named as one of ours: PATH/alder-MARK. What is in a home is killed in the end, so that a
/// line that was cut short or garbled must never name somebody else's group.
bool is_home(std::string_view directory) {
  const auto slash = directory.rfind('/');
  return directory.substr(0, 1) == "/" && directory.substr(slash, home_prefix.size()) == home_prefix &&
         directory.size() > slash + home_prefix.size();
}

/// A line is the directory and the controllers, with tabulators between them. A list with anything else in it is kept
/// beside; the rest of it counts.
std::vector<listed_home> read_list(const std::string& path) {
  std::vector<listed_home> all;
  const auto facts = facts_of(path);
  if (!facts) return all;
  const auto text = facts->is_regular ? read_file(path, largest_list) : error{error_kind::invalid_input, "no file", 0};
  bool is_sound = text && (text->empty() || text->back() == '\n');
  auto lines = split(text ? std::string_view{*text} : std::string_view{}, '\n');
  if (!lines.empty()) lines.pop_back(); // behind the last line end: nothing, or a line that was cut short
  for (const auto line : lines) {
    const auto words = split(line, '\t');
    if (words.empty() || !is_home(words[0])) {
      is_sound = false;
      continue;
    }
    listed_home home{std::string{words[0]}, {}};
    for (std::size_t i = 1; i < words.size(); ++i)
      home.switched_on.emplace_back(words[i]);
    all.push_back(std::move(home));
  }
  if (!is_sound) (void)keep_damaged(path); // people are told of what is kept
  return all;
}

/// Kills and removes all but the keeper's own; whether nothing else is left.
bool end_groups_below(const std::string& home) {
  bool all_gone = true;
  for (const auto& group : cgroups_below(home)) {
    if (group == home + std::string{keeper_group}) continue;
    if (remove_cgroup(group)) continue;
    (void)kill_cgroup(group); // it is looked at again
    all_gone = false;
  }
  return all_gone;
}

/// Controllers are switched off from the bottom up; then processes may be in BASE again, and the keeper's own group is
/// not needed.
bool restore_base(const std::string& home, const std::vector<std::string>& switched_on) {
  const auto base = home.substr(0, home.rfind('/'));
  const auto leaf = home + std::string{keeper_group};
  for (const auto& controller : controllers_of(home, /*switched_on=*/true))
    (void)switch_controller(home, controller, /*on=*/false); // what is in the way is seen below
  for (const auto& controller : switched_on)
    (void)switch_controller(base, controller, /*on=*/false);
  for (const int pid : processes_in(leaf))
    (void)move_to_cgroup(base, pid);
  return remove_cgroup(home).ok();
}

const char* const by_systemd = "start the daemon in its own group, as the unit of 'alder startup' does, or with "
                               "systemd-run --user --scope -p Delegate=yes alder daemon start";

machine_trouble stranger_trouble(const std::string& base, int stranger) {
  return {"the control group " + base + " of the daemon also has process " + std::to_string(stranger) + " (" +
              command_line(stranger).substr(0, 60) + "), which is not Alder's, so it cannot be divided",
          by_systemd};
}

} // namespace

std::string cgroup_base(std::string_view group) {
  const auto end = group.size() - std::min(group.size(), keeper_group.size());
  if (group.substr(end) != keeper_group) return std::string{group};
  const auto parent = group.substr(0, end);
  const auto slash = parent.rfind('/');
  if (slash == std::string_view::npos || parent.substr(slash, home_prefix.size()) != home_prefix)
    return std::string{group};
  return std::string{parent.substr(0, slash)};
}

std::optional<machine_trouble> cgroup_trouble_of(int keeper, const std::string& controller) {
  const auto group = cgroup_of(keeper);
  if (!group)
    return machine_trouble{group.failure().message, "to mount cgroup v2: mount -t cgroup2 none /sys/fs/cgroup"};
  const auto base = cgroup_base(*group);
  if (!may_write(base) || !may_write(base + "/cgroup.procs"))
    return machine_trouble{"the control group " + base + " of the daemon cannot be written", by_systemd};
  if (controller.empty() || contains(controllers_of(base, /*switched_on=*/true), controller)) return std::nullopt;
  if (!contains(controllers_of(base, /*switched_on=*/false), controller))
    return machine_trouble{
        "the controller '" + controller + "' is not available in the control group " + base,
        is_root(base) ? "cgroup v1 is using it: boot the system with only cgroup v2 (cgroup_no_v1=all)" : by_systemd};
  if (!may_write(base + "/cgroup.subtree_control"))
    return machine_trouble{"the control group " + base + " of the daemon cannot be divided", by_systemd};
  if (is_root(base)) return std::nullopt;
  if (const int stranger = stranger_in(base, keeper); stranger != 0) return stranger_trouble(base, stranger);
  return std::nullopt;
}

cgroup_home::cgroup_home(int keeper, std::string mark, std::string list)
    : keeper_(keeper), mark_(std::move(mark)), list_(std::move(list)) {
  for (auto& listed : read_list(list_))
    homes_.push_back({std::move(listed.directory), std::move(listed.switched_on)});
  const auto group = cgroup_of(keeper);
  if (!group) return;
  base_ = cgroup_base(*group);
  home_ = base_ + std::string{home_prefix} + mark_;
}

/// One that has gone, as after a start of the machine, is forgotten.
void cgroup_home::write_list() const {
  std::string text;
  for (const auto& known : homes_) {
    if (!is_directory(known.directory)) continue;
    text += known.directory;
    for (const auto& controller : known.switched_on)
      text += "\t" + controller;
    text += "\n";
  }
  // Without the list a crash leaves empty directories behind, and nothing else.
  (void)write_file_atomically(list_, text);
}

outcome cgroup_home::open() {
  if (base_.empty()) return error{error_kind::unavailable, "no cgroup2 file system is mounted", 0};
  std::erase_if(homes_, [](const auto& known) { return !is_directory(known.directory); });
  if (std::any_of(homes_.begin(), homes_.end(), [&](const auto& known) { return known.directory == home_; }))
    return success();
  if (auto made = make_cgroup(home_); !made) return made;
  homes_.push_back({home_, {}});
  write_list();
  return success();
}

/// No process may stay in a group whose children are limited, but in the root.
outcome cgroup_home::make_way() const {
  if (is_root(base_)) return success();
  const auto leaf = home_ + std::string{keeper_group};
  if (auto made = make_cgroup(leaf); !made) return made;
  for (int round = 0; round < most_rounds; ++round) {
    const auto all = processes_in(base_);
    if (all.empty()) return success();
    for (const int pid : all) {
      if (!is_ours(pid, keeper_, mark_)) return error{error_kind::conflict, stranger_trouble(base_, pid).cause, 0};
      const auto moved = move_to_cgroup(leaf, pid);
      if (!moved && moved.failure().kind != error_kind::not_found) return moved;
    }
  }
  return error{error_kind::conflict, "new processes keep appearing in the control group " + base_, 0};
}

outcome cgroup_home::switch_on(const std::string& controller) {
  if (!contains(controllers_of(base_, /*switched_on=*/true), controller)) {
    if (auto clear = make_way(); !clear) return clear;
    if (auto done = switch_controller(base_, controller, /*on=*/true); !done) return done;
    for (auto& known : homes_)
      if (known.directory == home_) known.switched_on.push_back(controller);
    write_list();
  }
  return switch_controller(home_, controller, /*on=*/true);
}

result<std::string> cgroup_home::make(const std::string& name, const cgroup_limits& limits) {
  if (auto ready = open(); !ready) return ready.failure();
  for (const auto& controller : controllers_for(limits))
    if (auto done = switch_on(controller); !done) return done.failure();
  auto group = home_ + "/" + name;
  // What is counted in one that is there already is not about this process.
  if (is_directory(group)) {
    if (auto gone = remove_cgroup(group); !gone) return gone.failure();
  }
  if (auto made = make_cgroup(group); !made) return made.failure();
  if (auto limited = limit_cgroup(group, limits); !limited) {
    (void)remove_cgroup(group); // it is empty
    return limited.failure();
  }
  return group;
}

std::string cgroup_home::find(const std::string& name) const {
  for (const auto& known : homes_)
    if (is_directory(known.directory + "/" + name)) return known.directory + "/" + name;
  return {};
}

std::vector<std::string> cgroup_home::clear(const std::set<std::string>& kept) const {
  std::vector<std::string> dying;
  for (const auto& known : homes_) {
    bool is_needed = known.directory == home_;
    for (const auto& group : cgroups_below(known.directory)) {
      const bool is_kept = kept.count(group) > 0;
      is_needed = is_needed || is_kept;
      if (is_kept || group == known.directory + std::string{keeper_group}) continue;
      if (remove_cgroup(group)) continue; // most often it is empty
      (void)kill_cgroup(group);
      if (!remove_cgroup(group)) dying.push_back(group);
    }
    if (!is_needed && !is_populated(known.directory)) (void)restore_base(known.directory, known.switched_on);
  }
  return dying;
}

void end_cgroups(const std::string& list) {
  const auto homes = read_list(list);
  if (homes.empty()) return;
  bool all_gone = true;
  for (const auto& home : homes) {
    if (!is_directory(home.directory)) continue;
    for (int look = 0; !end_groups_below(home.directory) && look < most_looks; ++look)
      pause(between_looks);
    all_gone = restore_base(home.directory, home.switched_on) && all_gone;
  }
  if (all_gone) (void)remove_file(list); // else the next keeper tries again
}

} // namespace alder::os

// One control group (cgroup v2), given by its directory: who is in it, its limits, its end. And where groups are.
#pragma once

#include "alder/attributes.hpp"
#include "alder/error.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace alder::os {

/// A mount of the cgroup2 file system: what of the hierarchy it shows, and where.
struct cgroup_mount {
  std::string root;
  std::string directory;
  bool operator==(const cgroup_mount&) const = default;
};

/// Those in the text of /proc/PID/mountinfo, in its order.
[[nodiscard]] std::vector<cgroup_mount> cgroup_mounts(std::string_view mountinfo);
/// The group in the text of /proc/PID/cgroup ("/a/b"); nothing without cgroup v2.
[[nodiscard]] std::optional<std::string> cgroup_in(std::string_view proc_cgroup);
/// The directory of a group; nothing when no mount shows it.
[[nodiscard]] std::optional<std::string> cgroup_directory(const std::vector<cgroup_mount>& mounts,
                                                          std::string_view group);

/// The directory of the group a process is in (0: this one). Errors (unavailable): no cgroup v2 here.
[[nodiscard]] result<std::string> cgroup_of(int pid);

/// Whether a process is in it or below it. False when it is gone.
[[nodiscard]] bool is_populated(const std::string& group);
/// The processes in it, without those below it; no zombies.
[[nodiscard]] std::vector<int> processes_in(const std::string& group);
/// And those below it.
[[nodiscard]] std::vector<int> processes_in_all(const std::string& group);
/// The directories of the groups right below it.
[[nodiscard]] std::vector<std::string> cgroups_below(const std::string& group);
/// Kills all in it and below it, whatever they do meanwhile. Errors: not_found, unavailable (Linux before 5.14), io.
outcome kill_cgroup(const std::string& group);
/// Removes it with all below it. Errors: conflict (a process is in it), denied, io.
outcome remove_cgroup(const std::string& group);
/// Makes it, or takes the one that is there. Errors: denied, io.
outcome make_cgroup(const std::string& group);
outcome limit_cgroup(const std::string& group, const cgroup_limits& limits);
/// Moves a process into it. Errors: not_found, conflict (processes are not allowed in it), denied, io.
outcome move_to_cgroup(const std::string& group, int pid);

/// The controllers that are offered to its children (`switched_on` false), or switched on for them.
[[nodiscard]] std::vector<std::string> controllers_of(const std::string& group, bool switched_on);
/// Switches one on or off for its children. Errors: conflict (a process is in it), not_found, denied, io.
outcome switch_controller(const std::string& group, const std::string& controller, bool on);
/// The controllers these limits need.
[[nodiscard]] std::vector<std::string> controllers_for(const cgroup_limits& limits);

/// "150000 100000" for 1500 thousandths of a processor: microseconds of each period.
[[nodiscard]] std::string cpu_max_text(std::uint32_t thousandths);

/// What became of memory in a group.
struct memory_events {
  std::uint64_t over_limit = 0; ///< how often a process could get no more because of the limit
  std::uint64_t killed = 0;     ///< processes that were killed for want of memory
  bool operator==(const memory_events&) const = default;
};
/// The text of memory.events.
[[nodiscard]] memory_events parse_memory_events(std::string_view text);
/// For people, of a group with these limits, whose main process ended: who was killed for want of memory. Empty:
/// nobody.
[[nodiscard]] std::string memory_words(const memory_events& events, const cgroup_limits& limits);
[[nodiscard]] memory_events memory_events_of(const std::string& group);

} // namespace alder::os

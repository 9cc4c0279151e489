// Who a program runs as and how the kernel treats it: what is set between fork and exec.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace alder {

/// User and groups of a process, by number; the names are for people.
struct identity {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::vector<std::uint32_t> groups; ///< supplementary ones, all of them
  std::string text;                  ///< "www-data", "www-data:adm"
  bool operator==(const identity&) const = default;
};

/// A limit of setrlimit(2).
struct resource_limit {
  static constexpr std::uint64_t unlimited = ~std::uint64_t{0};
  std::int32_t resource = 0; ///< RLIMIT_…
  std::uint64_t soft = unlimited;
  std::uint64_t hard = unlimited;
  bool operator==(const resource_limit&) const = default;
};

/// A control group (cgroup v2) of its own, and what all processes in it may use together; 0: no limit. The kernel sees
/// to it.
struct cgroup_limits {
  std::uint64_t memory_max = 0;  ///< bytes; beyond it a process is killed
  std::uint64_t memory_high = 0; ///< bytes; beyond it they are slowed down and memory is taken back
  std::uint32_t cpu_max = 0;     ///< thousandths of a processor
  std::uint64_t pids_max = 0;    ///< processes and threads
  [[nodiscard]] bool any() const { return memory_max > 0 || memory_high > 0 || cpu_max > 0 || pids_max > 0; }
  bool operator==(const cgroup_limits&) const = default;
};

/// What is not given stays as the keeper has it.
struct process_attributes {
  std::optional<identity> who;
  std::optional<std::int32_t> nice;          ///< -20 (first) to 19 (last)
  std::optional<std::uint16_t> io_priority;  ///< as ioprio_set(2) takes it: class << 13 | level
  std::optional<std::int32_t> oom_score_adj; ///< -1000 (never killed) to 1000 (killed first)
  std::vector<resource_limit> limits;
  std::vector<std::uint32_t> cpus;          ///< it may run on; empty: all
  bool no_new_privileges = false;           ///< neither it nor its children gain any by exec (setuid programs)
  bool private_tmp = false;                 ///< it has a /tmp and a /var/tmp of its own, empty at each start
  std::vector<std::string> read_only_paths; ///< absolute; it sees them and all below them as read-only
  std::optional<cgroup_limits> cgroup;      ///< none: it stays in the keeper's
  std::vector<std::string> left_out;        ///< why what is `optional` is not among these
  bool operator==(const process_attributes&) const = default;
};

/// The io_priority of class 1 (realtime), 2 (best-effort) or 3 (idle) with `level` 0 to 7.
[[nodiscard]] constexpr std::uint16_t io_priority_of(unsigned which, unsigned level) {
  return static_cast<std::uint16_t>((which << 13U) | level);
}

} // namespace alder

// What of a machine and of our rights on it a configuration is checked against, before anything is started.
#pragma once

#include "alder/error.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace alder {

/// An entry of the user database.
struct account {
  std::string name;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::vector<std::uint32_t> groups; ///< all, `gid` among them
  std::string home;
  std::string shell;
};

/// Why services cannot have something on this machine, and what helps.
struct machine_trouble {
  std::string cause;
  std::string remedy; ///< may be empty
};

/// Why a program cannot be started as things are.
struct program_trouble {
  std::string cause;                  ///< "'foo' was not found in PATH (/usr/bin:/bin)"
  std::optional<std::string> nearest; ///< a program of nearly this name, in one of the places where was looked
};

struct machine {
  std::function<std::optional<account>(const std::string& name)> user_named;
  std::function<std::optional<account>(std::uint32_t uid)> user_with_id;
  std::function<std::optional<std::uint32_t>(const std::string& name)> group_named;
  std::function<outcome(const std::string& path)> can_read; ///< error: why a file or directory cannot be read
  /// Error: why this cannot be read as a regular file.
  std::function<outcome(const std::string& path)> can_read_file;
  /// Error: why there can be no directory that is written to.
  std::function<outcome(const std::string& path)> can_have_directory;
  /// The bytes of a time zone's file by its name; without a name, of the machine's time zone.
  std::function<result<std::string>(const std::string& name)> zone_data;
  /// Whether services can have control groups that are limited by this controller ("memory", "cpu", "pids"; "": by
  /// none).
  std::function<std::optional<machine_trouble>(const std::string& controller)> cgroup_trouble_with;
  std::function<std::optional<machine_trouble>()> terminal_trouble; ///< why there are no pseudo-terminals
  /// Whether a service could start the program `name` in `directory`, with PATH in its environment.
  std::function<std::optional<program_trouble>(const std::string& name, const std::string& path,
                                               const std::string& directory)>
      program_trouble_with;
  /// The configuration was accepted before, and its services run: files and groups it needs were there, whatever can be
  /// seen now. What is optional is asked for again.
  bool was_accepted = false;
  std::uint32_t uid = 0;
  bool may_change_user = false;
  bool may_raise_priority = false;
  bool may_raise_limits = false;                ///< also: lower oom_score_adj
  std::optional<machine_trouble> mount_trouble; ///< why there are no mount namespaces of their own
  std::int32_t lowest_nice = 0;                 ///< without may_raise_priority
  std::int32_t lowest_oom_score_adj = 0;        ///< without may_raise_limits
  std::map<int, std::uint64_t> hard_limits;     ///< by RLIMIT_…; one that is missing is unlimited
  std::vector<std::uint32_t> cpus;              ///< we may run on
};

} // namespace alder

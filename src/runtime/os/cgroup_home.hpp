// Where the services of one line of keepers have their control groups, from the first that needs one to the end.
//
//   BASE                     the group that the keeper was started in
//   BASE/alder-MARK          one for each line of keepers
//   BASE/alder-MARK/keeper   keeper and daemon, once controllers are switched on: then no process may stay in BASE
//   BASE/alder-MARK/NAME     a process of a service
#pragma once

#include "runtime/os/cgroup.hpp"

#include "alder/machine.hpp"

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace alder::os {

/// BASE of a keeper or its daemon that is in this group.
[[nodiscard]] std::string cgroup_base(std::string_view group);

/// Why services of `keeper` cannot have groups limited by `controller` (empty: by none); nothing if they can. 0: the
/// keeper is this process, or one that it would start.
[[nodiscard]] std::optional<machine_trouble> cgroup_trouble_of(int keeper, const std::string& controller);

class cgroup_home {
public:
  /// `keeper`: the process in whose group it is made. `list`: the file that records where groups are, for a successor
  /// after a crash; other homes in it belong to the same line of keepers and keep their groups.
  cgroup_home(int keeper, std::string mark, std::string list);

  /// Makes the group NAME with these limits; returns its directory. Errors: unavailable, conflict (processes that are
  /// not ours are in BASE), denied, io.
  [[nodiscard]] result<std::string> make(const std::string& name, const cgroup_limits& limits);
  /// Another keeper has taken the place of the former one.
  void follow(int keeper) { keeper_ = keeper; }
  /// The directory of NAME, wherever it was made; empty: there is none.
  [[nodiscard]] std::string find(const std::string& name) const;
  /// Removes the groups that are not among `kept` (directories), and kills what is in them: nobody looks after it.
  /// Returns those that cannot be removed yet, because their processes are about to die.
  [[nodiscard]] std::vector<std::string> clear(const std::set<std::string>& kept) const;

private:
  outcome open();
  outcome switch_on(const std::string& controller);
  outcome make_way() const;
  void write_list() const;

  int keeper_ = 0;
  std::string mark_;
  std::string list_;
  std::string base_; ///< empty: there is no cgroup v2
  std::string home_;
  struct known_home {
    std::string directory;
    std::vector<std::string> switched_on; ///< in its BASE, by us
  };
  std::vector<known_home> homes_; ///< there are, or were
};

/// Ends all that `list` remembers: kills what is in the groups, removes them, and puts BASE back as it was, with the
/// caller in it. For a keeper that ends and has no children any more. Waits for processes that die, at most 2 s.
void end_cgroups(const std::string& list);

} // namespace alder::os

#include "runtime/os/descendants.hpp"

#include "runtime/os/cgroup.hpp"
#include "runtime/os/pidfd.hpp"
#include "runtime/os/proc.hpp"
#include "runtime/wire/keeper_protocol.hpp"

#include <algorithm>
#include <csignal>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace alder::os {
namespace {

/// How often a kill looks for processes that were born meanwhile. Everything it found is stopped, so more rounds than
/// the tree is deep are needed only against processes that are being born at this moment.
constexpr int max_freeze_rounds = 100;
/// How often a walk looks for children that came to the root meanwhile.
constexpr int max_walk_rounds = 100;
/// How often a service's processes are looked for when some end meanwhile.
constexpr int max_looks = 20;
/// Bounds a walk; more processes than Linux can have.
constexpr std::size_t max_walk = std::size_t{4} << 20;

struct relative {
  process_stat process;
  std::optional<std::size_t> parent; ///< index in the walk; none: a child of the root
};

/// Everything below `root`, parents before children, without `passed_over` and what is below them.
std::vector<relative> walk(int root, const std::set<int>& passed_over) {
  const family people;
  std::vector<relative> found;
  std::set<int> seen;
  bool is_gone = false; // somebody, since the root was asked
  const auto visit = [&](int parent_pid, std::optional<std::size_t> parent) {
    for (const int pid : people.children(parent_pid)) {
      if (passed_over.count(pid) != 0 || !seen.insert(pid).second) continue;
      const auto process = read_stat(pid);
      // Its number may be another's by now, who is nobody's concern.
      const bool is_it = process && (process->parent == parent_pid || process->parent == root);
      if (is_it) found.push_back({*process, parent});
      is_gone = is_gone || !is_it;
    }
  };
  // When a process ends during the walk, before its children were asked for, these have become children of the root,
  // whose list was read before: so the root is asked again until it has no news.
  std::size_t walked = 0;
  for (int round = 0; round < max_walk_rounds; ++round) {
    visit(root, std::nullopt);
    if (walked == found.size() && !std::exchange(is_gone, false)) break;
    for (; walked < found.size() && walked < max_walk; ++walked)
      visit(found[walked].process.pid, walked);
  }
  return found;
}

/// Opens pidfds for the living among `processes` that still are who they were when they were found.
std::vector<member> hold(const std::vector<process_stat>& processes) {
  std::vector<member> held;
  for (const auto& process : processes) {
    if (!is_living(process)) continue;
    auto pidfd = open_pidfd(process.pid);
    if (pidfd) {
      const auto now = read_stat(process.pid);
      if (now && (now->start_ticks != process.start_ticks || !is_living(*now))) continue;
      held.push_back({process.pid, process.start_ticks, std::move(*pidfd)});
    } else if (pidfd.failure().kind != error_kind::not_found) {
      // No descriptor was left for it: it is listed all the same, so that the list does not look empty when it is not.
      held.push_back({process.pid, process.start_ticks, unique_fd{}});
    }
  }
  return held;
}

/// Marks in `belongs` whatever follows from what is marked: children of members, and their sessions. True when that was
/// news.
bool spread(const std::vector<relative>& people, std::vector<bool>& belongs) {
  std::set<int> sessions;
  for (std::size_t i = 0; i < people.size(); ++i) {
    const auto& parent = people[i].parent;
    if (parent && belongs[*parent]) belongs[i] = true;
    if (belongs[i] && people[i].process.session > 0) sessions.insert(people[i].process.session);
  }
  bool grown = false;
  for (std::size_t i = 0; i < people.size(); ++i) {
    if (belongs[i] || sessions.count(people[i].process.session) == 0) continue;
    belongs[i] = true;
    grown = true;
  }
  return grown;
}

/// By what a process has inherited. One that is exiting has lost that before its descriptors, and an orphan has nobody
/// else to ask: better wait for the end of a stranger than restart a service whose port is still taken. But nothing
/// follows from it for others. One that has gone may have left children that were not seen.
enum class belonging : std::uint8_t { no, perhaps, yes, gone };

class marker_search {
public:
  explicit marker_search(const std::string& marker) : marker_(marker), number_(wire::member_number(marker)) {}

  [[nodiscard]] belonging ask(const relative& one) const {
    if (marker_.empty()) return belonging::no;
    const int pid = one.process.pid;
    for (exec_window window;;) {
      if (lock_limit_of(pid) == number_) return belonging::yes;
      const auto told = environment_tells(pid, wire::member_variable, marker_);
      if (told.value_or(false)) return belonging::yes;
      if (one.parent) return belonging::no;
      const auto now = read_stat(pid); // after the others, for it could have gone in between
      if (!now || now->start_ticks != one.process.start_ticks) return belonging::gone;
      if (now->is_exiting) return is_living(*now) ? belonging::perhaps : belonging::no;
      if (told || !is_living(*now) || !window.look_again(pid)) return belonging::no;
    }
  }
  /// The same when it does not matter who is about to end.
  [[nodiscard]] bool holds(int pid) const {
    if (marker_.empty()) return false;
    return lock_limit_of(pid) == number_ || environment_has(pid, wire::member_variable, marker_);
  }

private:
  const std::string& marker_;
  std::uint64_t number_;
};

/// Every process there is, each with its parent if that is one that is looked at; `bears`: who has the mark. One that
/// was born after the list was read may be all that is left of a process that was on it, so those that came meanwhile
/// are looked at too, until there are none.
std::vector<relative> everybody(const marker_search& marker, std::vector<bool>& bears) {
  std::vector<relative> found;
  std::set<int> seen{1, 2};
  bool has_news = true;
  for (int round = 0; has_news && round < max_looks; ++round) {
    has_news = false;
    for (const int pid : all_pids()) {
      if (!seen.insert(pid).second) continue;
      has_news = true;
      const auto process = read_stat(pid);
      if (!process) continue;
      found.push_back({*process, std::nullopt});
      bears.push_back(marker.holds(pid));
    }
  }
  std::map<int, std::size_t> places;
  for (std::size_t i = 0; i < found.size(); ++i)
    places[found[i].process.pid] = i;
  for (auto& one : found)
    if (const auto parent = places.find(one.process.parent); parent != places.end()) one.parent = parent->second;
  return found;
}

struct finding {
  std::vector<process_stat> sure;
  std::vector<process_stat> perhaps; ///< which are about to end
  bool is_complete = true;           ///< nobody ended meanwhile who may have left children
};

finding look_for_members(const membership& who) {
  const marker_search marker{who.marker};
  std::vector<bool> bears; // of everybody
  const auto people =
      who.adrift ? everybody(marker, bears) : walk(who.keeper_pid, {who.strangers.begin(), who.strangers.end()});
  finding found;
  std::vector<bool> belongs(people.size());
  std::vector<std::size_t> perhaps;
  std::set<int> grouped;
  if (!who.cgroup.empty()) {
    const auto pids = processes_in_all(who.cgroup);
    grouped.insert(pids.begin(), pids.end());
  }
  for (std::size_t i = 0; i < people.size(); ++i) {
    const auto& process = people[i].process;
    const auto& parent = people[i].parent;
    const bool is_main = who.main_pid > 0 && (process.pid == who.main_pid || process.session == who.main_pid);
    belongs[i] = is_main || grouped.count(process.pid) > 0 || (parent && belongs[*parent]);
    if (belongs[i]) continue;
    if (who.adrift) { // whoever holds the marker belongs to it, wherever it hangs
      belongs[i] = bears[i];
      continue;
    }
    const auto answer = marker.ask(people[i]);
    belongs[i] = answer == belonging::yes;
    if (answer == belonging::perhaps) perhaps.push_back(i);
    if (answer == belonging::gone) found.is_complete = false;
  }
  // Each round adds a process or is the last.
  while (spread(people, belongs)) {
  }
  for (std::size_t i = 0; i < people.size(); ++i)
    if (belongs[i]) found.sure.push_back(people[i].process);
  for (const auto i : perhaps)
    if (!belongs[i]) found.perhaps.push_back(people[i].process);
  for (const auto& one : found.sure)
    grouped.erase(one.pid);
  for (const int pid : grouped) // not below the keeper: it came there from outside
    if (const auto process = read_stat(pid)) found.sure.push_back(*process);
  return found;
}

finding find_members(const membership& who) {
  for (int round = 1;; ++round) {
    auto found = look_for_members(who);
    if (found.is_complete || round == max_looks) return found;
  }
}

template <class Look> std::size_t freeze_and_kill(const Look& look) {
  std::set<std::pair<int, std::uint64_t>> seen;
  std::vector<member> frozen; // all of them, also those that a later look has missed: they must not stay stopped
  for (int round = 0; round < max_freeze_rounds; ++round) {
    bool news = false;
    for (auto& one : look()) {
      if (!seen.emplace(one.pid, one.start_ticks).second) continue;
      news = true;
      (void)signal_members({&one, 1}, SIGSTOP); // one that has just gone needs no stop
      frozen.push_back(std::move(one));
    }
    if (!news) break;
  }
  return signal_members(frozen, SIGKILL);
}

} // namespace

std::vector<member> members(const membership& who) {
  for (int round = 1;; ++round) {
    const auto found = find_members(who);
    auto held = hold(found.sure);
    for (auto& one : hold(found.perhaps)) {
      one.is_sure = false;
      held.push_back(std::move(one));
    }
    // Those that were found and are gone may have left others behind.
    const bool is_lost = held.empty() && std::any_of(found.sure.begin(), found.sure.end(), is_living);
    if (!is_lost || round == max_looks) return held;
  }
}

std::vector<std::vector<int>> members_of_each(const std::vector<membership>& all, const std::vector<int>& passed_over) {
  std::vector<std::vector<int>> found(all.size());
  if (all.empty()) return found;
  std::map<int, std::size_t> mains;
  std::map<std::string_view, std::size_t> markers;
  std::map<std::uint64_t, std::size_t> numbers;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].adrift) continue;
    if (all[i].main_pid > 0) mains[all[i].main_pid] = i;
    if (all[i].marker.empty()) continue;
    markers[all[i].marker] = i;
    numbers[wire::member_number(all[i].marker)] = i;
  }
  const auto people = walk(all.front().keeper_pid, {passed_over.begin(), passed_over.end()});
  std::vector<std::optional<std::size_t>> owners(people.size());
  const auto owner_of = [&](const relative& one) -> std::optional<std::size_t> {
    if (const auto main = mains.find(one.process.pid); main != mains.end()) return main->second;
    if (one.parent && owners[*one.parent]) return owners[*one.parent];
    if (const auto main = mains.find(one.process.session); main != mains.end()) return main->second;
    if (const auto number = numbers.find(lock_limit_of(one.process.pid).value_or(0)); number != numbers.end())
      return number->second;
    const auto mark = environment_value(one.process.pid, wire::member_variable);
    if (const auto marker = markers.find(mark.value_or("")); marker != markers.end()) return marker->second;
    return std::nullopt;
  };
  for (std::size_t i = 0; i < people.size(); ++i) {
    owners[i] = owner_of(people[i]);
    if (owners[i] && is_living(people[i].process)) found[*owners[i]].push_back(people[i].process.pid);
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!all[i].adrift) continue;
    for (const auto& one : find_members(all[i]).sure)
      if (is_living(one)) found[i].push_back(one.pid);
  }
  return found;
}

bool has_orphans(int keeper_pid, std::span<const int> known) {
  std::vector<int> sorted(known.begin(), known.end());
  std::sort(sorted.begin(), sorted.end());
  const auto children = family{}.children(keeper_pid);
  return std::any_of(children.begin(), children.end(),
                     [&](int pid) { return !std::binary_search(sorted.begin(), sorted.end(), pid); });
}

std::size_t signal_members(std::span<const member> whom, int signal) {
  std::size_t reached = 0;
  for (const auto& one : whom) {
    if (one.pidfd) {
      reached += signal_pidfd(one.pidfd.get(), signal).ok() ? 1 : 0;
      continue;
    }
    const auto pidfd = open_pidfd(one.pid);
    const auto now = read_stat(one.pid);
    if (pidfd && now && now->start_ticks == one.start_ticks) reached += signal_pidfd(pidfd->get(), signal).ok() ? 1 : 0;
  }
  return reached;
}

std::size_t kill_members(const membership& who) {
  if (!who.cgroup.empty()) (void)kill_cgroup(who.cgroup); // where the kernel cannot, those in it are found all the same
  return freeze_and_kill([&] { return members(who); });
}

std::vector<member> tree_below(int root, int spared) {
  std::vector<process_stat> found;
  for (const auto& one : walk(root, {spared}))
    found.push_back(one.process);
  return hold(found);
}

std::size_t kill_tree_below(int root, int spared) {
  return freeze_and_kill([&] { return tree_below(root, spared); });
}

} // namespace alder::os

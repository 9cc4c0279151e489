#include "runtime/os/descendants.hpp"

#include "runtime/os/descriptors.hpp"
#include "runtime/os/pidfd.hpp"
#include "runtime/os/proc.hpp"

#include <algorithm>
#include <csignal>
#include <set>
#include <utility>

namespace alder::os {
namespace {

/// How often a kill looks for processes that were born meanwhile. Everything it found is stopped, so more rounds than
/// the tree is deep are needed only against processes that are being born at this moment.
constexpr int max_freeze_rounds = 100;
/// How often a walk looks for children that came to the root meanwhile.
constexpr int max_walk_rounds = 100;
/// Bounds a walk; more processes than Linux can have.
constexpr std::size_t max_walk = std::size_t{4} << 20;

/// Everything below `root`, parents before children, without `passed_over` and what is below them.
std::vector<process_stat> walk(int root, const std::set<int>& passed_over) {
  const family people;
  std::vector<process_stat> found;
  std::set<int> seen;
  bool is_gone = false; // somebody, since the root was asked
  const auto visit = [&](int parent_pid) {
    for (const int pid : people.children(parent_pid)) {
      if (passed_over.count(pid) != 0 || !seen.insert(pid).second) continue;
      const auto process = read_stat(pid);
      // Its number may be another's by now, who is nobody's concern.
      const bool is_it = process && (process->parent == parent_pid || process->parent == root);
      if (is_it) found.push_back(*process);
      is_gone = is_gone || !is_it;
    }
  };
  // When a process ends during the walk, before its children were asked for, these have become children of the root,
  // whose list was read before: so the root is asked again until it has no news.
  std::size_t walked = 0;
  for (int round = 0; round < max_walk_rounds; ++round) {
    visit(root);
    if (walked == found.size() && !std::exchange(is_gone, false)) break;
    for (; walked < found.size() && walked < max_walk; ++walked)
      visit(found[walked].pid);
  }
  return found;
}

} // namespace

std::vector<member> hold(std::span<const process_stat> processes) {
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

std::size_t signal_members(std::span<const member> whom, int signal) {
  std::size_t reached = 0;
  for (const auto& one : whom) {
    if (one.pidfd) {
      reached += signal_pidfd(one.pidfd.get(), signal).ok() ? 1 : 0;
      continue;
    }
    // One after the other, so that the spare descriptors are enough for any number.
    const brief_descriptor pidfd{[&] { return raw_pidfd(one.pid); }};
    const auto now = read_stat(one.pid);
    if (pidfd && now && now->start_ticks == one.start_ticks) reached += signal_pidfd(pidfd.get(), signal).ok() ? 1 : 0;
  }
  return reached;
}

std::size_t freeze_and_kill(const std::function<std::vector<member>()>& look) {
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

std::vector<member> tree_below(int root, int spared) { return hold(walk(root, {spared})); }

std::size_t kill_tree_below(int root, int spared) {
  return freeze_and_kill([&] { return tree_below(root, spared); });
}

} // namespace alder::os

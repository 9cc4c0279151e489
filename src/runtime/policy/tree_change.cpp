#include "runtime/policy/tree_change.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace alder::policy {
namespace {

using kind = tree_change::kind;
using node_ptr = std::shared_ptr<const node_snapshot>;
using places = std::map<std::string, tree_place>;

bool is_there(const node_ptr& node) { return is_up(node) || (node && node->state == node_state::stopping); }

tree_change* find_change(std::vector<tree_change>& changes, const std::string& name) {
  const auto found = std::find_if(changes.begin(), changes.end(), [&](const auto& c) { return c.name == name; });
  return found == changes.end() ? nullptr : &*found;
}

void add_detail(tree_change& change, const std::string& detail) {
  if (std::find(change.details.begin(), change.details.end(), detail) == change.details.end())
    change.details.push_back(detail);
}

void add_left(const std::vector<left_change>& all, const supervisor_spec& after, const node_lookup& node,
              std::vector<tree_change>& changes) {
  if (all.empty()) return;
  const auto known_places = places_in(after);
  for (const auto& left : all) {
    if (known_places.count(left.name) == 0 || !is_left(left, node(left.name))) continue;
    const auto parent = node(left.parent);
    if (left.added && parent && !is_up(parent)) continue; // it comes with its supervisor
    auto* known = find_change(changes, left.name);
    if (known == nullptr) {
      changes.push_back({left.added ? kind::added : kind::changed, left.name, left.parent, left.details, !left.added,
                         left.added && stays_down_at_start(*known_places.at(left.name).child)});
    } else if (known->what == kind::changed && left.added) {
      known->what = kind::added; // as it is now; nobody has seen it otherwise
      known->parent = left.parent;
    } else if (known->what == kind::changed) {
      known->needs_restart = true;
      for (const auto& detail : left.details)
        add_detail(*known, detail);
    }
  }
}

/// What has become of the nodes that the configuration has, from top to bottom.
class state_reader {
public:
  state_reader(const node_lookup& node, const std::function<bool(const std::string&)>& has_old_secrets,
               std::vector<tree_change>& changes)
      : node_(node), has_old_secrets_(has_old_secrets), changes_(changes) {}

  void read(const supervisor_spec& supervisor) {
    for (const auto& child : supervisor.children) {
      const auto& name = name_of(child);
      add_if_failed(name, supervisor.name);
      if (const auto* nested = std::get_if<supervisor_ptr>(&child))
        read(**nested);
      else
        add_if_secrets_are_old(name, supervisor.name);
    }
  }
  void add_if_failed(const std::string& name, const std::string& parent) {
    const auto node = node_(name);
    if (!node || !node->settled || node->state != node_state::failed) return;
    const auto* known = find_change(changes_, name);
    if (known == nullptr || known->what != kind::replaced) // which starts it anyway
      changes_.push_back({kind::failed, name, parent, {node->reason}, false});
  }

private:
  void add_if_secrets_are_old(const std::string& name, const std::string& parent) {
    if (!is_up(node_(name)) || !has_old_secrets_(name)) return; // its next start reads them anyway
    auto* known = find_change(changes_, name);
    if (known == nullptr) known = &changes_.emplace_back(tree_change{kind::changed, name, parent, {}, true});
    add_detail(*known, "secrets");
    known->needs_restart = true;
  }

  const node_lookup& node_;
  const std::function<bool(const std::string&)>& has_old_secrets_;
  std::vector<tree_change>& changes_;
};

class planner {
public:
  planner(const supervisor_spec& before, const supervisor_spec& after, const std::vector<tree_change>& changes,
          const change_options& options, const node_lookup& node)
      : before_(places_in(before)), after_(places_in(after)), changes_(changes), options_(options), node_(node) {}

  change_plan plan(const supervisor_spec& after) {
    for (const auto& change : changes_) {
      const auto then = becomes(change);
      plan_.has_effect = plan_.has_effect || then != consequence::left_failed;
      if (then == consequence::refuse) {
        plan_.refused = change.name;
        return std::move(plan_);
      }
    }
    keep();
    remove();
    upgrade(after);
    start();
    return std::move(plan_);
  }

private:
  [[nodiscard]] consequence becomes(const tree_change& change) const { return consequence_of(change, options_, node_); }

  void keep() {
    for (const auto& change : changes_) {
      if (change.what == kind::added || change.what == kind::replaced) made_anew_.insert(change.name);
      if (change.what == kind::removed) plan_.kept[change.parent].push_back(*before_.at(change.name).child);
    }
  }

  /// The last one first, as a supervisor would.
  void remove() {
    for (auto change = changes_.rbegin(); change != changes_.rend(); ++change) {
      const auto then = becomes(*change);
      if (then == consequence::replace || then == consequence::replace_down)
        plan_.steps.emplace_back(remove_node{change->name, /*is_replaced=*/true});
      if (then != consequence::stop) continue;
      plan_.removed.push_back(change->name);
      plan_.steps.emplace_back(remove_node{change->name});
    }
  }

  /// Supervisors that stay, parents first.
  void upgrade(const supervisor_spec& supervisor) {
    plan_.steps.emplace_back(upgrade_supervisor{&supervisor});
    for (const auto& child : supervisor.children) {
      const auto* nested = std::get_if<supervisor_ptr>(&child);
      if (nested != nullptr && before_.count((*nested)->name) > 0 && made_anew_.count((*nested)->name) == 0)
        upgrade(**nested);
    }
  }

  void start() {
    for (const auto& change : changes_) {
      const auto then = becomes(change);
      if (then == consequence::start || then == consequence::at_its_time || then == consequence::replace)
        plan_.steps.push_back(start_of(change));
      if (then == consequence::restart) plan_.steps.emplace_back(restart_node{change.name, pool_of(change)});
      const bool is_down_for_good = then == consequence::at_its_time || then == consequence::replace_down ||
                                    (then == consequence::replace && change.stays_down);
      if (!is_down_for_good) note_left(change);
      if (then == consequence::not_started || then == consequence::replace_down) plan_.down.push_back(change.name);
      if (then == consequence::replace || change.is_due) note_replaced(change);
    }
  }

  /// The name of the pool that the node is an instance of; empty: of none.
  [[nodiscard]] std::string pool_of(const tree_change& change) const {
    const auto parent = after_.find(change.parent);
    const auto* pool = parent == after_.end() ? nullptr : std::get_if<supervisor_ptr>(parent->second.child);
    return pool != nullptr && (*pool)->pool ? change.parent : std::string{};
  }

  [[nodiscard]] change_step start_of(const tree_change& change) const {
    const auto place = after_.find(change.name);
    if (place == after_.end()) return start_node{change.name}; // the root
    const auto& child = *place->second.child;
    if (auto pool = pool_of(change); change.what == kind::added && !pool.empty())
      return add_instance{std::move(pool), child};
    return start_node{change.name, change.stays_down};
  }

  void note_replaced(const tree_change& change) {
    const auto node = node_(change.name);
    plan_.replaced.push_back({change.name, is_there(node) ? node->generation : 0});
  }

  /// Also what is about to be done: it may not come to that.
  void note_left(const tree_change& change) {
    const auto node = node_(change.name);
    const bool restart = change.what == kind::changed && change.needs_restart && is_up(node);
    const bool is_new = change.what == kind::added || change.what == kind::replaced;
    if (is_new || restart)
      plan_.left.push_back({change.name, change.parent, change.details, !restart, node ? node->generation : 0});
    if (change.what == kind::replaced) plan_.left.push_back({change.name, change.parent, {}, /*added=*/true, 0});
  }

  places before_;
  places after_;
  const std::vector<tree_change>& changes_;
  const change_options& options_;
  const node_lookup& node_;
  std::set<std::string> made_anew_;
  change_plan plan_;
};

} // namespace

bool is_up(const node_ptr& node) {
  return node && (node->state == node_state::running || node->state == node_state::starting ||
                  node->state == node_state::backoff);
}

bool is_left(const left_change& left, const node_ptr& node) {
  const generation now = node ? node->generation : 0;
  return now == left.generation && is_up(node) != left.added;
}

std::vector<tree_change> outstanding(const supervisor_spec& after, std::vector<tree_change> difference,
                                     const std::vector<left_change>& left, const node_lookup& node,
                                     const std::function<bool(const std::string& service)>& has_old_secrets) {
  auto changes = std::move(difference);
  add_left(left, after, node, changes);
  state_reader reader{node, has_old_secrets, changes};
  reader.add_if_failed(after.name, {});
  reader.read(after);
  return changes;
}

void add_replaced(const std::vector<replaced_node>& nodes, const supervisor_spec& after, const node_lookup& node,
                  std::vector<tree_change>& changes) {
  if (nodes.empty()) return;
  const auto known_places = places_in(after);
  for (const auto& one : nodes) {
    const auto place = known_places.find(one.name);
    if (place == known_places.end()) continue;
    const auto now = node(one.name);
    const auto reached = now ? now->generation : 0;
    const bool is_old = one.generation > 0 && reached == one.generation;
    const bool is_down = !is_up(now) && (is_old || one.generation == 0 || reached == 0);
    if (!is_down && !is_old) continue; // it was started since
    auto* change = find_change(changes, one.name);
    if (change == nullptr) change = &changes.emplace_back(tree_change{kind::changed, one.name, {}, {}, false});
    change->what = is_down ? kind::added : kind::changed;
    change->parent = place->second.parent;
    change->needs_restart = !is_down;
    change->stays_down = stays_down_at_start(*place->second.child);
    change->is_due = true;
  }
}

std::vector<std::string> turning(const supervisor_spec& before, const supervisor_spec& after,
                                 const std::vector<tree_change>& changes, const change_options& options,
                                 const node_lookup& node) {
  const auto was = places_in(before);
  const auto becomes = places_in(after);
  std::vector<std::string> names;
  for (auto change = changes.rbegin(); change != changes.rend(); ++change) {
    if (change->what != kind::replaced || consequence_of(*change, options, node) != consequence::replace) continue;
    const auto old_place = was.find(change->name);
    const auto new_place = becomes.find(change->name);
    if (old_place == was.end() || new_place == becomes.end()) continue;
    const bool is_other_kind = old_place->second.child->index() != new_place->second.child->index();
    if (is_other_kind && is_there(node(change->name))) names.push_back(change->name);
  }
  return names;
}

void make_due(const std::vector<replaced_node>& nodes, std::vector<tree_change>& changes) {
  for (const auto& one : nodes)
    if (auto* change = find_change(changes, one.name); change != nullptr && change->what == kind::replaced)
      change->is_due = true;
}

std::string_view word(consequence what) {
  switch (what) {
  case consequence::at_once: return "at_once";
  case consequence::start: return "start";
  case consequence::at_its_time: return "at_its_time";
  case consequence::not_started: return "not_started";
  case consequence::with_supervisor: return "with_supervisor";
  case consequence::stop: return "stop";
  case consequence::left_running: return "left_running";
  case consequence::restart: return "restart";
  case consequence::next_start: return "next_start";
  case consequence::when_started: return "when_started";
  case consequence::replace: return "replace";
  case consequence::replace_down: return "replace_down";
  case consequence::refuse: return "refuse";
  case consequence::left_scaled: return "left_scaled";
  case consequence::left_failed: return "left_failed";
  }
  return {};
}

consequence consequence_of(const tree_change& change, const change_options& options, const node_lookup& node) {
  switch (change.what) {
  case kind::added: {
    const auto parent = node(change.parent);
    if (parent && !is_up(parent)) return consequence::with_supervisor;
    if (!options.start_added && !change.is_due) return consequence::not_started;
    return change.stays_down ? consequence::at_its_time : consequence::start;
  }
  case kind::removed: return options.stop_removed ? consequence::stop : consequence::left_running;
  case kind::replaced: {
    if (!options.replaces()) return consequence::refuse;
    const auto now = node(change.name);
    const bool is_down = !change.is_due && now && now->settled && now->state != node_state::failed;
    return is_down ? consequence::replace_down : consequence::replace;
  }
  case kind::changed:
    if (!change.needs_restart) return consequence::at_once;
    if (!is_up(node(change.name))) return consequence::when_started;
    return options.restart_changed || change.is_due ? consequence::restart : consequence::next_start;
  case kind::rules:
  case kind::order: return consequence::at_once;
  case kind::scaled: return consequence::left_scaled;
  case kind::failed: {
    const auto known = node(change.name);
    const bool is_scheduled = known && known->service && known->service->waits_for_schedule(); // it has its time
    return options.restart_changed && !is_scheduled ? consequence::start : consequence::left_failed;
  }
  }
  return consequence::at_once;
}

change_plan plan_change(const supervisor_spec& before, const supervisor_spec& after,
                        const std::vector<tree_change>& changes, const change_options& options,
                        const node_lookup& node) {
  return planner{before, after, changes, options, node}.plan(after);
}

} // namespace alder::policy

#include "actors/edge/outstanding.hpp"

#include "actors/edge/wish_result.hpp"

#include <algorithm>

namespace alder::actors {
namespace {

using config::tree_change;
using kind = tree_change::kind;

tree_change* find_change(std::vector<tree_change>& changes, const std::string& name) {
  const auto found = std::find_if(changes.begin(), changes.end(), [&](const auto& c) { return c.name == name; });
  return found == changes.end() ? nullptr : &*found;
}

void add_detail(tree_change& change, const std::string& detail) {
  if (std::find(change.details.begin(), change.details.end(), detail) == change.details.end())
    change.details.push_back(detail);
}

void add_left(const known_tree& now, const supervisor_spec& after, const board& nodes,
              std::vector<tree_change>& changes) {
  if (now.source.left.empty()) return;
  const auto places = config::places_in(after);
  for (const auto& left : now.source.left) {
    if (places.count(left.name) == 0 || !is_left(left, nodes.find(now.source.name, left.name))) continue;
    const auto parent = nodes.find(now.source.name, left.parent);
    if (left.added && parent && !is_up(parent)) continue; // it comes with its supervisor
    auto* known = find_change(changes, left.name);
    if (known == nullptr) {
      changes.push_back({left.added ? kind::added : kind::changed, left.name, left.parent, left.details, !left.added});
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
  state_reader(const known_tree& now, const board& nodes, const catalog& trees,
               const std::map<std::string, std::uint64_t>& secrets, std::vector<tree_change>& changes)
      : tree_(now.source.name), nodes_(nodes), trees_(trees), secrets_(secrets), changes_(changes) {}

  void read(const supervisor_spec& supervisor) {
    if (supervisor.name == tree_) add_if_failed(tree_, {});
    for (const auto& child : supervisor.children) {
      const auto& name = name_of(child);
      add_if_failed(name, supervisor.name);
      if (const auto* nested = std::get_if<supervisor_ptr>(&child))
        read(**nested);
      else
        add_if_secrets_are_old(name, supervisor.name);
    }
  }

private:
  void add_if_failed(const std::string& name, const std::string& parent) {
    const auto node = nodes_.find(tree_, name);
    if (node && node->settled && node->state == node_state::failed)
      changes_.push_back({kind::failed, name, parent, {node->reason}, false});
  }

  void add_if_secrets_are_old(const std::string& name, const std::string& parent) {
    const auto found = secrets_.find(name);
    if (found == secrets_.end() || !is_up(nodes_.find(tree_, name))) return; // its next start reads them anyway
    if (!trees_.has_old_secrets(id_of(tree_, name), found->second)) return;
    auto* known = find_change(changes_, name);
    if (known == nullptr) known = &changes_.emplace_back(tree_change{kind::changed, name, parent, {}, true});
    add_detail(*known, "secrets");
    known->needs_restart = true;
  }

  const std::string& tree_;
  const board& nodes_;
  const catalog& trees_;
  const std::map<std::string, std::uint64_t>& secrets_;
  std::vector<tree_change>& changes_;
};

} // namespace

bool is_left(const store::left_change& left, const node_ptr& node) {
  const generation now = node ? node->generation : 0;
  return now == left.generation && is_up(node) != left.added;
}

std::vector<tree_change> outstanding(const known_tree& now, const supervisor_spec& after,
                                     std::vector<tree_change> difference, const board& nodes, const catalog& trees,
                                     const std::map<std::string, std::uint64_t>& secrets) {
  add_left(now, after, nodes, difference);
  state_reader{now, nodes, trees, secrets, difference}.read(after);
  return difference;
}

std::string_view word(consequence what) {
  switch (what) {
  case consequence::at_once: return "at_once";
  case consequence::start: return "start";
  case consequence::not_started: return "not_started";
  case consequence::with_supervisor: return "with_supervisor";
  case consequence::stop: return "stop";
  case consequence::left_running: return "left_running";
  case consequence::restart: return "restart";
  case consequence::next_start: return "next_start";
  case consequence::replace: return "replace";
  case consequence::refuse: return "refuse";
  case consequence::left_scaled: return "left_scaled";
  case consequence::left_failed: return "left_failed";
  }
  return {};
}

consequence consequence_of(const tree_change& change, const store::change_options& options, const std::string& tree,
                           const board& nodes) {
  switch (change.what) {
  case kind::added: {
    const auto parent = nodes.find(tree, change.parent);
    if (parent && !is_up(parent)) return consequence::with_supervisor;
    return options.start_added ? consequence::start : consequence::not_started;
  }
  case kind::removed: return options.stop_removed ? consequence::stop : consequence::left_running;
  case kind::replaced: return options.replaces() ? consequence::replace : consequence::refuse;
  case kind::changed:
    if (!change.needs_restart) return consequence::at_once;
    return options.restart_changed && is_up(nodes.find(tree, change.name)) ? consequence::restart
                                                                           : consequence::next_start;
  case kind::rules:
  case kind::order: return consequence::at_once;
  case kind::scaled: return consequence::left_scaled;
  case kind::failed: return options.restart_changed ? consequence::start : consequence::left_failed;
  }
  return consequence::at_once;
}

} // namespace alder::actors

#include "actors/office/trees.hpp"

#include "actors/base/extensions.hpp"
#include "actors/base/runtime.hpp"
#include "actors/office/archive.hpp"
#include "actors/office/configuration.hpp"
#include "actors/tree/kind_supervisor.hpp"

#include "runtime/base/overloaded.hpp"
#include "runtime/config/report.hpp"
#include "runtime/policy/tree_edit.hpp"
#include "runtime/store/journal_values.hpp"

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

namespace alder::actors {
namespace {

/// `shutdown` is what a root that gave up ends with: clean, so a transient root stays down and is shown as failed.
constexpr restart_kind root_restart = restart_kind::transient;

bool is_settled(const node_ptr& node) { return node && node->settled; }

} // namespace

known_trees::known_trees(runtime& shared, archive& to, extensions& offered)
    : shared_(shared), archive_(to), offered_(offered),
      nodes_(shared, to, [this](const std::string& tree) { return trees_.count(tree) > 0; }) {
  shared_.changing_to = [this](const std::string& tree, const std::string& name) { return changing_to(tree, name); };
  shared_.on_forgotten = [this](const std::string& tree, const std::string& name) { prune(tree, name); };
}

std::vector<std::string> known_trees::restore(policy::what_ended before) {
  using ended = policy::what_ended;
  std::vector<std::string> complaints;
  const auto add = [&](std::vector<std::string> more) {
    std::move(more.begin(), more.end(), std::back_inserter(complaints));
  };
  if (before != ended::daemon) forget_taken_down(); // with their processes gone they are down
  restore_trees(before, complaints);
  add(archive_.find_lost_trees());
  for (const auto& [tree, known] : trees_)
    archive_.list(tree, known.source.file);
  add(nodes_.restore_nodes(before));
  keep_down();
  if (before == ended::daemon) {
    add(nodes_.restore_memories());
    if (archive_.values().count(std::string{store::shutdown_key}) > 0) nodes_.continue_shutdown();
  } else {
    end_operations();
    nodes_.forget_memories();
  }
  for (const auto& [name, tree] : trees_) {
    if (before == ended::daemon) continue;
    if (before == ended::reboot && !is_settled(shared_.nodes.find(name, name))) coming_back_.insert(name);
    note_ends(name);
    if (before == ended::keeper) lay_down(name);
  }
  if (before == ended::reboot) (void)take_interrupted(); // also what was down through an earlier start
  archive_.write();                                      // a journal that is missing from here on was lost
  return complaints;
}

void known_trees::forget_taken_down() {
  std::vector<std::string> taken_down;
  archive_.each(store::down_key, [&](const std::string& tree, const std::string&) { taken_down.push_back(tree); });
  for (const auto& tree : taken_down) {
    forget_all(tree);
    archive_.end_operation(std::string{store::down_key} + tree);
  }
}

void known_trees::restore_trees(policy::what_ended before, std::vector<std::string>& complaints) {
  for (auto& source : archive_.trees(shared_.wall_now(), nodes_.clock(), complaints)) {
    auto loaded = read_configuration(source, text_is::known);
    if (!loaded.tree) { // its record stays
      complaints.push_back("tree " + source.name + " was up, but its saved configuration cannot be loaded:\n" +
                           config::render(loaded.diagnostics, /*colour=*/false));
      continue;
    }
    const std::string name = source.name;
    // Its services run, and go on; whoever wants what is missing waits for it.
    if (const auto wrong = offered_.take_up(loaded); !wrong.empty())
      complaints.push_back("tree " + name + " has extensions that can no longer be used:\n" +
                           config::render(wrong, /*colour=*/false));
    if (before != policy::what_ended::daemon) // every process is a new one
      std::erase_if(source.left, [](const auto& change) { return !change.added; });
    lay_out(name, "", loaded.tree->root);
    trees_[name] = {std::move(source), std::make_shared<const supervisor_spec>(std::move(loaded.tree->root))};
  }
}

/// What a change brought and did not start is down, also when its supervisor had no time to say so.
void known_trees::keep_down() {
  for (const auto& [tree, known] : trees_) {
    const auto noted = archive_.values().find(std::string{store::change_key} + tree);
    if (noted == archive_.values().end()) continue;
    const auto change = store::parse_change_value(noted->second);
    if (!change) continue;
    for (const auto& name : change->down) {
      const auto node = shared_.nodes.find(tree, name);
      if (!node || node->settled || node->former) continue; // it is not there, or more is known of it
      shared_.nodes.update(tree, name, [&](node_snapshot& added) {
        added.state = node_state::stopped;
        added.settled = true;
        added.since = shared_.steady_now();
        added.reason = "added by a new configuration";
      });
    }
  }
}

/// What was to be done to processes that are gone needs no end.
void known_trees::end_operations() {
  std::vector<std::string> keys{std::string{store::shutdown_key}};
  for (const auto& [name, tree] : trees())
    end_change(name);
  for (const auto prefix : {store::change_key, store::wait_key, store::act_key})
    archive_.each(prefix, [&](const std::string& id, const std::string&) { keys.push_back(std::string{prefix} + id); });
  for (const auto& key : keys)
    archive_.end_operation(key);
}

/// A change that was not finished before everything ended: what it was to stop is stopped, and does not come back.
void known_trees::end_change(const std::string& tree) {
  const auto noted = archive_.values().find(std::string{store::change_key} + tree);
  if (noted == archive_.values().end()) return;
  const auto change = store::parse_change_value(noted->second);
  if (!change) return;
  if (!change->pending.empty()) return become(tree, change->pending);
  if (change->removed.empty()) return;
  auto known = trees_.at(tree);
  auto& grafts = known.source.grafts;
  std::set<std::string> gone;
  for (const auto& name : change->removed) {
    const auto graft = std::find_if(grafts.begin(), grafts.end(), [&](const auto& one) { return one.child == name; });
    if (graft == grafts.end()) continue; // it was removed
    grafts.erase(graft);
    gone.insert(name);
  }
  known.root = std::make_shared<const supervisor_spec>(policy::without(*known.root, gone));
  for (const auto& name : gone)
    shared_.nodes.remove_branch(tree, name);
  replace(std::move(known));
}

/// What was to stop before it could become this has ended.
void known_trees::become(const std::string& tree, const std::string& pending) {
  auto source = store::parse_tree_value(pending);
  if (!source) return;
  auto loaded = read_configuration(*source, text_is::known);
  if (!loaded.tree) return;
  const auto& before = *trees_.at(tree).root;
  auto after = std::make_shared<const supervisor_spec>(policy::sharing(before, loaded.tree->root));
  for (const auto& child : before.children) {
    const bool is_gone = policy::find_child(*after, name_of(child)) == nullptr;
    if (is_gone) shared_.nodes.remove_branch(tree, name_of(child));
  }
  replace({std::move(*source), std::move(after)});
}

/// The processes of a tree ended with their keeper. Of those that were stopped it is known how.
void known_trees::note_ends(const std::string& tree) {
  for (const auto& known : shared_.nodes.in_order(tree))
    if (known->former) shared_.nodes.update(tree, known->name, policy::end_with_keeper);
}

void known_trees::lay_out(const std::string& tree, const std::string& parent, const service_ptr& service) {
  const auto known = shared_.nodes.find(tree, service->name);
  const bool is_same = known && known->service && known->parent == parent && known->restart == service->restart &&
                       (known->service == service || *known->service == *service);
  if (is_same) return;
  shared_.nodes.update(tree, service->name, [&](node_snapshot& node) {
    node.parent = parent;
    node.restart = service->restart;
    node.service = service;
  });
}

/// What a tree is made of is known before its supervisors start, and also when they do not.
void known_trees::lay_out(const std::string& tree, const std::string& parent, const supervisor_spec& spec) {
  std::vector<std::string> children;
  for (const auto& child : spec.children) {
    children.push_back(name_of(child));
    std::visit(overloaded{[&](const service_ptr& service) { lay_out(tree, spec.name, service); },
                          [&](const supervisor_ptr& nested) { lay_out(tree, spec.name, *nested); }},
               child);
  }
  shared_.nodes.update(tree, spec.name, [&](node_snapshot& node) {
    node.what = node_snapshot::kind::supervisor;
    node.parent = parent;
    node.restart = parent.empty() ? root_restart : spec.restart;
    node.strategy = spec.strategy;
    node.intensity = spec.intensity;
    node.pool = spec.pool;
  });
  shared_.nodes.order_children(tree, spec.name, children);
}

/// A tree that was up when everything ended stays down until somebody starts it.
void known_trees::lay_down(const std::string& tree) {
  const auto root = shared_.nodes.find(tree, tree);
  if (is_settled(root)) return;
  archive_.set(std::string{store::interrupted_key} + tree, "true");
  const auto because = policy::interruption_of(root.get());
  for (const auto& known : shared_.nodes.in_order(tree))
    shared_.nodes.update(tree, known->name,
                         [&](node_snapshot& node) { policy::lie_down(node, because, shared_.steady_now()); });
}

std::vector<std::string> known_trees::interrupted() const {
  std::vector<std::string> trees;
  archive_.each(store::interrupted_key, [&](const std::string& tree, const std::string&) {
    if (trees_.count(tree) > 0) trees.push_back(tree);
  });
  return trees;
}

std::vector<std::string> known_trees::take_interrupted() {
  const auto trees = interrupted();
  for (const auto& tree : trees) {
    shared_.nodes.update(tree, tree, [&](node_snapshot& node) {
      node.state = node_state::starting;
      node.settled = false;
      node.reason.clear();
    });
    coming_back_.insert(tree);
    forget_interrupted(tree);
  }
  return trees;
}

void known_trees::forget_interrupted(const std::string& tree) {
  archive_.forget_soon(std::string{store::interrupted_key} + tree);
}

const known_tree* known_trees::find(const std::string& tree) const {
  fold(tree);
  const auto found = trees_.find(tree);
  return found == trees_.end() ? nullptr : &found->second;
}

const std::map<std::string, known_tree>& known_trees::trees() const {
  for (const auto& [tree, known] : trees_)
    fold(tree);
  return trees_;
}

void known_trees::add(known_tree tree) {
  const std::string name = tree.source.name;
  const auto before = trees_.find(name);
  if (before != trees_.end()) tree.source.revision = before->second.source.revision;
  archive_.set_tree(tree.source, shared_.wall_now());
  edits_.erase(name);
  trees_[name] = std::move(tree);
}

void known_trees::replace(known_tree tree) {
  lay_out(tree.source.name, "", *tree.root);
  add(std::move(tree));
}

void known_trees::remove(const std::string& tree) {
  trees_.erase(tree);
  coming_back_.erase(tree);
  edits_.erase(tree);
  shared_.nodes.remove_tree(tree);
  forget_all(tree);
}

void known_trees::note_added(const std::string& tree, added_child child) {
  const auto known = trees_.find(tree);
  if (known == trees_.end()) return;
  archive_.note_added(known->second.source, child.graft);
  edits_[tree].emplace_back(std::move(child));
}

void known_trees::note_removed(const std::string& tree, const std::string& child) {
  const auto known = trees_.find(tree);
  if (known == trees_.end()) return;
  archive_.note_removed(known->second.source, child);
  edits_[tree].emplace_back(child);
}

void known_trees::settle(const std::string& tree) {
  const auto* known = find(tree);
  if (known == nullptr) return;
  auto settled = *known;
  settled.target = nullptr;
  add(std::move(settled));
}

/// Takes up what came and went since somebody last looked, as many of a kind at once as come together.
void known_trees::fold(const std::string& tree) const {
  const auto waiting = edits_.find(tree);
  if (waiting == edits_.end()) return;
  auto edits = std::move(waiting->second);
  edits_.erase(waiting);
  auto& known = trees_.at(tree);
  const auto revision = known.source.revision;
  const auto is_addition = [](const edit& one) { return std::holds_alternative<added_child>(one); };
  for (auto next = edits.begin(); next != edits.end();) {
    const auto end =
        std::find_if(next, edits.end(), [&](const edit& one) { return is_addition(one) != is_addition(*next); });
    policy::additions added;
    std::set<std::string> removed;
    for (; next != end; ++next) {
      if (auto* child = std::get_if<added_child>(&*next)) {
        store::take_up(known.source, {revision, child->graft, {}});
        added[child->graft.parent].push_back(std::move(child->spec));
      } else {
        store::take_up(known.source, {revision, {}, std::get<std::string>(*next)});
        removed.insert(std::move(std::get<std::string>(*next)));
      }
    }
    known.root = std::make_shared<const supervisor_spec>(removed.empty() ? policy::with_children(*known.root, added)
                                                                         : policy::without(*known.root, removed));
  }
}

/// A child that came by hand went with the life of its supervisor, and so did what was added below it: a successor must
/// not bring them back.
void known_trees::prune(const std::string& tree, const std::string& name) {
  const auto waiting = edits_.find(tree);
  const bool has_come =
      waiting != edits_.end() && std::any_of(waiting->second.begin(), waiting->second.end(),
                                             [](const edit& one) { return std::holds_alternative<added_child>(one); });
  if (has_come) fold(tree); // it may be one of these
  const auto is_gone = [&](const std::string& child) {
    const auto pending = edits_.find(tree);
    return pending != edits_.end() && std::any_of(pending->second.begin(), pending->second.end(), [&](const edit& one) {
             const auto* removed = std::get_if<std::string>(&one);
             return removed != nullptr && *removed == child;
           });
  };
  const auto found = trees_.find(tree);
  if (found == trees_.end()) return;
  const auto* gone = policy::find_child(*found->second.root, name);
  const auto* boxed = gone == nullptr ? nullptr : std::get_if<supervisor_ptr>(gone);
  std::vector<std::string> children;
  for (const auto& graft : found->second.source.grafts)
    if (graft.child == name || (boxed != nullptr && policy::find_child(**boxed, graft.child) != nullptr))
      children.push_back(graft.child);
  for (const auto& child : children)
    if (!is_gone(child)) note_removed(tree, child);
}

void known_trees::forget_all(const std::string& tree) {
  archive_.forget_tree(tree);
  archive_.forget(std::string{store::interrupted_key} + tree);
  nodes_.forget(tree);
}

void known_trees::begin_shutdown() {
  nodes_.begin_shutdown();
  archive_.begin_operation(std::string{store::shutdown_key}, "{}");
}

child_entry known_trees::entry_of(const known_tree& tree) const {
  auto entry = entry_of_supervisor(tree.target ? tree.target : tree.root);
  entry.restart = root_restart;
  entry.tree = tree.source.name;
  return entry;
}

supervisor_ptr known_trees::changing_to(const std::string& tree, const std::string& name) const {
  const auto known = trees_.find(tree);
  if (known == trees_.end() || !known->second.target) return nullptr;
  if (name == tree) return known->second.target;
  const auto* child = policy::find_child(*known->second.target, name);
  const auto* nested = child == nullptr ? nullptr : std::get_if<supervisor_ptr>(child);
  return nested == nullptr ? nullptr : *nested;
}

} // namespace alder::actors

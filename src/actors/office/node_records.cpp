#include "actors/office/node_records.hpp"

#include "actors/base/runtime.hpp"

#include <optional>

namespace alder::actors {
namespace {

std::string key_of_node(const std::string& tree, const std::string& name) {
  return std::string{store::node_key} + node_id{tree, name}.text();
}

std::string key_of_past(const std::string& tree, const std::string& name) {
  return std::string{store::past_key} + node_id{tree, name}.text();
}

} // namespace

node_records::node_records(runtime& shared, archive& to, std::function<bool(const std::string& tree)> is_known,
                           std::string boot)
    : shared_(shared), archive_(to), is_known_(std::move(is_known)), boot_(std::move(boot)) {
  shared_.nodes.on_change = [this](const node_ptr& before, const node_ptr& after) { on_node_changed(before, after); };
  shared_.nodes.on_remove = [this](const std::string& tree, const std::string& name) { on_node_removed(tree, name); };
  shared_.on_remembered = [this](const node_id& supervisor, const std::vector<std::string>& children) {
    changed_memories_[supervisor].insert(children.begin(), children.end());
    archive_.write_soon();
  };
  archive_.before_writing = [this] { record_changes(); };
}

store::node_clock node_records::clock() const { return {boot_, shared_.boot, shared_.clock_shift()}; }

store::both_clocks node_records::both_clocks() const { return {shared_.timer_now(), shared_.wall_now(), boot_}; }

std::vector<std::string> node_records::restore_nodes(policy::what_ended before) {
  std::vector<std::string> complaints;
  archive_.each(store::node_key, [&](const std::string& id, const std::string& value) {
    const auto whose = node_id::parse(id);
    const auto known = store::parse_node_value(value, clock());
    if (!known) {
      complaints.push_back("the record of " + id + " in the journal is damaged: " + known.failure().message);
    } else if (whose && is_known_(whose->tree)) {
      shared_.nodes.update(whose->tree, whose->name,
                           [&](node_snapshot& node) { policy::recall(node, *known, before); });
    }
  });
  return complaints;
}

std::vector<std::string> node_records::restore_memories() {
  std::vector<std::string> complaints;
  const auto now = both_clocks();
  archive_.each(store::memory_key, [&](const std::string& id, const std::string& value) {
    auto memory = store::parse_memory_value(value, now);
    if (!memory) {
      complaints.push_back("the restart history of " + id + " in the journal is damaged: " + memory.failure().message);
      return;
    }
    const auto supervisor = node_id::parse(id);
    if (!supervisor) return;
    for (const auto& [child, known] : memory->children)
      changed_memories_[*supervisor].insert(child); // it may have no record of its own yet
    shared_.memories[*supervisor] = std::move(*memory);
  });
  archive_.each(store::past_key, [&](const std::string& id, const std::string& value) {
    auto past = store::parse_past_value(value, now);
    if (!past) {
      complaints.push_back("the history of " + id + " in the journal is damaged: " + past.failure().message);
      return;
    }
    const auto memory = shared_.memories.find(past->supervisor);
    auto child = node_id::parse(id);
    if (memory == shared_.memories.end() || !child) return;
    memory->second.children.emplace(std::move(child->name), std::move(past->child)); // unless known better
  });
  return complaints;
}

void node_records::forget_memories() {
  std::vector<std::string> keys;
  for (const auto prefix : {store::memory_key, store::past_key})
    archive_.each(prefix, [&](const std::string& id, const std::string&) { keys.push_back(std::string{prefix} + id); });
  for (const auto& key : keys)
    archive_.forget(key);
}

void node_records::forget(const std::string& tree) {
  const node_id holder{"", "tree " + tree};
  std::vector<std::string> keys{std::string{store::memory_key} + holder.text()};
  for (const auto prefix : {store::node_key, store::memory_key, store::past_key})
    archive_.each(std::string{prefix} + node_id::prefix(tree), [&](const std::string& name, const std::string&) {
      keys.push_back(std::string{prefix} + node_id{tree, name}.text());
    });
  for (const auto& key : keys)
    archive_.forget(key);
  std::erase_if(shared_.memories, [&](const auto& entry) { return entry.first.tree == tree || entry.first == holder; });
}

void node_records::begin_shutdown() {
  record_changes(); // what was up then is what comes up again after a boot
  shutting_down_ = true;
}

/// What cannot be seen from a process, and is worth a record.
void node_records::on_node_changed(const node_ptr& before, const node_ptr& after) {
  if (after->tree.empty()) return; // the daemon's own branch
  const bool is_same = before ? policy::is_same_to_successor(*before, *after) : !after->settled;
  if (is_same && (!before || before->status == after->status)) return;
  const bool starts = after->name == after->tree && !after->settled && !shutting_down_;
  if (starts && !is_same) archive_.forget_soon(std::string{store::interrupted_key} + after->tree);
  changed_nodes_.insert({after->tree, after->name});
  archive_.write_soon(is_same ? archive::status_delay : archive::write_delay);
}

/// A node of the same name that comes later has nothing to do with it.
void node_records::on_node_removed(const std::string& tree, const std::string& name) {
  if (tree.empty()) return;
  changed_nodes_.insert({tree, name});
  archive_.forget(key_of_past(tree, name));
  const node_id id{tree, name};
  if (shared_.memories.erase(id) > 0) changed_memories_[id];
  archive_.write_soon();
}

void node_records::record_changes() {
  for (const auto& [tree, name] : std::exchange(changed_nodes_, {})) {
    const auto node = shared_.nodes.find(tree, name);
    if (node && is_known_(tree))
      record_node(*node);
    else
      archive_.forget(key_of_node(tree, name));
  }
  for (const auto& [supervisor, children] : std::exchange(changed_memories_, {}))
    record_memory(supervisor, children);
}

void node_records::record_node(const node_snapshot& node) {
  const auto key = key_of_node(node.tree, node.name);
  if (!shutting_down_) return archive_.set(key, store::node_value(node, clock()));
  std::optional<node_snapshot> noted;
  if (const auto record = archive_.values().find(key); record != archive_.values().end())
    if (auto known = store::parse_node_value(record->second)) noted = std::move(*known);
  if (const auto up = policy::record_at_shutdown(node, noted)) archive_.set(key, store::node_value(*up, clock()));
}

/// The one record of the supervisor holds all that changed, so that no part of it can be there without the rest.
void node_records::record_memory(const node_id& supervisor, const std::set<std::string>& children) {
  const auto now = both_clocks();
  const auto memory = shared_.memories.find(supervisor);
  const auto& tree = supervisor.tree;
  const bool is_known = memory != shared_.memories.end() && (tree.empty() || is_known_(tree));
  const auto key = std::string{store::memory_key} + supervisor.text();
  if (is_known)
    archive_.set(key, store::memory_value(memory->second, children, now));
  else
    archive_.forget(key);
  for (const auto& child : children) {
    const auto child_key = key_of_past(tree.empty() ? child : tree, child);
    const auto known =
        is_known ? memory->second.children.find(child) : std::map<std::string, policy::child_memory>::iterator{};
    if (is_known && known != memory->second.children.end())
      archive_.set(child_key, store::past_value({supervisor, known->second}, now));
    else
      archive_.forget(child_key);
  }
}

bool node_records::may_forget(const node_id& id, generation gen) {
  archive_.write();
  if (!archive_.trouble().empty()) return false;
  const auto node = shared_.nodes.find(id);
  const auto memory = node ? shared_.memories.find({id.tree, node->parent}) : shared_.memories.end();
  return policy::is_decided(node.get(), memory == shared_.memories.end() ? nullptr : &memory->second, gen);
}

} // namespace alder::actors

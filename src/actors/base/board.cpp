#include "actors/base/board.hpp"

#include <set>
#include <utility>

namespace alder::actors {
namespace {

constexpr int deepest_tree = 64; // as deep as a configuration can nest

} // namespace

void board::update(const std::string& tree, const std::string& name,
                   const std::function<void(node_snapshot&)>& change) {
  ++version_;
  auto& slot = trees_[tree].nodes[name];
  const node_ptr before = slot;
  auto next = before ? std::make_shared<node_snapshot>(*before) : std::make_shared<node_snapshot>();
  next->tree = tree;
  next->name = name;
  change(*next);
  slot = std::move(next);
  if (on_change) on_change(before, slot);
}

void board::remove(const std::string& tree, const std::string& name) {
  const auto found = trees_.find(tree);
  if (found == trees_.end()) return;
  if (found->second.nodes.erase(name) == 0) return;
  ++version_;
  found->second.children.erase(name);
  if (on_remove) on_remove(tree, name);
}

void board::remove_branch(const std::string& tree, const std::string& name) {
  const auto nodes = trees_.find(tree);
  if (nodes == trees_.end()) return;
  std::vector<node_ptr> branch;
  append_below(nodes->second, name, branch, 0);
  for (const auto& node : branch)
    remove(tree, node->name);
}

void board::remove_tree(const std::string& tree) {
  ++version_;
  trees_.erase(tree);
}

void board::append(child_list& list, const std::string& child) {
  if (!list.places.emplace(child, list.last_place + 1).second) return;
  list.by_place.emplace(++list.last_place, child);
}

void board::order_children(const std::string& tree, const std::string& supervisor,
                           const std::vector<std::string>& children) {
  ++version_;
  auto& list = trees_[tree].children[supervisor] = {};
  for (const auto& child : children)
    append(list, child);
}

void board::append_child(const std::string& tree, const std::string& supervisor, const std::string& child) {
  ++version_;
  append(trees_[tree].children[supervisor], child);
}

void board::remove_child(const std::string& tree, const std::string& supervisor, const std::string& child) {
  const auto found = trees_.find(tree);
  if (found == trees_.end()) return;
  auto& list = found->second.children[supervisor];
  const auto place = list.places.find(child);
  if (place == list.places.end()) return;
  ++version_;
  list.by_place.erase(place->second);
  list.places.erase(place);
}

std::vector<std::string> board::children_of(const std::string& tree, const std::string& supervisor) const {
  const auto found = trees_.find(tree);
  if (found == trees_.end()) return {};
  const auto list = found->second.children.find(supervisor);
  if (list == found->second.children.end()) return {};
  std::vector<std::string> names;
  names.reserve(list->second.by_place.size());
  for (const auto& [place, name] : list->second.by_place)
    names.push_back(name);
  return names;
}

node_ptr board::find(const std::string& tree, const std::string& name) const {
  const auto nodes = trees_.find(tree);
  if (nodes == trees_.end()) return nullptr;
  const auto found = nodes->second.nodes.find(name);
  return found == nodes->second.nodes.end() ? nullptr : found->second;
}

std::vector<node_ptr> board::named(std::string_view text) const {
  std::vector<node_ptr> found;
  const auto id = node_id::parse(text);
  const std::string name{id ? std::string_view{id->name} : text};
  for (const auto& [tree, known] : trees_) {
    const auto& nodes = known.nodes;
    if (tree.empty()) continue; // the daemon's own branch has no names for people
    if (id && id->tree != tree) continue;
    if (const auto node = nodes.find(name); node != nodes.end()) found.push_back(node->second);
  }
  return found;
}

std::vector<node_ptr> board::in_order(const std::string& tree) const {
  std::vector<node_ptr> out;
  const auto nodes = trees_.find(tree);
  if (nodes != trees_.end()) append_below(nodes->second, tree, out, 0);
  return out;
}

void board::append_below(const tree_nodes& tree, const std::string& name, std::vector<node_ptr>& out, int depth) const {
  const auto found = tree.nodes.find(name);
  if (found == tree.nodes.end() || depth > deepest_tree) return;
  out.push_back(found->second);
  const auto list = tree.children.find(name);
  if (list == tree.children.end()) return;
  for (const auto& [place, child] : list->second.by_place)
    append_below(tree, child, out, depth + 1);
}

std::vector<std::string> board::names() const {
  std::set<std::string> all;
  for (const auto& [tree, nodes] : trees_) {
    for (const auto& [name, node] : nodes.nodes)
      all.insert(name);
  }
  return {all.begin(), all.end()};
}

node_snapshot shown(node_snapshot node, std::chrono::milliseconds shift) {
  if (node.since != wall_time{}) node.since += shift;
  if (node.next_attempt) *node.next_attempt += shift;
  for (auto& at : node.counted)
    at += shift;
  return node;
}

node_ptr shown(const node_ptr& node, std::chrono::milliseconds shift) {
  constexpr std::chrono::milliseconds rounding{2}; // of two clocks that are read one after the other
  if (!node || std::chrono::abs(shift) <= rounding) return node;
  return std::make_shared<const node_snapshot>(shown(*node, shift));
}

} // namespace alder::actors

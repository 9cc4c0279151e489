#include "actors/base/board.hpp"

#include <set>

namespace alder::actors {
namespace {

constexpr int deepest_tree = 64; // as deep as a configuration can nest

void append_below(const std::map<std::string, node_ptr>& nodes, const std::string& name, std::vector<node_ptr>& out,
                  int depth) {
  const auto found = nodes.find(name);
  if (found == nodes.end() || depth > deepest_tree) return;
  out.push_back(found->second);
  for (const auto& child : found->second->children)
    append_below(nodes, child, out, depth + 1);
}

} // namespace

void board::update(const std::string& tree, const std::string& name,
                   const std::function<void(node_snapshot&)>& change) {
  auto& slot = trees_[tree][name];
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
  if (found != trees_.end()) found->second.erase(name);
}

void board::remove_tree(const std::string& tree) { trees_.erase(tree); }

node_ptr board::find(const std::string& tree, const std::string& name) const {
  const auto nodes = trees_.find(tree);
  if (nodes == trees_.end()) return nullptr;
  const auto found = nodes->second.find(name);
  return found == nodes->second.end() ? nullptr : found->second;
}

std::vector<node_ptr> board::named(std::string_view text) const {
  std::vector<node_ptr> found;
  const auto slash = text.find('/');
  for (const auto& [tree, nodes] : trees_) {
    if (tree.empty()) continue; // the daemon's own branch has no names for people
    if (slash != std::string_view::npos && text.substr(0, slash) != tree) continue;
    const auto name = slash == std::string_view::npos ? text : text.substr(slash + 1);
    if (const auto node = nodes.find(std::string{name}); node != nodes.end()) found.push_back(node->second);
  }
  return found;
}

std::vector<node_ptr> board::in_order(const std::string& tree) const {
  std::vector<node_ptr> out;
  const auto nodes = trees_.find(tree);
  if (nodes != trees_.end()) append_below(nodes->second, tree, out, 0);
  return out;
}

std::vector<std::string> board::trees() const {
  std::vector<std::string> names;
  for (const auto& [tree, nodes] : trees_)
    names.push_back(tree);
  return names;
}

std::vector<std::string> board::names() const {
  std::set<std::string> all;
  for (const auto& [tree, nodes] : trees_) {
    for (const auto& [name, node] : nodes)
      all.insert(name);
  }
  return {all.begin(), all.end()};
}

} // namespace alder::actors

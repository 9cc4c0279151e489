#include "runtime/wire/node_pieces.hpp"

#include <utility>

namespace alder::wire {
namespace {

constexpr unsigned deepest_node = 64;
constexpr const char* head = R"({"schema":1,)";

void add_tree(json_pieces& all, std::string before, const nested_tree& tree, unsigned depth) {
  all.push_back({std::move(before), tree.root, {}});
  if (tree.root->what != node_snapshot::kind::supervisor) return;
  all.back().after = R"(,"children":[)";
  bool is_first = true;
  for (const auto& name : tree.root->children) {
    const auto* child = depth < deepest_node ? tree.find(name) : nullptr;
    if (child == nullptr) continue;
    add_tree(all, std::exchange(is_first, false) ? "{" : ",{", {child, tree.find}, depth + 1);
    all.back().after += '}';
  }
  all.back().after += ']';
}

} // namespace

std::string text_of(const json_piece& piece) {
  if (piece.node == nullptr) return piece.before + piece.after;
  const auto node = node_json(*piece.node);
  std::string text;
  text.reserve(piece.before.size() + node.size() + piece.after.size());
  return text.append(piece.before).append(node, 1, node.size() - 2).append(piece.after); // without its braces
}

json_pieces services_pieces(const std::vector<const node_snapshot*>& services,
                            const std::vector<std::string>& notices) {
  json_pieces all{{std::string{head} + R"("services":[)", nullptr, {}}};
  for (const auto* service : services)
    all.push_back({all.size() == 1 ? "{" : ",{", service, "}"});
  all.back().after += ']' + (notices.empty() ? std::string{} : R"(,"notices":)" + strings_json(notices)) + '}';
  return all;
}

json_pieces trees_pieces(const std::vector<nested_tree>& trees, const nested_tree* daemon) {
  json_pieces all{{std::string{head} + R"("trees":[)", nullptr, {}}};
  for (const auto& tree : trees) {
    add_tree(all, all.size() == 1 ? "{" : ",{", tree, 1);
    all.back().after += '}';
  }
  all.back().after += ']';
  if (daemon != nullptr) {
    add_tree(all, R"(,"daemon":{)", *daemon, 1);
    all.back().after += '}';
  }
  all.back().after += '}';
  return all;
}

json_pieces detail_pieces(const nested_tree& node, const node_detail& detail) {
  json_pieces all;
  add_tree(all, head, node, 1);
  all.back().after += R"(,"detail":)" + detail_json(*node.root, detail) + '}';
  return all;
}

} // namespace alder::wire

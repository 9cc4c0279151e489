#include "runtime/wire/node_pieces.hpp"

#include <nlohmann/json.hpp>

#include <utility>

namespace alder::wire {
namespace {

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

error too_deep() { return not_promised("nodes are nested too deeply"); }

result<std::vector<node_view>> nodes_in(const json_value& object, const char* key) {
  if (!has(object, key)) return not_promised("'" + std::string{key} + "' is missing");
  bool fits = true;
  each_in(object, key, [&fits](const json_value& node) { fits = fits && !is_too_deep(node); });
  if (!fits) return too_deep();
  std::vector<node_view> nodes;
  take_objects(object, key, nodes);
  return nodes;
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
  all.back().after += ']' + (notices.empty() ? std::string{} : R"(,"notices":)" + written(notices)) + '}';
  return all;
}

result<service_list> read_services(std::string_view text) {
  const auto document = parse_answer(text);
  if (!document) return document.failure();
  auto services = nodes_in(*document, "services");
  if (!services) return services.failure();
  service_list list{std::move(*services), {}};
  take(*document, "notices", list.notices);
  return list;
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

result<tree_view> read_tree(std::string_view text) {
  const auto document = parse_answer(text);
  if (!document) return document.failure();
  auto trees = nodes_in(*document, "trees");
  if (!trees) return trees.failure();
  tree_view view{.trees = std::move(*trees), .daemon = {}};
  const auto* daemon = object_in(*document, "daemon");
  if (daemon == nullptr) return view;
  if (is_too_deep(*daemon)) return too_deep();
  from_json(*daemon, view.daemon.emplace());
  return view;
}

json_pieces detail_pieces(const nested_tree& node, const node_detail& detail) {
  json_pieces all;
  add_tree(all, head, node, 1);
  all.back().after += R"(,"detail":)" + detail_json(detail) + '}';
  return all;
}

result<node_view> read_node(std::string_view text) {
  const auto document = parse_answer(text);
  if (!document) return document.failure();
  if (is_too_deep(*document)) return too_deep();
  node_view node;
  from_json(*document, node);
  if (node.name.empty()) return not_promised("the node has no name");
  return node;
}

} // namespace alder::wire

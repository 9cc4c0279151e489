#include "runtime/store/saved_trees.hpp"

#include "runtime/base/words.hpp"
#include "runtime/os/files.hpp"
#include "runtime/wire/time_text.hpp"

#include <nlohmann/json.hpp>

namespace alder::store {
namespace {

using nlohmann::json;

constexpr int format_version = 1;
constexpr std::size_t largest_file = 256 * 1024 * 1024;

last_exit parse_exit(const json& j) {
  last_exit exit;
  exit.at = wire::parse_time(j.at("at").get<std::string>()).value_or(wall_time{});
  if (j.contains("code")) exit.status = exit_status::code(j["code"].get<int>());
  if (j.contains("signal")) exit.status = exit_status::signal(j["signal"].get<int>());
  return exit;
}

node_snapshot parse_node(const std::string& tree, const json& j) {
  node_snapshot node;
  node.tree = tree;
  node.name = j.at("name").get<std::string>();
  node.state = node_state_named(j.at("state").get<std::string>()).value_or(node_state::stopped);
  node.since = wire::parse_time(j.at("since").get<std::string>()).value_or(wall_time{});
  node.reason = j.value("reason", "");
  node.restarts = j.value("restarts", 0U);
  node.settled = true;
  if (j.contains("last_exit")) node.last_exit = parse_exit(j["last_exit"]);
  return node;
}

saved_tree parse_tree(const json& j) {
  saved_tree tree;
  tree.name = j.at("name").get<std::string>();
  tree.file = j.at("file").get<std::string>();
  tree.text = j.at("text").get<std::string>();
  tree.environment = j.at("environment").get<std::map<std::string, std::string>>();
  tree.files = j.at("files").get<std::map<std::string, std::string>>();
  tree.up_since = wire::parse_time(j.at("up_since").get<std::string>()).value_or(wall_time{});
  for (const auto& node : j.at("settled"))
    tree.settled.push_back(parse_node(tree.name, node));
  return tree;
}

} // namespace

void take_up(saved_tree& tree, const tree_edit& edit) {
  if (edit.revision != tree.revision) return;
  if (edit.added) return tree.grafts.push_back(*edit.added);
  const auto is_it = [&](const saved_tree::graft& graft) { return graft.child == edit.removed; };
  if (std::erase_if(tree.grafts, is_it) == 0) tree.removed.push_back(edit.removed);
}

result<std::vector<saved_tree>> parse_saved_trees(std::string_view text) {
  try {
    const json document = json::parse(text);
    if (document.at("version").get<int>() != format_version)
      return error{error_kind::invalid_input, "its format version differs from that of this daemon"};
    std::vector<saved_tree> trees;
    for (const auto& tree : document.at("trees"))
      trees.push_back(parse_tree(tree));
    return trees;
  } catch (const json::exception& e) {
    return error{error_kind::invalid_input, std::string{"it is damaged: "} + e.what()};
  }
}

result<std::vector<saved_tree>> load_saved_trees(const std::string& file) {
  const auto text = os::read_file(file, largest_file);
  if (!text && text.failure().kind == error_kind::not_found) return std::vector<saved_tree>{};
  if (!text) return text.failure();
  return parse_saved_trees(*text);
}

} // namespace alder::store

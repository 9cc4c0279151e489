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

json exit_json(const last_exit& exit) {
  json j{{"at", wire::time_text(exit.at)}};
  if (exit.status.kind == exit_status::how::exited) j["code"] = exit.status.value;
  if (exit.status.kind == exit_status::how::signaled) j["signal"] = exit.status.value;
  return j;
}

last_exit parse_exit(const json& j) {
  last_exit exit;
  exit.at = wire::parse_time(j.at("at").get<std::string>()).value_or(wall_time{});
  if (j.contains("code")) exit.status = exit_status::code(j["code"].get<int>());
  if (j.contains("signal")) exit.status = exit_status::signal(j["signal"].get<int>());
  return exit;
}

json node_json(const node_snapshot& node) {
  json j{{"name", node.name},
         {"state", word(node.state)},
         {"since", wire::time_text(node.since)},
         {"reason", node.reason},
         {"restarts", node.restarts}};
  if (node.last_exit) j["last_exit"] = exit_json(*node.last_exit);
  return j;
}

node_snapshot parse_node(const std::string& tree, const json& j) {
  node_snapshot node;
  node.tree = tree;
  node.name = j.at("name").get<std::string>();
  node.state = node_state_named(j.at("state").get<std::string>()).value_or(node_state::stopped);
  node.since = wire::parse_time(j.at("since").get<std::string>()).value_or(wall_time{});
  node.reason = j.value("reason", "");
  node.restarts = j.value("restarts", 0U);
  if (j.contains("last_exit")) node.last_exit = parse_exit(j["last_exit"]);
  return node;
}

json tree_json(const saved_tree& tree) {
  json j{{"name", tree.name},       {"file", tree.file},
         {"text", tree.text},       {"environment", tree.environment},
         {"files", tree.files},     {"up_since", wire::time_text(tree.up_since)},
         {"settled", json::array()}};
  for (const auto& node : tree.settled)
    j["settled"].push_back(node_json(node));
  return j;
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

std::string saved_trees_json(const std::vector<saved_tree>& trees) {
  json all = json::array();
  for (const auto& tree : trees)
    all.push_back(tree_json(tree));
  const json document{{"version", format_version}, {"trees", std::move(all)}};
  return document.dump(1, ' ', /*ensure_ascii=*/false, json::error_handler_t::replace) + "\n";
}

result<std::vector<saved_tree>> parse_saved_trees(std::string_view text) {
  try {
    const json document = json::parse(text);
    if (document.at("version").get<int>() != format_version)
      return error{error_kind::invalid_input, "it has another format version than this daemon writes"};
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

outcome store_saved_trees(const std::string& file, const std::vector<saved_tree>& trees) {
  return os::write_file_atomically(file, saved_trees_json(trees));
}

} // namespace alder::store

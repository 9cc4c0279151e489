#include "cli/commands/selection.hpp"

#include <algorithm>

#include <fnmatch.h>

namespace alder::cli {
namespace {

constexpr std::string_view all_word = "all";

bool is_pattern(const std::string& word) { return word.find_first_of("*?[") != std::string::npos; }

void collect_services(const node_view& node, std::vector<const node_view*>& into) {
  for (const auto& child : node.children)
    collect_services(child, into);
  if (node.type == "service") into.push_back(&node);
}

bool has_node(const node_view& node, std::string_view name) {
  return node.name == name ||
         std::any_of(node.children.begin(), node.children.end(), [&](const auto& c) { return has_node(c, name); });
}

bool is_down(const std::string& state) { return state == "stopped" || state == "failed"; }

std::string full_name(const node_view& node) { return node.tree + "/" + node.name; }

std::vector<std::string> matching(const std::vector<const node_view*>& services, const std::string& pattern) {
  std::vector<std::string> names;
  for (const auto* service : services)
    if (::fnmatch(pattern.c_str(), service->name.c_str(), 0) == 0 ||
        ::fnmatch(pattern.c_str(), full_name(*service).c_str(), 0) == 0)
      names.push_back(full_name(*service));
  return names;
}

std::vector<std::string> everything(const tree_view& up, all_means all) {
  std::vector<std::string> names;
  for (const auto& root : up.trees) {
    if (all == all_means::trees || is_down(root.state)) {
      names.push_back(full_name(root));
      continue;
    }
    std::vector<const node_view*> services;
    collect_services(root, services);
    for (const auto* service : services)
      if (is_down(service->state)) names.push_back(full_name(*service));
  }
  return names;
}

failure nothing_matches(const std::string& pattern) {
  return {.code = exit_code::no_such_node,
          .what = "no service matches '" + pattern + "'",
          .help = {"list all services: alder ls"},
          .diagnostics = {}};
}

} // namespace

std::optional<std::vector<std::string>> select_nodes(session& s, const std::vector<std::string>& words, all_means all) {
  const auto is_special = [](const std::string& word) { return word == all_word || is_pattern(word); };
  if (std::none_of(words.begin(), words.end(), is_special)) return words;
  const auto body = s.get("/v1/tree");
  if (!body) return std::nullopt;
  const auto up = s.understood(*body, read_tree);
  if (!up) return std::nullopt;
  std::vector<const node_view*> services;
  for (const auto& root : up->trees)
    collect_services(root, services);
  const bool is_a_name =
      std::any_of(up->trees.begin(), up->trees.end(), [](const auto& root) { return has_node(root, all_word); });
  std::vector<std::string> names;
  const auto add = [&](const std::vector<std::string>& more) {
    for (const auto& name : more)
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  };
  for (const auto& word : words) {
    if (is_pattern(word)) {
      const auto found = matching(services, word);
      if (found.empty()) {
        (void)s.fail(nothing_matches(word));
        return std::nullopt;
      }
      add(found);
    } else if (word == all_word && !is_a_name) {
      const auto found = everything(*up, all);
      if (found.empty()) s.note(up->trees.empty() ? "there are no trees\n" : "nothing is stopped\n");
      add(found);
    } else {
      add({word});
    }
  }
  return names;
}

} // namespace alder::cli

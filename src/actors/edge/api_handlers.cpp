#include "actors/edge/api_handlers.hpp"

#include "runtime/base/text.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>

namespace alder::actors {

wire::problem bad_value(const std::string& what) { return {400, "bad_request", what, {}, {}}; }

result<std::size_t> number(const api_request& request, const std::string& key, std::size_t otherwise,
                           std::size_t most) {
  const auto text = request.value(key);
  if (text.empty()) return otherwise;
  std::size_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size())
    return error{error_kind::invalid_input, "'" + key + "' takes a number, not '" + text + "'"};
  return std::min(value, most);
}

bool is_set(const api_request& request, const std::string& key) {
  const auto text = request.value(key, "0");
  return text != "0" && text != "false";
}

found_node find_one(const std::string& name, const api_context& context) {
  const auto found = context.shared.nodes.named(name);
  std::vector<node_ptr> here;
  std::copy_if(found.begin(), found.end(), std::back_inserter(here),
               [](const node_ptr& node) { return !node->tree.empty(); });
  if (here.size() == 1) return {here.front(), {}};
  std::vector<std::string> help;
  if (here.empty()) {
    if (const auto near = nearest(name, context.shared.nodes.names())) help.push_back("did you mean '" + *near + "'?");
    help.push_back("all there are: alder ls");
    return {nullptr, {404, "no_such_node", "there is no '" + name + "'", help, {}}};
  }
  for (const auto& node : here)
    help.push_back(node->tree + "/" + node->name);
  return {nullptr, {409, "ambiguous", "'" + name + "' is in more than one tree", help, {}}};
}

std::optional<wire::problem> read_filter(const api_request& request, const std::string& key, const api_context& context,
                                         node_filter& filter) {
  for (const auto& name : request.values(key)) {
    if (context.trees.find(name) != nullptr) {
      filter.trees.insert(name);
      continue;
    }
    const auto found = context.shared.nodes.named(name);
    if (found.empty()) return find_one(name, context).problem;
    for (const auto& node : found) {
      std::vector<std::string> below{node->name};
      while (!below.empty()) {
        const auto current = context.shared.nodes.find(node->tree, below.back());
        filter.nodes.insert(id_of(node->tree, below.back()));
        below.pop_back();
        if (current) below.insert(below.end(), current->children.begin(), current->children.end());
      }
    }
  }
  return std::nullopt;
}

node_ptr find_supervisor(const api_request& request, const responder& out, const api_context& context) {
  const auto found = find_one(request.path[2], context);
  if (!found.node) {
    out->refuse(found.problem);
    return nullptr;
  }
  if (found.node->what == node_snapshot::kind::supervisor) return found.node;
  out->refuse({409,
               "conflict",
               "'" + found.node->name + "' is no supervisor",
               {"its supervisor is " + found.node->parent},
               {}});
  return nullptr;
}

} // namespace alder::actors

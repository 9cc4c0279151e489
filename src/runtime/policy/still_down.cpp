#include "runtime/policy/still_down.hpp"

#include <set>

namespace alder::policy {
namespace {

bool is_down(const node_snapshot& node) {
  return node.state == node_state::stopped || node.state == node_state::failed;
}

bool waits_for_its_name(const node_snapshot& node) {
  return node.service && (!node.service->autostart || node.service->waits_for_schedule());
}

} // namespace

std::vector<std::string> still_down(const std::vector<std::shared_ptr<const node_snapshot>>& nodes,
                                    const std::string& name) {
  std::set<std::string> below{name};
  std::set<std::string> up; ///< supervisors among these
  std::vector<std::string> wanted;
  std::string pool; ///< that is meant itself
  for (const auto& node : nodes) {
    const bool is_it = node->name == name;
    if (!is_it && below.count(node->parent) == 0) continue;
    const bool is_supervisor = node->what != node_snapshot::kind::service;
    if (is_supervisor) below.insert(node->name);
    if (is_supervisor && node->state == node_state::running) up.insert(node->name);
    if (is_it && node->pool) pool = name;
    if (is_it || up.count(node->parent) == 0 || !is_down(*node)) continue;
    if (!waits_for_its_name(*node) || node->parent == pool) wanted.push_back(node->name);
  }
  return wanted;
}

} // namespace alder::policy

#include "actors/tree/supervisor_plan.hpp"

#include "actors/tree/kind_service.hpp"
#include "actors/tree/kind_supervisor.hpp"

#include "runtime/base/overloaded.hpp"

#include <utility>

namespace alder::actors {

child_entry entry_of(const child_spec& spec) {
  return std::visit(overloaded{[](const service_ptr& service) { return entry_of_service(service); },
                               [](const supervisor_ptr& nested) { return entry_of_supervisor(nested); }},
                    spec);
}

supervisor_plan plan_of(const std::string& tree, const supervisor_spec& spec) {
  supervisor_plan plan{
      tree,
      spec.name,
      {spec.strategy, spec.intensity, spec.auto_shutdown, spec.sticky_stop, spec.finish_starts, spec.parallel_start},
      spec.pool,
      {}};
  for (const auto& child : spec.children)
    plan.children.push_back(entry_of(child));
  if (spec.pool && !plan.children.empty()) {
    auto instance = plan.children.front();
    instance.name = spec.name;
    plan.instance = std::make_shared<const child_entry>(std::move(instance));
  }
  return plan;
}

policy::child_rules rules_of(const child_entry& entry) {
  auto rules = entry.kind->rules();
  rules.id = entry.name;
  rules.restart = entry.restart;
  return rules;
}

std::vector<policy::child_rules> rules_of(const std::vector<child_entry>& entries) {
  std::vector<policy::child_rules> all;
  for (const auto& entry : entries)
    all.push_back(rules_of(entry));
  return all;
}

std::optional<policy::child_rules> rules_of(const std::shared_ptr<const child_entry>& instance) {
  if (!instance) return std::nullopt;
  return rules_of(*instance);
}

} // namespace alder::actors

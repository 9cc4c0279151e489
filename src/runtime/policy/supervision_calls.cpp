// What a supervisor is called for: children by name, and another version of its specification.
#include "runtime/policy/supervision.hpp"

#include <algorithm>
#include <cstddef>
#include <unordered_set>
#include <utility>

namespace alder::policy {
namespace {

using phase = child_state::phase;

} // namespace

std::string fault_in(const std::vector<child_rules>& children, std::optional<auto_shutdown> mode) {
  std::unordered_set<std::string> ids;
  for (const auto& child : children) {
    if (child.significant && mode == auto_shutdown::never) return "bad_combination:auto_shutdown+significant";
    if (child.significant && child.restart == restart_kind::permanent) return "bad_combination:restart+significant";
    if (!ids.insert(child.id).second) return "duplicate_child_name:" + child.id;
  }
  return {};
}

void supervision::on_call(const call& c) {
  auto* child = find(c.id);
  const bool down = child != nullptr && child->what == phase::stopped;
  const std::string up_error = child == nullptr                ? "not_found"
                               : child->what == phase::running ? "running"
                                                               : "restarting";
  if (c.seen && child != nullptr && child->generation > *c.seen)
    return answer(c.token, child->what == phase::running ? "" : "down_again");
  switch (c.what) {
  case call::op::terminate_child:
  case call::op::stop_child: return on_terminate(c);
  case call::op::restart_child:
    if (is_pool()) return answer(c.token, "simple_one_for_one");
    if (child != nullptr) forget_restarts(*child);
    if (!down) return answer(c.token, up_error);
    return start_on_request(c, start_mode::request, child->generation);
  case call::op::delete_child:
    if (is_pool()) return answer(c.token, "simple_one_for_one");
    if (!down) return answer(c.token, up_error);
    remove(c.id);
    return answer(c.token, "");
  case call::op::start_now:
    if (child == nullptr || child->what == phase::running) return answer(c.token, up_error);
    move_to(*child, phase::stopped);
    forget_restarts(*child);
    return start_on_request(c, start_mode::request, child->generation);
  case call::op::stop_and_start:
    if (child == nullptr) return answer(c.token, "not_found");
    forget_restarts(*child);
    begin_work({.what = unfinished_work::kind::restart,
                .origin = c.id,
                .automatic = false,
                .members = {{c.id, child->generation, c.why}}});
    plan_.push_back(stop_step{c.id, c.why, /*remove_temporary=*/false});
    plan_.push_back(start_step{c.id, start_mode::request, c.why, c.token});
    return;
  case call::op::stop_and_delete:
    if (child == nullptr) return answer(c.token, "not_found");
    child->retry_token = ++last_token_;
    begin_work({.what = unfinished_work::kind::stop,
                .origin = c.id,
                .automatic = false,
                .members = {{c.id, child->generation, c.why}}});
    plan_.push_back(stop_step{c.id, c.why, /*remove_temporary=*/false});
    plan_.push_back(settle_step{c.id, c.why});
    plan_.push_back(delete_step{c.id});
    plan_.push_back(effect_step{reply{c.token, {}, {}}});
    return;
  case call::op::start_child: return on_start_child(c);
  }
}

void supervision::start_on_request(const call& c, start_mode mode, alder::generation before) {
  begin_work(
      {.what = unfinished_work::kind::start, .origin = c.id, .automatic = false, .members = {{c.id, before, c.why}}});
  plan_.push_back(start_step{c.id, mode, c.why, c.token});
}

void supervision::on_terminate(const call& c) {
  auto* child = find(c.id);
  const bool by_process = is_pool() && c.what == call::op::terminate_child;
  if (by_process && !c.process) return answer(c.token, "simple_one_for_one"); // its instances have no ids, says OTP
  if (child == nullptr || (by_process && *c.process != child->process)) return answer(c.token, "not_found");
  child->retry_token = ++last_token_; // cancels a pending retry
  begin_work({.what = unfinished_work::kind::stop,
              .origin = c.id,
              .automatic = false,
              .members = {{c.id, child->generation, c.why}}});
  plan_.push_back(stop_step{c.id, c.why, /*remove_temporary=*/true});
  plan_.push_back(settle_step{c.id, c.why});
  plan_.push_back(effect_step{reply{c.token, {}, {}}});
}

void supervision::on_start_child(const call& c) {
  auto spec = c.spec;
  if (is_pool() && template_) {
    spec = *template_;
    spec.id = c.id;
  } else if (auto fault = fault_in({spec}, rules_.auto_shutdown); !fault.empty()) {
    return answer(c.token, std::move(fault));
  }
  if (const auto* child = find(c.id))
    return answer(c.token, child->what == phase::running ? "already_started" : "already_present");
  add(std::move(spec));
  recall(c.id, c.reached);
  start_on_request(c, start_mode::addition, find(c.id)->generation);
}

/// New children in their order, then those that are not in the new specification, in their old order.
void supervision::on_upgrade(const upgrade& u) {
  const bool pool = u.rules.strategy == strategy::simple_one_for_one;
  if (pool != is_pool()) return answer(u.token, "invalid_strategy");
  if (auto fault = fault_in(u.children, u.rules.auto_shutdown); !fault.empty())
    return answer(u.token, std::move(fault));
  if (pool && u.children.size() != 1) return answer(u.token, "bad_start_spec");
  rules_ = u.rules;
  if (pool) {
    template_ = u.children.front();
    for (auto& instance : children_) {
      auto id = std::move(instance.rules.id);
      instance.rules = *template_;
      instance.rules.id = std::move(id);
    }
  } else {
    auto former = children_.begin();
    for (const auto& rules : u.children) {
      const auto known = places_.find(rules.id);
      if (known == places_.end()) {
        places_.emplace(rules.id, children_.insert(former, child_state{.rules = rules}));
        continue;
      }
      known->second->rules = rules;
      if (known->second == former) {
        ++former;
      } else {
        children_.splice(former, children_, known->second);
      }
    }
  }
  for (const auto& [id, generation] : u.reached)
    recall(id, generation);
  significant_up_ = static_cast<std::size_t>(std::count_if(children_.begin(), children_.end(), [](const auto& child) {
    return child.rules.significant && child.what != phase::stopped;
  }));
  answer(u.token, "");
}

void supervision::answer(call_token token, std::string error, std::string detail) {
  emit(reply{token, std::move(error), std::move(detail)});
}

} // namespace alder::policy

// People's calls to a supervisor, and its answers.
#include "actors/tree/supervisor.hpp"

#include <algorithm>
#include <utility>

namespace alder::actors {

error supervisor::call_error(const std::string& word, const std::string& child, const std::string& detail) {
  if (word == "not_found")
    return {error_kind::not_found, "'" + child + "' is not a child of this supervisor, or no longer one"};
  if (word == "start_failed") return {error_kind::io, child + " could not start: " + detail};
  if (word == "noproc") return {error_kind::unavailable, "the supervisor of " + child + " has ended"};
  if (word == "already_started" || word == "already_present")
    return {error_kind::conflict,
            "'" + child + "' already exists and is " + (word == "already_started" ? "up" : "down")};
  if (word == "down_again") return {error_kind::conflict, child + " was started, but is not running any more"};
  if (word == "running" || word == "restarting") return {error_kind::conflict, child + " is " + word};
  return {error_kind::invalid_input, child + " is not possible here: " + word};
}

caf::result<call_outcome> supervisor::on_call(const node_call& call) {
  pending_call pending{make_response_promise<call_outcome>(), call};
  auto promise = pending.promise;
  using op = policy::call::op;
  switch (call.what) {
  case node_call::op::start: begin_call(op::start_now, std::move(pending)); break;
  case node_call::op::stop: {
    const auto* known = find_child(call.child);
    pending.was_down = known != nullptr && is_down(shared_.nodes.find(tree_of(*known), call.child));
    begin_call(op::stop_child, std::move(pending));
    break;
  }
  case node_call::op::restart: begin_call(op::stop_and_start, std::move(pending)); break;
  case node_call::op::reset: reset(pending); break;
  case node_call::op::add: begin_call(op::start_child, std::move(pending)); break;
  case node_call::op::remove: begin_call(op::stop_and_delete, std::move(pending)); break;
  case node_call::op::terminate_child: begin_call(op::terminate_child, std::move(pending)); break;
  case node_call::op::restart_child: begin_call(op::restart_child, std::move(pending)); break;
  case node_call::op::delete_child: begin_call(op::delete_child, std::move(pending)); break;
  }
  return promise;
}

/// Counters of a child begin anew; one that waits because of them waits no longer.
void supervisor::reset(pending_call& pending) {
  auto* c = find_child(pending.what.child);
  if (c == nullptr || !machine_.reset(pending.what.child))
    return finish_call(pending, {/*changed=*/false, call_error("not_found", pending.what.child, {})});
  remember();
  const bool changed = std::exchange(c->restarts, 0U) > 0;
  shared_.nodes.update(tree_of(*c), pending.what.child, [](node_snapshot& node) { node.restarts = 0; });
  const auto node = shared_.nodes.find(tree_of(*c), pending.what.child);
  if (node && node->state == node_state::backoff) return begin_call(policy::call::op::start_now, std::move(pending));
  finish_call(pending, {changed, {}});
}

void supervisor::begin_call(policy::call::op op, pending_call pending) {
  policy::call call;
  call.what = op;
  call.token = ++last_token_;
  call.id = pending.what.child;
  call.why = pending.what.why;
  call.process = pending.what.process;
  call.seen = pending.what.seen;
  if (op == policy::call::op::start_child) {
    const auto* known = find_child(call.id);
    const auto& entry = pending.what.entry ? *pending.what.entry : *known->entry;
    const auto& tree = entry.tree.empty() ? plan_.tree : entry.tree;
    call.spec = rules_of(entry);
    holds_tree_ = holds_tree_ || !entry.tree.empty(); // else nobody could go on with this very start
    call.reached = std::max(known == nullptr ? 0 : known->generation, shared_.os.last_generation(id_of(tree, call.id)));
  }
  calls_[call.token] = std::move(pending);
  handle(std::move(call));
}

/// The machine's answer; what it means depends on the wish.
void supervisor::on_reply(const policy::reply& reply) {
  auto answered = calls_.extract(reply.token);
  if (answered.empty()) return;
  auto& pending = answered.mapped();
  if (pending.plan) return finish_upgrade(pending, reply);
  const auto name = pending.what.child;
  auto* c = find_child(name);
  using wish = node_call::op;
  const auto what = pending.what.what;
  const bool forgotten = machine_.find_child(name) == nullptr; // by the rules; people may still see it
  if (reply.error == "not_found" && c != nullptr) {            // a temporary child that ended
    if (what == wish::stop) return finish_call(pending, {/*changed=*/false, {}, {}});
    const bool was_started = pending.what.seen && c->generation > *pending.what.seen; // since then, and has ended
    if (was_started) return finish_call(pending, {false, call_error("down_again", name, {}), "down_again"});
    if (what == wish::start || what == wish::restart)
      return begin_call(policy::call::op::start_child, std::move(pending));
    if (what == wish::remove) {
      forget(name);
      return finish_call(pending, {/*changed=*/true, {}, {}});
    }
  }
  const bool is_dead = pending.what.process && !shared_.os.is_alive({id_of(plan_.tree, name), *pending.what.process});
  if (reply.error == "not_found" && what == wish::terminate_child && is_dead)
    return finish_call(pending, {/*changed=*/false, {}, {}}); // OTP: a process that is dead is as good as stopped
  if (reply.error == "start_failed" && c != nullptr && (what != wish::add || !c->entry->tree.empty()))
    set_state(*c, node_state::failed, "could not start: " + reply.detail, stays::yes);
  if (what == wish::start && reply.error == "running") return finish_call(pending, {/*changed=*/false, {}, {}});
  const bool exact = what == wish::add || what == wish::remove || what == wish::terminate_child ||
                     what == wish::restart_child || what == wish::delete_child;
  if (exact && forgotten && c != nullptr && !c->actor && (c->entry->tree.empty() || what == wish::remove)) forget(name);
  if (!reply.error.empty()) {
    const auto word = reply.error == "start_failed" ? "start_failed:" + reply.detail : reply.error;
    return finish_call(pending, {/*changed=*/false, call_error(reply.error, name, reply.detail), word});
  }
  call_outcome outcome;
  outcome.changed = !pending.was_down;
  outcome.word = reply.detail;
  finish_call(pending, outcome);
}

void supervisor::forget(const std::string& name) {
  auto& c = children_.at(name);
  if (c.caretaker) send_exit(std::exchange(c.caretaker, nullptr), caf::exit_reason::user_shutdown);
  shared_.parents.erase(id_of(tree_of(c), name));
  if (c.entry->tree.empty()) shared_.nodes.remove(plan_.tree, name); // of a tree the office does it
  shared_.nodes.remove_child(plan_.tree, plan_.name, name);
  children_.erase(name);
}

void supervisor::finish_call(pending_call& pending, const call_outcome& outcome) { pending.promise.deliver(outcome); }

caf::result<call_outcome> supervisor::on_upgrade(const upgrade_call& call) {
  pending_call pending{make_response_promise<call_outcome>(), {}, call.plan};
  auto promise = pending.promise;
  const auto& plan = *call.plan;
  policy::upgrade wanted{++last_token_, plan.rules, rules_of(plan.children), {}};
  if (plan.rules.strategy == strategy::simple_one_for_one && plan.instance)
    wanted.children = {rules_of(*plan.instance)};
  for (const auto& entry : plan.children)
    wanted.reached.emplace_back(entry.name, shared_.os.last_generation(id_of(plan_.tree, entry.name)));
  calls_[wanted.token] = std::move(pending);
  handle(std::move(wanted));
  return promise;
}

void supervisor::finish_upgrade(pending_call& pending, const policy::reply& reply) {
  if (!reply.error.empty())
    return finish_call(pending, {/*changed=*/false, call_error(reply.error, plan_.name, reply.detail), reply.error});
  plan_ = *pending.plan;
  for (const auto& entry : plan_.children) {
    const bool is_new = children_.count(entry.name) == 0;
    if (is_new && plan_.pool) continue; // an instance comes with add
    auto& c = adopt_entry(entry);
    if (is_new) set_state(c, node_state::stopped, "added by a new configuration", stays::yes);
  }
  if (plan_.pool) take_template();
  std::vector<std::string> order;
  for (const auto& known : machine_.children())
    order.push_back(known.rules.id);
  for (const auto& [name, c] : children_) { // those the rules have forgotten come last
    if (machine_.find_child(name) == nullptr) order.push_back(name);
  }
  shared_.nodes.order_children(plan_.tree, plan_.name, order);
  publish_self();
  finish_call(pending, {/*changed=*/true, {}, {}});
}

/// How an instance is restarted and stopped is the template's, also for instances with a specification of their own.
void supervisor::take_template() {
  for (auto& [name, c] : children_) {
    auto entry = *c.entry;
    entry.restart = plan_.instance->restart;
    if (auto kind = entry.kind->with_terms(entry.restart, plan_.instance->kind->stop())) entry.kind = std::move(kind);
    c.entry = std::make_shared<const child_entry>(std::move(entry));
  }
}

caf::result<children_answer> supervisor::on_question() {
  auto promise = make_response_promise<children_answer>();
  questions_[++last_token_] = promise;
  handle(policy::question{last_token_});
  return promise;
}

void supervisor::on_children_told(const policy::children_told& told) {
  auto asked = questions_.extract(told.token);
  if (asked.empty()) return;
  if (told.gone) {
    asked.mapped().deliver(caf::make_error(caf::sec::request_receiver_down));
    return;
  }
  children_answer answer;
  for (const auto& state : told.children)
    answer.children.push_back({state, is_alive(state)});
  asked.mapped().deliver(std::move(answer));
}

bool supervisor::is_alive(const policy::child_state& state) {
  const auto* c = find_child(state.rules.id);
  if (c == nullptr || state.what != policy::child_state::phase::running) return false;
  return c->entry->kind->is_alive(place_of(*c), state.process, static_cast<bool>(c->actor));
}

} // namespace alder::actors

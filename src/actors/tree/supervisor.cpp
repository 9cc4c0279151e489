#include "actors/tree/supervisor.hpp"

#include "actors/tree/decider.hpp"
#include "actors/tree/process.hpp"

#include "runtime/base/overloaded.hpp"
#include "runtime/base/units.hpp"
#include "runtime/base/words.hpp"
#include "runtime/wire/event_sentence.hpp"

#include <csignal>

namespace alder::actors {
namespace {

using policy::child_state;
using std::chrono::milliseconds;

constexpr std::chrono::seconds decider_deadline{1}; // then the built-in rule decides
constexpr unsigned immediate_takeovers = 3;         // an actor that keeps crashing is a bug: do not spin on it
constexpr std::chrono::seconds takeover_delay{1};

policy::child_rules rules_of(const child_entry& entry) {
  policy::child_rules rules;
  rules.id = entry.name;
  rules.restart = entry.restart;
  rules.supervisor = entry.supervisor != nullptr;
  if (entry.service) {
    rules.significant = entry.service->significant;
    rules.brutal_kill = entry.service->stop.signal == SIGKILL;
    rules.backoff = entry.service->backoff;
  } else if (entry.supervisor) {
    rules.significant = entry.supervisor->significant;
    rules.backoff = entry.supervisor->backoff;
  }
  return rules;
}

std::vector<policy::child_rules> rules_of(const std::vector<child_entry>& entries) {
  std::vector<policy::child_rules> all;
  for (const auto& entry : entries)
    all.push_back(rules_of(entry));
  return all;
}

child_entry entry_of(const child_spec& spec) {
  child_entry entry;
  std::visit(overloaded{[&](const service_spec& service) {
                          entry.name = service.name;
                          entry.restart = service.restart;
                          entry.service = std::make_shared<const service_spec>(service);
                        },
                        [&](const std::shared_ptr<const supervisor_spec>& nested) {
                          entry.name = nested->name;
                          entry.restart = nested->restart;
                          entry.supervisor = nested;
                        }},
             spec);
  return entry;
}

bool is_down(const node_ptr& node) {
  return node && node->since != wall_time{} &&
         (node->state == node_state::stopped || node->state == node_state::finished ||
          node->state == node_state::failed);
}

error call_error(const std::string& word, const std::string& child, const std::string& detail) {
  if (word == "not_found")
    return {error_kind::not_found, "'" + child + "' is not a child of this supervisor (any more)"};
  if (word == "start_failed") return {error_kind::io, child + " could not start: " + detail};
  if (word == "noproc") return {error_kind::unavailable, "the supervisor of " + child + " has ended"};
  return {error_kind::conflict, child + " is " + word};
}

} // namespace

supervisor_plan plan_of(const std::string& tree, const supervisor_spec& spec) {
  supervisor_plan plan{tree, spec.name, {spec.strategy, spec.intensity, spec.auto_shutdown}, spec.pool, {}};
  for (const auto& child : spec.children)
    plan.children.push_back(entry_of(child));
  return plan;
}

supervisor::supervisor(caf::actor_config& config, runtime& shared, supervisor_plan plan, parent_actor parent,
                       decider_actor judge)
    : actor_base(config), shared_(shared), plan_(std::move(plan)), parent_(std::move(parent)),
      decider_(std::move(judge)), machine_(plan_.rules, rules_of(plan_.children)),
      random_(static_cast<std::minstd_rand::result_type>(id() + 1)) {
  if (!decider_) decider_ = spawn<decider>();
  // When its own supervisor's actor is gone it makes way for the successor, which starts a new one that takes over.
  if (parent_) watch(parent_, [this](const caf::error&) { quit(); });
}

supervisor::behavior_type supervisor::make_behavior() {
  return {
      [this](const start_order& order) { on_start(order); },
      [this](const abort_order&) {
        handle(policy::stop_asked{{cause::kind::request, {}, {}, {}}});
      },
      [this](const stop_order& order) { handle(policy::stop_asked{order.why}); },
      [this](const child_started& message) { on_child_started(message); },
      [this](const child_ended& message) { on_child_ended(message); },
      [this](const retry_due& due) { handle(due.what); },
      [this](const takeover_due& due) { take_over(due.id, due.generation); },
      [this](const node_call& call) { return on_call(call); },
  };
}

void supervisor::on_exit() {
  for (auto& [token, pending] : calls_)
    pending.promise.deliver(call_outcome{false, call_error("noproc", pending.what.child, {})});
  calls_.clear();
  for (const auto& [name, c] : children_) {
    const auto entry = shared_.parents.find(id_of(tree_of(c), name));
    if (entry != shared_.parents.end() && entry->second.address() == address()) shared_.parents.erase(entry);
  }
  children_.clear();
  send_exit(decider_, caf::exit_reason::user_shutdown);
  decider_ = nullptr;
  parent_ = nullptr;
}

// -- its own life

void supervisor::on_start(const start_order& order) {
  generation_ = order.generation;
  resuming_ = order.resume;
  started_at_ = shared_.wall_now();
  policy::begin begin{order.resume, {}, {cause::kind::tree_start, plan_.name, {}, {}}};
  for (const auto& entry : plan_.children) {
    if (order.resume && is_down(shared_.nodes.find(entry.tree.empty() ? plan_.tree : entry.tree, entry.name)))
      begin.down.insert(entry.name);
    adopt_entry(entry);
    recall(entry.name, order.resume);
  }
  publish_self();
  handle(std::move(begin));
}

/// What this supervisor's predecessor or a former daemon knew of a child: the generation goes on, or is taken over.
void supervisor::recall(const std::string& name, bool resume) {
  auto& c = children_[name];
  const auto id = id_of(tree_of(c), name);
  const auto left = resume ? shared_.os.left_behind(id) : std::nullopt;
  machine_.recall(name, left ? left->generation - 1 : shared_.os.last_generation(id));
  if (!left) return;
  c.restarts = static_cast<unsigned>(std::strtoul(left->note.c_str(), nullptr, 10));
}

void supervisor::handle(policy::event e) {
  const double random = std::uniform_real_distribution<double>{0.0, 1.0}(random_);
  for (const auto& effect : machine_.handle(std::move(e), now_on_clock(), random))
    carry_out(effect);
}

void supervisor::carry_out(const policy::effect& effect) {
  std::visit(overloaded{[&](const policy::start_child& order) { start(order); },
                        [&](const policy::abort_start& abort) {
                          if (const auto& c = children_[abort.id]; c.actor) send(c.actor, abort_order{});
                        },
                        [&](const policy::stop_child& order) { stop(order); },
                        [&](const policy::ask_decider& question) { ask(question); },
                        [&](const policy::schedule_retry& retry) { plan_retry(retry); },
                        [&](const policy::reply& reply) { on_reply(reply); },
                        [&](const policy::report& report) { on_report(report); },
                        [&](const policy::child_settled& settled) { on_settled(settled); },
                        [&](const policy::supervisor_started&) { on_started(); },
                        [&](const policy::supervisor_start_failed& failed) { on_start_failed(failed); },
                        [&](const policy::supervisor_ended& ended) { on_ended(ended); }},
             effect);
}

void supervisor::on_started() {
  resuming_ = false;
  if (std::exchange(answered_, true) || !parent_) return;
  send(parent_, child_started{{plan_.name, generation_, policy::start_result::how::ok, {}}});
}

void supervisor::on_start_failed(const policy::supervisor_start_failed& failed) {
  const std::string detail = failed.id + " could not start: " + failed.detail;
  if (parent_) send(parent_, child_started{{plan_.name, generation_, policy::start_result::how::failed, detail}});
  quit();
}

void supervisor::on_ended(const policy::supervisor_ended& ended) {
  if (parent_) send(parent_, child_ended{{plan_.name, generation_, ended.reason}});
  quit();
}

// -- its children

std::string supervisor::tree_of(const child& c) const { return c.entry->tree.empty() ? plan_.tree : c.entry->tree; }

void supervisor::adopt_entry(const child_entry& entry) {
  auto& c = children_[entry.name];
  c.entry = std::make_shared<const child_entry>(entry);
  const bool is_root = !entry.tree.empty();
  shared_.parents[id_of(tree_of(c), entry.name)] = self();
  shared_.nodes.update(tree_of(c), entry.name, [&](node_snapshot& node) {
    node.parent = is_root ? "" : plan_.name;
    node.restart = entry.restart;
    node.service = entry.service;
    node.what = entry.service      ? node_snapshot::kind::service
                : entry.supervisor ? node_snapshot::kind::supervisor
                                   : node_snapshot::kind::actor;
    c.restarts = node.restarts;
  });
}

void supervisor::start(const policy::start_child& order) {
  auto& c = children_[order.id];
  c.generation = order.generation;
  c.why = order.why;
  c.stopping = false;
  if (order.automatic) ++c.restarts;
  const bool resume = resuming_;
  set_state(order.id, node_state::starting, order.why);
  const bool checks_readiness =
      c.entry->service && !std::holds_alternative<std::monostate>(c.entry->service->ready.check);
  if (checks_readiness && !resume) announce(event_kind::starting, order.id, order.why);
  bring_up(c, {order.generation, order.why, resume, c.restarts});
}

void supervisor::bring_up(child& c, const start_order& order) {
  const parent_actor me = self();
  if (c.entry->service) {
    c.actor = spawn<process>(shared_, tree_of(c), c.entry->service, me);
  } else if (c.entry->supervisor) {
    c.actor = spawn<supervisor>(shared_, plan_of(tree_of(c), *c.entry->supervisor), me);
  } else {
    c.actor = c.entry->part(this, me);
  }
  watch(c.actor, [this, name = c.entry->name, generation = order.generation](const caf::error& why) {
    on_actor_lost(name, generation, why);
  });
  send(c.actor, order);
}

/// The actor of a child crashed; its program, if it has one, still runs. A new actor takes it over: no exit, no count.
void supervisor::on_actor_lost(const std::string& id, alder::generation generation, const caf::error& why) {
  const auto found = children_.find(id);
  if (found == children_.end() || found->second.generation != generation || !found->second.actor) return;
  auto& c = found->second;
  c.actor = nullptr;
  announce(event_kind::warning, id,
           {cause::kind::own_exit, {}, "its actor crashed (" + system().render(why) + ") and is replaced", {}});
  if (++c.actor_crashes > immediate_takeovers) {
    delayed_send(this, takeover_delay, takeover_due{id, generation});
    return;
  }
  take_over(id, generation);
}

void supervisor::take_over(const std::string& id, alder::generation generation) {
  const auto found = children_.find(id);
  if (found == children_.end() || found->second.generation != generation || found->second.actor) return;
  auto& c = found->second;
  bring_up(c, {generation, c.why, /*resume=*/true, c.restarts});
  if (c.stopping) send(c.actor, stop_order{c.why});
}

void supervisor::stop(const policy::stop_child& order) {
  auto& c = children_[order.id];
  c.stopping = true;
  c.why = order.why;
  set_state(order.id, node_state::stopping, order.why);
  announce(event_kind::stopping, order.id, order.why);
  if (c.actor) send(c.actor, stop_order{order.why});
}

void supervisor::on_child_started(const child_started& message) {
  const auto& result = message.result;
  const auto found = children_.find(result.id);
  if (found == children_.end() || found->second.generation != result.generation) return; // of an older process
  auto& c = found->second;
  if (result.what == policy::start_result::how::failed) {
    if (c.actor) unwatch(c.actor);
    c.actor = nullptr;
    if (c.stopping) { // a replacement actor that was stopped before it had taken over
      return on_child_ended({{result.id, result.generation, {exit_reason::kind::shutdown, {}, "was stopped"}}});
    }
    set_state(result.id, node_state::failed, "could not start: " + result.detail);
    announce(event_kind::start_failed, result.id, c.why, [&](event& e) { e.cause.detail = result.detail; });
    if (!c.entry->tree.empty())
      announce(event_kind::tree_failed, result.id, {cause::kind::failed_attempt, {}, result.detail, {}});
  } else {
    const auto node = shared_.nodes.find(tree_of(c), result.id);
    const bool was_running = node && node->state == node_state::running; // a replaced actor reports again
    const bool adopted =
        resuming_ && c.entry->service && node && node->since != wall_time{} && node->since < started_at_;
    if (!was_running) note_started(c, result.id, adopted);
  }
  handle(result);
}

void supervisor::note_started(child& c, const std::string& id, bool adopted) {
  if (adopted) c.why = {cause::kind::adopted, {}, {}, {}};
  const auto since = shared_.nodes.find(tree_of(c), id)->since;
  set_state(id, node_state::running, c.why);
  if (adopted && c.entry->service)
    shared_.nodes.update(tree_of(c), id, [&](node_snapshot& node) { node.since = since; });
  if (adopted && c.entry->supervisor) return;
  announce(adopted ? event_kind::adopted : event_kind::started, id, c.why);
}

void supervisor::on_child_ended(const child_ended& message) {
  const auto& gone = message.gone;
  const auto found = children_.find(gone.id);
  if (found == children_.end() || found->second.generation != gone.generation) return;
  auto& c = found->second;
  if (c.actor) unwatch(c.actor);
  c.actor = nullptr;
  c.last_end = gone.reason;
  if (c.stopping) {
    set_state(gone.id, node_state::stopped, c.why);
    announce(event_kind::stopped, gone.id, c.why, [&](event& e) { e.status = gone.reason.status; });
    if (gone.reason.what == exit_reason::kind::killed && c.entry->service && c.entry->service->stop.signal != SIGKILL)
      announce(event_kind::warning, gone.id, {cause::kind::own_exit, {}, gone.reason.detail, {}});
  } else if (!gone.reason.gave_up) { // one that gave up has said so itself
    announce(event_kind::exited, gone.id, {cause::kind::own_exit, {}, gone.reason.detail, {}},
             [&](event& e) { e.status = gone.reason.status; });
  }
  handle(gone);
}

// -- what the machine wants

void supervisor::ask(const policy::ask_decider& question) {
  request(decider_, decider_deadline, decide_restart{question.request})
      .then(
          [this](const restart_decided& decided) {
            handle(policy::verdict_given{decided.verdict});
            publish_self();
          },
          [this, request = question.request](caf::error& why) { // too slow, or gone: the built-in rule decides
            if (why != caf::sec::request_timeout) decider_ = spawn<decider>();
            handle(policy::verdict_given{policy::decide(request)});
            publish_self();
          });
}

void supervisor::plan_retry(const policy::schedule_retry& retry) {
  auto& c = children_[retry.what.id];
  c.why = retry.why;
  if (retry.delay.count() == 0) return send(this, retry_due{retry.what});
  set_state(retry.what.id, node_state::backoff, retry.why);
  shared_.nodes.update(tree_of(c), retry.what.id,
                       [&](node_snapshot& node) { node.next_attempt = shared_.wall_now() + retry.delay; });
  announce(event_kind::restart_planned, retry.what.id, retry.why, [&](event& e) { e.delay = retry.delay; });
  delayed_send(this, retry.delay, retry_due{retry.what});
}

void supervisor::on_report(const policy::report& report) {
  if (report.what != policy::report::context::shutdown) return; // the others are told as events where they happen
  if (const auto& last = children_[report.id].last_end) set_state(report.id, node_state::failed, last->detail);
  event e = make_event(event_kind::gave_up, {cause::kind::gave_up, report.id, report.reason.detail, {}});
  e.tree = plan_.tree;
  e.name = plan_.name;
  if (shared_.events) send(shared_.events, announcement{std::move(e)});
}

void supervisor::on_settled(const policy::child_settled& settled) {
  auto& c = children_[settled.id];
  if (!settled.finished) {
    set_state(settled.id, node_state::stopped, settled.why);
    return;
  }
  const bool gave_up = c.last_end && c.last_end->gave_up;
  const bool failed = gave_up || (c.last_end && !is_clean(*c.last_end));
  set_state(settled.id, failed ? node_state::failed : node_state::finished, settled.why.detail);
  if (!gave_up) announce(event_kind::finished, settled.id, settled.why);
  if (gave_up && !c.entry->tree.empty()) announce(event_kind::tree_failed, settled.id, settled.why);
}

// -- people's calls

caf::result<call_outcome> supervisor::on_call(const node_call& call) {
  pending_call pending{make_response_promise<call_outcome>(), call};
  auto promise = pending.promise;
  using op = policy::call::op;
  switch (call.what) {
  case node_call::op::start: begin_call(op::restart_child, std::move(pending)); break;
  case node_call::op::stop: {
    const auto known = children_.find(call.child);
    pending.was_down = known != children_.end() && is_down(shared_.nodes.find(tree_of(known->second), call.child));
    begin_call(op::terminate_child, std::move(pending));
    break;
  }
  case node_call::op::restart:
    pending.then_start = true;
    begin_call(op::terminate_child, std::move(pending));
    break;
  case node_call::op::add:
    adopt_entry(*call.entry);
    begin_call(op::start_child, std::move(pending));
    break;
  case node_call::op::remove:
    pending.then_delete = true;
    begin_call(op::terminate_child, std::move(pending));
    break;
  }
  return promise;
}

void supervisor::begin_call(policy::call::op op, pending_call pending) {
  policy::call call{op, ++last_token_, pending.what.child, {}, pending.what.why};
  if (op == policy::call::op::start_child) call.spec = rules_of(*children_[call.id].entry);
  pending.doing = op;
  calls_[call.token] = std::move(pending);
  handle(std::move(call));
}

/// One step of a person's wish is done; what the machine's plain answer means depends on the wish.
void supervisor::on_reply(const policy::reply& reply) {
  const auto found = calls_.find(reply.token);
  if (found == calls_.end()) return;
  auto pending = std::move(found->second);
  calls_.erase(found);
  using op = policy::call::op;
  const auto name = pending.what.child; // a copy: pending moves on
  const bool known = children_.count(name) > 0;
  if (pending.doing == op::restart_child && reply.error == "running")
    return finish_call(pending, call_outcome{false, {}});
  if (pending.doing == op::restart_child && reply.error == "restarting") {
    pending.then_start = true; // not at its next attempt, but now
    return begin_call(op::terminate_child, std::move(pending));
  }
  if (reply.error == "not_found" &&
      known) { // a temporary child that ended and was forgotten by the rules, not by people
    if (pending.then_delete) return forget(std::move(pending));
    if (pending.doing == op::terminate_child && !pending.then_start)
      return finish_call(pending, call_outcome{false, {}});
    return begin_call(op::start_child, std::move(pending));
  }
  if (!reply.error.empty()) {
    if (pending.what.what == node_call::op::add && children_[name].entry->tree.empty())
      shared_.nodes.remove(plan_.tree, name);
    return finish_call(pending, call_outcome{false, call_error(reply.error, name, reply.detail)});
  }
  if (pending.doing == op::terminate_child && pending.then_start) {
    pending.then_start = false;
    return begin_call(op::restart_child, std::move(pending));
  }
  if (pending.doing == op::terminate_child && pending.then_delete)
    return begin_call(op::delete_child, std::move(pending));
  if (pending.doing == op::delete_child) return forget(std::move(pending));
  finish_call(pending, call_outcome{!pending.was_down, {}});
}

void supervisor::forget(pending_call pending) {
  const auto name = pending.what.child; // a copy: pending moves on
  const auto id = id_of(tree_of(children_[name]), name);
  shared_.parents.erase(id);
  if (children_[name].entry->tree.empty()) shared_.nodes.remove(plan_.tree, name);
  children_.erase(name);
  publish_self();
  finish_call(pending, call_outcome{true, {}});
}

void supervisor::finish_call(pending_call& pending, call_outcome outcome) {
  publish_self();
  pending.promise.deliver(std::move(outcome));
}

// -- what people see

void supervisor::publish_self() {
  shared_.nodes.update(plan_.tree, plan_.name, [&](node_snapshot& node) {
    node.what = node_snapshot::kind::supervisor;
    node.strategy = plan_.rules.strategy;
    node.intensity = plan_.rules.intensity;
    node.pool = plan_.pool;
    node.counted.clear();
    for (const auto at : machine_.restarts())
      node.counted.push_back(shared_.wall_now() - std::chrono::duration_cast<milliseconds>(now_on_clock() - at));
    std::vector<std::string> names;
    for (const auto& entry : plan_.children) // in the order of the configuration, also those that ended
      if (children_.count(entry.name) > 0) names.push_back(entry.name);
    for (const auto& [name, c] : children_)
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    node.children = std::move(names);
  });
}

void supervisor::set_state(const std::string& id, node_state state, const cause& why) {
  set_state(id, state, wire::state_reason(state, id, why));
}

void supervisor::set_state(const std::string& id, node_state state, const std::string& reason) {
  const auto& c = children_[id];
  shared_.nodes.update(tree_of(c), id, [&](node_snapshot& node) {
    if (node.state != state || node.since == wall_time{}) node.since = shared_.wall_now();
    node.state = state;
    node.reason = reason;
    node.restarts = c.restarts;
    node.generation = c.generation;
    node.next_attempt.reset();
  });
}

event supervisor::make_event(event_kind kind, const cause& why) {
  event e;
  e.at = shared_.wall_now();
  e.kind = kind;
  e.cause = why;
  return e;
}

void supervisor::announce(event_kind kind, const std::string& id, const cause& why,
                          const std::function<void(event&)>& more) {
  const auto& c = children_[id];
  // The daemon's own branch makes no events of its daily life.
  if (!shared_.events || (tree_of(c).empty() && kind != event_kind::warning)) return;
  event e = make_event(kind, why);
  e.tree = tree_of(c);
  e.name = id;
  e.generation = c.generation;
  if (const auto node = shared_.nodes.find(e.tree, id)) e.pid = node->pid;
  if (more) more(e);
  send(shared_.events, announcement{std::move(e)});
}

} // namespace alder::actors

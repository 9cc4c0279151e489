#include "actors/tree/supervisor.hpp"

#include "actors/tree/caretaker.hpp"
#include "actors/tree/decider.hpp"
#include "actors/tree/process.hpp"

#include "runtime/base/overloaded.hpp"
#include "runtime/base/units.hpp"
#include "runtime/base/words.hpp"
#include "runtime/wire/event_sentence.hpp"

#include <algorithm>
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
    rules.after = entry.service->after;
    rules.brutal_kill = entry.service->stop.signal == SIGKILL;
    rules.backoff = entry.service->backoff;
    rules.restart_limit = entry.service->restart_limit;
  } else if (entry.supervisor) {
    rules.significant = entry.supervisor->significant;
    rules.after = entry.supervisor->after;
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

bool is_down(const node_ptr& node) { return node && node->settled; }

std::optional<policy::child_rules> rules_of(const std::shared_ptr<const child_entry>& instance) {
  if (!instance) return std::nullopt;
  return rules_of(*instance);
}

error call_error(const std::string& word, const std::string& child, const std::string& detail) {
  if (word == "not_found")
    return {error_kind::not_found, "'" + child + "' is not a child of this supervisor (any more)"};
  if (word == "start_failed") return {error_kind::io, child + " could not start: " + detail};
  if (word == "noproc") return {error_kind::unavailable, "the supervisor of " + child + " has ended"};
  if (word == "already_started" || word == "already_present")
    return {error_kind::conflict,
            "'" + child + "' exists already and is " + (word == "already_started" ? "up" : "down")};
  if (word == "running" || word == "restarting") return {error_kind::conflict, child + " is " + word};
  return {error_kind::invalid_input, child + " is impossible here: " + word};
}

} // namespace

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

supervisor::supervisor(caf::actor_config& config, runtime& shared, supervisor_plan plan, parent_actor parent,
                       decider_actor judge)
    : actor_base(config), shared_(shared), plan_(std::move(plan)), parent_(std::move(parent)),
      decider_(std::move(judge)), machine_(plan_.rules, rules_of(plan_.children), rules_of(plan_.instance)),
      random_(static_cast<std::minstd_rand::result_type>(id() + 1)) {
  if (!decider_) decider_ = spawn<decider>();
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
      [this](const publication_due&) { publish_self(); },
      [this](const node_call& call) { return on_call(call); },
      [this](const upgrade_call& call) { return on_upgrade(call); },
      [this](const children_question&) { return on_question(); },
  };
}

void supervisor::on_exit() {
  for (auto& [token, pending] : calls_)
    pending.promise.deliver(call_outcome{false, call_error("noproc", pending.what.child, {}), "noproc"});
  calls_.clear();
  for (auto& [token, promise] : questions_)
    promise.deliver(caf::make_error(caf::sec::request_receiver_down));
  questions_.clear();
  for (const auto& [name, c] : children_) {
    const auto entry = shared_.parents.find(id_of(tree_of(c), name));
    if (entry != shared_.parents.end() && entry->second.address() == address()) shared_.parents.erase(entry);
  }
  const auto mine = shared_.supervisors.find(own_id());
  if (mine != shared_.supervisors.end() && mine->second.address() == address()) shared_.supervisors.erase(mine);
  release_children();
  caf::anon_send_exit(decider_, caf::exit_reason::user_shutdown);
  decider_ = nullptr;
  parent_ = nullptr;
}

/// They make way for those of the successor, which take their programs over. They do not watch for it themselves: CAF
/// looks for a watcher that leaves in a list, and a supervisor may have a hundred thousand children. Anonymously: this
/// also runs when the last handle of an actor goes, and the name of a sender would be another one.
void supervisor::release_children() {
  for (const auto& [name, c] : children_) {
    if (c.actor) caf::anon_send_exit(c.actor, caf::exit_reason::user_shutdown);
    if (c.caretaker) caf::anon_send_exit(c.caretaker, caf::exit_reason::user_shutdown);
  }
  children_.clear();
}

// -- its own life

void supervisor::on_start(const start_order& order) {
  generation_ = order.generation;
  resuming_ = order.resume;
  started_at_ = shared_.wall_now();
  shared_.supervisors[own_id()] = self();
  policy::begin begin{.resume = order.resume, .down = {}, .why = {cause::kind::tree_start, plan_.name, {}, {}}};
  begin.only_running = order.only_running;
  if (!order.resume) forget_former_children();
  auto& memory = shared_.memories[own_id()];
  std::vector<std::string> forgotten;
  if (!order.resume) {
    for (const auto& [name, known] : std::exchange(memory, {}).children)
      forgotten.push_back(name);
  }
  memory.generation = generation_;
  begin.memory = memory;
  if (order.only_running) begin.memory.under_way.reset();
  for (const auto& entry : plan_.children)
    recall(adopt_entry(entry), order, begin);
  if (!order.resume && !plan_.tree.empty() && shared_.on_remembered) shared_.on_remembered(own_id(), forgotten);
  publish_self();
  handle(std::move(begin));
  if (order.resume) publish_self(); // with the restarts that count from before
}

/// Children that were added to a former life of this supervisor ended with it.
void supervisor::forget_former_children() {
  std::set<std::string> mine;
  for (const auto& entry : plan_.children)
    mine.insert(entry.name);
  for (const auto& name : shared_.nodes.children_of(plan_.tree, plan_.name)) {
    if (mine.count(name) > 0) continue;
    shared_.nodes.remove_branch(plan_.tree, name);
    shared_.nodes.remove_child(plan_.tree, plan_.name, name);
    if (shared_.on_forgotten) shared_.on_forgotten(plan_.tree, name);
  }
}

/// What this supervisor's predecessor or a former daemon knew of a child, and what it left running.
void supervisor::recall(child& c, const start_order& order, policy::begin& begin) {
  const auto& name = c.entry->name;
  const auto id = id_of(tree_of(c), name);
  auto left = shared_.os.left_behind(id);
  policy::remembered_child known{.generation = shared_.os.last_generation(id)};
  // A number is never used twice, for one that was used says that its start is counted.
  known.generation = std::max(known.generation, c.counted);
  if (order.resume) known.settled = is_down(shared_.nodes.find(tree_of(c), name));
  if (const auto one = begin.memory.children.find(name); one != begin.memory.children.end()) {
    known.generation = std::max(known.generation, one->second.generation);
    known.ended = one->second.ended;
    known.restarting = one->second.restarting;
  }
  std::vector<policy::held_process> held;
  if (order.resume) {
    for (const auto& one : left)
      held.push_back({one.generation, one.alive});
  } else { // nothing of a former life may be there beside a new one
    for (const auto& one : left)
      shared_.os.discard({id, one.generation});
  }
  const auto decided = policy::adopt(known, std::move(held));
  for (const auto stale : decided.stale) {
    const auto one = std::find_if(left.begin(), left.end(), [&](const auto& l) { return l.generation == stale; });
    // Its end was decided on by a daemon that could not write it down.
    if (one->exited && stale > known.ended)
      shared_.nodes.update(tree_of(c), name, [&](node_snapshot& node) {
        node.last_exit = last_exit{*one->exited, shared_.wall_now()};
      });
    shared_.os.discard({id, stale});
  }
  machine_.recall(name, decided.generation);
  const bool takes_over = decided.what == policy::adoption::action::take_over;
  if (const auto& work = begin.memory.under_way; work && !takes_over) {
    for (const auto& member : work->members) // a start that is counted already, and was not made
      if (member.id == name && c.counted > member.generation) c.counted = decided.generation + 1;
  }
  if (takes_over) {
    const auto& taken =
        *std::find_if(left.begin(), left.end(), [&](const auto& one) { return one.generation == decided.generation; });
    begin.running[name] = {decided.generation, clock_time(taken.started)};
    if (!taken.note.empty()) c.restarts = static_cast<unsigned>(std::strtoul(taken.note.c_str(), nullptr, 10));
  } else if (const auto of_child = shared_.memories.find(id); order.resume && c.entry->supervisor && !known.settled &&
                                                              of_child != shared_.memories.end() &&
                                                              of_child->second.generation > 0) {
    // Whatever runs below it, it is this supervisor in this life.
    begin.running[name] = {of_child->second.generation, now_on_clock()};
  } else if (decided.what == policy::adoption::action::stay_down || order.only_running) {
    begin.down.insert(name);
  }
}

/// A moment of the wall clock on the monotonic one; of times long past only the order counts.
policy::time_point supervisor::clock_time(wall_time at) {
  return now_on_clock() - std::max(shared_.wall_now() - at, milliseconds{0});
}

/// Before anything that follows from it can happen, a successor could know it too.
void supervisor::remember() {
  if (!machine_.memory_changed()) return;
  auto& memory = shared_.memories[own_id()];
  const auto changed = machine_.update(memory);
  memory.generation = generation_;
  const bool is_own_branch = plan_.tree.empty() && !holds_tree_; // it starts anew with the daemon
  if (shared_.on_remembered && !is_own_branch) shared_.on_remembered(own_id(), changed);
}

void supervisor::on_resumed(const policy::unfinished_work& work) {
  const auto* c = find_child(work.origin);
  if (c == nullptr) return;
  const bool restart = work.what == policy::unfinished_work::kind::restart;
  announce(event_kind::resumed, *c, work.members.empty() ? cause{} : work.members.front().why, [&](event& e) {
    e.cause.what = work.automatic ? cause::kind::own_exit : cause::kind::request;
    e.cause.detail = restart ? "restart" : "stop";
  });
}

void supervisor::handle(policy::event e) {
  events_.push_back(std::move(e));
  if (std::exchange(handling_, true)) return;
  for (; !events_.empty(); events_.pop_front()) {
    const double random = std::uniform_real_distribution<double>{0.0, 1.0}(random_);
    const auto effects = machine_.handle(events_.front(), now_on_clock(), random);
    remember();
    for (const auto& effect : effects)
      carry_out(effect);
  }
  handling_ = false;
}

void supervisor::carry_out(const policy::effect& effect) {
  std::visit(overloaded{[&](const policy::start_child& order) { start(order); },
                        [&](const policy::abort_start& abort) {
                          if (auto* c = find_child(abort.id); c != nullptr && c->actor) send(c->actor, abort_order{});
                        },
                        [&](const policy::stop_child& order) { stop(order); },
                        [&](const policy::ask_decider& question) { ask(question); },
                        [&](const policy::schedule_retry& retry) { plan_retry(retry); },
                        [&](const policy::reply& reply) { on_reply(reply); },
                        [&](const policy::children_told& told) { on_children_told(told); },
                        [&](const policy::report& report) { on_report(report); },
                        [&](const policy::child_settled& settled) { on_settled(settled); },
                        [&](const policy::work_resumed& work) { on_resumed(work.what); },
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
  for (auto& [name, c] : children_) { // nobody is left who would start them again
    const auto node = shared_.nodes.find(tree_of(c), name);
    if (node && node->state == node_state::backoff)
      set_state(c, node_state::stopped, {cause::kind::gave_up, plan_.name, ended.reason.detail, {}});
  }
  if (parent_) send(parent_, child_ended{{plan_.name, generation_, ended.reason}});
  quit();
}

// -- its children

std::string supervisor::tree_of(const child& c) const { return c.entry->tree.empty() ? plan_.tree : c.entry->tree; }

supervisor::child* supervisor::find_child(const std::string& id) {
  const auto found = children_.find(id);
  return found == children_.end() ? nullptr : &found->second;
}

supervisor::child& supervisor::adopt_entry(const child_entry& entry) {
  auto& c = children_[entry.name];
  shared_.nodes.append_child(plan_.tree, plan_.name, entry.name);
  c.entry = std::make_shared<const child_entry>(entry);
  const bool is_root = !entry.tree.empty();
  holds_tree_ = holds_tree_ || is_root;
  shared_.parents[id_of(tree_of(c), entry.name)] = self();
  shared_.nodes.update(tree_of(c), entry.name, [&](node_snapshot& node) {
    node.parent = is_root ? "" : plan_.name;
    node.restart = entry.restart;
    node.service = entry.service;
    node.what = entry.service      ? node_snapshot::kind::service
                : entry.supervisor ? node_snapshot::kind::supervisor
                                   : node_snapshot::kind::actor;
    c.restarts = node.restarts;
    if (entry.service) c.counted = node.generation;
  });
  appoint_caretaker(c);
  return c;
}

/// Whoever has a schedule or a watch has somebody who looks at the clock and the files.
void supervisor::appoint_caretaker(child& c) {
  const auto& service = c.entry->service;
  if (c.caretaker) send_exit(std::exchange(c.caretaker, nullptr), caf::exit_reason::user_shutdown);
  if (service && (service->schedule.any() || service->watch.any()))
    c.caretaker = spawn<caretaker>(shared_, tree_of(c), service, supervisor_actor{self()});
}

void supervisor::start(const policy::start_child& order) {
  const auto asked = calls_.find(order.token);
  if (asked != calls_.end() && asked->second.what.entry) adopt_entry(*asked->second.what.entry);
  auto* c = find_child(order.id);
  if (c == nullptr) return;
  c->generation = order.generation;
  c->why = order.why;
  c->stopping = false;
  if (order.automatic && order.generation > c->counted) ++c->restarts;
  set_state(*c, node_state::starting, order.why);
  const auto& service = c->entry->service;
  const bool checks_readiness = service && !service->waits_for_schedule() &&
                                (service->task || !std::holds_alternative<std::monostate>(service->ready.check));
  using how = policy::start_child::how;
  if (checks_readiness && order.mode == how::fresh) announce(event_kind::starting, *c, order.why);
  bring_up(*c, {order.generation, order.why, order.mode != how::fresh, c->restarts, order.mode == how::only_running});
}

void supervisor::bring_up(child& c, const start_order& order) {
  const parent_actor me = self();
  if (c.entry->part) {
    c.actor = c.entry->part(this, me);
  } else if (c.entry->service) {
    c.actor = spawn<process>(shared_, tree_of(c), c.entry->service, me);
  } else {
    c.actor = spawn<supervisor>(shared_, plan_of(tree_of(c), *c.entry->supervisor), me);
  }
  watch(c.actor, [this, name = c.entry->name, generation = order.generation](const caf::error& why) {
    on_actor_lost(name, generation, why);
  });
  send(c.actor, order);
}

/// The actor of a child crashed; its program, if it has one, still runs. A new actor takes it over: no exit, no count.
void supervisor::on_actor_lost(const std::string& id, alder::generation generation, const caf::error& why) {
  auto* c = find_child(id);
  if (c == nullptr || c->generation != generation || !c->actor) return;
  c->actor = nullptr;
  announce(event_kind::warning, *c,
           {cause::kind::own_exit, {}, "its actor crashed (" + system().render(why) + ") and is replaced", {}});
  if (++c->actor_crashes > immediate_takeovers) return delayed_send(this, takeover_delay, takeover_due{id, generation});
  take_over(id, generation);
}

void supervisor::take_over(const std::string& id, alder::generation generation) {
  auto* c = find_child(id);
  if (c == nullptr || c->generation != generation || c->actor) return;
  bring_up(*c, {generation, c->why, /*resume=*/true, c->restarts});
  if (c->stopping) send(c->actor, stop_order_for(*c));
}

void supervisor::stop(const policy::stop_child& order) {
  auto* c = find_child(order.id);
  if (c == nullptr) return;
  c->stopping = true;
  c->why = order.why;
  set_state(*c, node_state::stopping, order.why);
  announce(event_kind::stopping, *c, order.why);
  if (c->actor) send(c->actor, stop_order_for(*c));
}

stop_order supervisor::stop_order_for(const child& c) {
  if (!c.entry->service) return {c.why, {}};
  return {c.why, c.entry->service->stop};
}

void supervisor::on_child_started(const child_started& message) {
  const auto& result = message.result;
  auto* c = find_child(result.id);
  if (c == nullptr || c->generation != result.generation) return; // of an older process
  if (result.what == policy::start_result::how::failed) {
    if (c->actor) unwatch(c->actor);
    c->actor = nullptr;
    if (c->stopping) { // a replacement actor that was stopped before it had taken over
      return on_child_ended({{result.id, result.generation, {exit_reason::kind::shutdown, {}, "was stopped"}}});
    }
    c->last_end.reset(); // of another life
    set_state(*c, node_state::failed, "could not start: " + result.detail);
    announce(event_kind::start_failed, *c, c->why, [&](event& e) { e.cause.detail = result.detail; });
    if (!c->entry->tree.empty())
      announce(event_kind::tree_failed, *c, {cause::kind::failed_attempt, {}, result.detail, {}});
  } else if (result.what == policy::start_result::how::ignored) {
    if (c->actor) unwatch(c->actor);
    c->actor = nullptr;
    set_state(*c, node_state::stopped, result.detail);
  } else {
    note_started(*c, message.pid);
  }
  handle(result);
}

void supervisor::note_started(child& c, int pid) {
  const auto before = shared_.nodes.find(tree_of(c), c.entry->name);
  if (before->state == node_state::running) return; // a replaced actor reports again
  // A service shows by its age that it was not started now; a supervisor that is resumed is what it was.
  const bool adopted = resuming_ && (c.entry->supervisor || (c.entry->service && before->since < started_at_));
  if (adopted) c.why = {cause::kind::adopted, {}, {}, {}};
  set_state(c, node_state::running, c.why);
  if (adopted && c.entry->service)
    shared_.nodes.update(tree_of(c), c.entry->name, [&](node_snapshot& node) { node.since = before->since; });
  if (adopted && c.entry->supervisor) return;
  if (c.entry->service && c.entry->service->task && pid == 0) return; // it is complete: its end is told
  announce(adopted ? event_kind::adopted : event_kind::started, c, c.why, [&](event& e) { e.pid = pid; });
}

void supervisor::on_child_ended(const child_ended& message) {
  const auto& gone = message.gone;
  auto* c = find_child(gone.id);
  if (c == nullptr || c->generation != gone.generation) return;
  if (c->actor) unwatch(c->actor);
  c->actor = nullptr;
  c->last_end = gone.reason;
  if (c->stopping) {
    set_state(*c, node_state::stopped, c->why);
    announce(event_kind::stopped, *c, c->why, [&](event& e) { e.status = gone.reason.status; });
    const bool brutal = c->entry->service && c->entry->service->stop.signal == SIGKILL;
    if (gone.reason.what == exit_reason::kind::killed && !brutal)
      announce(event_kind::warning, *c, {cause::kind::own_exit, {}, gone.reason.detail, {}});
  } else if (set_state(*c, node_state::stopped, gone.reason.detail);
             !gone.reason.gave_up) { // else it has said so itself
    announce(event_kind::exited, *c, {cause::kind::own_exit, {}, gone.reason.detail, {}},
             [&](event& e) { e.status = gone.reason.status; });
  }
  handle(gone);
}

// -- what the machine wants

void supervisor::ask(const policy::ask_decider& question) {
  const auto decide = [this](const policy::restart_verdict& verdict) {
    handle(policy::verdict_given{verdict});
    publish_soon();
  };
  request(decider_, decider_deadline, decide_restart{question.request})
      .then(
          [decide](const restart_decided& decided) { decide(decided.verdict); },
          [this, decide, request = question.request](caf::error& why) { // too slow, or gone: the built-in rule decides
            if (why != caf::sec::request_timeout) decider_ = spawn<decider>();
            decide(policy::decide(request));
          });
}

void supervisor::plan_retry(const policy::schedule_retry& retry) {
  auto* c = find_child(retry.what.id);
  if (c == nullptr) return;
  c->why = retry.why;
  if (retry.delay.count() == 0) return send(this, retry_due{retry.what});
  set_state(*c, node_state::backoff, retry.why);
  shared_.nodes.update(tree_of(*c), retry.what.id,
                       [&](node_snapshot& node) { node.next_attempt = shared_.wall_now() + retry.delay; });
  announce(event_kind::restart_planned, *c, retry.why, [&](event& e) { e.delay = retry.delay; });
  delayed_send(this, retry.delay, retry_due{retry.what});
}

void supervisor::on_report(const policy::report& report) {
  if (shared_.on_report) shared_.on_report(plan_.tree, plan_.name, report);
  if (report.what != policy::report::context::shutdown) return; // the others are told as events where they happen
  if (auto* c = find_child(report.id); c != nullptr && c->last_end)
    set_state(*c, node_state::failed, c->last_end->detail);
  event e = make_event(event_kind::gave_up, {cause::kind::gave_up, report.id, report.reason.detail, {}});
  e.tree = plan_.tree;
  e.name = plan_.name;
  if (shared_.events) send(shared_.events, announcement{std::move(e)});
}

void supervisor::on_settled(const policy::child_settled& settled) {
  auto* c = find_child(settled.id);
  if (c == nullptr) return;
  if (!settled.finished) return set_state(*c, node_state::stopped, settled.why, stays::yes);
  if (settled.failed) {
    set_state(*c, node_state::failed, settled.why.detail, stays::yes);
    return announce(event_kind::failed, *c, settled.why);
  }
  const bool gave_up = c->last_end && c->last_end->gave_up;
  const bool failed = gave_up || (c->last_end && !is_clean(*c->last_end));
  set_state(*c, failed ? node_state::failed : node_state::finished, settled.why.detail, stays::yes);
  if (!gave_up) announce(event_kind::finished, *c, settled.why);
  if (gave_up && !c->entry->tree.empty()) announce(event_kind::tree_failed, *c, settled.why);
}

// -- people's calls

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
  if (op == policy::call::op::start_child) {
    const auto* known = find_child(call.id);
    const auto& entry = pending.what.entry ? *pending.what.entry : *known->entry;
    const auto& tree = entry.tree.empty() ? plan_.tree : entry.tree;
    call.spec = rules_of(entry);
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
  if (c.entry->tree.empty()) shared_.nodes.remove(plan_.tree, name); // of a tree the catalog does it
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
    if (is_new) set_state(c, node_state::stopped, "was added by a new configuration", stays::yes);
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
    if (entry.service && plan_.instance->service) {
      auto service = *entry.service;
      service.stop = plan_.instance->service->stop;
      service.restart = entry.restart;
      entry.service = std::make_shared<const service_spec>(std::move(service));
    }
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
  return c->entry->service && !c->entry->part ? shared_.os.is_alive({id_of(tree_of(*c), state.rules.id), state.process})
                                              : static_cast<bool>(c->actor);
}

// -- what people see

void supervisor::publish_self() {
  publishing_soon_ = false;
  shared_.nodes.update(plan_.tree, plan_.name, [&](node_snapshot& node) {
    node.what = node_snapshot::kind::supervisor;
    node.strategy = plan_.rules.strategy;
    node.intensity = plan_.rules.intensity;
    node.pool = plan_.pool;
    node.counted.clear();
    for (const auto at : machine_.restarts().newest_first())
      node.counted.push_back(shared_.wall_now() - std::chrono::duration_cast<milliseconds>(now_on_clock() - at));
  });
}

/// Behind what the mailbox holds already: a burst of restarts is shown once.
void supervisor::publish_soon() {
  if (std::exchange(publishing_soon_, true)) return;
  send(this, publication_due{});
}

void supervisor::set_state(child& c, node_state state, const cause& why, stays settled) {
  set_state(c, state, wire::state_reason(state, c.entry->name, why), settled);
}

void supervisor::set_state(child& c, node_state state, const std::string& reason, stays settled) {
  shared_.nodes.update(tree_of(c), c.entry->name, [&](node_snapshot& node) {
    if (node.state != state || node.since == wall_time{}) node.since = shared_.wall_now();
    node.state = state;
    node.settled = settled == stays::yes;
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

void supervisor::announce(event_kind kind, const child& c, const cause& why, const std::function<void(event&)>& more) {
  // The daemon's own branch makes no events of its daily life.
  if (!shared_.events || (tree_of(c).empty() && kind != event_kind::warning)) return;
  event e = make_event(kind, why);
  e.tree = tree_of(c);
  e.name = c.entry->name;
  e.generation = c.generation;
  if (const auto node = shared_.nodes.find(e.tree, e.name)) e.pid = node->pid;
  if (more) more(e);
  send(shared_.events, announcement{std::move(e)});
}

} // namespace alder::actors

#include "actors/tree/supervisor.hpp"

#include "actors/tree/decider.hpp"

#include "runtime/base/overloaded.hpp"

#include <algorithm>
#include <csignal>

namespace alder::actors {
namespace {

using policy::child_state;
using std::chrono::milliseconds;

constexpr std::chrono::seconds decider_deadline{1}; // then the built-in rule decides
constexpr unsigned immediate_takeovers = 3;         // an actor that keeps crashing is a bug: do not spin on it
constexpr std::chrono::seconds takeover_delay{1};

} // namespace

bool was_up(const former_state& former) {
  return former.state == node_state::running || former.state == node_state::stopping;
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
      [this](const abort_order& order) { handle(policy::stop_asked{order.why}); },
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

void supervisor::on_start(const start_order& given) {
  auto order = given;
  generation_ = order.generation;
  shared_.supervisors[own_id()] = self();
  // What there is may be of a life that ended: the supervisor above has decided on that, and only then was it lost.
  const auto former = shared_.memories.find(own_id());
  if (former != shared_.memories.end() && former->second.generation > 0 && former->second.generation < generation_)
    order.resume = false;
  policy::begin begin{.resume = order.resume, .down = {}, .why = {cause::kind::tree_start, plan_.name, {}, {}}};
  if (order.why.what == cause::kind::tree_start) begin.why.detail = order.why.detail; // why the whole tree starts
  begin.only_running = order.only_running;
  begin.was_up = order.resume && had_started();
  if (!order.resume) forget_former_children();
  keep_going_ = order.keep_going;
  begin.keep_going = keep_going_;
  auto& memory = shared_.memories[own_id()];
  std::vector<std::string> forgotten;
  if (!order.resume) {
    for (const auto& [name, known] : std::exchange(memory, {}).children)
      forgotten.push_back(name);
  }
  memory.generation = generation_;
  begin.memory = memory;
  if (order.only_running) begin.memory.under_way.reset();
  const auto& work = begin.memory.under_way;
  if (work && work->what == policy::unfinished_work::kind::begin) keep_going_ = keep_going_ || work->keep_going;
  for (const auto& entry : plan_.children)
    recall(adopt_entry(entry), order, begin);
  if (!order.resume && !plan_.tree.empty() && shared_.on_remembered) shared_.on_remembered(own_id(), forgotten);
  publish_self();
  handle(std::move(begin));
  if (order.resume) publish_self(); // with the restarts that count from before
}

/// Whether this supervisor was up when its predecessor was lost.
bool supervisor::had_started() const {
  const auto node = shared_.nodes.find(plan_.tree, plan_.name);
  return node && was_up(node->former.value_or(former_state{node->state, {}, {}, {}, {}}));
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
child_past supervisor::past_of(const child& c, bool resumes, const policy::supervision_memory& memory) const {
  const auto& name = c.entry->name;
  const auto id = id_of(tree_of(c), name);
  child_past past{.resumes = resumes, .left = shared_.os.left_behind(id)};
  // A number is never used twice, for one that was used says that its start is counted.
  past.known.generation = std::max(shared_.os.last_generation(id), c.counted);
  if (const auto node = shared_.nodes.find(tree_of(c), name); resumes && node) {
    past.known.settled = is_down(node);
    past.former =
        node->former.value_or(former_state{node->state, node->since, node->reason, node->why, node->generation});
  }
  if (const auto one = memory.children.find(name); one != memory.children.end()) {
    past.known.generation = std::max(past.known.generation, one->second.generation);
    past.known.ended = one->second.ended;
    past.known.restarting = one->second.restarting;
  }
  return past;
}

/// What of a former life is not taken over.
void supervisor::discard_former(const child& c, const child_past& past, const policy::adoption& decided) {
  const auto id = id_of(tree_of(c), c.entry->name);
  if (!past.resumes) { // nothing of it may be there beside a new one
    for (const auto& one : past.left)
      shared_.os.discard({id, one.generation});
  }
  for (const auto stale : decided.stale) {
    const auto one =
        std::find_if(past.left.begin(), past.left.end(), [&](const auto& l) { return l.generation == stale; });
    // Its end was decided on by a daemon that could not write it down.
    if (one->exited && stale > past.known.ended)
      shared_.nodes.update(tree_of(c), c.entry->name, [&](node_snapshot& node) {
        node.last_exit = last_exit{*one->exited, shared_.wall_now()};
      });
    shared_.os.discard({id, stale});
  }
}

void supervisor::recall(child& c, const start_order& order, policy::begin& begin) {
  const auto& name = c.entry->name;
  const auto past = past_of(c, order.resume, begin.memory);
  if (past.former) c.former = past.former;
  const auto [decided, taken] = c.entry->kind->recall(place_of(c), past);
  discard_former(c, past, decided);
  machine_.recall(name, decided.generation);
  c.generation = decided.generation;
  policy::interrupted_child before{.id = name, .decided = decided, .former = c.former};
  if (begin.memory.under_way) before.work = &*begin.memory.under_way;
  if (taken) before.taken = taken->generation;
  before.forced = shared_.nodes.find(tree_of(c), name)->forced.has_value();
  before.only_running = order.only_running;
  before.counted = c.counted;
  const auto next = policy::go_on_with(before);
  c.stop_why = next.stop_why;
  if (next.is_counted) c.counted = decided.generation + 1;
  if (next.ends_for_another) begin.ending.push_back({name, *before.taken, *next.stop_why});
  if (taken) {
    begin.running[name] = {taken->generation, clock_time(taken->started), taken->starting};
    c.goes_on = true;
    c.may_have_ended = taken->may_have_ended;
    c.restarts = taken->restarts.value_or(c.restarts);
  } else if (decided.what == policy::adoption::action::stay_down || order.only_running) {
    begin.down.insert(name);
  }
}

/// A time of the board on the monotonic clock; of times long past only the order counts.
policy::time_point supervisor::clock_time(wall_time at) {
  return now_on_clock() - std::max(shared_.steady_now() - at, milliseconds{0});
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
  announce(event_kind::resumed, *c, work.members.empty() ? cause{} : work.members.front().why, [&](event& e) {
    e.cause.what = work.automatic ? cause::kind::own_exit : cause::kind::request;
    e.cause.detail = word(work.what);
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
                          if (auto* c = find_child(abort.id); c != nullptr && c->actor)
                            send(c->actor, abort_order{abort.why});
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
  keep_going_ = false;
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
    if (node && node->state == node_state::backoff) set_state(c, node_state::stopped, ended.why);
  }
  if (parent_) send(parent_, child_ended{{plan_.name, generation_, ended.reason}});
  quit();
}

// -- its children

std::string supervisor::tree_of(const child& c) const { return c.entry->tree.empty() ? plan_.tree : c.entry->tree; }

child_place supervisor::place_of(const child& c) { return {this, shared_, tree_of(c), c.entry->name, self()}; }

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
    entry.kind->show(node);
    c.restarts = node.restarts;
    c.generation = std::max(c.generation, node.generation);
    c.counted = entry.kind->counted(node);
  });
  if (c.caretaker) send_exit(std::exchange(c.caretaker, nullptr), caf::exit_reason::user_shutdown);
  c.caretaker = entry.kind->appoint_caretaker(place_of(c));
  return c;
}

void supervisor::start(const policy::start_child& order) {
  const auto asked = calls_.find(order.token);
  if (asked != calls_.end() && asked->second.what.entry) adopt_entry(*asked->second.what.entry);
  auto* c = find_child(order.id);
  if (c == nullptr) return;
  c->generation = order.generation;
  c->why = order.why;
  // What a former daemon was stopping may have ended meanwhile, which is no exit of its own.
  c->stopping = order.mode == policy::start_child::how::only_running && c->may_have_ended && c->stop_why;
  if (order.automatic && order.generation > c->counted) ++c->restarts;
  c->resumes = order.mode != policy::start_child::how::fresh;
  c->goes_on = c->goes_on && c->resumes;
  if (!c->goes_on && !(c->resumes && c->former && c->former->state == node_state::stopped)) c->former.reset();
  if (c->goes_on) continue_former(*c);
  set_state(*c, node_state::starting, c->why);
  keep_since(*c);
  if (c->goes_on && c->former) // for the successor of a daemon that dies before this one has taken it over
    shared_.nodes.update(tree_of(*c), order.id, [c](node_snapshot& node) { node.former = c->former; });
  using how = policy::start_child::how;
  if (order.mode == how::fresh && c->entry->kind->checks_readiness()) announce(event_kind::starting, *c, order.why);
  start_order wanted{order.generation, order.why, order.mode != how::fresh, c->restarts};
  wanted.only_running = order.mode == how::only_running;
  wanted.keep_going = keep_going_ || (asked != calls_.end() && asked->second.what.keep_going);
  wanted.was_up = c->was_up;
  bring_up(*c, wanted);
}

/// What runs was started for a reason that the start of this supervisor is not.
void supervisor::continue_former(child& c) {
  if (c.former && c.former->generation == c.generation) {
    c.why = c.former->why;
    return;
  }
  c.former.reset(); // what was written down is about an earlier process
  shared_.nodes.update(tree_of(c), c.entry->name, [](node_snapshot& node) {
    node.status.clear();
    node.reloading = false;
    node.health.clear();
    node.complaints.clear();
    node.forced.reset();
  });
}

void supervisor::bring_up(child& c, const start_order& order) {
  c.actor = c.entry->kind->spawn(place_of(c), order);
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
           {cause::kind::own_exit, {}, "its actor crashed (" + system().render(why) + ") and was replaced", {}});
  if (++c->actor_crashes > immediate_takeovers) return delayed_send(this, takeover_delay, takeover_due{id, generation});
  take_over(id, generation);
}

void supervisor::take_over(const std::string& id, alder::generation generation) {
  auto* c = find_child(id);
  if (c == nullptr || c->generation != generation || c->actor) return;
  bring_up(*c, {generation, c->why, /*resume=*/true, c->restarts});
  if (c->stopping) send(c->actor, stop_order{c->why, c->entry->kind->stop()});
}

void supervisor::stop(const policy::stop_child& order) {
  auto* c = find_child(order.id);
  if (c == nullptr) return;
  c->stopping = true;
  c->stop_why.reset();
  if (order.why.what != cause::kind::sibling_exit && order.why.what != cause::kind::failed_attempt) c->was_up = false;
  c->why = order.why;
  set_state(*c, node_state::stopping, order.why);
  announce(event_kind::stopping, *c, order.why);
  if (c->actor) send(c->actor, stop_order{order.why, c->entry->kind->stop()});
}

void supervisor::on_child_started(const child_started& message) {
  auto result = message.result;
  auto* c = find_child(result.id);
  if (c == nullptr || c->generation != result.generation) return; // of an older process
  if (result.what == policy::start_result::how::failed) {
    if (c->actor) unwatch(c->actor);
    c->actor = nullptr;
    if (c->stopping && !c->stop_why) { // a replacement actor that was stopped before it had taken over
      return on_child_ended({{result.id, result.generation, {exit_reason::kind::shutdown, {}, "was stopped"}}});
    }
    c->last_end.reset(); // of another life
    set_state(*c, node_state::failed, "could not start: " + result.detail);
    announce(event_kind::start_failed, *c, c->why, [&](event& e) { e.cause.detail = result.detail; });
    if (!c->entry->tree.empty())
      announce(event_kind::tree_failed, *c, {cause::kind::failed_attempt, {}, result.detail, {}});
    if (keep_going_) { // to the rules it is a child that does not run here
      set_state(*c, node_state::failed, "could not start: " + result.detail, stays::yes);
      result.what = policy::start_result::how::ignored;
    }
  } else if (result.what == policy::start_result::how::ignored) {
    if (c->actor) unwatch(c->actor);
    c->actor = nullptr;
    set_state(*c, node_state::stopped, result.detail);
    keep_since(*c);
    c->former.reset();
  } else {
    note_started(*c, message);
  }
  handle(result);
}

void supervisor::note_started(child& c, const child_started& message) {
  c.was_up = true;
  const auto before = shared_.nodes.find(tree_of(c), c.entry->name);
  const bool resumes = std::exchange(c.resumes, false);
  if (before->state == node_state::running) return; // a replaced actor reports again
  const bool adopted = resumes && c.entry->kind->was_up_before(message, c.goes_on, c.former);
  // Why it runs is what it was started for; that nobody knows it any more is said by what is left.
  if (adopted && !c.former) c.why = {cause::kind::adopted, {}, {}, {}};
  if (adopted && before->forced && c.former && c.former->state == node_state::stopping)
    set_state(c, node_state::stopping, before->forced->why); // the former daemon was already ending it
  else
    set_state(c, node_state::running, c.why);
  if (adopted) keep_since(c, message.kept ? before->since : wall_time{});
  c.former.reset();
  const auto told = c.entry->kind->start_event(message, adopted);
  if (told) announce(*told, c, c.why, [&](event& e) { e.pid = message.pid; });
}

void supervisor::on_child_ended(const child_ended& message) {
  const auto& gone = message.gone;
  auto* c = find_child(gone.id);
  if (c == nullptr || c->generation != gone.generation) return;
  if (c->actor) unwatch(c->actor);
  c->actor = nullptr;
  c->last_end = gone.reason;
  if (c->stopping) {
    if (c->stop_why) c->why = *std::exchange(c->stop_why, std::nullopt);
    set_state(*c, node_state::stopped, c->why);
    announce(event_kind::stopped, *c, c->why, [&](event& e) { e.status = gone.reason.status; });
    const auto how = c->entry->kind->stop();
    const bool brutal = how && how->signal == SIGKILL;
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
  keep_since(*c);
  c->former.reset();
  shared_.nodes.update(tree_of(*c), retry.what.id,
                       [&](node_snapshot& node) { node.next_attempt = shared_.steady_now() + retry.delay; });
  announce(event_kind::restart_planned, *c, retry.why, [&](event& e) { e.delay = retry.delay; });
  delayed_send(this, retry.delay, retry_due{retry.what});
}

void supervisor::on_report(const policy::report& report) {
  if (shared_.on_report) shared_.on_report(plan_.tree, plan_.name, report);
  if (report.what != policy::report::context::shutdown) return; // the others are told as events where they happen
  if (auto* c = find_child(report.id); c != nullptr && c->last_end)
    set_state(*c, node_state::failed, c->last_end->detail);
  shared_.announce({.kind = event_kind::gave_up,
                    .tree = plan_.tree,
                    .name = plan_.name,
                    .cause = {cause::kind::gave_up, report.id, report.reason.detail, {}}});
}

void supervisor::on_settled(const policy::child_settled& settled) {
  auto* c = find_child(settled.id);
  if (c == nullptr) return;
  if (!settled.finished) return set_state(*c, node_state::stopped, settled.why, stays::yes);
  if (settled.failed) {
    set_state(*c, node_state::failed, settled.why.detail, stays::yes);
    if (settled.why.what == cause::kind::failed_attempt) return; // told of as it failed
    return announce(event_kind::failed, *c, settled.why);
  }
  const bool gave_up = c->last_end && c->last_end->gave_up;
  const bool failed = gave_up || (c->last_end && !is_clean(*c->last_end));
  set_state(*c, failed ? node_state::failed : node_state::finished, settled.why.detail, stays::yes);
  if (!gave_up) announce(event_kind::finished, *c, settled.why);
  if (gave_up && !c->entry->tree.empty()) announce(event_kind::tree_failed, *c, settled.why);
}

} // namespace alder::actors

#include "tests/runtime/policy/supervision_double.hpp"

#include "runtime/base/overloaded.hpp"
#include "runtime/base/words.hpp"

#include <algorithm>
#include <utility>

namespace alder::testing {
namespace {

using what = trace_line::what;
using how = policy::start_result::how;

constexpr std::size_t most_steps = 1'000'000;

std::vector<policy::child_rules> rules_of(const std::vector<child_script>& children) {
  std::vector<policy::child_rules> rules;
  for (const auto& child : children)
    rules.push_back(child.rules);
  return rules;
}

exit_reason::kind reason_when_stopped(const child_script& script) {
  if (script.rules.brutal_kill) return exit_reason::kind::killed;
  switch (script.on_stop) {
  case stop_habit::clean: return exit_reason::kind::shutdown;
  case stop_habit::hang: return exit_reason::kind::killed;
  case stop_habit::normal: return exit_reason::kind::normal;
  case stop_habit::crash: return exit_reason::kind::crash;
  }
  return exit_reason::kind::crash;
}

bool is_pool(const policy::supervisor_rules& rules) { return rules.strategy == strategy::simple_one_for_one; }

std::string answer_text(const policy::reply& r) {
  if (r.error.empty()) return r.detail == "ignored" ? "ok:ignored" : "ok";
  return "error:" + r.error + (r.error == "start_failed" ? ":" + r.detail : "");
}

} // namespace

supervision_double::supervision_double(child_script root, double_watcher watcher, chooser choose)
    : root_(std::move(root)), watcher_(std::move(watcher)), choose_(std::move(choose)) {}

supervision_double::life_ptr supervision_double::begin_life(const child_script& script, unsigned attempt,
                                                            supervisor_life* parent, generation number) {
  const bool pool = is_pool(script.supervisor);
  const auto& children = script.children;
  auto machine = pool ? policy::supervision{script.supervisor, {}, children.front().rules}
                      : policy::supervision{script.supervisor, rules_of(children)};
  auto life = std::make_shared<supervisor_life>(
      supervisor_life{script.rules.id, attempt, parent, number, std::move(machine), false, {}, {}, {}, {}});
  if (pool) {
    life->pool = children;
  } else {
    for (const auto& child : children)
      life->scripts[child.rules.id] = child;
  }
  if (!running_.emplace(life->id, life.get()).second) violations_.push_back("two lives of supervisor " + life->id);
  lives_.push_back(life);
  note({what::init, life->id, attempt, {}, {}, {}});
  return life;
}

void supervision_double::start() {
  begin_life(root_, ++attempts_[root_.rules.id], nullptr, 1)->mailbox.emplace_back(policy::begin{});
}

bool supervision_double::exit(const std::string& id, exit_reason::kind reason) {
  const auto found = workers_.find(id);
  if (found == workers_.end()) return false;
  bury(*found->second, id, reason);
  return true;
}

policy::call_token supervision_double::call(const std::string& supervisor, policy::call::op what_to_do,
                                            const child_script& spec) {
  const auto token = ++last_token_;
  const auto target = running_.find(supervisor);
  if (target == running_.end()) {
    answers_[token] = "error:noproc";
    return token;
  }
  auto& life = *target->second;
  if (what_to_do == policy::call::op::start_child) {
    auto& script = additions_[token] = spec;
    if (is_pool(life.machine.rules())) {
      const auto id = spec.rules.id;
      script.rules = life.pool.front().rules;
      script.rules.id = id;
    }
  }
  policy::call call{
      what_to_do, token, spec.rules.id, spec.rules, {cause::kind::request, {}, std::to_string(token), {}}};
  for (const auto& child : life.machine.children()) {
    if (child.rules.id == spec.rules.id && is_pool(life.machine.rules())) call.process = child.process;
  }
  life.mailbox.emplace_back(std::move(call));
  return token;
}

policy::call_token supervision_double::upgrade(const std::string& supervisor, const policy::supervisor_rules& rules,
                                               std::vector<child_script> children) {
  const auto token = ++last_token_;
  const auto target = running_.find(supervisor);
  if (target == running_.end()) {
    answers_[token] = "error:noproc";
    return token;
  }
  target->second->mailbox.emplace_back(policy::upgrade{token, rules, rules_of(children), {}});
  upgrades_[token] = {rules, std::move(children)};
  return token;
}

void supervision_double::stop() {
  const auto root = running_.find(root_.rules.id);
  if (root == running_.end()) return;
  root->second->mailbox.emplace_back(policy::stop_asked{{cause::kind::tree_stop, {}, {}, {}}});
}

void supervision_double::advance(milliseconds time) {
  now_ += time;
  while (!timers_.empty() && timers_.begin()->first <= now_) {
    auto [life, due] = timers_.begin()->second;
    timers_.erase(timers_.begin());
    life->mailbox.emplace_back(due);
  }
}

bool supervision_double::step() {
  std::vector<supervisor_life*> ready;
  for (const auto& life : lives_) {
    if (!life->mailbox.empty()) ready.push_back(life.get());
  }
  const std::size_t choices = ready.size() + tasks_.size();
  if (choices == 0) return false;
  const std::size_t choice = choose_ ? choose_(choices) : 0;
  if (choice < ready.size()) {
    deliver(*ready[choice]);
  } else {
    const auto at = tasks_.begin() + static_cast<std::ptrdiff_t>(choice - ready.size());
    const auto task = std::move(*at);
    tasks_.erase(at);
    task();
  }
  return true;
}

void supervision_double::run() {
  for (std::size_t steps = 0; step(); ++steps) {
    if (steps < most_steps) continue;
    violations_.emplace_back("it never comes to rest");
    return;
  }
}

std::vector<std::string> supervision_double::alive() const {
  std::vector<std::string> ids;
  for (const auto& [id, life] : workers_)
    ids.push_back(id);
  return ids;
}

void supervision_double::later(std::function<void()> task) {
  if (!choose_) return task();
  tasks_.push_back(std::move(task));
}

void supervision_double::deliver(supervisor_life& life) {
  auto message = std::move(life.mailbox.front());
  life.mailbox.pop_front();
  hand_over(life, std::move(message));
}

void supervision_double::hand_over(supervisor_life& life, policy::event e) {
  const auto effects = life.machine.handle(std::move(e), now_);
  if (life.machine.memory_changed()) {
    (void)life.machine.update(life.memory);
    if (life.memory != life.machine.memory()) violations_.push_back("the memory of " + life.id + " is behind");
  }
  for (const auto& effect : effects) {
    if (watcher_.effect) watcher_.effect(life, effect);
    carry_out(life, effect);
  }
}

void supervision_double::carry_out(supervisor_life& life, const policy::effect& effect) {
  std::visit(overloaded{[&](const policy::start_child& order) { launch(life, order); },
                        [&](const policy::abort_start& order) { cut_short(life, order); },
                        [&](const policy::stop_child& order) { halt(life, order); },
                        [&](const policy::ask_decider& question) {
                          later([this, &life, request = question.request] {
                            const auto verdict = policy::decide(request);
                            if (watcher_.verdict) watcher_.verdict(life, request, verdict);
                            life.mailbox.emplace_back(policy::verdict_given{verdict});
                          });
                        },
                        [&](const policy::schedule_retry& order) {
                          if (order.delay.count() == 0) {
                            life.mailbox.emplace_back(order.what);
                          } else {
                            timers_.emplace(now_ + order.delay, std::pair{&life, order.what});
                          }
                        },
                        [&](const policy::reply& r) { on_reply(life, r); },
                        [&](const policy::report& r) { note_report(life, r); }, [](const policy::child_settled&) {},
                        [](const policy::children_told&) {}, [&](const policy::work_resumed&) {},
                        [&](const policy::supervisor_started&) {
                          life.started = true;
                          note({what::started, life.id, life.attempt, {}, {}, {}});
                          if (life.parent != nullptr)
                            answer_start(*life.parent, {life.id, life.generation, how::ok, {}});
                        },
                        [&](const policy::supervisor_start_failed& failed) { fail_start(life, failed); },
                        [&](const policy::supervisor_ended& ended) { end(life, ended); }},
             effect);
}

void supervision_double::launch(supervisor_life& life, const policy::start_child& order) {
  if (order.why.what == cause::kind::request) {
    const auto added = additions_.find(std::stoull(order.why.detail));
    if (added != additions_.end()) life.scripts[order.id] = added->second;
  }
  auto& process = life.processes[order.id];
  if (process.alive || workers_.count(order.id) > 0 || running_.count(order.id) > 0)
    violations_.push_back(order.id + " was started while it was alive");
  process = {order.generation, ++attempts_[order.id], false, false, nullptr};
  later([this, &life, order] { finish_launch(life, order); });
}

void supervision_double::finish_launch(supervisor_life& life, const policy::start_child& order) {
  const auto& script = life.scripts.at(order.id);
  auto& process = life.processes.at(order.id);
  const unsigned n = process.attempt;
  const bool cut = process.unwanted && choose_ && choose_(2) == 0; // it may have been too late
  process.unwanted = false;
  if (cut || script.fail_starts.count(n) > 0 || (script.fail_from > 0 && n >= script.fail_from)) {
    note({what::start_failed, order.id, n, "fail", {}, {}});
    return answer_start(life, {order.id, order.generation, how::failed, "fail"});
  }
  const bool ignored = script.ignore_starts.count(n) > 0;
  if (ignored) {
    if (script.rules.supervisor) note({what::init, order.id, n, {}, {}, {}});
    note({what::ignored, order.id, n, {}, {}, {}});
    return answer_start(life, {order.id, order.generation, how::ignored, {}});
  }
  process.alive = true;
  if (script.rules.supervisor) {
    process.nested = begin_life(script, n, &life, order.generation);
    process.nested->mailbox.emplace_back(policy::begin{});
    return;
  }
  workers_[order.id] = &life;
  note({what::started, order.id, n, {}, {}, {}});
  answer_start(life, {order.id, order.generation, how::ok, {}});
}

/// OTP knows no such thing: it is heard only where children take their time.
void supervision_double::cut_short(supervisor_life& life, const policy::abort_start& order) {
  if (!choose_) return;
  auto& process = life.processes.at(order.id);
  if (process.generation != order.generation) return violations_.push_back("an old start of " + order.id + " is cut");
  if (process.nested) {
    process.nested->mailbox.emplace_back(policy::stop_asked{{cause::kind::tree_stop, {}, {}, {}}});
  } else {
    process.unwanted = true;
  }
}

void supervision_double::halt(supervisor_life& life, const policy::stop_child& order) {
  auto& process = life.processes.at(order.id);
  if (process.generation != order.generation) violations_.push_back("an old process of " + order.id + " is stopped");
  process.unwanted = true;
  if (process.nested) {
    process.nested->mailbox.emplace_back(policy::stop_asked{order.why});
    return;
  }
  later([this, &life, id = order.id, attempt = process.attempt] {
    const auto& now = life.processes.at(id); // it may have died meanwhile, and a successor may be there
    if (now.alive && now.attempt == attempt) bury(life, id, reason_when_stopped(life.scripts.at(id)));
  });
}

void supervision_double::bury(supervisor_life& life, const std::string& id, exit_reason::kind reason) {
  auto& process = life.processes.at(id);
  process.alive = false;
  workers_.erase(id);
  note({what::stopped, id, process.attempt, std::string{word(reason)}, {}, {}});
  life.mailbox.emplace_back(policy::child_gone{id, process.generation, {reason, {}, "ended", false}});
}

void supervision_double::end(supervisor_life& life, const policy::supervisor_ended& ended) {
  running_.erase(life.id);
  note({what::stopped, life.id, life.attempt, std::string{word(ended.reason.what)}, {}, {}});
  if (life.parent == nullptr) return;
  auto& process = life.parent->processes.at(life.id);
  process.alive = false;
  process.nested = nullptr;
  if (!life.started) violations_.push_back(life.id + " ended without an answer to its start");
  life.parent->mailbox.emplace_back(policy::child_gone{life.id, life.generation, ended.reason});
}

void supervision_double::fail_start(supervisor_life& life, const policy::supervisor_start_failed& failed) {
  const std::string detail = "failed_to_start_child:" + failed.id;
  running_.erase(life.id);
  note({what::start_failed, life.id, life.attempt, detail, {}, {}});
  if (life.parent == nullptr) {
    start_error_ = detail;
    return;
  }
  auto& process = life.parent->processes.at(life.id);
  process.alive = false;
  process.nested = nullptr;
  answer_start(*life.parent, {life.id, life.generation, how::failed, detail});
}

void supervision_double::answer_start(supervisor_life& life, policy::start_result result) {
  life.mailbox.emplace_back(std::move(result));
}

void supervision_double::on_reply(supervisor_life& life, const policy::reply& r) {
  if (!answers_.emplace(r.token, answer_text(r)).second)
    violations_.push_back("call " + std::to_string(r.token) + " was answered twice");
  const auto upgraded = upgrades_.extract(r.token);
  if (upgraded.empty() || !r.error.empty()) return;
  const auto& spec = upgraded.mapped();
  auto& script = life.parent == nullptr ? root_ : life.parent->scripts.at(life.id);
  script.supervisor = spec.rules;
  script.children = spec.children;
  if (is_pool(spec.rules)) {
    life.pool = spec.children;
  } else {
    for (const auto& child : spec.children)
      life.scripts[child.rules.id] = child;
  }
}

void supervision_double::note_report(const supervisor_life& life, const policy::report& r) {
  std::string reason{word(r.reason.what)};
  if (r.what == policy::report::context::start_error) reason = r.reason.detail;
  if (r.what == policy::report::context::shutdown) reason = "reached_max_restart_intensity";
  note({what::report, r.id, 0, std::move(reason), life.id, r.what});
}

} // namespace alder::testing

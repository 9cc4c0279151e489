#include "tests/conformance/otp_stage.hpp"

#include "actors/tree/kind_service.hpp"
#include "actors/tree/process.hpp"

#include "runtime/base/words.hpp"

#include <algorithm>
#include <csignal>

namespace alder::testing {
namespace {

using actors::abort_order;
using actors::actor_base;
using actors::child_actor;
using actors::child_ended;
using actors::child_entry;
using actors::child_kind;
using actors::child_place;
using actors::child_started;
using actors::id_of;
using actors::parent_actor;
using actors::process_exited;
using actors::process_id;
using actors::process_ignored;
using actors::process_launched;
using actors::process_members_gone;
using actors::process_owner_ptr;
using actors::process_refused;
using actors::start_order;
using actors::stop_order;
using actors::supervisor;
using actors::supervisor_actor;
using actors::supervisor_plan;
using nlohmann::json;
using how = policy::start_result::how;

constexpr const char* tree = "otp";

std::string id_in(const process_id& id) { return id.node.name; }

/// How an end with this reason looks to the operating system, and what such an end is called again.
exit_status status_of(const std::string& reason) {
  if (reason == "normal") return exit_status::code(0);
  if (reason == "shutdown") return exit_status::signal(SIGTERM);
  if (reason == "shutdown_term") return exit_status::signal(SIGHUP);
  if (reason == "killed") return exit_status::signal(SIGKILL);
  return exit_status::signal(SIGSEGV);
}
std::string reason_of(const exit_status& status) {
  for (const auto* reason : {"normal", "shutdown", "shutdown_term", "killed"}) {
    if (status_of(reason) == status) return reason;
  }
  return "crash";
}

std::string context_name(policy::report::context context) {
  switch (context) {
  case policy::report::context::start_error: return "start_error";
  case policy::report::context::child_terminated: return "child_terminated";
  case policy::report::context::shutdown_error: return "shutdown_error";
  case policy::report::context::shutdown: return "shutdown";
  }
  return {};
}

using shell_actor = child_actor::extend<caf::reacts_to<child_started>, caf::reacts_to<child_ended>>;

/// Stands between a supervisor and its parent: it fails or ignores the start where the scenario says so, and writes
/// down what becomes of it.
class shell final : public actor_base<shell_actor> {
public:
  shell(caf::actor_config& config, otp_stage& stage, json spec, parent_actor parent)
      : actor_base(config), stage_(stage), spec_(std::move(spec)), id_(spec_.at("id")), parent_(std::move(parent)) {}

  behavior_type make_behavior() override {
    return {[this](const start_order& order) { on_start(order); },
            [this](const abort_order& order) {
              if (supervisor_) send(supervisor_, order);
            },
            [this](const stop_order& order) {
              asked_ = true;
              if (supervisor_) send(supervisor_, order);
            },
            [this](const child_started& m) { on_started(m.result); },
            [this](const child_ended& m) {
              stage_.running.erase(id_);
              stage_.note_end(id_, generation_, std::string{word(m.gone.reason.what)}, asked_);
              auto gone = m.gone;
              gone.id = id_;
              if (parent_) send(parent_, child_ended{std::move(gone)});
              leave();
            }};
  }
  void on_exit() override { leave(); }

private:
  void on_start(const start_order& order) {
    generation_ = order.generation;
    attempt_ = stage_.begin_attempt(id_);
    const auto habits = behaviour_of(spec_);
    if (habits.fails(attempt_)) return fail("fail");
    stage_.note({"init", id_, attempt_});
    if (habits.ignore_starts.count(attempt_) > 0) {
      stage_.note({"ignored", id_, attempt_});
      return answer(how::ignored, {});
    }
    if (const auto newer = stage_.upgraded.find(id_); newer != stage_.upgraded.end()) spec_ = newer->second;
    if (const auto refusal = refusal_to_start(spec_); !refusal.empty()) return fail(refusal);
    stage_.note_process(id_, generation_, attempt_);
    supervisor_ = spawn<supervisor>(stage_.shared(), stage_.plan_of(id_, spec_), parent_actor{self()});
    stage_.running[id_] = supervisor_;
    stage_.specs[id_] = spec_;
    send(supervisor_, order);
  }

  void on_started(const policy::start_result& result) {
    if (result.what == how::ok) {
      stage_.note({"started", id_, attempt_});
      if (parent_) send(parent_, child_started{{id_, generation_, how::ok, {}}});
      return;
    }
    stage_.running.erase(id_);
    stage_.note_end(id_, generation_, {}, /*asked=*/false);
    fail("failed_to_start_child:" + result.detail.substr(0, result.detail.find(' ')));
  }

  void fail(const std::string& reason) {
    stage_.note({"start_failed", id_, attempt_, reason});
    answer(how::failed, reason);
  }
  void answer(how what, const std::string& detail) {
    if (parent_) send(parent_, child_started{{id_, generation_, what, detail}});
    leave();
  }
  void leave() {
    if (supervisor_) caf::anon_send_exit(std::exchange(supervisor_, nullptr), caf::exit_reason::user_shutdown);
    parent_ = nullptr;
    quit();
  }

  otp_stage& stage_;
  json spec_;
  std::string id_;
  parent_actor parent_;
  supervisor_actor supervisor_;
  alder::generation generation_ = 0;
  unsigned attempt_ = 0;
  bool asked_ = false;
};

/// A supervisor to the rules, with a shell around it.
class kind_shell final : public child_kind {
public:
  kind_shell(otp_stage& stage, json spec) : stage_(stage), spec_(std::move(spec)) {}

  policy::child_rules rules() const override {
    policy::child_rules rules;
    rules.supervisor = true;
    rules.significant = spec_.value("significant", false);
    return rules;
  }
  void show(node_snapshot& node) const override { node.what = node_snapshot::kind::supervisor; }
  child_actor spawn(const child_place& at, const start_order& /*order*/) const override {
    return at.host->spawn<shell>(stage_, spec_, parent_actor{at.supervisor});
  }

private:
  otp_stage& stage_;
  json spec_;
};

} // namespace

otp_stage::otp_stage() : shared_{*this, {}, [] { return wall_time{std::chrono::hours{24}}; }, {}, {}} {
  shared_.on_report = [this](const std::string&, const std::string& supervisor, const policy::report& report) {
    note_report(supervisor, report);
  };
}

otp_stage::~otp_stage() {
  for (const auto& [id, supervisor] : std::exchange(running, {}))
    caf::anon_send_exit(supervisor, caf::exit_reason::user_shutdown);
  scheduler_.run();
  shared_.parents.clear();
  past_.clear();
  scheduler_.run();
  scheduler_.clock().cancel_all();
  scheduler_.run();
}

void otp_stage::start_root(const json& spec) {
  const auto root = system_.spawn<shell>(*this, spec, parent_actor{});
  caf::anon_send(root, start_order{1, {cause::kind::tree_start, {}, {}, {}}, false, 0});
}

child_entry otp_stage::entry_of(const json& spec) {
  if (is_supervisor(spec))
    return {spec.at("id"), restart_of(spec), std::make_shared<const kind_shell>(*this, spec), {}};
  service_spec service;
  service.name = spec.at("id");
  service.command = {spec.dump()};
  service.restart = restart_of(spec);
  service.significant = spec.value("significant", false);
  const auto shutdown = shutdown_of(spec);
  if (shutdown == "brutal_kill") service.stop.signal = SIGKILL;
  service.stop.timeout = milliseconds{0}; // whoever hangs is killed without time passing
  if (shutdown == "infinity") service.stop.timeout.reset();
  return actors::entry_of_service(std::make_shared<const service_spec>(std::move(service)));
}

supervisor_plan otp_stage::plan_of(const std::string& id, const json& spec) {
  supervisor_plan plan{tree, id, testing::rules_of(spec), is_pool(spec), {}, {}};
  for (const auto& child : children_of(spec)) {
    if (plan.pool) {
      plan.instance = std::make_shared<const child_entry>(entry_of(child));
    } else {
      plan.children.push_back(entry_of(child));
    }
  }
  return plan;
}

void otp_stage::run() {
  do {
    scheduler_.run();
  } while (scheduler_.clock().advance_time(std::chrono::nanoseconds{0}) > 0);
}

void otp_stage::advance(std::chrono::seconds time) {
  scheduler_.advance_time(time);
  run();
}

bool otp_stage::exit(const std::string& id, const std::string& reason) {
  const auto process = last_process(id);
  if (!process || !is_alive({id_of(tree, id), *process}) || running.count(id) > 0) return false;
  const auto owner = past_.at(id).at(*process).owner;
  end(id, reason, /*asked=*/false);
  scheduler_.prioritize(dynamic_cast<actors::process_ear&>(*owner).actor());
  scheduler_.run_once(); // the process actor alone: its supervisor looks at nothing yet
  return true;
}

std::optional<alder::generation> otp_stage::last_process(const std::string& id) const {
  const auto found = past_.find(id);
  if (found == past_.end() || found->second.empty()) return std::nullopt;
  return found->second.rbegin()->first;
}

unsigned otp_stage::attempt_of(const std::string& id, alder::generation process) const {
  return past_.at(id).at(process).attempt;
}

/// Where OTP defines no order the corpus has one: instances that their pool stopped together are sorted by name.
json otp_stage::take_events() {
  auto from = events_.begin();
  while (from != events_.end()) {
    const auto to = std::find_if(from, events_.end(), [&](const auto& e) { return e.pool != from->pool; });
    if (!from->pool.empty())
      std::sort(from, to, [](const auto& a, const auto& b) { return a.what.at(1) < b.what.at(1); });
    from = to;
  }
  json all = json::array();
  for (auto& e : std::exchange(events_, {}))
    all.push_back(std::move(e.what));
  return all;
}

void otp_stage::note(json event) { events_.push_back({std::move(event), {}}); }

void otp_stage::note_process(const std::string& id, alder::generation generation, unsigned attempt) {
  generations_[id] = std::max(generations_[id], generation);
  past_[id][generation] = {{}, attempt, true, stopping::clean};
}

void otp_stage::note_end(const std::string& id, alder::generation generation, const std::string& reason, bool asked) {
  auto& process = past_.at(id).at(generation);
  process.alive = false;
  if (reason.empty()) { // it never was up
    past_.at(id).erase(generation);
    return;
  }
  const auto node = shared_.nodes.find(tree, id);
  const auto above = node == nullptr ? specs.end() : specs.find(node->parent);
  const bool together = asked && above != specs.end() && is_pool(above->second);
  events_.push_back({{"stopped", id, process.attempt, reason}, together ? node->parent : std::string{}});
}

void otp_stage::note_report(const std::string& supervisor, const policy::report& report) {
  std::string reason{report.reason.status ? reason_of(*report.reason.status) : word(report.reason.what)};
  if (report.what == policy::report::context::start_error) reason = report.reason.detail;
  if (report.what == policy::report::context::shutdown) reason = "reached_max_restart_intensity";
  note({"report", supervisor, context_name(report.what), report.id, reason});
}

// -- process_host

void otp_stage::launch(const process_id& id, const service_spec& spec, const wire::process_note&,
                       process_owner_ptr who) {
  const auto name = id_in(id);
  const unsigned attempt = begin_attempt(name);
  generations_[name] = std::max(generations_[name], id.generation);
  const auto habits = behaviour_of(json::parse(spec.command.front()));
  if (habits.fails(attempt)) {
    note({"start_failed", name, attempt, "fail"});
    return who->tell(process_refused{"fail"});
  }
  if (habits.ignore_starts.count(attempt) > 0) {
    note({"ignored", name, attempt});
    return who->tell(process_ignored{"is to be ignored"});
  }
  note({"started", name, attempt});
  past_[name][id.generation] = {who, attempt, true, habits.on_stop};
  who->tell(process_launched{static_cast<int>(attempt), /*adopted=*/false, {}});
}

void otp_stage::signal_all(const process_id& id, int, bool) {
  const auto name = id_in(id);
  switch (past_.at(name).at(id.generation).on_stop) {
  case stopping::clean: return end(name, "shutdown", /*asked=*/true);
  case stopping::normal: return end(name, "normal", /*asked=*/true);
  case stopping::crash: return end(name, "crash", /*asked=*/true);
  case stopping::hang: return;
  }
}

void otp_stage::kill_all(const process_id& id) {
  const auto name = id_in(id);
  const auto owner = past_.at(name).at(id.generation).owner;
  end(name, "killed", /*asked=*/true);
  owner->tell(process_members_gone{});
}

bool otp_stage::is_alive(const process_id& id) const {
  const auto found = past_.find(id_in(id));
  if (found == past_.end()) return false;
  const auto process = found->second.find(id.generation);
  return process != found->second.end() && process->second.alive;
}

alder::generation otp_stage::last_generation(const alder::node_id& node) const {
  const auto found = generations_.find(id_in({node, 0}));
  return found == generations_.end() ? 0 : found->second;
}

void otp_stage::end(const std::string& id, const std::string& reason, bool asked) {
  const auto generation = *last_process(id);
  auto& process = past_.at(id).at(generation);
  if (!process.alive) return;
  note_end(id, generation, reason, asked);
  process.owner->tell(process_exited{status_of(reason)});
}

} // namespace alder::testing

// A daemon without processes, files and time: actors on CAF's test scheduler, a virtual clock, and a double for the
// process host.
#pragma once

#include "actors/base/actor_base.hpp"
#include "actors/base/event_bus.hpp"
#include "actors/base/event_feed.hpp"
#include "actors/base/runtime.hpp"
#include "actors/tree/process.hpp"
#include "actors/tree/supervisor.hpp"

#include "runtime/wire/event_sentence.hpp"

#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace alder::actors::testing {

using namespace std::chrono_literals;

/// Starts nothing and remembers everything. Processes run until a test ends them, and die of any signal at once unless
/// they are in `stubborn`.
class fake_host final : public process_host {
public:
  struct running {
    process_owner_ptr owner;
    int pid = 0;
    wire::process_note note;
    bool alive = true;
    wall_time started{1h};
    std::optional<exit_status> exited = {};
  };

  std::vector<std::string> log;               ///< "launch db#1", "signal db#1 15", "kill db#1", "release db#1"
  std::map<std::string, std::string> refused; ///< service name: why its launch fails
  std::set<std::string> stubborn;             ///< services that only SIGKILL ends
  std::set<std::string> with_members;         ///< services whose main process leaves others behind
  std::map<process_id, running> processes;
  std::uint64_t last_health = 0;                                  ///< the token of the last health check
  process_sample usage;                                           ///< what every process uses
  std::vector<std::pair<std::uint64_t, process_owner_ptr>> hooks; ///< tokens, and who waits for them

  void launch(const process_id& id, const service_spec& spec, const wire::process_note& note,
              process_owner_ptr who) override {
    const auto found = processes.find(id);
    if (found != processes.end()) {
      found->second.owner = who;
      log.push_back("adopt " + name_of(id));
      const auto& kept = found->second;
      who->tell(process_launched{kept.pid, /*adopted=*/true, kept.started, kept.note.is_waiting(),
                                 wall_time{kept.note.due.value_or(0ms)}});
      if (found->second.exited) who->tell(process_exited{*found->second.exited});
      return;
    }
    log.push_back("launch " + name_of(id));
    generations_[id.node] = std::max(generations_[id.node], id.generation);
    if (const auto why = refused.find(spec.name); why != refused.end()) {
      who->tell(process_refused{why->second});
      return;
    }
    processes[id] = {who, ++last_pid_, note, true};
    who->tell(process_launched{last_pid_, /*adopted=*/false, wall_time{1h}});
  }
  void check_ready(const process_id& id, const service_spec&) override { log.push_back("check " + name_of(id)); }
  void check_health(const process_id& id, const service_spec&, std::uint64_t token) override {
    log.push_back("health " + name_of(id));
    last_health = token;
  }
  void cancel_health(const process_id& id) override { log.push_back("cancel health " + name_of(id)); }
  [[nodiscard]] process_sample sample(const process_id&) override { return usage; }
  void run_command(const process_id& id, const service_spec&, const std::vector<std::string>& command) override {
    log.push_back("run " + name_of(id) + " " + command.front());
  }
  void run_hook(const process_id& id, const service_spec&, const hook_run& what, process_owner_ptr who) override {
    std::string words = "hook " + name_of(id) + " " + what.command.front();
    for (const auto& [name, value] : what.environment)
      words += " " + name + "=" + value;
    log.push_back(words);
    hooks.emplace_back(what.token, std::move(who));
  }
  void cancel_hook(const process_id& id, std::uint64_t) override { log.push_back("cancel hook " + name_of(id)); }
  outcome send_message(const process_id& id, std::string_view json) override {
    log.push_back("message " + name_of(id) + " " + std::string{json});
    return success();
  }
  void set_note(const process_id& id, const wire::process_note& note) override { processes[id].note = note; }
  void signal_all(const process_id& id, int signal, bool main_only) override {
    log.push_back((main_only ? "signal main " : "signal ") + name_of(id) + " " + std::to_string(signal));
    if (stubborn.count(service_of(id)) == 0) end(id, exit_status::signal(signal));
  }
  void kill_all(const process_id& id) override {
    log.push_back("kill " + name_of(id));
    with_members.erase(service_of(id));
    end(id, exit_status::signal(9));
    processes[id].owner->tell(process_members_gone{});
  }
  void await_members(const process_id& id) override { log.push_back("await " + name_of(id)); }
  [[nodiscard]] bool has_members(const process_id& id) override { return with_members.count(service_of(id)) > 0; }
  [[nodiscard]] bool is_alive(const process_id& id) const override {
    const auto found = processes.find(id);
    return found != processes.end() && found->second.alive;
  }
  void release(const process_id& id) override { processes.erase(id); }
  void abandon(const process_id& id, const process_owner* who) override {
    const auto found = processes.find(id);
    if (found != processes.end() && found->second.owner.get() == who) found->second.owner = nullptr;
  }
  [[nodiscard]] std::vector<leftover> left_behind(const node_id& node) override {
    std::vector<leftover> all;
    for (const auto& [id, p] : processes) {
      if (id.node == node) all.push_back({id.generation, p.note, p.alive, p.started, p.exited});
    }
    return all;
  }
  void discard(const process_id& id) override {
    log.push_back("discard " + name_of(id));
    processes.erase(id);
  }

  [[nodiscard]] alder::generation last_generation(const node_id& node) const override {
    const auto found = generations_.find(node);
    return found == generations_.end() ? 0 : found->second;
  }

  void end(const process_id& id, exit_status status) {
    auto& p = processes[id];
    if (!std::exchange(p.alive, false)) return;
    p.exited = status;
    if (p.owner) p.owner->tell(process_exited{status});
  }
  /// The living process of a service.
  process_id alive(const std::string& service) const {
    for (const auto& [id, p] : processes) {
      if (p.alive && service_of(id) == service) return id;
    }
    return {};
  }
  [[nodiscard]] std::size_t count_alive() const {
    return static_cast<std::size_t>(
        std::count_if(processes.begin(), processes.end(), [](const auto& p) { return p.second.alive; }));
  }

  /// The actor that looks after a process.
  process_actor actor_of(const process_id& id) { return dynamic_cast<process_ear&>(*processes.at(id).owner).actor(); }

  static std::string service_of(const process_id& id) { return id.node.name; }
  static std::string name_of(const process_id& id) { return service_of(id) + "#" + std::to_string(id.generation); }

private:
  std::map<node_id, alder::generation> generations_;
  int last_pid_ = 100;
};

/// What a supervisor's parent hears.
class listening_parent final : public actor_base<parent_actor> {
public:
  struct heard {
    std::vector<policy::start_result> starts;
    std::vector<policy::child_gone> ends;
  };
  listening_parent(caf::actor_config& config, heard& to) : actor_base(config), to_(to) {}
  behavior_type make_behavior() override {
    return {[this](const child_started& m) { to_.starts.push_back(m.result); },
            [this](const child_ended& m) { to_.ends.push_back(m.gone); }};
  }

private:
  heard& to_;
};

class virtual_daemon : public ::testing::Test {
protected:
  virtual_daemon() {
    shared.steady_clock = [this] { return steady_time(); };
    const auto bus = system.spawn<event_bus>(shared, feed, parent_actor{parent});
    caf::anon_send(bus, start_order{1, {}, false, 0});
    run();
    heard.starts.clear();
  }
  ~virtual_daemon() override {
    shared.events = nullptr;
    if (root) caf::anon_send_exit(root, caf::exit_reason::user_shutdown);
    root = nullptr;
    parent = nullptr;
    for (const auto& [id, p] : os.processes)
      if (p.owner) caf::anon_send_exit(os.actor_of(id), caf::exit_reason::user_shutdown);
    run();
    os.processes.clear();
    shared.parents.clear();
    run();
    scheduler.clock().cancel_all();
    run();
  }

  void run() { scheduler.run(); }
  void advance(std::chrono::milliseconds by) {
    scheduler.advance_time(by);
    run();
  }
  void start(const supervisor_spec& spec, bool resume = false) {
    root = system.spawn<supervisor>(shared, plan_of(spec.name, spec), parent_actor{parent});
    caf::anon_send(root, start_order{1, {cause::kind::request, {}, {}, {}}, resume, 0});
    run();
  }
  void end(const std::string& service, exit_status status) {
    os.end(os.alive(service), status);
    run();
  }
  call_outcome call(node_call::op what, const std::string& child) {
    caf::scoped_actor self{system};
    auto pending =
        self->request(root, caf::infinite, node_call{what, child, nullptr, {cause::kind::request, {}, {}, {}}});
    run();
    call_outcome outcome;
    pending.receive([&](const call_outcome& o) { outcome = o; },
                    [&](const caf::error& e) { ADD_FAILURE() << system.render(e); });
    return outcome;
  }
  node_snapshot node(const std::string& name) const {
    const auto found = shared.nodes.named(name);
    return found.empty() ? node_snapshot{} : *found.front();
  }
  std::vector<std::string> sentences() const {
    std::vector<std::string> all;
    for (const auto& e : feed.after(0, event_feed::kept))
      all.push_back(wire::sentence(*e));
    return all;
  }
  std::vector<std::string> take_log() { return std::exchange(os.log, {}); }

  struct config : caf::actor_system_config {
    config() { set("scheduler.policy", caf::atom("testing")); }
  };
  config configuration;
  caf::actor_system system{configuration};
  caf::scheduler::test_coordinator& scheduler = dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler());
  fake_host os;
  runtime shared{os, {}, [this] { return steady_time() + clock_set; }, {}, {}};
  std::chrono::milliseconds clock_set{0}; ///< by how much somebody set the wall clock
  [[nodiscard]] wall_time steady_time() const {
    return wall_time{24h} +
           std::chrono::duration_cast<std::chrono::milliseconds>(scheduler.clock().now().time_since_epoch());
  }
  event_feed feed;
  listening_parent::heard heard;
  parent_actor parent = system.spawn<listening_parent>(heard);
  supervisor_actor root;
};

inline service_spec service(const std::string& name) {
  service_spec spec;
  spec.name = name;
  spec.command = {"/bin/" + name};
  return spec;
}

inline supervisor_spec tree(const std::string& name, strategy how, std::vector<service_spec> services) {
  supervisor_spec spec;
  spec.name = name;
  spec.strategy = how;
  for (auto& s : services)
    spec.children.emplace_back(std::make_shared<const service_spec>(std::move(s)));
  return spec;
}

} // namespace alder::actors::testing

// How the daemon's own supervisor grows with its children: the actors are the real ones, of the supervisor, its decider
// and every process; time is virtual and the process host a double that starts nothing. Start all, restart every one
// once, stop all: the time of a child should not depend on how many siblings it has.
#include "actors/tree/supervisor.hpp"

#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>

#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

namespace alder::actors {
namespace {

using namespace std::chrono_literals;

/// A bench that measures something else than it says is worse than none.
void require(bool holds) {
  if (!holds) std::abort();
}

/// All are of one tree.
struct hash_of_name {
  std::size_t operator()(const node_id& id) const { return std::hash<std::string>{}(id.name); }
};

/// Its processes run until they get a signal or `end` is called.
class empty_host final : public process_host {
public:
  void launch(const process_id& id, const service_spec&, const wire::process_note&, process_owner_ptr who) override {
    ++launched;
    generations_[id.node] = id.generation;
    who->tell(process_launched{1, /*adopted=*/false, wall_time{1h}});
    processes_[id.node] = std::move(who);
  }
  void end(const node_id& node, exit_status status) {
    const auto found = processes_.find(node);
    require(found != processes_.end());
    found->second->tell(process_exited{status});
    processes_.erase(found);
  }
  void signal_all(const process_id& id, int signal, bool) override { end(id.node, exit_status::signal(signal)); }
  [[nodiscard]] bool is_alive(const process_id& id) const override { return processes_.count(id.node) > 0; }
  [[nodiscard]] std::size_t running() const { return processes_.size(); }
  [[nodiscard]] alder::generation last_generation(const node_id& node) const override {
    const auto found = generations_.find(node);
    return found == generations_.end() ? 0 : found->second;
  }
  // What a plain service does not use.
  void check_ready(const process_id&, const service_spec&) override {}
  void check_health(const process_id&, const service_spec&, std::uint64_t) override {}
  void cancel_health(const process_id&) override {}
  [[nodiscard]] process_sample sample(const process_id&) override { return {}; }
  void run_command(const process_id&, const service_spec&, const std::vector<std::string>&) override {}
  outcome send_message(const process_id&, std::string_view) override { return success(); }
  void run_hook(const process_id&, const service_spec&, const hook_run&, process_owner_ptr) override {}
  void cancel_hook(const process_id&, std::uint64_t) override {}
  void set_note(const process_id&, const wire::process_note&) override {}
  void kill_all(const process_id&) override {}
  void await_members(const process_id&) override {}
  [[nodiscard]] bool has_members(const process_id&) override { return false; }
  void release(const process_id&) override {}
  void abandon(const process_id&, const process_owner*) override {}
  [[nodiscard]] std::vector<leftover> left_behind(const node_id&) override { return {}; }
  void discard(const process_id&) override {}

  std::size_t launched = 0;

private:
  std::unordered_map<node_id, process_owner_ptr, hash_of_name> processes_;
  std::unordered_map<node_id, alder::generation, hash_of_name> generations_;
};

struct virtual_time : caf::actor_system_config {
  virtual_time() { set("scheduler.policy", caf::atom("testing")); }
};

class stage {
public:
  explicit stage(supervisor_spec spec) : names_(names_of(spec)) {
    shared_.on_remembered = [this](const node_id&, const std::vector<std::string>& children) {
      remembered_ += children.size();
    };
    root_ = system_.spawn<supervisor>(shared_, plan_of(spec.name, spec), parent_actor{});
    caf::anon_send(root_, start_order{1, {}, false, 0});
    scheduler_.run();
    require(os_.running() == names_.size());
  }
  ~stage() {
    caf::anon_send_exit(root_, caf::exit_reason::user_shutdown); // of no consequence when it has ended
    root_ = nullptr;
    scheduler_.run();
    scheduler_.clock().cancel_all();
    shared_.parents.clear();
    shared_.supervisors.clear();
    scheduler_.run();
  }
  stage(const stage&) = delete;
  stage& operator=(const stage&) = delete;

  /// One crash in six seconds, more than the period of the intensity, so that nobody gives up.
  void restart_each() {
    const auto before = os_.launched;
    const auto remembered = remembered_;
    for (const auto& name : names_) {
      scheduler_.advance_time(6s);
      os_.end(name, exit_status::code(1));
      scheduler_.run();
    }
    require(os_.launched - before == names_.size());
    require(remembered_ > remembered); // what is to be written down is part of the work
  }
  void stop() {
    caf::anon_send(root_, stop_order{{cause::kind::tree_stop, {}, {}, {}}, {}});
    scheduler_.run();
    require(os_.running() == 0);
  }

private:
  static std::vector<node_id> names_of(const supervisor_spec& spec) {
    std::vector<node_id> names;
    for (const auto& child : spec.children)
      names.push_back(id_of(spec.name, name_of(child)));
    return names;
  }

  virtual_time configuration_;
  caf::actor_system system_{configuration_};
  caf::scheduler::test_coordinator& scheduler_ = dynamic_cast<caf::scheduler::test_coordinator&>(system_.scheduler());
  empty_host os_;
  runtime shared_{os_, {}, [] { return wall_time{24h}; }, {}, {}};
  std::vector<node_id> names_;
  supervisor_actor root_;
  std::size_t remembered_ = 0;
};

supervisor_spec many(std::int64_t n) {
  supervisor_spec spec;
  spec.name = "many";
  for (std::int64_t i = 0; i < n; ++i) {
    service_spec service;
    service.name = "service-" + std::to_string(i);
    service.command = {"/bin/true"};
    spec.children.emplace_back(std::make_shared<const service_spec>(std::move(service)));
  }
  return spec;
}

void start(benchmark::State& state) {
  const auto spec = many(state.range(0));
  std::unique_ptr<stage> last;
  for (auto round : state) {
    (void)round;
    last = std::make_unique<stage>(spec);
    state.PauseTiming();
    last.reset();
    state.ResumeTiming();
  }
  state.SetComplexityN(state.range(0));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void restart(benchmark::State& state) {
  stage all{many(state.range(0))};
  for (auto round : state) {
    (void)round;
    all.restart_each();
  }
  state.SetComplexityN(state.range(0));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void stop(benchmark::State& state) {
  const auto spec = many(state.range(0));
  for (auto round : state) {
    (void)round;
    state.PauseTiming();
    auto all = std::make_unique<stage>(spec);
    state.ResumeTiming();
    all->stop();
    state.PauseTiming();
    all.reset();
    state.ResumeTiming();
  }
  state.SetComplexityN(state.range(0));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void scales(benchmark::internal::Benchmark* bench) {
  bench->RangeMultiplier(10)->Range(1000, 100'000)->Unit(benchmark::kMillisecond)->Complexity();
}

BENCHMARK(start)->Apply(scales);
BENCHMARK(restart)->Apply(scales);
BENCHMARK(stop)->Apply(scales);

} // namespace
} // namespace alder::actors

BENCHMARK_MAIN();

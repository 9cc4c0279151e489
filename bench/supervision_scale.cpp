// How the supervision core grows with its children: start all, restart every one once, stop all. The time of a child
// should not depend on how many siblings it has.
#include "runtime/policy/supervision.hpp"

#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

namespace alder::policy {
namespace {

using std::chrono::seconds;

std::vector<child_rules> many(std::int64_t n) {
  std::vector<child_rules> children;
  for (std::int64_t i = 0; i < n; ++i) {
    child_rules child;
    child.id = "service-" + std::to_string(i);
    children.push_back(std::move(child));
  }
  return children;
}

/// Gives an event and answers what it asks for, until it asks for nothing. Returns how many starts and stops that were.
std::int64_t drive(supervision& machine, event e, time_point now) {
  std::int64_t moved = 0;
  for (bool asked = true; asked;) {
    asked = false;
    for (const auto& effect : machine.handle(std::move(e), now)) {
      if (const auto* start = std::get_if<start_child>(&effect)) {
        e = start_result{start->id, start->generation, start_result::how::ok, {}};
      } else if (const auto* stop = std::get_if<stop_child>(&effect)) {
        e = child_gone{stop->id, stop->generation, {exit_reason::kind::shutdown, {}, {}, false}};
      } else if (const auto* question = std::get_if<ask_decider>(&effect)) {
        e = verdict_given{decide(question->request)};
        asked = true;
        continue;
      } else {
        continue;
      }
      asked = true;
      ++moved;
    }
  }
  return moved;
}

/// A bench that measures something else than it says is worse than none.
void require(bool holds) {
  if (!holds) std::abort();
}

void start_and_stop(benchmark::State& state) {
  const auto n = state.range(0);
  const auto children = many(n);
  for (auto round : state) {
    (void)round;
    supervision machine{{}, children};
    require(drive(machine, begin{}, {}) == n);
    require(drive(machine, stop_asked{}, {}) == n && machine.ended());
  }
  state.SetComplexityN(n);
  state.SetItemsProcessed(state.iterations() * n);
}

/// One crash in six seconds, more than the period, so that the history of restarts, which every decision reads, stays
/// short.
void restart_each_once(benchmark::State& state) {
  const auto n = state.range(0);
  supervision machine{{}, many(n)};
  time_point now;
  (void)drive(machine, begin{}, now); // its count is the subject of the other one
  alder::generation generation = 1;
  for (auto round : state) {
    (void)round;
    for (std::int64_t i = 0; i < n; ++i) {
      now += seconds{6};
      const exit_reason crash{exit_reason::kind::crash, {}, {}, false};
      require(drive(machine, child_gone{"service-" + std::to_string(i), generation, crash}, now) == 1);
    }
    ++generation;
  }
  state.SetComplexityN(n);
  state.SetItemsProcessed(state.iterations() * n);
}

BENCHMARK(start_and_stop)->RangeMultiplier(10)->Range(100, 100'000)->Unit(benchmark::kMillisecond)->Complexity();
BENCHMARK(restart_each_once)->RangeMultiplier(10)->Range(100, 100'000)->Unit(benchmark::kMillisecond)->Complexity();

} // namespace
} // namespace alder::policy

BENCHMARK_MAIN();

// How long it takes to start and to stop a tree, and to list it. In each round, in turn: posix_spawn in a loop, and the
// request to the daemon; both until the last process' first instruction, for Alder also until the answer says that all
// run. Then `alder ls`, the whole program. Options: --rounds N (5), --lists N (50).
#include "runtime/os/background.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>

#include <stdlib.h> // setenv is not in <cstdlib>
#include <unistd.h>

#include "stage.hpp"

namespace alder::bench {
namespace {

struct times_ms {
  std::vector<double> started, answered, stopped;
};

double ms_since(std::int64_t start, std::int64_t end) { return static_cast<double>(end - start) / 1e6; }

std::int64_t last_of(const std::vector<stamp>& stamps) {
  const auto last =
      std::max_element(stamps.begin(), stamps.end(), [](const stamp& a, const stamp& b) { return a.at_ns < b.at_ns; });
  return last->at_ns;
}

void spawn_and_stop(times_ms& times, stamp_pipe& stamps, const std::string& program, int count) {
  require(::chdir(stamps.directory().c_str()) == 0, "cannot enter " + stamps.directory());
  std::vector<int> pids;
  const auto start = now_ns();
  for (int i = 0; i < count; ++i)
    pids.push_back(spawn_bare(program));
  times.answered.push_back(ms_since(start, now_ns()));
  times.started.push_back(ms_since(start, last_of(stamps.next(count))));
  const auto stop = now_ns();
  for (const int pid : pids)
    os::send_signal(pid, SIGTERM);
  for (const int pid : pids)
    (void)await_end(pid);
  times.stopped.push_back(ms_since(stop, now_ns()));
}

void up_and_down(times_ms& times, alder_daemon& daemon, stamp_pipe& stamps, const std::vector<service>& services) {
  const auto start = now_ns();
  daemon.up("bench", services);
  times.answered.push_back(ms_since(start, now_ns()));
  times.started.push_back(ms_since(start, last_of(stamps.next(static_cast<int>(services.size())))));
  const auto stop = now_ns();
  daemon.down("bench");
  times.stopped.push_back(ms_since(stop, now_ns()));
}

void print(const std::string& what, const std::vector<double>& alder, const std::vector<double>& bare) {
  const auto ours = quantile(alder, 0.5);
  const auto theirs = quantile(bare, 0.5);
  std::printf("%-44s %9.1f %9.1f %7.2fx   (worst %.1f, %.1f)\n", what.c_str(), ours, theirs, ours / theirs,
              quantile(alder, 1), quantile(bare, 1));
}

void measure_starts(int count, int rounds) {
  const workshop place;
  const auto program = beside("bench_first_instruction");
  stamp_pipe own{place.path() + "/alder"};
  stamp_pipe bare{place.path() + "/bare"};
  alder_daemon daemon{place.path()};
  const auto services = alike(count, program, own.directory());
  times_ms alder_times;
  times_ms bare_times;
  for (int i = 0; i < rounds; ++i) {
    spawn_and_stop(bare_times, bare, program, count);
    up_and_down(alder_times, daemon, own, services);
  }
  const auto n = std::to_string(count);
  print("start " + n + ", to the last first instruction, ms", alder_times.started, bare_times.started);
  print("start " + n + ", to the answer, ms", alder_times.answered, bare_times.answered);
  print("stop " + n + ", ms", alder_times.stopped, bare_times.stopped);
  require(::chdir("/") == 0, "cannot enter /");
}

/// A whole program, its output thrown away.
double run_ms(const std::string& program, const std::vector<std::string>& arguments) {
  const auto start = now_ns();
  const int pid = spawn_bare(program, arguments, output::thrown_away);
  require(await_end(pid) == 0, program + " failed");
  return ms_since(start, now_ns());
}

void measure_lists(int count, int lists) {
  const workshop place;
  const auto program = beside("bench_first_instruction");
  const auto alder = beside("alder");
  stamp_pipe stamps{place.path() + "/alder"};
  alder_daemon daemon{place.path()};
  daemon.up("bench", alike(count, program, stamps.directory()));
  require(::setenv("ALDER_HOME", place.path().c_str(), 1) == 0, "no memory"); // NOLINT(concurrency-mt-unsafe)
  std::vector<double> list_times;
  std::vector<double> nothing_times;
  for (int i = 0; i < lists; ++i) {
    list_times.push_back(run_ms(alder, {"ls"}));
    nothing_times.push_back(run_ms("/bin/true", {}));
  }
  print("alder ls with " + std::to_string(count) + ", beside /bin/true, ms", list_times, nothing_times);
}

} // namespace

int run(int argc, char** argv) {
  const auto rounds = number_argument(argc, argv, "--rounds", 5);
  const auto lists = number_argument(argc, argv, "--lists", 50);
  std::printf("%d rounds, medians                                alder      bare    ratio\n", rounds);
  return guarded([&] {
    for (const int count : std::array{100, 1000})
      measure_starts(count, rounds);
    for (const int count : std::array{100, 1000})
      measure_lists(count, lists);
  });
}

} // namespace alder::bench

int main(int argc, char** argv) { return alder::bench::run(argc, argv); }

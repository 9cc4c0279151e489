// How long a service is away when it is killed: from kill(SIGKILL) to the first instruction of its replacement, under
// Alder and, in turn with it, under a bare posix_spawn and waitpid loop. Options: --rounds N (200), --siblings N (0:
// that many more services in the same tree), --pause-ms N (5: between two kills).
#include "runtime/os/background.hpp"

#include <array>
#include <csignal>
#include <cstdio>

#include "stage.hpp"

namespace alder::bench {
namespace {

struct side {
  stamp_pipe stamps;
  int pid = 0; ///< of the process that is killed next
  std::vector<double> latencies_us{};
};

void kill_and_measure(side& s) {
  const auto start = now_ns();
  os::send_signal(s.pid, SIGKILL);
  const auto replacement = s.stamps.next();
  require(replacement.pid != s.pid && replacement.at_ns > start, "a time stamp of the wrong process");
  s.latencies_us.push_back(static_cast<double>(replacement.at_ns - start) / 1000);
  s.pid = replacement.pid;
}

void print(const char* what, double alder, double bare) {
  std::printf("%-28s %10.0f %10.0f %7.2fx\n", what, alder, bare, alder / bare);
}

void bring_up(alder_daemon& daemon, const std::string& program, side& alder, stamp_pipe& others, int siblings) {
  auto services = alike(siblings, program, others.directory());
  services.push_back({"killed", program, alder.stamps.directory()});
  daemon.up("bench", services);
  alder.pid = alder.stamps.next().pid;
  (void)others.next(siblings);
}

void run(int rounds, int siblings, std::chrono::milliseconds pause) {
  const workshop place;
  const auto program = beside("bench_first_instruction");
  side alder{stamp_pipe{place.path() + "/alder"}};
  side bare{stamp_pipe{place.path() + "/bare"}};
  stamp_pipe others{place.path() + "/others"};
  alder_daemon daemon{place.path()};
  bring_up(daemon, program, alder, others, siblings);
  const bare_loop loop{program, bare.stamps.directory()};
  bare.pid = bare.stamps.next().pid;

  const auto used = [&] {
    return std::array{cpu_us(daemon.daemon_pid()), cpu_us(daemon.keeper_pid()), cpu_us(loop.pid())};
  };
  const auto before = used();
  for (int i = 0; i < rounds; ++i) {
    kill_and_measure(alder);
    os::pause(pause);
    kill_and_measure(bare);
    os::pause(pause);
  }
  const auto after = used();
  const auto per_restart = [&](std::size_t i) { return (after.at(i) - before.at(i)) / rounds; };

  std::printf("%d restarts each, %d siblings        alder       bare    ratio\n", rounds, siblings);
  for (const double share : {0.5, 0.9, 0.99}) {
    const auto name = "restart p" + std::to_string(static_cast<int>(share * 100)) + ", us";
    print(name.c_str(), quantile(alder.latencies_us, share), quantile(bare.latencies_us, share));
  }
  print("manager CPU per restart, us", per_restart(0) + per_restart(1), per_restart(2));
  std::printf("  of it daemon %.0f, keeper %.0f\n", per_restart(0), per_restart(1));
}

} // namespace

int run(int argc, char** argv) {
  const auto rounds = number_argument(argc, argv, "--rounds", 200);
  const auto siblings = number_argument(argc, argv, "--siblings", 0);
  const std::chrono::milliseconds pause{number_argument(argc, argv, "--pause-ms", 5)};
  return guarded([&] { run(rounds, siblings, pause); });
}

} // namespace alder::bench

int main(int argc, char** argv) { return alder::bench::run(argc, argv); }

// What services that do nothing cost: context switches of all threads of daemon and keeper in ten quiet seconds, and
// their memory, with 0, 100 and 500 services. Options: --settle N (5 s), --watch N (10 s).
#include "runtime/os/background.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include "stage.hpp"

namespace alder::bench {
namespace {

/// The numbers of a file in /proc with lines like `Pss:   123 kB`, summed over lines of the same name.
std::map<std::string, long> numbers_of(const std::filesystem::path& file) {
  std::map<std::string, long> numbers;
  std::ifstream in{file};
  for (std::string line; std::getline(in, line);) {
    const auto colon = line.find(':');
    if (colon != std::string::npos)
      numbers[line.substr(0, colon)] += std::strtol(line.c_str() + colon + 1, nullptr, 10);
  }
  require(!numbers.empty(), "cannot read " + file.string());
  return numbers;
}

struct switches {
  long voluntary = 0, involuntary = 0;
  int threads = 0;
};

switches switches_of(int pid) {
  switches sum;
  for (const auto& task : std::filesystem::directory_iterator{"/proc/" + std::to_string(pid) + "/task"}) {
    auto numbers = numbers_of(task.path() / "status");
    sum.voluntary += numbers["voluntary_ctxt_switches"];
    sum.involuntary += numbers["nonvoluntary_ctxt_switches"];
    ++sum.threads;
  }
  return sum;
}

void print(const char* who, int count, int pid, const switches& before, const switches& after) {
  auto memory = numbers_of("/proc/" + std::to_string(pid) + "/smaps_rollup");
  std::printf("%-7s %8d %8d %10ld %12ld %8ld %8ld %10ld\n", who, count, after.threads,
              after.voluntary - before.voluntary, after.involuntary - before.involuntary, memory["Rss"], memory["Pss"],
              memory["Private_Clean"] + memory["Private_Dirty"]);
}

void watch(int count, std::chrono::seconds settle, std::chrono::seconds watched) {
  const workshop place;
  stamp_pipe stamps{place.path() + "/services"};
  alder_daemon daemon{place.path()};
  if (count > 0) daemon.up("bench", alike(count, beside("bench_first_instruction"), stamps.directory()));
  (void)stamps.next(count);
  os::pause(settle);
  const auto daemon_before = switches_of(daemon.daemon_pid());
  const auto keeper_before = switches_of(daemon.keeper_pid());
  os::pause(watched);
  const auto daemon_after = switches_of(daemon.daemon_pid());
  const auto keeper_after = switches_of(daemon.keeper_pid());
  print("alderd", count, daemon.daemon_pid(), daemon_before, daemon_after);
  print("keeper", count, daemon.keeper_pid(), keeper_before, keeper_after);
}

} // namespace

int run(int argc, char** argv) {
  const std::chrono::seconds settle{number_argument(argc, argv, "--settle", 5)};
  const std::chrono::seconds watched{number_argument(argc, argv, "--watch", 10)};
  std::printf("context switches in %lds, memory in kB\n", static_cast<long>(watched.count()));
  std::printf("        services  threads  voluntary  involuntary      RSS      PSS    private\n");
  return guarded([&] {
    for (const int count : std::array{0, 100, 500})
      watch(count, settle, watched);
  });
}

} // namespace alder::bench

int main(int argc, char** argv) { return alder::bench::run(argc, argv); }

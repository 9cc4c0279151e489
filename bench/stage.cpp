#include "stage.hpp"

#include "cli/common/answers.hpp"
#include "cli/common/launch.hpp"

#include "runtime/os/background.hpp"
#include "runtime/os/caller.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <stdexcept>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace alder::bench {
namespace {

constexpr int stamp_patience_ms = 60'000;
constexpr std::chrono::seconds change_patience{120};
constexpr std::chrono::seconds end_patience{30};
constexpr std::chrono::milliseconds look_pause{5};

} // namespace

void require(bool holds, const std::string& why) {
  if (!holds) throw std::runtime_error{why};
}

int guarded(const std::function<void()>& body) {
  try {
    body();
    return 0;
  } catch (const std::exception& failure) {
    (void)std::fprintf(stderr, "%s\n", failure.what());
    return 1;
  }
}

std::int64_t now_ns() {
  timespec now{};
  (void)::clock_gettime(CLOCK_MONOTONIC, &now); // cannot fail with these arguments
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

double quantile(std::vector<double> values, double share) {
  const auto index = static_cast<std::size_t>(share * static_cast<double>(values.size() - 1) + 0.5);
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(index), values.end());
  return values[index];
}

std::string beside(const std::string& name) {
  const auto directory = os::own_directory();
  require(directory.ok(), "/proc is needed");
  auto path = *directory + "/" + name;
  require(os::file_exists(path), path + " is not built");
  return path;
}

int number_argument(int argc, char** argv, const std::string& name, int otherwise) {
  for (int i = 1; i + 1 < argc; ++i) {
    if (name == argv[i]) return static_cast<int>(std::strtol(argv[i + 1], nullptr, 10));
  }
  return otherwise;
}

// -- stamps

stamp_pipe::stamp_pipe(std::string directory) : directory_(std::move(directory)) {
  const auto path = directory_ + "/stamps";
  require(::mkdir(directory_.c_str(), 0700) == 0 && ::mkfifo(path.c_str(), 0600) == 0, "cannot make " + path);
  // With a writer of our own it never ends, and opening it waits for nobody.
  fifo_.reset(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  require(fifo_.valid(), "cannot open " + path);
}

stamp stamp_pipe::next() {
  pollfd waited{fifo_.get(), POLLIN, 0};
  require(::poll(&waited, 1, stamp_patience_ms) > 0, "no process has started within 60s");
  stamp read;
  require(::read(fifo_.get(), &read, sizeof read) == sizeof read, "half a time stamp");
  return read;
}

std::vector<stamp> stamp_pipe::next(int count) {
  std::vector<stamp> all;
  while (static_cast<int>(all.size()) < count)
    all.push_back(next());
  return all;
}

// -- the daemon

workshop::workshop() {
  const char* wanted = std::getenv("TMPDIR"); // NOLINT(concurrency-mt-unsafe): there is one thread
  std::string pattern = std::string{wanted == nullptr ? "/tmp" : wanted} + "/alder-bench-XXXXXX";
  require(::mkdtemp(pattern.data()) != nullptr, "no temporary directory");
  path_ = pattern;
}

workshop::~workshop() {
  std::error_code ignored; // what cannot be removed is left
  std::filesystem::remove_all(path_, ignored);
}

std::vector<service> alike(int count, const std::string& program, const std::string& directory) {
  std::vector<service> all;
  for (int i = 0; i < count; ++i)
    all.push_back({std::string{"s"}.append(std::to_string(i)), program, directory});
  return all;
}

alder_daemon::alder_daemon(const std::string& directory)
    : home_{.run_dir = directory + "/run",
            .state_dir = directory + "/state",
            .log_dir = directory + "/log",
            .socket = directory + "/run/alder.sock"},
      client_(home_.socket) {
  const auto around = os::current_surroundings();
  const auto own = os::own_directory();
  require(own.ok(), "/proc is needed");
  const auto programs = cli::find_programs(*own, around);
  require(programs.ok(), "alder-keeper and alderd are not built");
  const auto keeper = os::start_in_background(cli::keeper_command(*programs, home_, cli::keeper_mode::foreground),
                                              os::attachment::child);
  require(keeper.ok(), "the keeper cannot be started");
  keeper_pid_ = keeper->pid;
  cli::daemon_watch watch{home_.run_dir, [](std::string_view) {}};
  const auto word = cli::hear(*keeper, home_, watch);
  require(word.ok(), word.ok() ? "" : word.failure().message);
  const auto answer = client_.send({.method = "GET", .target = "/v1/info", .body = {}, .accept = {}});
  require(answer.ok() && answer->status == 200, "the daemon does not answer");
  const auto info = cli::read_info(answer->body);
  require(info.ok(), "cannot read the daemon's answer");
  daemon_pid_ = info->pid;
}

alder_daemon::~alder_daemon() {
  (void)client_.send({.method = "POST", .target = "/v1/daemon/shutdown", .body = {}, .accept = {}}); // it may be gone
  const auto deadline = std::chrono::steady_clock::now() + end_patience;
  while (!os::reap_child(keeper_pid_)) {
    if (std::chrono::steady_clock::now() > deadline) os::send_signal(keeper_pid_, SIGTERM); // then it kills everything
    os::pause(look_pause);
  }
}

void alder_daemon::request(const cli::call& what) {
  const auto answer = client_.send(what, change_patience);
  require(answer.ok(), answer.ok() ? "" : answer.failure().message);
  require(answer->status == 200, what.method + " " + what.target + ": " + answer->body);
}

void alder_daemon::up(const std::string& name, const std::vector<service>& services) {
  std::string text = "name: " + name + "\nbackoff: none\nintensity: { max_restarts: 1000000, within: 1s }\nchildren:\n";
  for (const auto& one : services)
    text += "  - { service: " + one.name + ", command: [" + one.program + "], cwd: " + one.directory + " }\n";
  request({.method = "PUT",
           .target = "/v1/config?wait=100s",
           .body = cli::config_body({home_.state_dir + "/" + name + ".yaml", text, os::environment()}),
           .accept = {}});
}

void alder_daemon::down(const std::string& name) {
  request({.method = "DELETE", .target = "/v1/trees/" + name + "?wait=100s", .body = {}, .accept = {}});
}

// -- the bare side

int spawn_bare(const std::string& program, const std::vector<std::string>& arguments, output where) {
  std::vector<char*> words{const_cast<char*>(program.c_str())}; // its type predates const; it does not write
  for (const auto& word : arguments)
    words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  require(::posix_spawn_file_actions_init(&actions) == 0, "no memory");
  if (where == output::thrown_away) // without memory posix_spawn fails too
    (void)::posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  int pid = 0;
  const int failed = ::posix_spawn(&pid, program.c_str(), &actions, nullptr, words.data(), environ);
  (void)::posix_spawn_file_actions_destroy(&actions);
  require(failed == 0, "cannot start " + program);
  return pid;
}

int await_end(int pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0)
    require(errno == EINTR, "not our child");
  return status;
}

bare_loop::bare_loop(const std::string& program, const std::string& directory) {
  pid_ = ::fork();
  require(pid_ >= 0, "cannot fork");
  if (pid_ > 0) return;
  (void)::prctl(PR_SET_PDEATHSIG, SIGKILL); // with the bench it ends too
  if (::chdir(directory.c_str()) != 0) ::_exit(1);
  for (;;)
    (void)await_end(spawn_bare(program)); // whatever its end was: the next one
}

bare_loop::~bare_loop() {
  (void)::kill(pid_, SIGKILL);
  (void)await_end(pid_);
}

double cpu_us(int pid) {
  double total_ns = 0;
  std::error_code failed;
  for (const auto& task : std::filesystem::directory_iterator{"/proc/" + std::to_string(pid) + "/task", failed}) {
    double ns = 0;
    if (std::ifstream{task.path() / "schedstat"} >> ns) total_ns += ns;
  }
  require(total_ns > 0, "no schedstat in /proc");
  return total_ns / 1000;
}

} // namespace alder::bench

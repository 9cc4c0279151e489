// A real keeper in a directory of its own, a test that plays its daemon, and deadlines on every wait.
#pragma once

#include "runtime/base/unique_fd.hpp"
#include "runtime/keeper/client.hpp"
#include "runtime/os/caller.hpp"
#include "runtime/os/pidfd.hpp"
#include "runtime/os/spawn.hpp"
#include "runtime/os/unix_socket.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace alder::test {

using steady = std::chrono::steady_clock;
constexpr std::chrono::seconds patience{20};

/// Waits until `fd` is readable (or hung up); false after `patience`.
inline bool readable(int fd, steady::time_point deadline = steady::now() + patience) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - steady::now()).count();
    pollfd waited{fd, POLLIN, 0};
    if (left <= 0) return false;
    if (::poll(&waited, 1, static_cast<int>(left)) > 0) return true;
  }
}

/// Everything until the writers are gone.
inline std::string read_all(int fd) {
  std::string text;
  char buffer[4096];
  while (readable(fd)) {
    const auto got = ::read(fd, buffer, sizeof buffer);
    if (got <= 0) break;
    text.append(buffer, static_cast<std::size_t>(got));
  }
  return text;
}

/// The next line, without its end.
inline std::string read_line(int fd) {
  std::string text;
  char c = 0;
  while (readable(fd) && ::read(fd, &c, 1) == 1 && c != '\n')
    text += c;
  return text;
}

/// A fresh directory, removed at the end.
class scratch {
public:
  scratch() {
    char name[] = "/tmp/alder-test-XXXXXX";
    path_ = ::mkdtemp(name);
  }
  ~scratch() {
    std::error_code ignored; // what cannot be removed stays in /tmp
    std::filesystem::remove_all(path_, ignored);
  }
  scratch(const scratch&) = delete;
  scratch& operator=(const scratch&) = delete;
  [[nodiscard]] std::string path(const std::string& name = "") const {
    return name.empty() ? path_ : path_ + "/" + name;
  }

private:
  std::string path_;
};

inline std::string bin(const std::string& name) { return std::string{ALDER_BIN_DIR} + "/" + name; }

/// The daemon process of the moment, as far as the keeper can tell.
struct fake_daemon {
  int pid = 0;
  unique_fd control;
  unique_fd channel;

  /// Dies of SIGKILL, with everything it had open.
  void crash() {
    ::kill(pid, SIGKILL);
    channel.reset();
  }
};

/// What a client heard, in order of arrival for each kind.
class listener {
public:
  struct exit {
    node_id id;
    generation gen = 0;
    exit_status status;
    std::optional<std::vector<std::uint32_t>> orphans;
  };
  struct failure {
    node_id id;
    error why;
  };
  std::vector<keeper::child> spawned;
  std::vector<failure> failed;
  std::vector<exit> exits;
  std::vector<int> reaped;
  std::vector<int> stops;
  bool lost = false;
  std::unique_ptr<keeper::client> client;

  /// Attaches over the daemon's channel.
  explicit listener(unique_fd channel) {
    auto attached = keeper::client::attach(
        std::move(channel), {.on_spawned = [this](keeper::child&& c) { spawned.push_back(std::move(c)); },
                             .on_spawn_failed =
                                 [this](const node_id& id, generation, const error& why) {
                                   failed.push_back({id, why});
                                 },
                             .on_exited =
                                 [this](const wire::exited_frame& f) {
                                   exits.push_back({f.id, f.generation, f.status, f.orphans});
                                 },
                             .on_reaped = [this](int pid) { reaped.push_back(pid); },
                             .on_stop_requested = [this](int signal) { stops.push_back(signal); },
                             .on_lost = [this] { lost = true; }});
    if (!attached)
      ADD_FAILURE() << attached.failure().message;
    else
      client = std::move(*attached);
  }

  /// Runs the loop until `done`; false after `patience`.
  [[nodiscard]] bool until(const std::function<bool()>& done) {
    const auto deadline = steady::now() + patience;
    while (!done()) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - steady::now()).count();
      if (left <= 0 || client == nullptr || lost) return done();
      pollfd waited{client->fd(), static_cast<short>(client->wants_write() ? POLLIN | POLLOUT : POLLIN), 0};
      if (::poll(&waited, 1, static_cast<int>(left)) <= 0) continue;
      if ((waited.revents & POLLOUT) != 0) client->on_writable();
      if ((waited.revents & ~POLLOUT) != 0) client->on_readable();
    }
    return true;
  }
  [[nodiscard]] bool until_spawned(std::size_t count) {
    return until([&] { return spawned.size() >= count; });
  }
  [[nodiscard]] bool until_exits(std::size_t count) {
    return until([&] { return exits.size() >= count; });
  }
  [[nodiscard]] bool until_failed(std::size_t count) {
    return until([&] { return failed.size() >= count; });
  }
};

inline keeper::launch launch_of(node_id id, std::vector<std::string> command, generation gen = 1) {
  keeper::launch what;
  what.id = std::move(id);
  what.gen = gen;
  what.start.command = std::move(command);
  what.start.environment = {{"PATH", "/usr/local/bin:/usr/bin:/bin"}};
  what.start.cwd = "/";
  return what;
}

inline keeper::launch shell(node_id id, const std::string& script, generation gen = 1) {
  return launch_of(std::move(id), {"/bin/sh", "-c", script}, gen);
}

/// A keeper with a daemon whose channel the test holds.
class keeper_bed {
public:
  keeper_bed() {
    control_.reset(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const auto path = dir.path("control");
    std::memcpy(address.sun_path, path.c_str(), path.size());
    EXPECT_EQ(::bind(control_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(control_.get(), 16), 0);
  }

  ~keeper_bed() {
    if (keeper_pidfd && !readable(keeper_pidfd.get(), steady::now() + std::chrono::milliseconds{1})) {
      // The second signal makes it kill everything it has; the third line of defence is ours.
      (void)os::signal_pidfd(keeper_pidfd.get(), SIGTERM);
      (void)os::signal_pidfd(keeper_pidfd.get(), SIGINT);
      if (!readable(keeper_pidfd.get())) (void)os::signal_pidfd(keeper_pidfd.get(), SIGKILL);
    }
    if (started_ && !reaped_) os::reap(started_pidfd_.get());
  }
  keeper_bed(const keeper_bed&) = delete;
  keeper_bed& operator=(const keeper_bed&) = delete;

  [[nodiscard]] std::vector<std::string> command(bool foreground, const std::vector<std::string>& daemon_words,
                                                 const std::string& daemon) const {
    std::vector<std::string> words = {bin("alder-keeper"), "--run-dir",       dir.path("run"),
                                      "--state-dir",       dir.path("state"), "--log-dir",
                                      dir.path("log"),     "--daemon",        daemon};
    if (foreground) words.push_back("--foreground");
    words.push_back("--ready-fd");
    words.push_back("RFD");
    words.push_back("--");
    words.insert(words.end(), daemon_words.begin(), daemon_words.end());
    return words;
  }

  /// Starts it in the foreground, so that it is a child of the test.
  void start() { run(command(true, {"--control", dir.path("control")}, bin("fixture_keeper_daemon"))); }
  /// The same with no more than so many descriptors.
  void start_limited(rlim_t files) {
    file_limit_ = rlimit{files, files};
    start();
  }
  void start_with(const std::vector<std::string>& daemon_words,
                  const std::string& daemon = bin("fixture_keeper_daemon"), bool foreground = true) {
    run(command(foreground, daemon_words, daemon));
  }

  /// The next daemon the keeper starts.
  [[nodiscard]] fake_daemon next_daemon() {
    fake_daemon daemon;
    if (!readable(control_.get())) {
      ADD_FAILURE() << "no daemon came";
      return daemon;
    }
    daemon.control.reset(::accept4(control_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    os::record record;
    if (!readable(daemon.control.get()) ||
        os::receive_record(daemon.control.get(), 100, record) != os::transfer::done || record.fds.size() != 1) {
      ADD_FAILURE() << "the daemon handed nothing over";
      return daemon;
    }
    daemon.pid = std::atoi(record.bytes.c_str());
    daemon.channel = std::move(record.fds.front());
    return daemon;
  }

  /// What it told whoever started it; empty when it closed without a word.
  [[nodiscard]] std::string ready_line() const { return read_line(ready_.get()); }

  /// The exit status of the process that was started.
  [[nodiscard]] std::optional<exit_status> wait_for_end() {
    if (!readable(started_pidfd_.get())) return std::nullopt;
    siginfo_t info{};
    if (::waitid(P_PIDFD, static_cast<id_t>(started_pidfd_.get()), &info, WEXITED) != 0) return std::nullopt;
    reaped_ = true;
    return info.si_code == CLD_EXITED ? exit_status::code(info.si_status) : exit_status::signal(info.si_status);
  }

  [[nodiscard]] int keeper_pid() const {
    int pid = 0;
    std::ifstream{dir.path("run/keeper.lock")} >> pid;
    return pid;
  }

  scratch dir;
  unique_fd keeper_pidfd; ///< of the process that serves

private:
  void run(std::vector<std::string> words) {
    int ends[2] = {-1, -1};
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    ready_.reset(ends[0]);
    const unique_fd told{ends[1]};
    for (auto& word : words)
      if (word == "RFD") word = std::to_string(told.get());
    const unique_fd log{::open(dir.path("stderr").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)};
    auto started = os::spawn({.program = words.front(),
                              .start = {.command = words, .environment = os::environment()},
                              .where = os::spawn_request::output::file,
                              .file = log.get(),
                              .passed = told.get(),
                              .file_limit = file_limit_});
    ASSERT_TRUE(std::holds_alternative<os::spawned_process>(started));
    started_pidfd_ = std::get<os::spawned_process>(started).held.take(holding::pidfd);
    started_ = true;
    keeper_pidfd.reset(::fcntl(started_pidfd_.get(), F_DUPFD_CLOEXEC, 3));
  }

  std::optional<rlimit> file_limit_; ///< none: that of the test
  unique_fd control_;
  unique_fd ready_;
  unique_fd started_pidfd_;
  bool started_ = false;
  bool reaped_ = false;
};

} // namespace alder::test

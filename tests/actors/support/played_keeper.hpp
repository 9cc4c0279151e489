// The keeper's end of a channel, played by a test: what the daemon sends is looked at, what it hears is said. Processes
// it names are this test's own children.
#pragma once

#include "actors/base/process_host.hpp"

#include "runtime/base/unique_fd.hpp"
#include "runtime/keeper/client.hpp"
#include "runtime/os/unix_socket.hpp"
#include "runtime/wire/keeper_protocol.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <csignal>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

namespace alder::actors::testing {

/// A child of the test that lives until it is killed.
class living_process {
public:
  living_process() : pid_(::fork()) {
    if (pid_ != 0) return;
    (void)::pause();
    ::_exit(0);
  }
  ~living_process() {
    (void)::kill(pid_, SIGKILL);
    (void)::waitpid(pid_, nullptr, 0);
  }
  living_process(const living_process&) = delete;
  living_process& operator=(const living_process&) = delete;
  [[nodiscard]] int pid() const { return pid_; }

private:
  int pid_;
};

class played_keeper {
public:
  played_keeper() {
    auto pair = os::record_pair(wire::max_keeper_frame);
    ours_ = std::move(pair->first);
    daemons_ = std::move(pair->second);
    say(wire::welcome_frame{.epoch = 1, .keeper_pid = ::getpid(), .keeper_start_ticks = 8, .mark = "7.8"});
  }
  /// The daemon's end, once; the inventory, if any, has been said before.
  [[nodiscard]] unique_fd channel() {
    say(wire::inventory_end_frame{});
    return std::move(daemons_);
  }
  [[nodiscard]] result<std::unique_ptr<keeper::client>> attach_with(keeper::client::handlers handlers) {
    return keeper::client::attach(channel(), std::move(handlers));
  }
  void say(const wire::to_daemon& frame, std::span<const int> fds = {}) {
    ASSERT_EQ(os::send_record(ours_.get(), wire::encode(frame), fds), os::transfer::done);
  }
  /// What came since the last look.
  [[nodiscard]] std::vector<wire::to_keeper> heard() {
    std::vector<wire::to_keeper> all;
    for (os::record got; os::receive_record(ours_.get(), wire::max_keeper_frame, got) == os::transfer::done;)
      if (auto frame = wire::decode_to_keeper(got.bytes)) all.push_back(std::move(*frame));
    return all;
  }
  /// The starts among that.
  [[nodiscard]] std::vector<wire::spawn_frame> starts() {
    std::vector<wire::spawn_frame> all;
    for (auto& frame : heard())
      if (auto* start = std::get_if<wire::spawn_frame>(&frame)) all.push_back(std::move(*start));
    return all;
  }

private:
  unique_fd ours_, daemons_;
};

/// Remembers what it is told, as words: "launched", "exited code 1", "ready", "not ready: why", "hook 3: why" …
class listening_owner final : public process_owner {
public:
  void tell(process_news news) override;
  [[nodiscard]] std::vector<std::string> take() { return std::exchange(heard_, {}); }

private:
  std::vector<std::string> heard_;
};

inline void listening_owner::tell(process_news news) {
  struct words {
    std::string operator()(const process_launched& m) const { return m.adopted ? "adopted" : "launched"; }
    std::string operator()(const process_refused& m) const { return "refused: " + m.detail; }
    std::string operator()(const process_ignored& m) const { return "ignored: " + m.detail; }
    std::string operator()(const process_exited& m) const { return "exited " + std::to_string(m.status.value); }
    std::string operator()(const process_members_gone&) const { return "members gone"; }
    std::string operator()(const readiness_answered& m) const { return m.ready ? "ready" : "not ready: " + m.detail; }
    std::string operator()(const health_check_answered& m) const {
      return "health " + std::to_string(m.token) + (m.good ? " good" : ": " + m.detail);
    }
    std::string operator()(const hook_ended& m) const {
      return "hook " + std::to_string(m.token) + (m.failure.empty() ? " done" : ": " + m.failure);
    }
    std::string operator()(const program_said&) const { return "said something"; }
  };
  heard_.push_back(std::visit(words{}, news));
}

} // namespace alder::actors::testing

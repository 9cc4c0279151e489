#include "actors/host/keeper_starter.hpp"

#include "runtime/base/holdings.hpp"
#include "runtime/base/words.hpp"
#include "runtime/os/background.hpp"
#include "runtime/os/caller.hpp"
#include "runtime/os/files.hpp"
#include "runtime/os/keeper_home.hpp"
#include "runtime/os/pidfd.hpp"
#include "runtime/os/spawn.hpp"
#include "runtime/os/unix_socket.hpp"
#include "runtime/wire/keeper_protocol.hpp"

#include <variant>

namespace alder::actors {

void keeper_starter::remember_program_of(int keeper_pid) {
  if (auto program = os::open_for_reading("/proc/" + std::to_string(keeper_pid) + "/exe"))
    program_ = std::move(*program);
}

result<unique_fd> keeper_starter::start(const keeper::client& former) const {
  auto pair = os::record_pair(wire::max_keeper_frame);
  if (!pair) return pair.failure();
  auto log = os::open_log(home_->state_dir + "/keeper.log");
  if (!log) return log.failure();
  if (!program_) return error{error_kind::unavailable, "its program is not known", 0};
  const int channel = pair->second.get();
  const os::spawn_request request{
      .program = "/proc/self/fd/" + std::to_string(program_.get()),
      .start = {.command = {"alder-keeper", "--run-dir", home_->run_dir, "--state-dir", home_->state_dir, "--log-dir",
                            home_->log_dir, "--daemon", daemon_program_, "--adopt-fd", std::to_string(channel),
                            "--daemon-pid", std::to_string(os::process_id()), "--mark", former.member_prefix(),
                            "--epoch", std::to_string(former.epoch())},
                .environment = os::environment()},
      .where = os::spawn_request::output::file,
      .file = log->get(),
      .passed = channel,
      .program_file = program_.get(),
      .file_limit = os::inherited_file_limit()};
  auto started = os::spawn(request);
  if (const auto* failure = std::get_if<os::spawn_failure>(&started))
    return error{error_kind::io, "start " + request.program + ": " + errno_text(failure->os_errno), failure->os_errno};
  // It leaves for a session of its own, so that what we started ends at once.
  os::reap(std::get<os::spawned_process>(started).held[holding::pidfd].get());
  return std::move(pair->first);
}

} // namespace alder::actors

// alder-keeper: makes its home, takes the lock, leaves the terminal, and serves until everything is stopped.
#include "runtime/keeper/keeper.hpp"
#include "runtime/keeper/log.hpp"
#include "runtime/keeper/options.hpp"
#include "runtime/os/background.hpp"
#include "runtime/os/caller.hpp"
#include "runtime/os/descriptors.hpp"
#include "runtime/os/keeper_home.hpp"
#include "runtime/os/orphans.hpp"
#include "runtime/os/proc.hpp"
#include "runtime/os/reparented.hpp"
#include "runtime/wire/keeper_state.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

namespace keeper = alder::keeper;
namespace os = alder::os;
using alder::outcome;
using alder::result;
using alder::unique_fd;

/// What must be true before the keeper may serve; in this order, each step once.
result<unique_fd> claim_home(const keeper::options& options) {
  for (const auto* directory : {&options.run_dir, &options.state_dir})
    if (auto claimed = os::claim_directory(*directory); !claimed) return claimed.failure();
  if (auto claimed = os::claim_directory(options.log_dir, os::directory_role::logs); !claimed) return claimed.failure();
  auto lock = os::try_lock(options.run_dir + "/keeper.lock");
  if (!lock) return lock.failure();
  return lock->has_value() ? std::move(**lock) : unique_fd{};
}

/// Services of a keeper that was killed together with its daemon bear its mark, and are ours now.
std::string mark_of_line(const keeper::options& options) {
  const auto self = os::read_stat(os::process_id());
  const auto own = std::to_string(os::process_id()) + "." + std::to_string(self ? self->start_ticks : 0);
  const auto mark = os::line_mark(keeper::mark_file(options), keeper::spare_mark_file(options), own);
  if (!mark) keeper::say(mark.failure().message);
  return mark ? *mark : own;
}

outcome leave_or_stay(const keeper::options& options) {
  if (options.foreground) return os::end_with_parent();
  auto log = os::open_log(options.state_dir + "/keeper.log");
  if (!log) return log.failure();
  if (auto left = os::leave_terminal(); !left) return left;
  return os::redirect_stdio(log->get());
}

int fail(unique_fd& ready, const alder::error& why) {
  keeper::say(why.message);
  keeper::report(ready, "error: " + why.message);
  return 1;
}

/// In the place of another keeper that made way for this one: everything is settled, and the state says the rest.
int resume(keeper::options options, const rlimit& own_limit) {
  unique_fd file{options.resume_fd};
  const auto text = os::read_descriptor(file.get());
  auto state =
      text ? alder::wire::decode_keeper_state(*text) : alder::result<alder::wire::keeper_state>{text.failure()};
  unique_fd nobody;
  if (!state) return fail(nobody, state.failure());
  os::close_on_exec_from(3); // all were inherited on purpose; services must not
  os::keep_spare_descriptors();
  auto limit = own_limit;
  if (state->file_limit_soft) limit.rlim_cur = static_cast<rlim_t>(*state->file_limit_soft);
  auto signals = os::take_signals();
  if (!signals) return fail(nobody, signals.failure());
  keeper::keeper successor{std::move(options), std::move(*signals), limit, unique_fd{}, unique_fd{}};
  return os::run_beside_first_thread([&] {
    successor.resume(*state);
    return successor.run();
  });
}

/// The lock of a keeper that was just killed may be held for a moment yet. When the daemon that wants this one is gone,
/// too, another keeper may hold it, which serves; nobody waits for its end.
constexpr int lock_attempts = 100;
constexpr std::chrono::milliseconds between_attempts{20};

} // namespace

int main(int argc, char** argv) {
  auto options = keeper::parse_options({argv + (argc > 0 ? 1 : 0), argv + argc});
  if (!options) {
    std::fprintf(stderr, "alder-keeper: %s\n%s", options.failure().message.c_str(), keeper::usage);
    return 2;
  }
  if (const char* seconds = std::getenv("ALDER_WATCHDOG")) options->watchdog = std::chrono::seconds{std::atoi(seconds)};
  unique_fd ready{options->resume_fd >= 0 ? -1 : options->ready_fd};
  // Before anything is opened: what little the soft limit allows may be too little for that already.
  const auto file_limit = os::raise_file_limit();
  if (!file_limit) return fail(ready, file_limit.failure());
  if (options->resume_fd >= 0) return resume(std::move(*options), *file_limit);
  const int inherited = options->adopt_fd >= 0 ? options->adopt_fd : ready.get();
  if (auto tidied = os::tidy_descriptors(inherited); !tidied) return fail(ready, tidied.failure());
  auto lock = claim_home(*options);
  for (int attempt = 0; options->adopt_fd >= 0 && lock && !lock->valid() && attempt < lock_attempts; ++attempt) {
    if (os::reader_is_gone(options->adopt_fd)) break;
    os::pause(between_attempts);
    lock = claim_home(*options);
  }
  if (!lock) return fail(ready, lock.failure());
  if (!lock->valid()) {
    keeper::report(ready, "busy");
    return 0;
  }
  if (auto settled = leave_or_stay(*options); !settled) return fail(ready, settled.failure());
  // Before its number is known: who reads it may send SIGUSR1, which must not end us.
  auto signals = os::take_signals();
  if (!signals) return fail(ready, signals.failure());
  // From here on this is the process that stays: its number is the right one, its children are its own.
  if (auto written = os::write_pid(lock->get()); !written) return fail(ready, written.failure());
  if (options->mark.empty()) options->mark = mark_of_line(*options);
  if (auto reaping = os::become_subreaper(); !reaping) return fail(ready, reaping.failure());
  os::keep_spare_descriptors();
  keeper::keeper first{std::move(*options), std::move(*signals), *file_limit, std::move(ready), std::move(*lock)};
  return os::run_beside_first_thread([&] { return first.run(); });
}

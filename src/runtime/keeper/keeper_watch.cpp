// Whether the daemon lives: a hanging one is noticed when it matters, at no cost while nothing happens.
//
// The daemon is asked (ping) when something was sent to it and it has said nothing for half the watchdog's time since,
// when somebody who waits for it in vain says so (SIGUSR1), and else every five minutes. Whatever it says is a sign of
// life; of one that is only starting, hello is. One that gives none within the watchdog's time is killed; its successor
// takes everything over.
#include "runtime/keeper/keeper.hpp"
#include "runtime/keeper/log.hpp"
#include "runtime/os/files.hpp"

#include <algorithm>

namespace alder::keeper {
namespace {

constexpr std::chrono::minutes longest_silence{5};

} // namespace

void keeper::heard_from_daemon() {
  answer_due_.reset();
  if (options_.watchdog.count() == 0) return;
  probe_due_ = steady::now() + longest_silence;
}

/// Something was sent that it has to do something about.
void keeper::expect_life() {
  if (options_.watchdog.count() == 0 || contact_ != contact::attached || answer_due_) return;
  const auto soon = steady::now() + std::chrono::duration_cast<std::chrono::milliseconds>(options_.watchdog) / 2;
  probe_due_ = std::min(probe_due_.value_or(soon), soon);
}

/// One that is starting may have much to read: when it was killed for that, its successor gets more time.
std::chrono::seconds keeper::time_for_life() const {
  constexpr unsigned most_doublings = 5;
  return options_.watchdog * (1U << std::min(hung_starts_, most_doublings));
}

void keeper::probe() {
  if (options_.watchdog.count() == 0) return;
  const auto due = steady::now() + time_for_life();
  if (contact_ == contact::silent) { // it cannot be asked yet: hello is what it owes
    answer_due_ = std::min(answer_due_.value_or(due), due);
    return;
  }
  if (contact_ != contact::attached || answer_due_) return;
  probe_due_.reset();
  answer_due_ = due;
  send(wire::ping_frame{});
}

void keeper::handle_watchdog(steady::time_point now) {
  if (probe_due_ && now >= *probe_due_) probe();
  if (trial_due_ && now >= *trial_due_) {
    trial_due_.reset();
    if (daemon_pid_ != 0) return break_contact("it did not serve in time");
  }
  if (!answer_due_ || now < *answer_due_) return;
  answer_due_.reset();
  if (daemon_pid_ == 0 || contact_ == contact::broken) return;
  if (contact_ == contact::attached) {
    // What it said may wait in the channel only because we were late ourselves.
    read_channel(1);
    if (probe_due_ || contact_ != contact::attached) return;
  }
  const auto silent_for = std::chrono::duration_cast<std::chrono::seconds>(
      contact_ == contact::silent ? now - daemon_started_ : time_for_life());
  const auto why = "it hung: no sign of life for " + std::to_string(silent_for.count()) + "s";
  news_ = "the daemon was replaced because " + why;
  hung_ = true;
  if (!serves_) ++hung_starts_;
  break_contact(why);
}

void keeper::on(const wire::pong_frame&) {} // that something came is what counts

void keeper::write_trouble(const std::string& text) const {
  // Nobody but `alder` reads it, and it can do without.
  (void)os::write_file_atomically(options_.run_dir + "/daemon.trouble",
                                  std::to_string(short_lives_) + "\n" + text + "\n");
}

} // namespace alder::keeper

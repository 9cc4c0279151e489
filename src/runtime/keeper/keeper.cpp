#include "runtime/keeper/keeper.hpp"

#include "runtime/base/words.hpp"
#include "runtime/keeper/log.hpp"
#include "runtime/keeper/respawn.hpp"
#include "runtime/os/caller.hpp"
#include "runtime/os/clock.hpp"
#include "runtime/os/files.hpp"
#include "runtime/os/keeper_home.hpp"
#include "runtime/os/orphans.hpp"
#include "runtime/os/proc.hpp"
#include "runtime/os/unix_socket.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

#include <poll.h>
#include <unistd.h>

namespace alder::keeper {
namespace {

/// Frames read before signals and deadlines get their turn.
constexpr int frames_per_turn = 64;
/// What a dead daemon can have left in the channel; more comes only from somebody who inherited its end.
constexpr int frames_after_death = 4096;

std::map<std::string, std::string> daemon_environment(int channel) {
  auto environment = os::environment();
  environment[wire::keeper_fd_variable] = std::to_string(channel);
  return environment;
}

} // namespace

void report(unique_fd& ready, const std::string& line) {
  if (!ready) return;
  std::string text = line.substr(0, 2000); // below PIPE_BUF: written whole or not at all
  std::replace(text.begin(), text.end(), '\n', ' ');
  text += '\n';
  (void)!::write(ready.get(), text.data(), text.size()); // nobody may be listening any more
  ready.reset();
}

keeper::keeper(options o, unique_fd signals, rlimit file_limit, unique_fd ready, unique_fd lock)
    : options_(std::move(o)), signals_(std::move(signals)), file_limit_(file_limit), ready_(std::move(ready)),
      lock_(std::move(lock)), mark_(options_.mark), started_ms_(os::unix_ms_now()), epoch_(options_.epoch) {
  if (const auto self = os::read_stat(::getpid())) start_ticks_ = self->start_ticks;
  if (auto stage = os::make_log_stage()) {
    stage_ = std::move(*stage);
  } else {
    say(stage.failure().message + "; lines may be lost or duplicated if the daemon crashes");
  }
  const auto own_mark = std::to_string(::getpid()) + "." + std::to_string(start_ticks_);
  if (mark_.empty()) mark_ = own_mark;
  if (options_.resume_fd < 0) open_book(/*is_new=*/mark_ == own_mark);
}

void keeper::open_book(bool is_new) {
  auto opened = os::start_book::open(os::start_book_in(options_.run_dir), mark_, is_new);
  if (opened)
    book_.emplace(std::move(*opened));
  else
    say(opened.failure().message + "; if the keeper and the daemon are killed together, starts may be miscounted");
}

void keeper::enter(const key& who, const record& child) {
  if (!book_) return;
  const auto process = child.exited ? std::nullopt : os::read_stat(child.pid);
  book_->enter({.id = who.first,
                .generation = who.second,
                .pid = child.pid,
                .start_ticks = process ? process->start_ticks : 0,
                .started_ms = child.started_ms,
                .out = os::inode_of(child.held[holding::out].get()),
                .err = os::inode_of(child.held[holding::err].get()),
                .note = child.note,
                .exited = child.exited});
}

int keeper::run() {
  if (options_.adopt_fd >= 0)
    take_charge_of_daemon();
  else
    start_daemon();
  while (!exit_code_)
    wait_and_handle();
  return *exit_code_;
}

int keeper::wait_ms() const {
  std::optional<steady::time_point> due = start_due_;
  for (const auto& other : {stop_due_, probe_due_, answer_due_, trial_due_})
    if (other && (!due || *other < *due)) due = other;
  constexpr std::chrono::milliseconds look_again{20};
  if (!gone_.empty()) due = std::min(due.value_or(steady::time_point::max()), steady::now() + look_again);
  if (!due) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*due - steady::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 600'000));
}

void keeper::wait_and_handle() {
  const short reading = outgoing_.size() < max_unread ? POLLIN : 0;
  const short writing = outgoing_.empty() ? 0 : POLLOUT;
  std::vector<pollfd> waited{pollfd{signals_.get(), POLLIN, 0},
                             pollfd{channel_.get(), static_cast<short>(reading | writing), 0}};
  if (daemon_adrift_ && daemon_pidfd_) waited.push_back({daemon_pidfd_.get(), POLLIN, 0});
  if (!adrift_.empty()) waited.push_back({adrift_ends_.fd(), POLLIN, 0});
  if (::poll(waited.data(), waited.size(), wait_ms()) < 0) return; // EINTR or no memory for a moment
  // The channel first: what the daemon said before it died counts.
  if ((waited[1].revents & (POLLIN | POLLHUP | POLLERR)) != 0) read_channel(frames_per_turn);
  if (waited[0].revents != 0 && !exit_code_) handle_signals();
  if ((daemon_adrift_ || !adrift_.empty()) && !exit_code_) look_after_adrift();
  if (!exit_code_) handle_deadlines();
  flush();
}

void keeper::handle_signals() {
  bool children_ended = false;
  while (const int signal = os::next_signal(signals_.get())) {
    if (signal == SIGCHLD)
      children_ended = true;
    else if (signal == SIGHUP && !options_.foreground)
      say("SIGHUP ignored");
    else if (signal == SIGUSR1) // somebody waits for the daemon in vain
      probe();
    else
      on_stop_signal(signal);
  }
  if (children_ended && !exit_code_) reap_children();
}

void keeper::handle_deadlines() {
  const auto now = steady::now();
  if (stop_due_ && now >= *stop_due_) {
    say("the daemon did not stop everything within 120s");
    return kill_everything();
  }
  handle_watchdog(now);
  if (start_due_ && now >= *start_due_) start_daemon();
}

void keeper::reap_children() {
  std::optional<os::ended_child> daemon;
  std::vector<os::ended_child> main;
  while (const auto ended = os::reap_any()) {
    if (ended->pid == daemon_pid_)
      daemon = ended;
    else if (running_.count(ended->pid) > 0)
      main.push_back(*ended);
    else if (reaped_notices_ < max_reaped_notices)
      send(wire::reaped_frame{ended->pid});
  }
  // What they left was given to us before they could be reaped.
  const auto left = main.empty() ? std::nullopt : find_orphans();
  for (const auto& ended : main)
    note_exit(key{running_.at(ended.pid)}, ended, os::group_is_empty(ended.pid) ? left : std::nullopt);
  if (daemon) daemon_ended(*daemon);
}

keeper::orphans keeper::find_orphans() const {
  constexpr std::size_t most_told = 64;
  const auto found = reparented_.list();
  if (!found) return std::nullopt;
  orphans left{std::in_place};
  for (const int pid : *found)
    if (pid != daemon_pid_ && running_.count(pid) == 0) left->push_back(static_cast<std::uint32_t>(pid));
  return left->size() <= most_told ? left : std::nullopt;
}

/// Of one adrift the orphans come to somebody else.
void keeper::note_exit(const key& who, const os::ended_child& how, orphans left) {
  children_[who].exited = how.status;
  if (book_) book_->set_exit(who, how.status);
  running_.erase(how.pid);
  if (adrift_.erase(who) > 0) {
    adrift_ends_.remove(children_[who].pidfd());
    left.reset();
  }
  gone_.erase(who);
  send(wire::exited_frame{who.first, who.second, how.pid, how.status, how.core_dumped, std::move(left)});
  expect_life();
}

void keeper::read_channel(int limit) {
  for (int count = 0; count < limit && channel_ && !exit_code_; ++count) {
    os::record in;
    const auto got = os::receive_record(channel_.get(), wire::max_keeper_frame, in);
    if (got == os::transfer::blocked) return;
    if (got == os::transfer::closed) return break_contact("it closed its channel");
    const auto frame = wire::decode_to_keeper(in.bytes);
    if (!frame) return break_contact(frame.failure().message);
    heard_from_daemon();
    handle(*frame, std::move(in.fds));
  }
}

void keeper::send_if_room(const wire::to_daemon& frame, std::span<const int> fds) {
  flush(); // frames keep their order
  if (channel_ && outgoing_.empty()) (void)os::send_record(channel_.get(), wire::encode(frame), fds); // see its promise
}

void keeper::flush() {
  while (channel_ && !outgoing_.empty()) {
    const auto& next = outgoing_.front();
    std::vector<int> fds;
    if (next.has_stage && stage_.valid()) fds = {stage_.read.get(), stage_.write.get(), stage_.memory.get()};
    if (next.fds_of) {
      const auto child = children_.find(*next.fds_of);
      if (child != children_.end()) fds = child->second.held.numbers();
    }
    const auto sent = os::send_record(channel_.get(), next.bytes, fds);
    if (sent == os::transfer::blocked) return;
    if (sent == os::transfer::closed) {
      // What it said before may still be unread, a shutdown even; reading comes to the end of the channel by itself.
      outgoing_.clear();
      reaped_notices_ = 0;
      return;
    }
    if (next.is_reaped_notice) --reaped_notices_;
    outgoing_.pop_front();
  }
}

void keeper::start_daemon() {
  start_due_.reset();
  // The daemon that was about to tell us died too: the next one looks for processes like the first of all.
  if (!is_told_all_) epoch_ = 0;
  ++epoch_;
  daemon_started_ = steady::now();
  auto pair = os::record_pair(wire::max_keeper_frame);
  if (!pair) return daemon_did_not_start(pair.failure().message);
  auto log = os::open_log(options_.state_dir + "/daemon.log");
  if (!log) return daemon_did_not_start(log.failure().message);
  // Of files that were replaced meanwhile nothing is mixed in: that takes an upgrade.
  if (!daemon_file_) {
    if (auto program = os::open_program(options_.daemon)) daemon_file_ = std::move(*program);
  }
  os::spawn_request request{.program =
                                daemon_file_ ? "/proc/self/fd/" + std::to_string(daemon_file_.get()) : options_.daemon,
                            .start = {.command = {options_.daemon, "--run-dir", options_.run_dir, "--state-dir",
                                                  options_.state_dir, "--log-dir", options_.log_dir},
                                      .environment = daemon_environment(pair->second.get())},
                            .where = os::spawn_request::output::file,
                            .file = log->get(),
                            .passed = pair->second.get(),
                            .program_file = daemon_file_.get(),
                            .file_limit = file_limit_}; // which it raises itself, and hands on to a keeper it starts
  auto& command = request.start.command;
  if (options_.foreground) command.emplace_back("--foreground");
  command.insert(command.end(), options_.daemon_arguments.begin(), options_.daemon_arguments.end());
  auto started = os::spawn(request);
  if (std::holds_alternative<os::spawn_failure>(started) && daemon_file_) { // a script, or no /proc
    request.program = options_.daemon;
    started = os::spawn(request);
  }
  if (const auto* failure = std::get_if<os::spawn_failure>(&started)) {
    const auto step = wire::stage_text(failure->stage, {.program = options_.daemon});
    return daemon_did_not_start(step + ": " + errno_text(failure->os_errno));
  }
  auto& process = std::get<os::spawned_process>(started);
  daemon_pid_ = process.pid;
  daemon_pidfd_ = process.held.take(holding::pidfd);
  channel_ = std::move(pair->first);
  contact_ = contact::silent;
  daemon_adrift_ = false;
  serves_ = false;
  hung_ = false;
  if (options_.watchdog.count() > 0) answer_due_ = steady::now() + start_patience;
  remark("daemon started, pid " + std::to_string(daemon_pid_) + ", epoch " + std::to_string(epoch_));
}

void keeper::daemon_did_not_start(const std::string& why) {
  say("the daemon could not be started: " + why);
  plan_next_start("the daemon could not be started: " + why);
}

void keeper::daemon_ended(const os::ended_child& how) {
  const auto text = "the daemon " + phrase(how.status);
  daemon_pid_ = 0;
  daemon_adrift_ = false;
  probe_due_.reset();
  answer_due_.reset();
  daemon_pidfd_.reset();
  read_channel(frames_after_death);
  close_channel();
  contact_ = contact::absent;
  if (exit_code_) return;
  if (upgrade_) return replace_by_upgrade();
  say(text);
  if (on_trial_) return fall_back(text + " before it was ready");
  plan_next_start(text + " before it was ready, see " + options_.state_dir + "/daemon.log");
}

/// Daemons that end young while everything is to be stopped; after that it is done without one.
constexpr unsigned most_tries_to_stop = 3;
/// Daemons that hung one after the other before any was ready.
constexpr unsigned most_hung_starts = 3;

void keeper::plan_next_start(const std::string& why) {
  const bool is_tried_again = hung_ && hung_starts_ < most_hung_starts;
  if (!was_ready_ && children_.empty() && !is_tried_again) {
    // Our starter is there to hear it, and there is nothing to keep: no loop.
    report(ready_, "error: " + why);
    exit_code_ = 1;
    return;
  }
  const auto now = steady::now();
  const auto lifetime = std::chrono::duration_cast<std::chrono::milliseconds>(now - daemon_started_);
  const auto next = after_daemon_end(short_lives_, lifetime);
  short_lives_ = next.short_lives;
  if (stop_signal_ != 0) {
    if (short_lives_ <= most_tries_to_stop) {
      start_due_ = now;
      return;
    }
    say("there is no daemon to stop the services in order");
    return kill_everything();
  }
  if (next.delay.count() > 0) remark("next start in " + std::to_string(next.delay.count()) + "ms");
  write_trouble(why);
  start_due_ = now + next.delay;
}

void keeper::break_contact(const std::string& why) {
  close_channel();
  contact_ = contact::broken;
  if (daemon_pid_ == 0) return; // it is dead, and this was the end of what it had said
  say("killing the daemon: " + why);
  (void)os::signal_pidfd(daemon_pidfd_.get(), SIGKILL); // fails only when it has just ended
}

void keeper::close_channel() {
  channel_.reset();
  outgoing_.clear();
  reaped_notices_ = 0;
}

void keeper::remark(const std::string& text) const {
  if (!options_.foreground) say(text);
}

} // namespace alder::keeper

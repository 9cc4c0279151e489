// What the keeper does on the daemon's frames, and how it ends.
#include "runtime/base/words.hpp"
#include "runtime/keeper/keeper.hpp"
#include "runtime/keeper/log.hpp"
#include "runtime/os/cgroup_home.hpp"
#include "runtime/os/clock.hpp"
#include "runtime/os/descendants.hpp"
#include "runtime/os/files.hpp"
#include "runtime/os/keeper_home.hpp"
#include "runtime/os/orphans.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>

#include <poll.h>
#include <unistd.h>

namespace alder::keeper {
namespace {

constexpr std::chrono::seconds stop_timeout{120};
constexpr std::chrono::seconds kill_timeout{10};
constexpr std::chrono::seconds daemon_exit_timeout{10};

} // namespace

void keeper::handle(const wire::to_keeper& frame, std::vector<unique_fd> fds) {
  received_ = std::move(fds);
  const bool is_hello = std::holds_alternative<wire::hello_frame>(frame);
  const bool is_adoption = std::holds_alternative<wire::adopt_frame>(frame);
  // From a daemon that has lost its keeper, and from one that has found what a former pair left.
  const bool may_adopt = contact_ == contact::attached || (contact_ == contact::silent && daemon_adrift_);
  if (is_adoption && may_adopt) return on(std::get<wire::adopt_frame>(frame));
  if (is_adoption) return break_contact("only a daemon that has lost its keeper hands over processes before hello");
  if (is_hello == (contact_ == contact::attached)) return break_contact("hello is its first frame and comes once");
  std::visit([this](const auto& f) { on(f); }, frame);
}

void keeper::send(const wire::to_daemon& frame, std::optional<key> fds_of) {
  if (contact_ != contact::attached) return; // the next daemon learns everything that matters from its inventory
  const bool is_reaped_notice = std::holds_alternative<wire::reaped_frame>(frame);
  if (is_reaped_notice) ++reaped_notices_;
  const bool has_stage = std::holds_alternative<wire::welcome_frame>(frame);
  outgoing_.push_back({wire::encode(frame), std::move(fds_of), has_stage, is_reaped_notice});
}

void keeper::on(const wire::hello_frame& frame) {
  contact_ = contact::attached;
  if (daemon_adrift_ && received_.size() == 3) // what it has under way with its output
    stage_ = {std::move(received_[0]), std::move(received_[1]), std::move(received_[2])};
  send(wire::welcome_frame{.epoch = epoch_,
                           .keeper_pid = ::getpid(),
                           .keeper_start_ticks = start_ticks_,
                           .keeper_started_ms = started_ms_,
                           .mark = mark_,
                           .news = std::exchange(news_, {})});
  if (frame.version != wire::keeper_protocol_version) {
    say("the daemon speaks protocol version " + std::to_string(frame.version) + ", this keeper " +
        std::to_string(wire::keeper_protocol_version));
    return; // it learns that from the welcome and ends with a message of its own
  }
  for (const auto& [who, child] : children_)
    send(wire::child_frame{who.first, who.second, child.pid, child.note, child.started_ms, child.exited,
                           child.held.names(), child.adrift},
         who);
  send(wire::inventory_end_frame{});
  if (stop_signal_ != 0) send(wire::stop_requested_frame{stop_signal_});
}

void keeper::on(const wire::ready_frame&) {
  was_ready_ = true;
  serves_ = true;
  hung_starts_ = 0;
  is_told_all_ = true;
  if (book_) book_->keep([this](const key& who) { return children_.count(who) > 0; }, children_.size());
  end_trial();
  (void)os::remove_file(options_.run_dir + "/daemon.trouble"); // most often there is none
  report(ready_, "ready");
}

void keeper::on(const wire::failed_frame& frame) {
  say("the daemon failed: " + frame.text);
  report(ready_, "error: " + frame.text);
}

void keeper::on(const wire::spawn_frame& frame) {
  const key who{frame.id, frame.generation};
  const auto fail = [&](wire::spawn_stage stage, int number) {
    send(wire::spawn_failed_frame{frame.id, frame.generation, stage, number});
  };
  if (frame.start.command.empty()) return fail(wire::spawn_stage::program, EINVAL);
  if (children_.count(who) != 0) return fail(wire::spawn_stage::process, EEXIST);
  if (children_.size() >= max_children) return fail(wire::spawn_stage::process, EAGAIN);
  if (const auto have = budget_.refuse(most_for_a_start)) {
    say(os::too_few_descriptors("the start of " + frame.id.text(), most_for_a_start, *have, budget_.reserve()).message);
    return fail(wire::spawn_stage::pipe, EMFILE);
  }
  // A daemon that loses this keeper before it has heard of the process finds that by its mark, and holds its ends.
  const auto tell = [&](const holdings& prepared) {
    send_if_room(wire::starting_frame{frame.id, frame.generation, prepared.names()}, prepared.numbers());
    if (book_)
      book_->set_output(who, os::inode_of(prepared[holding::out].get()), os::inode_of(prepared[holding::err].get()));
  };
  using output = os::spawn_request::output;
  auto started = os::spawn({.program = frame.program,
                            .start = frame.start,
                            .where = frame.capture ? output::pipes : output::null,
                            .file = -1,
                            .passed = -1,
                            .file_limit = file_limit_,
                            .channels = frame.channels,
                            .cgroup = frame.cgroup,
                            .ticket = book_ ? book_->ask(who, frame.note) : os::start_ticket{}},
                           tell);
  if (const auto* failure = std::get_if<os::spawn_failure>(&started)) {
    if (book_) book_->forget(who);
    return fail(failure->stage, failure->os_errno);
  }
  auto& process = std::get<os::spawned_process>(started);
  record child{.pid = process.pid,
               .held = std::move(process.held),
               .started_ms = os::unix_ms_now(),
               .note = frame.note,
               .exited = {},
               .adrift = false,
               .gone_since = {}};
  enter(who, child);
  send(wire::spawned_frame{frame.id, frame.generation, child.pid, child.started_ms, child.held.names()}, who);
  running_.emplace(child.pid, who);
  children_.emplace(who, std::move(child));
}

void keeper::on(const wire::note_frame& frame) {
  const auto child = children_.find({frame.id, frame.generation});
  if (child != children_.end() && frame.text.size() <= wire::max_keeper_note) child->second.note = frame.text;
  if (book_) book_->set_note({frame.id, frame.generation}, frame.text);
}

/// It becomes our child when its parent ends, and is watched by its pidfd until then: its end is seen, whichever
/// process reaps it.
void keeper::on(const wire::main_frame& frame) {
  const key who{frame.id, frame.generation};
  const auto found = children_.find(who);
  if (found == children_.end()) return;
  auto& child = found->second;
  running_.erase(child.pid); // its end is that of an orphan now
  if (adrift_.erase(who) > 0) adrift_ends_.remove(child.pidfd());
  gone_.erase(who);
  child.pid = frame.pid;
  child.exited.reset();
  child.gone_since.reset();
  child.held.put(holding::pidfd, unique_fd{}); // so that there is a descriptor for the other in any case
  auto pidfd = os::open_same_process(frame.pid, frame.start_ticks);
  if (!pidfd) return note_exit(who, {frame.pid, exit_status{}, false});
  child.held.put(holding::pidfd, std::move(*pidfd));
  running_.emplace(child.pid, who);
  watch_adrift(who);
  enter(who, child);
}

void keeper::on(const wire::acknowledge_frame& frame) {
  const auto child = children_.find({frame.id, frame.generation});
  if (child == children_.end() || !child->second.exited) return;
  if (book_) book_->forget(child->first);
  children_.erase(child);
}

void keeper::on(const wire::shutdown_frame&) {
  remark("shutdown");
  kill_descendants(daemon_pid_);
  // The end of the channel tells the daemon that nothing is left; it is on its way out already, or learns it now.
  close_channel();
  contact_ = contact::broken;
  const auto deadline = steady::now() + daemon_exit_timeout;
  for (reap_quietly(); daemon_pid_ != 0 && steady::now() < deadline; reap_quietly())
    wait_for_signal(std::chrono::ceil<std::chrono::milliseconds>(deadline - steady::now()));
  if (daemon_pid_ != 0) say("the daemon did not exit within 10s; killing it");
  kill_descendants(0);
  os::end_cgroups(wire::cgroup_list(options_.run_dir));
  (void)os::remove_file(mark_file(options_)); // nothing bears the mark any more
  (void)os::remove_file(spare_mark_file(options_));
  (void)os::remove_file(os::start_book_in(options_.run_dir));
  exit_code_ = 0;
}

void keeper::on_stop_signal(int signal) {
  remark(signal_name(signal) + " received");
  if (stop_signal_ != 0) return kill_everything();
  stop_signal_ = signal;
  stop_due_ = steady::now() + stop_timeout;
  if (daemon_pid_ == 0) {
    start_due_ =
        steady::now(); // services are stopped in order, and that takes a daemon: it hears of it behind its inventory
  } else {
    send(wire::stop_requested_frame{signal});
  }
}

void keeper::kill_everything() {
  say("killing everything");
  kill_descendants(0);
  os::end_cgroups(wire::cgroup_list(options_.run_dir));
  (void)os::remove_file(mark_file(options_)); // it was intended: no other keeper continues from here
  (void)os::remove_file(spare_mark_file(options_));
  (void)os::remove_file(os::start_book_in(options_.run_dir));
  report(ready_, "error: the keeper was asked to exit");
  exit_code_ = 1;
}

void keeper::kill_descendants(int spared) {
  const auto deadline = steady::now() + kill_timeout;
  for (;;) {
    (void)os::kill_tree_below(::getpid(), spared); // what counts is who is left
    // Without /proc the main processes are known all the same.
    for (const auto& [pid, who] : running_)
      (void)os::signal_pidfd(children_[who].pidfd(), SIGKILL);
    if (spared == 0 && daemon_pidfd_) (void)os::signal_pidfd(daemon_pidfd_.get(), SIGKILL);
    reap_quietly();
    const auto left = os::tree_below(::getpid(), spared);
    if (left.empty() && running_.empty() && (spared != 0 || daemon_pid_ == 0)) return;
    const auto time_left = std::chrono::ceil<std::chrono::milliseconds>(deadline - steady::now());
    if (time_left.count() <= 0) {
      std::string pids;
      for (const auto& one : left)
        pids += " " + std::to_string(one.pid);
      return say("these processes cannot be killed:" + pids);
    }
    // Usually a child is reaped next. One that hangs below another in the kernel makes no SIGCHLD here: look again.
    wait_for_signal(std::min(time_left, std::chrono::milliseconds{50}));
  }
}

void keeper::reap_quietly() {
  while (const auto ended = os::reap_any()) {
    if (ended->pid == daemon_pid_) {
      daemon_pid_ = 0;
      daemon_pidfd_.reset();
    } else if (const auto known = running_.find(ended->pid); known != running_.end()) {
      children_[known->second].exited = ended->status;
      running_.erase(known);
    }
  }
  for (const auto& who : std::set<key>{adrift_}) {
    const auto& child = children_.at(who);
    if (!os::has_ended(child.pidfd())) continue;
    running_.erase(child.pid);
    adrift_ends_.remove(child.pidfd());
    adrift_.erase(who);
    gone_.erase(who);
  }
  if (daemon_adrift_ && daemon_pidfd_ && os::has_ended(daemon_pidfd_.get())) {
    daemon_pid_ = 0;
    daemon_pidfd_.reset();
  }
}

void keeper::wait_for_signal(std::chrono::milliseconds longest) {
  // Of a daemon that is no child of ours no signal tells.
  const bool is_other = daemon_adrift_ && daemon_pidfd_;
  std::array<pollfd, 2> waited{{{signals_.get(), POLLIN, 0}, {is_other ? daemon_pidfd_.get() : -1, POLLIN, 0}}};
  // Woken early or late: the caller looks for itself.
  (void)::poll(waited.data(), waited.size(), static_cast<int>(longest.count()));
  while (os::next_signal(signals_.get()) != 0) {
  }
}

} // namespace alder::keeper

// One keeper in place of another: by exec in place (an upgrade, and back when it fails), or a new one beside a daemon
// whose keeper was killed.
#include "runtime/base/text.hpp"
#include "runtime/base/words.hpp"
#include "runtime/keeper/keeper.hpp"
#include "runtime/keeper/log.hpp"
#include "runtime/os/files.hpp"
#include "runtime/os/keeper_home.hpp"
#include "runtime/os/proc.hpp"
#include "runtime/os/unix_socket.hpp"

#include <array>
#include <csignal>

#include <unistd.h>

namespace alder::keeper {
namespace {

/// A daemon that replaces another must serve within this time.
constexpr std::chrono::seconds trial_time{30};
/// What became of a process that is not our child is asked for so long.
constexpr std::chrono::seconds exit_patience{1};

std::string in_proc(const unique_fd& file) { return "/proc/self/fd/" + std::to_string(file.get()); }

unique_fd taken(const wire::named_descriptors& fds, const std::string& name) {
  const auto found = fds.find(name);
  return unique_fd{found == fds.end() ? -1 : found->second};
}

} // namespace

std::vector<keeper::named_fd> keeper::own_descriptors() {
  return {{"lock", &lock_},
          {"daemon", &daemon_file_},
          {"stage.read", &stage_.read},
          {"stage.write", &stage_.write},
          {"stage.memory", &stage_.memory}};
}

wire::keeper_state keeper::state() {
  wire::keeper_state all{.epoch = epoch_,
                         .started_ms = started_ms_,
                         .mark = mark_,
                         .daemon = options_.daemon,
                         .daemon_arguments = options_.daemon_arguments,
                         .former_daemon = {},
                         .news = news_,
                         .on_trial = false,
                         .file_limit_soft = static_cast<std::int64_t>(file_limit_.rlim_cur),
                         .fds = {},
                         .children = {}};
  for (const auto& [name, fd] : own_descriptors())
    all.fds[name] = fd->get();
  for (auto& [who, child] : children_) {
    wire::held_child held{.id = who.first,
                          .generation = who.second,
                          .pid = child.pid,
                          .started_ms = child.started_ms,
                          .note = child.note,
                          .exited = child.exited,
                          .adrift = child.adrift,
                          .fds = {}};
    const auto names = child.held.names();
    for (const auto& name : names)
      held.fds[name] = child.held[name].get();
    all.children.push_back(std::move(held));
  }
  return all;
}

void keeper::resume(const wire::keeper_state& state) {
  epoch_ = state.epoch;
  started_ms_ = state.started_ms;
  mark_ = state.mark;
  is_told_all_ = true;
  open_book(/*is_new=*/false);
  news_ = state.news;
  options_.daemon = state.daemon;
  options_.daemon_arguments = state.daemon_arguments;
  on_trial_ = state.on_trial;
  former_daemon_ = state.former_daemon;
  was_ready_ = true; // somebody was: nobody waits for the first start any more
  for (const auto& [name, fd] : own_descriptors())
    if (state.fds.count(name) > 0) *fd = taken(state.fds, name);
  former_keeper_file_ = taken(state.fds, "former-keeper");
  former_daemon_file_ = taken(state.fds, "former-daemon");
  for (const auto& held : state.children) {
    record child{.pid = held.pid,
                 .held = {},
                 .started_ms = held.started_ms,
                 .note = held.note,
                 .exited = held.exited,
                 .adrift = held.adrift,
                 .gone_since = {}};
    child.held.put(holding::pidfd, taken(held.fds, std::string{holding::pidfd})); // first, as of a start
    for (const auto& [name, fd] : held.fds)
      if (name != holding::pidfd) child.held.put(name, unique_fd{fd});
    const key who{held.id, held.generation};
    if (!held.exited) running_.emplace(held.pid, who);
    const auto process = os::read_stat(held.pid);
    enter(who, child);
    children_.emplace(who, std::move(child));
    if (!held.exited && (held.adrift || !process || process->parent != ::getpid())) watch_adrift(who);
  }
  if (book_) book_->keep([this](const key& who) { return children_.count(who) > 0; }, children_.size());
  remark("took over " + counted(children_.size(), "process"));
  if (on_trial_) trial_due_ = steady::now() + trial_time;
  reap_children(); // those that ended while there was nobody to hear of it
}

/// Returns only to say that it could not.
outcome keeper::exec(const std::string& program, const wire::keeper_state& handed_on) {
  const auto file = os::memory_file(wire::encode(handed_on));
  if (!file) return file.failure();
  std::vector<int> kept{file->get()};
  const auto keep = [&](const wire::named_descriptors& fds) {
    for (const auto& [name, fd] : fds)
      if (fd >= 0) kept.push_back(fd);
  };
  keep(handed_on.fds);
  for (const auto& child : handed_on.children)
    keep(child.fds);
  std::vector<std::string> command{"alder-keeper",
                                   "--run-dir",
                                   options_.run_dir,
                                   "--state-dir",
                                   options_.state_dir,
                                   "--log-dir",
                                   options_.log_dir,
                                   "--daemon",
                                   handed_on.daemon,
                                   "--watchdog",
                                   std::to_string(options_.watchdog.count()),
                                   "--resume-fd",
                                   std::to_string(file->get())};
  if (options_.foreground) command.emplace_back("--foreground");
  return os::replace_program(program, command, kept);
}

void keeper::on(const wire::upgrade_frame& frame) {
  if (stop_signal_ != 0 || upgrade_) return;
  remark("upgrade to " + frame.keeper + " and " + frame.daemon);
  upgrade_ = frame;
  // By design nothing is lost with it; the new programs start when it is gone.
  close_channel();
  contact_ = contact::broken;
  (void)os::signal_pidfd(daemon_pidfd_.get(), SIGKILL); // fails only when it has just ended
}

/// The daemon is gone: now this program.
void keeper::replace_by_upgrade() {
  const auto wanted = *std::exchange(upgrade_, std::nullopt);
  const auto failed = [&](const std::string& why) {
    news_ = "the upgrade failed: " + why + "; the previous programs are still in use";
    say(news_);
    start_due_ = steady::now();
  };
  auto new_daemon = os::open_program(wanted.daemon);
  if (!new_daemon && new_daemon.failure().kind != error_kind::invalid_input)
    return failed(new_daemon.failure().message);
  auto own = os::open_for_reading("/proc/self/exe");
  if (!own) return failed(own.failure().message);
  auto next = state();
  next.on_trial = true;
  next.news = wire::upgraded_news;
  next.former_daemon = options_.daemon;
  next.daemon = wanted.daemon;
  next.fds["former-keeper"] = own->get();
  next.fds["former-daemon"] = daemon_file_.get();
  next.fds["daemon"] = new_daemon ? new_daemon->get() : -1;
  failed(exec(wanted.keeper, next).failure().message);
}

/// The daemon serves: what was kept for a way back is not needed any more.
void keeper::end_trial() {
  if (!std::exchange(on_trial_, false)) return;
  trial_due_.reset();
  remark("the upgrade is complete");
  former_keeper_file_.reset();
  former_daemon_file_.reset();
}

void keeper::fall_back(const std::string& why) {
  on_trial_ = false;
  trial_due_.reset();
  auto back = state();
  back.news = "the upgrade failed: " + why + ", see " + options_.state_dir +
              "/daemon.log; the previous programs are still in use";
  say(back.news);
  back.daemon = former_daemon_;
  back.fds["daemon"] = former_daemon_file_.get();
  const auto could_not = exec(in_proc(former_keeper_file_), back);
  say("the previous keeper cannot be started: " + could_not.failure().message);
  // This keeper works; perhaps the daemon does with time.
  plan_next_start(why);
}

// -- beside a daemon that has lost its keeper

void keeper::take_charge_of_daemon() {
  channel_ = unique_fd{options_.adopt_fd};
  daemon_pid_ = options_.daemon_pid;
  daemon_adrift_ = true;
  was_ready_ = true;
  is_told_all_ = false;
  daemon_started_ = steady::now();
  contact_ = contact::silent;
  if (options_.watchdog.count() > 0) answer_due_ = steady::now() + start_patience;
  auto pidfd = os::open_pidfd(daemon_pid_);
  if (!os::adopt_record_socket(channel_.get()) || !pidfd) {
    say("the daemon that requested a new keeper is gone");
    daemon_pid_ = 0;
    daemon_adrift_ = false;
    close_channel();
    contact_ = contact::absent;
    answer_due_.reset();
    return start_daemon();
  }
  daemon_pidfd_ = std::move(*pidfd);
  if (auto program = os::open_for_reading("/proc/" + std::to_string(daemon_pid_) + "/exe"))
    daemon_file_ = std::move(*program);
  say("replacing a keeper that was killed; daemon " + std::to_string(daemon_pid_));
}

void keeper::on(const wire::adopt_frame& frame) {
  if (children_.count({frame.id, frame.generation}) != 0) return; // what is known is known better
  record child{.pid = frame.pid,
               .held = {frame.held, std::move(received_)},
               .started_ms = frame.started_ms,
               .note = frame.note,
               .exited = frame.exited,
               .adrift = true,
               .gone_since = {}};
  const key who{frame.id, frame.generation};
  if (!frame.exited && child.pidfd() < 0) child.exited = exit_status{}; // nothing to watch it by
  const bool lives = !child.exited;
  if (lives) running_.emplace(child.pid, who);
  enter(who, child);
  children_.insert_or_assign(who, std::move(child));
  if (lives) watch_adrift(who);
}

/// One that cannot be watched with the others is asked each time.
void keeper::watch_adrift(const key& who) {
  adrift_.insert(who);
  const auto& child = children_.at(who);
  if (!adrift_ends_.add(child.pidfd(), child.pid)) gone_.insert(who);
}

/// Processes that are no children of ours are not reaped by us: their pidfds say that they ended, and how if the kernel
/// tells.
void keeper::look_after_adrift() {
  const auto now = steady::now();
  for (const int pid : adrift_ends_.take()) {
    const auto found = running_.find(pid);
    if (found != running_.end() && adrift_.count(found->second) > 0) gone_.insert(found->second);
  }
  for (const auto& who : std::set<key>{gone_}) {
    auto& child = children_.at(who);
    if (!os::has_ended(child.pidfd())) continue;
    if (!child.gone_since) child.gone_since = now;
    const auto how = os::exit_of(child.pid, child.pidfd());
    if (!how && now - *child.gone_since < exit_patience) continue;
    note_exit(who, {child.pid, how.value_or(exit_status{}), false});
  }
  if (!daemon_adrift_ || !daemon_pidfd_ || !os::has_ended(daemon_pidfd_.get())) return;
  daemon_ended({daemon_pid_, os::exit_of(daemon_pid_, daemon_pidfd_.get()).value_or(exit_status{}), false});
}

} // namespace alder::keeper

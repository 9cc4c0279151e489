#include "runtime/logs/log_pump_loop.hpp"

#include "runtime/base/words.hpp"
#include "runtime/logs/log_archive.hpp"
#include "runtime/os/quiet_thread.hpp"

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace alder::logs {
namespace {

constexpr std::size_t most_commands = 65536;
constexpr std::size_t most_events = 512; // a wakeup; epoll takes turns when more are ready
constexpr std::size_t usual_pipe = 64 * 1024;
constexpr std::size_t most_in_terminal = 128 * 1024; // more than the kernel keeps of what a process wrote to one
constexpr std::uint64_t bell_id = ~std::uint64_t{0}; // in place of a stream's id

error refused(const char* what) { return {error_kind::io, std::string{what} + ": " + errno_text(errno), errno}; }

} // namespace

std::size_t bytes_waiting(int fd) {
  int count = 0;
  return ::ioctl(fd, FIONREAD, &count) == 0 && count > 0 ? static_cast<std::size_t>(count) : 0;
}

log_pump_loop::log_pump_loop(log_pump::notify tell, log_pump_settings settings, log_stage stage)
    : tell_(std::move(tell)), settings_(settings), stage_(std::move(stage)) {}

log_pump_loop::~log_pump_loop() {
  if (!thread_.joinable()) return;
  push(log_command::stop{});
  thread_.join();
}

outcome log_pump_loop::start() {
  epoll_.reset(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll_) return refused("cannot start the log pump: epoll");
  bell_.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!bell_) return refused("cannot start the log pump: eventfd");
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = bell_id;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, bell_.get(), &event) != 0)
    return refused("cannot start the log pump: epoll");
  thread_ = os::start_quiet_thread("log pump", [this] { run(); });
  return success();
}

void log_pump_loop::push(log_command::any command) {
  std::unique_lock lock{mutex_};
  if (std::this_thread::get_id() != thread_.get_id()) // the pump cannot wait for itself
    room_.wait(lock, [this] { return queue_.size() < most_commands; });
  queue_.push_back(std::move(command));
  if (queue_.size() > 1) return; // the bell has been rung
  const std::uint64_t one = 1;
  (void)!::write(bell_.get(), &one, sizeof one); // cannot fail: the counter is 0 or 1
}

log_pump_counters log_pump_loop::counters() const {
  return {.bytes_written = bytes_written_,
          .bytes_lost = bytes_lost_,
          .lines_lost = lines_lost_,
          .chunks = chunks_,
          .wakeups = wakeups_};
}

void log_pump_loop::run() {
  std::array<epoll_event, most_events> events{};
  while (!stopping_ || !draining_.empty()) {
    const int count =
        ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), draining_.empty() ? patience() : 0);
    wakeups_.fetch_add(1, std::memory_order_relaxed);
    const auto at = clock::now();
    bool has_commands = false;
    bool has_read = !draining_.empty();
    bool is_filling = false;
    for (int i = 0; i < count; ++i) {
      const auto& event = events.at(static_cast<std::size_t>(i));
      if (event.data.u64 == bell_id) {
        has_commands = true;
      } else if (serve(event, at) == served::was_read) {
        has_read = true;
      } else {
        is_filling = true;
      }
    }
    if (!is_filling) fill_until_.reset();
    if (!blocked_.empty()) unblock();
    if (!held_.empty()) look_at_held();
    if (!spilled_.empty()) write_back();
    if (has_commands) take_commands();
    serve_draining();
    if (is_filling && !has_read && !has_commands) nap();
  }
}

void log_pump_loop::take_commands() {
  std::uint64_t rings = 0;
  std::vector<log_command::any> commands;
  {
    const std::lock_guard lock{mutex_};
    (void)!::read(bell_.get(), &rings, sizeof rings); // nothing there is as good: the queue tells
    commands.swap(queue_);
  }
  room_.notify_all();
  for (auto& command : commands)
    std::visit([this](auto& c) { on(c); }, command);
}

log_pump_loop::stream* log_pump_loop::find(stream_id id) {
  const auto found = streams_.find(id);
  return found == streams_.end() ? nullptr : &found->second;
}

void log_pump_loop::on(log_command::open& c) {
  auto* s = find(c.stream);
  c.rules.instance = 0; // its author says it
  if (s != nullptr && s->to->sink.path() == c.path && s->to->sink.rules() == c.rules) {
    s->is_closing = false;
    return;
  }
  if (s == nullptr) {
    stream made;
    made.id = c.stream;
    made.delay = settings_.coalesce;
    s = &streams_.emplace(c.stream, std::move(made)).first->second;
  }
  s->is_closing = false;
  s->siblings = std::move(c.siblings);
  s->who = std::move(c.author);
  if (c.rules.to != log_target::actor) withdraw(*s);
  const bool is_new = switch_outlet(*s, c.path, c.rules);
  if (s->blocked_until) s->blocked_until = clock::now(); // by the old rules
  look_after(*s);                                        // what a crash or other rules have left
  if (is_new) report(*s, s->to->sink.open(now()));
  look_at_spill(*s);
  check_watch(*s);
}

void log_pump_loop::on(log_command::attach& c) {
  auto* s = find(c.stream);
  if (s == nullptr || !c.pipe) return;
  const int fd = c.pipe.get();
  // The flag belongs to the read end only: writes of the service still block.
  (void)::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
  const int capacity = ::fcntl(fd, F_GETPIPE_SZ);
  for (auto& older : s->sources)
    older.is_finished = true;
  source next;
  next.generation = c.generation;
  next.pipe = std::move(c.pipe);
  next.capacity = capacity > 0 ? static_cast<std::size_t>(capacity) : usual_pipe;
  next.is_finished = s->is_closing;
  if (c.awaited) next.search.emplace(std::move(c.awaited));
  if (c.terminal) {
    // The keeper holds the read end alone; what is in the pipe outlives both of us.
    next.feed.reset(::open(("/proc/self/fd/" + std::to_string(fd)).c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
    if (next.feed) next.terminal = std::move(c.terminal);
    if (!next.feed) tell_(log_failed{s->id, errno});
  }
  s->sources.push_back(std::move(next));
  let_flow(*s);
}

void log_pump_loop::on(log_command::finish& c) {
  auto* s = find(c.stream);
  if (s != nullptr) {
    for (auto& known : s->sources) {
      if (known.generation != c.generation) continue;
      known.is_finished = true;
      return let_flow(*s);
    }
  }
  tell_(log_drained{c.stream, c.generation});
}

void log_pump_loop::on(log_command::reopen& c) {
  auto* s = find(c.stream);
  if (s == nullptr) return;
  report(*s, s->to->sink.reopen(now()));
  if (s->blocked_until) s->blocked_until = clock::now();
  check_watch(*s);
}

void log_pump_loop::on(log_command::rotate& c) {
  auto* s = find(c.stream);
  if (s == nullptr) return;
  report(*s, s->to->sink.rotate_now(now()));
  count(*s);
  after_rotation(*s);
}

void log_pump_loop::on(log_command::clear& c) {
  auto* s = find(c.stream);
  if (s == nullptr) return;
  const auto& owner = s->to->sink.rules().owner;
  clear_log(s->to->sink.path(), owner ? std::optional{owner->uid} : std::nullopt);
  s->to->sink.forget_spilled();
  count(*s);
  report(*s, s->to->sink.reopen(now()));
  check_watch(*s);
}

void log_pump_loop::on(log_command::close& c) {
  auto* s = find(c.stream);
  if (s == nullptr) return;
  s->is_closing = true;
  for (auto& each : s->sources)
    each.is_finished = true;
  if (s->sources.empty()) {
    forget(c.stream);
  } else {
    let_flow(*s);
  }
}

void log_pump_loop::on(log_command::watch& c) {
  auto* s = find(c.stream);
  if (s == nullptr) return;
  s->watched_from = c.seen;
  s->known_to_watcher = c.known;
  check_watch(*s);
}

void log_pump_loop::on(log_command::stop&) { stopping_ = true; }

/// The first source is read as it writes, or, when its process is gone, in turns until it is empty.
void log_pump_loop::let_flow(stream& s) {
  if (s.blocked_until) return;
  auto& first = s.sources.front();
  if (!first.is_finished) {
    if (!first.is_polled && !first.has_ended) poll(s, first);
    return;
  }
  stop_polling(first);
  // Not more than this: a grandchild that keeps writing must not keep the pipe open for ever.
  if (first.terminal) fill(s, first);
  if (!first.left) first.left = bytes_waiting(first.pipe.get()) + (first.terminal ? most_in_terminal : 0);
  draining_.insert(s.id);
}

void log_pump_loop::poll(stream& s, source& from) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = s.id;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, from.pipe.get(), &event) == 0) {
    from.is_polled = true;
    from.held.reset();
    if (!from.terminal || ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, from.terminal.get(), &event) == 0) return;
  }
  tell_(log_failed{s.id, errno});
}

/// Closing is not enough: the keeper holds the same pipe end, and epoll would keep reporting it.
void log_pump_loop::stop_polling(source& from) {
  if (!from.is_polled) return;
  (void)::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, from.pipe.get(), nullptr); // it was added: cannot fail
  if (from.terminal) (void)::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, from.terminal.get(), nullptr); // as well
  from.is_polled = false;
}

/// Moves what the terminal shows into the pipe, without looking at it: a daemon that dies meanwhile leaves it in one or
/// the other. The terminal goes when nobody has it open any more.
void log_pump_loop::fill(stream& s, source& from) {
  while (from.terminal) {
    const auto moved =
        ::splice(from.terminal.get(), nullptr, from.feed.get(), nullptr, log_stage::most_peeked, SPLICE_F_NONBLOCK);
    if (moved > 0 || (moved < 0 && errno == EINTR)) continue;
    if (moved < 0 && errno == EAGAIN) return;                      // nothing is there, or the pipe is full
    if (moved < 0 && errno != EIO) tell_(log_failed{s.id, errno}); // else nobody has it open any more
    if (from.is_polled) (void)::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, from.terminal.get(), nullptr);
    from.terminal.reset();
    from.feed.reset();
  }
}

/// Reads from a pipe that has something, unless it had better fill a little more: waking up for every line is what
/// costs. All pipes that are filling are read at the same moment. The first line after a silence is read at once.
log_pump_loop::served log_pump_loop::serve(const epoll_event& event, clock::time_point at) {
  auto* s = find(event.data.u64);
  if (s == nullptr || s->sources.empty() || !s->sources.front().is_polled) return served::was_read;
  auto& from = s->sources.front();
  if (from.terminal) fill(*s, from);
  const auto queued = bytes_waiting(from.pipe.get());
  if (from.held) {
    if (*from.held == queued) return served::was_read; // nothing has come
    stop_polling(from);
    poll(*s, from); // for whatever there is
  }
  const bool is_over = (event.events & (EPOLLHUP | EPOLLERR)) != 0;
  const auto own_end = at + s->delay;
  if (!fill_until_ || own_end < *fill_until_) fill_until_ = own_end;
  const bool was_silent = at - s->read_at > settings_.coalesce * 10;
  if (!is_over && !was_silent && queued < from.capacity / 4 && at < *fill_until_) return served::is_filling;
  s->read_at = at;
  adapt(*s, from, queued);
  read_turn(*s);
  return served::was_read;
}

void log_pump_loop::look_at_spill(const stream& s) {
  if (s.to->sink.write_back_at()) spilled_.insert(s.id);
}

/// Writes what waits in other directories, where it is time, and where there is room again.
void log_pump_loop::write_back() {
  const std::vector<stream_id> all{spilled_.begin(), spilled_.end()};
  for (const auto id : all) {
    auto* s = find(id);
    if (s != nullptr) write_back(*s);
    if (s == nullptr || !s->to->sink.write_back_at()) spilled_.erase(id);
  }
}

/// At most `turn_bytes`.
void log_pump_loop::write_back(stream& s) {
  auto& sink = s.to->sink;
  for (std::size_t written = 0; written < turn_bytes;) {
    const auto rotations_before = sink.rotations();
    const auto waiting_before = sink.spilled();
    const auto told = sink.write_back(now(), stage_.unsettled().get());
    report(s, told);
    if (sink.rotations() != rotations_before) after_rotation(s);
    if (sink.spilled() == waiting_before && told.taken == 0) break; // not yet
    written += std::max<std::size_t>(told.taken, 1);
  }
  count(s);
  check_watch(s);
}

/// As far as it goes now; the rest stays there, for who writes to this file next.
void log_pump_loop::write_back_all(stream& s) {
  for (auto left = s.to->sink.spilled(); left > 0;) {
    write_back(s);
    if (std::exchange(left, s.to->sink.spilled()) == left) return;
  }
}

log_tally log_pump_loop::tally(stream_id id) const {
  const std::lock_guard lock{mutex_};
  const auto found = tallies_.find(id);
  return found == tallies_.end() ? log_tally{} : found->second;
}

/// Milliseconds until the next stream resumes; -1: never.
int log_pump_loop::patience() const {
  if (blocked_.empty() && held_.empty() && spilled_.empty()) return -1;
  auto first = clock::time_point::max();
  const auto note = [&](const std::unordered_set<stream_id>& ids, auto due) {
    for (const auto id : ids) {
      const auto found = streams_.find(id);
      if (found == streams_.end()) continue;
      if (const std::optional<clock::time_point> at = due(found->second)) first = std::min(first, *at);
    }
  };
  note(held_, [](const stream& s) { return s.held_until; });
  note(blocked_, [](const stream& s) { return s.blocked_until; });
  note(spilled_, [](const stream& s) { return s.to->sink.write_back_at(); });
  const auto at = clock::now();
  if (first <= at) return 0;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(first - at).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
}

void log_pump_loop::serve_draining() {
  const std::vector<stream_id> all{draining_.begin(), draining_.end()};
  for (const auto id : all) {
    if (auto* s = find(id); s != nullptr && !s->sources.empty()) read_turn(*s);
  }
}

/// The first source is finished and empty: the next one has its turn. May forget the stream.
void log_pump_loop::end_source(stream& s) {
  const auto id = s.id;
  const auto of = s.sources.front().generation;
  auto& sink = s.to->sink;
  sink.set_writer(s.who);
  if (!s.to->line || s.to->line == id) {
    report(s, sink.end_line(now()));
    release_line(*s.to);
  }
  if (ends_run(s, of)) sink.mark_end_of_run(now());
  check_watch(s);
  if (s.sources.front().is_large) --large_pipes_;
  s.lost_in_line = false;
  s.sources.pop_front();
  s.delay = settings_.coalesce;
  draining_.erase(id);
  if (!s.sources.empty()) {
    let_flow(s);
  } else if (s.is_closing) {
    forget(id);
  }
  tell_(log_drained{id, of});
}

/// Lets the pipes fill; a command ends it.
void log_pump_loop::nap() {
  const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(*fill_until_ - clock::now());
  if (left.count() <= 0) return;
  pollfd bell{.fd = bell_.get(), .events = POLLIN, .revents = 0};
  const timespec timeout{.tv_sec = static_cast<std::time_t>(left.count() / 1'000'000'000),
                         .tv_nsec = static_cast<long>(left.count() % 1'000'000'000)};
  (void)::ppoll(&bell, 1, &timeout, nullptr); // whether it ended early makes no difference: the loop looks again
}

void log_pump_loop::report(stream& s, const log_sink::report& r) {
  if (r.failed) tell_(log_failed{s.id, *r.failed, false, r.why});
  if (r.recovered) tell_(log_recovered{s.id, *r.recovered});
  if (r.spill_failed) tell_(log_failed{s.id, *r.spill_failed, true, r.spill_why});
  if (r.not_rotated) tell_(log_not_rotated{s.id, *r.not_rotated, r.why});
  if (!r.kept_index.empty()) tell_(log_index_kept{r.kept_index});
}

void log_pump_loop::check_watch(stream& s) {
  for (const auto id : s.to->users) {
    auto* user = find(id);
    const auto sight = s.to->sink.sight();
    if (user == nullptr || !user->watched_from || *user->watched_from == sight || user->known_to_watcher == sight)
      continue;
    user->watched_from.reset();
    tell_(log_grown{id, sight});
  }
}

} // namespace alder::logs

#include "runtime/logs/log_pump_loop.hpp"

#include "runtime/base/words.hpp"
#include "runtime/logs/log_archive.hpp"
#include "runtime/os/quiet_thread.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <sys/epoll.h>

namespace alder::logs {
namespace {

constexpr std::size_t most_events = 512;             // a wakeup; epoll takes turns when more are ready
constexpr std::size_t most_in_terminal = 128 * 1024; // more than the kernel keeps of what a process wrote to one
constexpr std::uint64_t bell_id = ~std::uint64_t{0}; // in place of a stream's id

error refused(const char* what) { return {error_kind::io, std::string{what} + ": " + errno_text(errno), errno}; }

} // namespace

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
  if (const auto bell = queue_.open_bell(); !bell)
    return error{error_kind::io, "cannot start the log pump: " + bell.failure().message, bell.failure().os_errno};
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = bell_id;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, queue_.bell(), &event) != 0)
    return refused("cannot start the log pump: epoll");
  thread_ = os::start_quiet_thread("log pump", [this] { run(); });
  return success();
}

void log_pump_loop::run() {
  std::array<epoll_event, most_events> events{};
  while (!stopping_ || !draining_.empty()) {
    const int count =
        ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), draining_.empty() ? patience() : 0);
    totals_.note_wakeup();
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
    if (has_commands) {
      for (auto& command : queue_.take())
        std::visit([this](auto& c) { on(c); }, command);
    }
    serve_draining();
    if (is_filling && !has_read && !has_commands) queue_.sleep(*fill_until_ - clock::now()); // the pipes fill
  }
}

void log_pump_loop::on(log_command::open& c) {
  auto* s = streams_.find(c.stream);
  c.rules.instance = 0; // its author says it
  if (s != nullptr && s->to->sink.path() == c.path && s->to->sink.rules() == c.rules) {
    s->is_closing = false;
    return;
  }
  if (s == nullptr) s = &streams_.add(c.stream, policy::reading_pace{settings_.coalesce});
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
  auto* s = streams_.find(c.stream);
  if (s == nullptr || !c.pipe) return;
  for (auto& older : s->sources)
    older.is_finished = true;
  auto& next = s->sources.emplace_back(c.generation, std::move(c.pipe));
  next.is_finished = s->is_closing;
  if (c.awaited) next.search.emplace(std::move(c.awaited));
  if (c.terminal) tell_refused(*s, next.pipe.feed_from(std::move(c.terminal)));
  let_flow(*s);
}

void log_pump_loop::on(log_command::finish& c) {
  auto* s = streams_.find(c.stream);
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
  auto* s = streams_.find(c.stream);
  if (s == nullptr) return;
  report(*s, s->to->sink.reopen(now()));
  if (s->blocked_until) s->blocked_until = clock::now();
  check_watch(*s);
}

void log_pump_loop::on(log_command::rotate& c) {
  auto* s = streams_.find(c.stream);
  if (s == nullptr) return;
  report(*s, s->to->sink.rotate_now(now()));
  count(*s);
  after_rotation(*s);
}

void log_pump_loop::on(log_command::clear& c) {
  auto* s = streams_.find(c.stream);
  if (s == nullptr) return;
  const auto& owner = s->to->sink.rules().owner;
  clear_log(s->to->sink.path(), owner ? std::optional{owner->uid} : std::nullopt);
  s->to->sink.forget_spilled();
  count(*s);
  report(*s, s->to->sink.reopen(now()));
  check_watch(*s);
}

void log_pump_loop::on(log_command::close& c) {
  auto* s = streams_.find(c.stream);
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
  auto* s = streams_.find(c.stream);
  if (s == nullptr) return;
  s->watched_from = c.seen;
  s->known_to_watcher = c.known;
  check_watch(*s);
}

void log_pump_loop::on(log_command::stop&) { stopping_ = true; }

/// The first source is read as it writes, or, when its process is gone, in turns until it is empty.
void log_pump_loop::let_flow(log_stream& s) {
  if (s.blocked_until) return;
  auto& first = s.sources.front();
  if (!first.is_finished) {
    if (!first.pipe.is_polled() && !first.has_ended) tell_refused(s, first.pipe.poll(epoll_.get(), s.id));
    return;
  }
  first.pipe.stop_polling(epoll_.get());
  // Not more than this: a grandchild that keeps writing must not keep the pipe open for ever.
  if (first.pipe.has_terminal()) tell_refused(s, first.pipe.fill(epoll_.get()));
  if (!first.left) first.left = first.pipe.waiting() + (first.pipe.has_terminal() ? most_in_terminal : 0);
  draining_.insert(s.id);
}

/// What a pipe says to what was done with it.
void log_pump_loop::tell_refused(const log_stream& s, int number) {
  if (number != 0) tell_(log_failed{s.id, number});
}

/// Reads from a pipe that has something, unless it had better fill a little more: waking up for every line is what
/// costs. All pipes that are filling are read at the same moment. The first line after a silence is read at once.
log_pump_loop::served log_pump_loop::serve(const epoll_event& event, clock::time_point at) {
  auto* s = streams_.find(event.data.u64);
  if (s == nullptr || s->sources.empty() || !s->sources.front().pipe.is_polled()) return served::was_read;
  auto& from = s->sources.front();
  if (from.pipe.has_terminal()) tell_refused(*s, from.pipe.fill(epoll_.get()));
  const auto queued = from.pipe.waiting();
  if (from.pipe.held()) {
    if (*from.pipe.held() == queued) return served::was_read; // nothing has come
    from.pipe.stop_polling(epoll_.get());
    tell_refused(*s, from.pipe.poll(epoll_.get(), s->id)); // for whatever there is
  }
  const policy::pipe_fill seen{
      .queued = queued, .capacity = from.pipe.capacity(), .is_over = (event.events & (EPOLLHUP | EPOLLERR)) != 0};
  const auto own_end = s->pace.fills_until(at);
  if (!fill_until_ || own_end < *fill_until_) fill_until_ = own_end;
  if (s->pace.lets_fill(seen, at, *fill_until_)) return served::is_filling;
  adapt(*s, from, seen, at);
  read_turn(*s);
  return served::was_read;
}

void log_pump_loop::look_at_spill(const log_stream& s) {
  if (s.to->sink.write_back_at()) spilled_.insert(s.id);
}

/// Writes what waits in other directories, where it is time, and where there is room again.
void log_pump_loop::write_back() {
  const std::vector<stream_id> all{spilled_.begin(), spilled_.end()};
  for (const auto id : all) {
    auto* s = streams_.find(id);
    if (s != nullptr) write_back(*s);
    if (s == nullptr || !s->to->sink.write_back_at()) spilled_.erase(id);
  }
}

/// At most `turn_bytes`.
void log_pump_loop::write_back(log_stream& s) {
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
void log_pump_loop::write_back_all(log_stream& s) {
  for (auto left = s.to->sink.spilled(); left > 0;) {
    write_back(s);
    if (std::exchange(left, s.to->sink.spilled()) == left) return;
  }
}

/// Milliseconds until the next stream resumes; -1: never.
int log_pump_loop::patience() const {
  if (blocked_.empty() && held_.empty() && spilled_.empty()) return -1;
  auto first = clock::time_point::max();
  const auto note = [&](const std::unordered_set<stream_id>& ids, auto due) {
    for (const auto id : ids) {
      const auto* s = streams_.find(id);
      if (s == nullptr) continue;
      if (const std::optional<clock::time_point> at = due(*s)) first = std::min(first, *at);
    }
  };
  note(held_, [](const log_stream& s) { return s.held_until; });
  note(blocked_, [](const log_stream& s) { return s.blocked_until; });
  note(spilled_, [](const log_stream& s) { return s.to->sink.write_back_at(); });
  const auto at = clock::now();
  if (first <= at) return 0;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(first - at).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
}

void log_pump_loop::serve_draining() {
  const std::vector<stream_id> all{draining_.begin(), draining_.end()};
  for (const auto id : all) {
    if (auto* s = streams_.find(id); s != nullptr && !s->sources.empty()) read_turn(*s);
  }
}

/// The first source is finished and empty: the next one has its turn. May forget the stream.
void log_pump_loop::end_source(log_stream& s) {
  const auto id = s.id;
  const auto of = s.sources.front().generation;
  auto& sink = s.to->sink;
  sink.set_writer(s.who);
  if (!s.to->line || s.to->line == id) {
    report(s, sink.end_line(now()));
    streams_.release_line(*s.to, clock::now());
  }
  if (streams_.ends_run(s, of)) sink.mark_end_of_run(now());
  check_watch(s);
  if (s.sources.front().is_large) --large_pipes_;
  s.lost_in_line = false;
  s.sources.pop_front();
  s.pace.begin_anew();
  draining_.erase(id);
  if (!s.sources.empty()) {
    let_flow(s);
  } else if (s.is_closing) {
    forget(id);
  }
  tell_(log_drained{id, of});
}

void log_pump_loop::report(log_stream& s, const log_sink::report& r) {
  if (r.failed) tell_(log_failed{s.id, *r.failed, false, r.why});
  if (r.recovered) tell_(log_recovered{s.id, *r.recovered});
  if (r.spill_failed) tell_(log_failed{s.id, *r.spill_failed, true, r.spill_why});
  if (r.not_rotated) tell_(log_not_rotated{s.id, *r.not_rotated, r.why});
  if (!r.kept_index.empty()) tell_(log_index_kept{r.kept_index});
}

void log_pump_loop::check_watch(log_stream& s) {
  for (const auto id : s.to->users) {
    auto* user = streams_.find(id);
    const auto sight = s.to->sink.sight();
    if (user == nullptr || !user->watched_from || *user->watched_from == sight || user->known_to_watcher == sight)
      continue;
    user->watched_from.reset();
    tell_(log_grown{id, sight});
  }
}

} // namespace alder::logs

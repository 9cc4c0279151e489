// How the log pump reads: whose turn it is, how much at a time, how fast, and what comes of it.
#include "runtime/logs/log_pump_loop.hpp"

#include <algorithm>
#include <utility>

namespace alder::logs {
namespace {

constexpr std::size_t large_pipe = std::size_t{1024} * 1024;
constexpr std::size_t most_large_pipes = 64; // what the kernel allows an unprivileged user anyway

} // namespace

/// A pipe that is full already by the time it is read holds its service up: it gets a larger one, or is read sooner.
void log_pump_loop::adapt(log_stream& s, log_source& from, const policy::pipe_fill& seen, clock::time_point at) {
  if (!s.pace.note_read(seen, at)) return;
  if (from.pipe.capacity() < large_pipe && large_pipes_ < most_large_pipes && from.pipe.enlarge(large_pipe)) {
    from.is_large = true;
    ++large_pipes_;
  } else {
    s.pace.read_sooner();
  }
}

/// Reads at most `turn_bytes`, or `searched_turn_bytes`: an expression takes its time, and others wait for it.
void log_pump_loop::read_turn(log_stream& s) {
  auto& from = s.sources.front();
  std::size_t budget = from.search ? searched_turn_bytes : turn_bytes;
  while (budget > 0 && read_chunk(s, from, budget)) {
  }
  check_watch(s);
  const bool is_empty = from.has_ended || (from.left && *from.left == 0);
  if (from.has_ended) from.pipe.stop_polling(epoll_.get()); // a hang-up would be reported for ever
  if (from.is_finished && is_empty) end_source(s);
}

/// What is in the pipe; none: there is nothing more for now, and the source says whether it has ended.
std::string_view log_pump_loop::look(log_stream& s, log_source& from, std::size_t want) {
  if (from.pipe.has_terminal() && from.left) tell_refused(s, from.pipe.fill(epoll_.get())); // else the next wakeup does
  const auto seen = stage_.peek(from.pipe.fd(), want);
  if (!seen.bytes.empty()) return seen.bytes;
  if (!seen.has_ended && from.left) from.left = 0;
  from.has_ended = seen.has_ended;
  return {};
}

/// Looks at what is in the pipe, writes it, and takes it out; false when there is nothing more for now. A successor
/// finishes what is cut short in between.
bool log_pump_loop::read_chunk(log_stream& s, log_source& from, std::size_t& budget) {
  if (s.to->sink.rules().to == log_target::actor) return offer_chunk(s, from, budget);
  const std::size_t want = std::min({log_stage::most_peeked, budget, from.left.value_or(log_stage::most_peeked)});
  if (want == 0 || from.has_ended) return false;
  const auto seen = look(s, from, want);
  if (seen.empty()) return false;
  auto& sink = s.to->sink;
  sink.in_hurry = sink.sends_lines() && from.pipe.waiting() >= from.pipe.capacity() / 2;
  const auto portion = portion_of(s, from, seen);
  const auto allowed = portion == 0 ? 0 : within_rate(s, seen.substr(0, portion));
  if (allowed == 0) return false;
  sink.set_writer(s.who);
  log_sink::report rotated;
  const auto rotations_before = sink.rotations();
  auto size = sink.portion(seen.substr(0, allowed), now(), rotated);
  report(s, rotated);
  if (sink.rotations() != rotations_before) after_rotation(s);
  const bool is_all = size == seen.size();
  totals_.note_chunk();
  const auto told = sink.append(seen.substr(0, size), now(), &stage_);
  report(s, told);
  const bool is_stuck = told.taken < size;
  size = told.taken; // also what could not be written: it is counted as lost
  streams_.note_line(s, seen.substr(0, size), clock::now());
  if (size > 0) {
    take(s, from, seen.substr(0, size));
  } else {
    stage_.give_up();
  }
  budget -= size;
  look_at_spill(s);
  count(s);
  if (is_stuck) {
    block(s, sink.retry_at());
    return false;
  }
  return size == want || !is_all;
}

void log_pump_loop::look_after(const log_stream& s) {
  if (s.to->sink.rules().to == log_target::file) press_.look_after({s.siblings, s.to->sink.rules()});
}

/// Out of the pipe, whatever has become of them.
void log_pump_loop::take(log_stream& s, log_source& from, std::string_view bytes) {
  if (from.finds_in(bytes)) tell_(log_line_found{s.id, from.generation});
  stage_.take(from.pipe.fd(), bytes.size());
  if (from.left) *from.left -= bytes.size();
}

void log_pump_loop::after_rotation(log_stream& s) {
  look_after(s);
  for (const auto id : s.to->users) {
    auto* user = streams_.find(id);
    // The new file may have the old one's size.
    if (user != nullptr && std::exchange(user->watched_from, std::nullopt)) tell_(log_grown{id, s.to->sink.sight()});
  }
}

/// Adds up what the sink has done since the last time.
void log_pump_loop::count(log_stream& s) {
  const auto& sink = s.to->sink;
  const log_tally now{.bytes_written = sink.bytes_written(),
                      .bytes_lost = sink.bytes_lost(),
                      .lines_lost = sink.lines_lost(),
                      .rotations = sink.rotations(),
                      .spilled = sink.spilled()};
  totals_.add(s.id, now, std::exchange(s.to->counted, now));
}

/// How many of these bytes may be written now by the rate; all when it has none. What is too much is taken out of the
/// pipe and counted, or left there until its time has come.
std::size_t log_pump_loop::within_rate(log_stream& s, std::string_view bytes) {
  const auto& rules = s.to->sink.rules();
  if (rules.max_rate == 0) return bytes.size();
  const auto at = clock::now();
  const auto step = s.rate.next(bytes, rules, s.to->sink.in_line(), at);
  if (step.wait.count() > 0) block(s, at + step.wait);
  if (step.drop > 0) {
    s.to->sink.drop(bytes);
    streams_.note_line(s, bytes, at);
    take(s, s.sources.front(), bytes);
    count(s);
  }
  if (step.tell) tell_(log_limited{s.id});
  return step.write;
}

/// The stream's bytes stay in their pipe for a while.
void log_pump_loop::block(log_stream& s, clock::time_point until) {
  s.sources.front().pipe.stop_polling(epoll_.get());
  draining_.erase(s.id);
  s.blocked_until = until;
  blocked_.insert(s.id);
}

/// Resumes those whose time has come.
void log_pump_loop::unblock() {
  const auto at = clock::now();
  std::vector<stream_id> due;
  for (const auto id : blocked_) {
    const auto* s = streams_.find(id);
    if (s == nullptr || !s->blocked_until || *s->blocked_until <= at) due.push_back(id);
  }
  for (const auto id : due) {
    blocked_.erase(id);
    auto* s = streams_.find(id);
    if (s == nullptr) continue;
    s->blocked_until.reset();
    if (!s->sources.empty()) let_flow(*s);
  }
}

} // namespace alder::logs

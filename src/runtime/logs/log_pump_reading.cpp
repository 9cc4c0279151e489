// How the log pump reads: whose turn it is, how much at a time, how fast, and what comes of it.
#include "runtime/base/utf8.hpp"
#include "runtime/logs/log_pump_loop.hpp"

#include <algorithm>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace alder::logs {
namespace {

constexpr std::size_t large_pipe = std::size_t{1024} * 1024;
constexpr std::size_t most_large_pipes = 64;      // what the kernel allows an unprivileged user anyway
constexpr std::chrono::minutes between_limits{1}; // told
constexpr std::chrono::microseconds shortest_delay{50};

} // namespace

/// A pipe that is full already by the time it is read holds its service up: it gets a larger one, or is read sooner.
void log_pump_loop::adapt(stream& s, source& from, std::size_t queued) {
  if (queued < from.capacity / 4) {
    s.delay = std::min(settings_.coalesce, s.delay * 2);
    return;
  }
  if (queued < from.capacity / 4 * 3) return;
  if (from.capacity < large_pipe && large_pipes_ < most_large_pipes) {
    const int capacity = ::fcntl(from.pipe.get(), F_SETPIPE_SZ, static_cast<int>(large_pipe));
    if (capacity > 0) {
      from.capacity = static_cast<std::size_t>(capacity);
      from.is_large = true;
      ++large_pipes_;
      return;
    }
  }
  s.delay = std::max(std::min(shortest_delay, settings_.coalesce), s.delay / 2);
}

/// Reads at most `turn_bytes`, or `searched_turn_bytes`: an expression takes its time, and others wait for it.
void log_pump_loop::read_turn(stream& s) {
  auto& from = s.sources.front();
  std::size_t budget = from.search ? searched_turn_bytes : turn_bytes;
  while (budget > 0 && read_chunk(s, from, budget)) {
  }
  check_watch(s);
  const bool is_empty = from.has_ended || (from.left && *from.left == 0);
  if (from.has_ended) stop_polling(from); // a hang-up would be reported for ever
  if (from.is_finished && is_empty) end_source(s);
}

/// What is in the pipe; none: there is nothing more for now, and the source says whether it has ended.
std::string_view log_pump_loop::look(stream& s, source& from, std::size_t want) {
  if (from.terminal && from.left) fill(s, from); // else the next wakeup does
  const auto seen = stage_.peek(from.pipe.get(), want);
  if (!seen.bytes.empty()) return seen.bytes;
  if (!seen.has_ended && from.left) from.left = 0;
  from.has_ended = seen.has_ended;
  return {};
}

/// Looks at what is in the pipe, writes it, and takes it out; false when there is nothing more for now. A successor
/// finishes what is cut short in between.
bool log_pump_loop::read_chunk(stream& s, source& from, std::size_t& budget) {
  if (s.to->sink.rules().to == log_target::actor) return offer_chunk(s, from, budget);
  const std::size_t want = std::min({log_stage::most_peeked, budget, from.left.value_or(log_stage::most_peeked)});
  if (want == 0 || from.has_ended) return false;
  const auto seen = look(s, from, want);
  if (seen.empty()) return false;
  auto& sink = s.to->sink;
  const bool by_lines = s.to->users.size() > 1 || sink.sends_lines();
  sink.in_hurry = sink.sends_lines() && bytes_waiting(from.pipe.get()) >= from.capacity / 2;
  auto portion = by_lines ? shared_portion(s, from, seen) : seen.size();
  const bool is_text = sink.rules().format == log_format::json || sink.sends_lines();
  if (is_text && portion > 0) portion = whole_characters(s, from, seen, portion);
  const auto allowed = portion == 0 ? 0 : within_rate(s, seen.substr(0, portion));
  if (allowed == 0) return false;
  sink.set_writer(s.who);
  log_sink::report rotated;
  const auto rotations_before = sink.rotations();
  auto size = sink.portion(seen.substr(0, allowed), now(), rotated);
  report(s, rotated);
  if (sink.rotations() != rotations_before) after_rotation(s);
  const bool is_all = size == seen.size();
  chunks_.fetch_add(1, std::memory_order_relaxed);
  const auto told = sink.append(seen.substr(0, size), now(), &stage_);
  report(s, told);
  const bool is_stuck = told.taken < size;
  size = told.taken; // also what could not be written: it is counted as lost
  note_line(s, seen.substr(0, size));
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

/// How much of a portion that becomes text of its own may go: the beginning of a character whose rest comes with the
/// next read is left in the pipe, unless nothing comes after it. 0: the stream waits for that.
std::size_t log_pump_loop::whole_characters(stream& s, source& from, std::string_view seen, std::size_t portion) {
  const bool is_last = from.is_finished && bytes_waiting(from.pipe.get()) <= portion;
  const auto whole = is_last ? portion : portion - unfinished_character(seen.substr(0, portion));
  if (whole == 0) hold(s, from, seen.size());
  return whole;
}

void log_pump_loop::look_after(const stream& s) {
  if (s.to->sink.rules().to == log_target::file) press_.look_after({s.siblings, s.to->sink.rules()});
}

/// Out of the pipe, whatever has become of them.
void log_pump_loop::take(stream& s, source& from, std::string_view bytes) {
  if (from.search) {
    if (from.search->found_in(bytes)) tell_(log_line_found{s.id, from.generation});
    if (from.search->is_over()) from.search.reset();
  }
  stage_.take(from.pipe.get(), bytes.size());
  if (from.left) *from.left -= bytes.size();
}

void log_pump_loop::after_rotation(stream& s) {
  look_after(s);
  for (const auto id : s.to->users) {
    auto* user = find(id);
    // The new file may have the old one's size.
    if (user != nullptr && std::exchange(user->watched_from, std::nullopt)) tell_(log_grown{id, s.to->sink.sight()});
  }
}

/// Adds up what the sink has done since the last time.
void log_pump_loop::count(stream& s) {
  const auto& sink = s.to->sink;
  const log_tally now{.bytes_written = sink.bytes_written(),
                      .bytes_lost = sink.bytes_lost(),
                      .lines_lost = sink.lines_lost(),
                      .rotations = sink.rotations(),
                      .spilled = sink.spilled()};
  const auto before = std::exchange(s.to->counted, now);
  bytes_written_.fetch_add(now.bytes_written - before.bytes_written, std::memory_order_relaxed);
  bytes_lost_.fetch_add(now.bytes_lost - before.bytes_lost, std::memory_order_relaxed);
  lines_lost_.fetch_add(now.lines_lost - before.lines_lost, std::memory_order_relaxed);
  const std::lock_guard lock{mutex_};
  auto& total = tallies_[s.id];
  total.bytes_written += now.bytes_written - before.bytes_written;
  total.bytes_lost += now.bytes_lost - before.bytes_lost;
  total.lines_lost += now.lines_lost - before.lines_lost;
  total.rotations += now.rotations - before.rotations;
  total.spilled = now.spilled;
}

/// How many of these bytes may be written now by the rate; all when it has none. What is too much is taken out of the
/// pipe and counted, or left there until its time has come.
std::size_t log_pump_loop::within_rate(stream& s, std::string_view bytes) {
  const auto& rules = s.to->sink.rules();
  if (rules.max_rate == 0) return bytes.size();
  const auto at = clock::now();
  const double rate = rules.max_rate;
  const auto passed = std::chrono::duration<double>(at - s.counted_at).count();
  s.lines_allowed = std::min(rate, s.lines_allowed + passed * rate);
  s.counted_at = at;
  std::size_t allowed = 0;
  bool may_end_line = s.to->sink.in_line(); // a line that has begun is ended in any case
  while (allowed < bytes.size() && (s.lines_allowed >= 1 || may_end_line)) {
    const auto end = bytes.find('\n', allowed);
    if (end == std::string_view::npos) return bytes.size();
    if (!may_end_line) s.lines_allowed -= 1;
    may_end_line = false;
    allowed = end + 1;
  }
  if (allowed > 0) return allowed;
  if (rules.pressure == log_pressure::block) {
    const auto enough = std::chrono::duration<double>(std::max(1.0, rate / 10) / rate);
    block(s, at + std::chrono::duration_cast<clock::duration>(enough));
    return 0;
  }
  auto& from = s.sources.front();
  s.to->sink.drop(bytes);
  note_line(s, bytes);
  take(s, from, bytes);
  count(s);
  if (!s.limit_told || at - *s.limit_told > between_limits) {
    s.limit_told = at;
    tell_(log_limited{s.id});
  }
  return 0;
}

/// The stream's bytes stay in their pipe for a while.
void log_pump_loop::block(stream& s, clock::time_point until) {
  stop_polling(s.sources.front());
  draining_.erase(s.id);
  s.blocked_until = until;
  blocked_.insert(s.id);
}

/// Resumes those whose time has come.
void log_pump_loop::unblock() {
  const auto at = clock::now();
  std::vector<stream_id> due;
  for (const auto id : blocked_) {
    const auto* s = find(id);
    if (s == nullptr || !s->blocked_until || *s->blocked_until <= at) due.push_back(id);
  }
  for (const auto id : due) {
    blocked_.erase(id);
    auto* s = find(id);
    if (s == nullptr) continue;
    s->blocked_until.reset();
    if (!s->sources.empty()) let_flow(*s);
  }
}

} // namespace alder::logs

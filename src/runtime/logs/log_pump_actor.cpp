// The part of the log pump that gives lines to actors. They are offered while the pipe still holds them, and leave it
// with the answer, so that a daemon that is killed meanwhile has a successor that offers them again.
//
// Offer                 the pipe holds     what comes after it
// none                                     is offered
// in the pipe           its lines          waits in the pipe
// not in the pipe       other lines        is lost: the actor has taken too long for a service that must not wait
#include "runtime/logs/log_pump_loop.hpp"
#include "runtime/policy/offered_lines.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace alder::logs {

/// False when there is nothing more to do for now, as in read_chunk.
bool log_pump_loop::offer_chunk(log_stream& s, log_source& from, std::size_t& budget) {
  if (s.offered) return await_answer(s, from, budget);
  const auto want = std::min(most_offered, from.left.value_or(most_offered));
  if (want == 0 || from.has_ended) return false;
  const auto seen = look(s, from, want);
  if (seen.empty()) return false;
  if (s.lost_in_line) return lose_chunk(s, from, budget); // the rest of it
  const auto portion = portion_of(s, from, seen);
  const auto size = portion == 0 ? 0 : within_rate(s, seen.substr(0, portion));
  if (size == 0) return false;
  const auto lines = std::make_shared<const std::string>(seen.substr(0, size));
  // Not with the answer: a service is ready whether its lines are wanted or not.
  if (from.finds_in(*lines)) tell_(log_line_found{s.id, from.generation});
  totals_.note_chunk();
  s.offered = log_offer{++s.last_offer, clock::now(), lines};
  tell_(log_offered{s.id, s.last_offer, s.who.origin.err, std::chrono::system_clock::now(), lines});
  return await_answer(s, from, budget);
}

bool log_pump_loop::await_answer(log_stream& s, log_source& from, std::size_t& budget) {
  auto& open = *s.offered;
  if (open.in_pipe) {
    const auto at = clock::now();
    const auto step = policy::next_step({.age = at - open.at,
                                         .is_half_full = from.pipe.waiting() >= from.pipe.capacity() / 2,
                                         .blocks = s.to->sink.rules().pressure == log_pressure::block});
    if (!step.give_up) {
      block(s, at + step.wait);
      return false;
    }
    take_offered(s, from); // the actor has them; there are not more than these in memory
    open.in_pipe = false;
    tell_(log_failed{s.id, ETIMEDOUT});
    return true;
  }
  return lose_chunk(s, from, budget);
}

/// What is in the pipe is given up, line by line.
bool log_pump_loop::lose_chunk(log_stream& s, log_source& from, std::size_t& budget) {
  const auto want = std::min({log_stage::most_peeked, budget, from.left.value_or(log_stage::most_peeked)});
  if (want == 0 || from.has_ended) return false;
  const auto seen = look(s, from, want);
  if (seen.empty()) return false;
  const auto end = s.offered ? seen.rfind('\n') : seen.find('\n'); // else only the rest of a line
  const auto lost = seen.substr(0, end == std::string_view::npos ? end : end + 1);
  const auto size = lost.size();
  s.lost_in_line = lost.back() != '\n';
  if (s.offered) s.offered->lost += size;
  s.to->sink.drop(lost);
  streams_.note_line(s, lost, clock::now());
  take(s, from, lost);
  budget -= size;
  count(s);
  return !s.offered || size == want;
}

void log_pump_loop::take_offered(log_stream& s, log_source& from) {
  const auto& lines = *s.offered->lines;
  streams_.note_line(s, lines, clock::now());
  stage_.take(from.pipe.fd(), lines.size());
  if (from.left) *from.left -= std::min(*from.left, lines.size());
}

void log_pump_loop::on(log_command::answer& c) {
  auto* s = streams_.find(c.stream);
  if (s == nullptr || !s->offered || s->offered->number != c.number) return; // withdrawn meanwhile
  if (s->offered->in_pipe && !s->sources.empty()) take_offered(*s, s->sources.front());
  const auto done = *std::exchange(s->offered, std::nullopt);
  s->to->sink.note_delivered(done.lines->size());
  count(*s);
  if (!done.in_pipe) tell_(log_recovered{s->id, done.lost});
  blocked_.erase(s->id);
  s->blocked_until.reset();
  if (!s->sources.empty()) let_flow(*s);
}

/// Its lines go elsewhere from now on: those in the pipe do so, too.
void log_pump_loop::withdraw(log_stream& s) {
  if (!s.offered) return;
  if (!s.offered->in_pipe) s.to->sink.drop(*s.offered->lines);
  s.offered.reset();
  s.lost_in_line = false;
  count(s);
}

} // namespace alder::logs

// How streams share a file: whose turn it is, so that no line is torn.
#include "runtime/base/utf8.hpp"
#include "runtime/logs/log_pump_loop.hpp"
#include "runtime/policy/shared_lines.hpp"

#include <algorithm>
#include <utility>

namespace alder::logs {
namespace {

/// A line that nobody has gone on with for so long is ended when others wait for it.
constexpr std::chrono::seconds line_patience{1};
/// How often a pipe with the beginning of a line is looked at.
constexpr std::chrono::milliseconds first_look{1};
constexpr std::chrono::milliseconds last_look{250};
constexpr std::size_t least_room = std::size_t{1024} * 1024; // made on a full disk at once

} // namespace

/// Lets the stream write to this path, together with the others that do; true when there is a new sink to open.
bool log_pump_loop::switch_outlet(log_stream& s, const std::string& path, const log_spec& rules) {
  const bool is_shareable = rules.to == log_target::file && path != "/dev/null";
  auto to = is_shareable ? streams_.shared_at(path) : nullptr;
  const bool is_new = to == nullptr || to->sink.rules() != rules;
  if (is_new) {
    log_sink sink{path, settings_.retry_after, rules};
    sink.make_room = [this](const std::string& file, std::size_t bytes) {
      return press_.make_room(file, std::max(bytes, least_room)) > 0;
    };
    if (to == nullptr) {
      to = std::make_shared<log_outlet>(std::move(sink));
    } else {
      sink.inherit(to->sink);
      to->sink = std::move(sink);
      to->counted = {};
      streams_.release_line(*to, clock::now());
    }
  }
  if (s.to != to) {
    leave(s);
    streams_.join(s, std::move(to), is_shareable);
  }
  return is_new;
}

void log_pump_loop::leave(log_stream& s) {
  if (s.to && s.to->users.size() == 1) write_back_all(s);
  const auto from = s.to;
  const auto heir = streams_.leave(s, clock::now());
  if (heir && from->sink.write_back_at()) spilled_.insert(*heir); // who sees to what waits from now on
}

void log_pump_loop::forget(stream_id id) {
  if (auto* s = streams_.find(id); s != nullptr) {
    withdraw(*s);
    leave(*s);
  }
  streams_.erase(id);
}

/// How many of these bytes may go now; the others wait, and so does the stream. Who shares a file, or sends or gives
/// away what is in lines, goes on line by line; what becomes text of its own is divided between characters, unless
/// nothing comes after it.
std::size_t log_pump_loop::portion_of(log_stream& s, log_source& from, std::string_view seen) {
  const auto& sink = s.to->sink;
  const bool is_for_others = sink.sends_lines() || sink.rules().to == log_target::actor;
  auto portion = seen.size();
  if (is_for_others || s.to->users.size() > 1) {
    auto line = stream_table::line_seen_by(s);
    if (line == policy::open_line::foreign) {
      if (!wait_for_line(s)) return 0;
      line = policy::open_line::none;
    }
    portion = policy::shared_portion({.bytes = seen,
                                      .waiting = std::max(from.pipe.waiting(), seen.size()),
                                      .capacity = from.pipe.capacity(),
                                      .is_last = from.is_finished},
                                     line);
  }
  const bool is_text = is_for_others || sink.rules().format == log_format::json;
  if (is_text && portion > 0 && !(from.is_finished && from.pipe.waiting() <= portion))
    portion -= unfinished_character(seen.substr(0, portion));
  if (portion == 0) hold(s, from, seen.size());
  return portion;
}

/// Somebody else's line has begun; true when it was given up.
bool log_pump_loop::wait_for_line(log_stream& s) {
  const auto until = s.to->line_at + line_patience;
  if (clock::now() < until) {
    block(s, until);
    return false;
  }
  report(s, s.to->sink.end_line(now()));
  streams_.release_line(*s.to, clock::now());
  return true;
}

/// A line has begun in the pipe and has no end yet: it is looked at again when there is more. Without a change of the
/// poll the pump would not sleep any more. But the kernel does not say that a writer has filled a pipe that was not
/// empty and waits for room in the middle of its write; so it is looked at now and then, too.
void log_pump_loop::hold(log_stream& s, log_source& from, std::size_t bytes) {
  if (!from.pipe.hold(epoll_.get(), s.id, bytes)) return; // it is read again and again
  s.held_for = first_look;
  s.held_until = clock::now() + first_look;
  held_.insert(s.id);
}

void log_pump_loop::look_at_held() {
  const auto at = clock::now();
  for (auto id = held_.begin(); id != held_.end();) {
    auto* s = streams_.find(*id);
    auto* from = s == nullptr || s->sources.empty() ? nullptr : &s->sources.front();
    if (from == nullptr || !from->pipe.is_polled() || !from->pipe.held()) {
      id = held_.erase(id);
      continue;
    }
    if (s->held_until <= at && from->pipe.waiting() != *from->pipe.held()) {
      from->pipe.stop_polling(epoll_.get());
      tell_refused(*s, from->pipe.poll(epoll_.get(), s->id));
      id = held_.erase(id);
      continue;
    }
    if (s->held_until <= at) {
      s->held_for = std::min(s->held_for * 2, last_look);
      s->held_until = at + s->held_for;
    }
    ++id;
  }
}

} // namespace alder::logs

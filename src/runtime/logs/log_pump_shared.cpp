// How streams share a file: whose turn it is, so that no line is torn.
#include "runtime/logs/log_pump_loop.hpp"
#include "runtime/policy/shared_lines.hpp"

#include <algorithm>
#include <utility>

#include <sys/epoll.h>

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
bool log_pump_loop::switch_outlet(stream& s, const std::string& path, const log_spec& rules) {
  const bool is_shareable = rules.to == log_target::file && path != "/dev/null";
  const auto known = is_shareable ? outlets_.find(path) : outlets_.end();
  auto to = known == outlets_.end() ? nullptr : known->second.lock();
  const bool is_new = to == nullptr || to->sink.rules() != rules;
  if (is_new) {
    log_sink sink{path, settings_.retry_after, rules};
    sink.make_room = [this](const std::string& file, std::size_t bytes) {
      return press_.make_room(file, std::max(bytes, least_room)) > 0;
    };
    if (to == nullptr) {
      to = std::make_shared<outlet>(std::move(sink));
    } else {
      sink.inherit(to->sink);
      to->sink = std::move(sink);
      to->counted = {};
      release_line(*to);
    }
  }
  if (s.to != to) {
    leave(s);
    s.to = to;
    to->users.push_back(s.id);
  }
  if (is_shareable) outlets_[path] = to;
  return is_new;
}

void log_pump_loop::leave(stream& s) {
  if (!s.to) return;
  auto& users = s.to->users;
  if (users.size() == 1) write_back_all(s);
  users.erase(std::remove(users.begin(), users.end(), s.id), users.end());
  if (s.to->line == s.id) release_line(*s.to);
  if (users.empty()) {
    outlets_.erase(s.to->sink.path());
  } else if (s.to->sink.write_back_at()) {
    spilled_.insert(users.front()); // who sees to what waits from now on
  }
  s.to.reset();
}

void log_pump_loop::forget(stream_id id) {
  if (auto* s = find(id); s != nullptr) {
    withdraw(*s);
    leave(*s);
  }
  streams_.erase(id);
}

/// How many of these bytes may go to the file now; the others wait, and so does the stream.
std::size_t log_pump_loop::shared_portion(stream& s, source& from, std::string_view bytes) {
  const auto line = !s.to->line           ? policy::open_line::none
                    : *s.to->line == s.id ? policy::open_line::own
                                          : policy::open_line::foreign;
  if (line == policy::open_line::foreign && !wait_for_line(s)) return 0;
  const auto waiting = std::max(bytes_waiting(from.pipe.get()), bytes.size());
  const auto portion = policy::shared_portion(
      {.bytes = bytes, .waiting = waiting, .capacity = from.capacity, .is_last = from.is_finished},
      line == policy::open_line::foreign ? policy::open_line::none : line);
  if (portion == 0) hold(s, from, bytes.size());
  return portion;
}

/// Somebody else's line has begun; true when it was given up.
bool log_pump_loop::wait_for_line(stream& s) {
  const auto until = s.to->line_at + line_patience;
  if (clock::now() < until) {
    block(s, until);
    return false;
  }
  report(s, s.to->sink.end_line(now()));
  release_line(*s.to);
  return true;
}

/// A line has begun in the pipe and has no end yet: it is looked at again when there is more. Without a change of the
/// poll the pump would not sleep any more. But the kernel does not say that a writer has filled a pipe that was not
/// empty and waits for room in the middle of its write; so it is looked at now and then, too.
void log_pump_loop::hold(stream& s, source& from, std::size_t bytes) {
  if (!from.is_polled) return;
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  event.data.u64 = s.id;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, from.pipe.get(), &event) != 0) return; // it is read again and again
  from.held = bytes;
  s.held_for = first_look;
  s.held_until = clock::now() + first_look;
  held_.insert(s.id);
}

void log_pump_loop::look_at_held() {
  const auto at = clock::now();
  for (auto id = held_.begin(); id != held_.end();) {
    auto* s = find(*id);
    auto* from = s == nullptr || s->sources.empty() ? nullptr : &s->sources.front();
    if (from == nullptr || !from->is_polled || !from->held) {
      id = held_.erase(id);
      continue;
    }
    if (s->held_until <= at && bytes_waiting(from->pipe.get()) != *from->held) {
      stop_polling(*from);
      poll(*s, *from);
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

/// After these bytes were written, or given up.
void log_pump_loop::note_line(stream& s, std::string_view bytes) {
  if (bytes.empty()) return;
  if (bytes.back() == '\n') return release_line(*s.to);
  s.to->line = s.id;
  s.to->line_at = clock::now();
}

/// The line has ended: the streams that wait for it resume.
void log_pump_loop::release_line(outlet& to) {
  if (!std::exchange(to.line, std::nullopt)) return;
  for (const auto id : to.users) {
    auto* user = find(id);
    if (user != nullptr && user->blocked_until) user->blocked_until = clock::now();
  }
}

/// Whether this is the last of the process's streams into this file, so that its run ends here.
bool log_pump_loop::ends_run(const stream& s, alder::generation of) const {
  return std::none_of(s.to->users.begin(), s.to->users.end(), [&](stream_id id) {
    const auto found = streams_.find(id);
    if (id == s.id || found == streams_.end()) return false;
    const auto& other = found->second;
    return other.who.origin.instance == s.who.origin.instance &&
           std::any_of(other.sources.begin(), other.sources.end(),
                       [&](const source& from) { return from.generation == of; });
  });
}

} // namespace alder::logs

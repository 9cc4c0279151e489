#include "runtime/logs/stream_table.hpp"

#include <algorithm>

namespace alder::logs {

bool log_source::finds_in(std::string_view bytes) {
  if (!search) return false;
  const bool is_there = search->found_in(bytes);
  if (search->is_over()) search.reset();
  return is_there;
}

log_stream* stream_table::find(stream_id id) {
  const auto found = streams_.find(id);
  return found == streams_.end() ? nullptr : &found->second;
}

const log_stream* stream_table::find(stream_id id) const {
  const auto found = streams_.find(id);
  return found == streams_.end() ? nullptr : &found->second;
}

log_stream& stream_table::add(stream_id id, policy::reading_pace pace) {
  auto& made = streams_[id];
  made.id = id;
  made.pace = pace;
  return made;
}

std::shared_ptr<log_outlet> stream_table::shared_at(const std::string& path) const {
  const auto known = outlets_.find(path);
  return known == outlets_.end() ? nullptr : known->second.lock();
}

void stream_table::join(log_stream& s, std::shared_ptr<log_outlet> to, bool is_shared) {
  if (is_shared) outlets_[to->sink.path()] = to;
  to->users.push_back(s.id);
  s.to = std::move(to);
}

std::optional<stream_id> stream_table::leave(log_stream& s, pump_time now) {
  const auto from = std::exchange(s.to, nullptr);
  if (!from) return std::nullopt;
  auto& users = from->users;
  users.erase(std::remove(users.begin(), users.end(), s.id), users.end());
  if (from->line == s.id) release_line(*from, now);
  if (!users.empty()) return users.front();
  outlets_.erase(from->sink.path());
  return std::nullopt;
}

policy::open_line stream_table::line_seen_by(const log_stream& s) {
  if (!s.to->line) return policy::open_line::none;
  return *s.to->line == s.id ? policy::open_line::own : policy::open_line::foreign;
}

void stream_table::note_line(log_stream& s, std::string_view bytes, pump_time now) {
  if (bytes.empty()) return;
  if (bytes.back() == '\n') return release_line(*s.to, now);
  s.to->line = s.id;
  s.to->line_at = now;
}

void stream_table::release_line(log_outlet& to, pump_time now) {
  if (!std::exchange(to.line, std::nullopt)) return;
  for (const auto id : to.users) {
    auto* user = find(id);
    if (user != nullptr && user->blocked_until) user->blocked_until = now;
  }
}

bool stream_table::ends_run(const log_stream& s, alder::generation of) const {
  return std::none_of(s.to->users.begin(), s.to->users.end(), [&](stream_id id) {
    const auto* other = id == s.id ? nullptr : find(id);
    return other != nullptr && other->who.origin.instance == s.who.origin.instance &&
           std::any_of(other->sources.begin(), other->sources.end(),
                       [&](const log_source& from) { return from.generation == of; });
  });
}

} // namespace alder::logs

#include "runtime/store/event_log.hpp"

#include "runtime/os/files.hpp"
#include "runtime/wire/json.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace alder::store {
namespace {

std::string older(const std::string& path) { return path + ".1"; }

/// Takes the last line off `text`: what stands between its last two line ends.
std::string_view take_last_line(std::string_view& text) {
  const auto end = text.size() - 1; // `text` ends in a line end
  const auto before = end == 0 ? std::string_view::npos : text.rfind('\n', end - 1);
  const auto begin = before == std::string_view::npos ? 0 : before + 1;
  const auto line = text.substr(begin, end - begin);
  text = text.substr(0, begin);
  return line;
}

/// The readable events at the end of `text`, newest first, until there are `most`.
void read_backwards(std::string_view text, std::size_t most, std::vector<event>& events) {
  while (!text.empty() && events.size() < most) {
    auto e = wire::parse_event(take_last_line(text));
    if (e) events.push_back(std::move(*e));
  }
}

/// How much of `text` stays when a torn end, or a garbled last line, is cut off.
std::size_t sound_size(std::string_view text) {
  const auto end = text.rfind('\n');
  text = text.substr(0, end == std::string_view::npos ? 0 : end + 1);
  if (text.empty()) return 0;
  const auto size = text.size();
  return wire::parse_event(take_last_line(text)) ? size : text.size();
}

/// The file's last bytes, at most `most`.
result<std::string> read_end(int fd, std::uint64_t size, std::uint64_t most) {
  const auto length = std::min(size, most);
  std::string text(static_cast<std::size_t>(length), '\0');
  const auto got = os::read_at(fd, size - length, text);
  if (!got) return got.failure();
  text.resize(*got);
  return text;
}

} // namespace

result<event_log> event_log::open(const std::string& directory, std::size_t most_recent, std::uint64_t limit) {
  event_log log;
  log.path_ = directory + "/events.jsonl";
  log.limit_ = limit;
  if (auto made = os::make_directories(directory, 0700); !made) return made.failure();
  if (auto loaded = log.load(most_recent); !loaded) return loaded.failure();
  return log;
}

outcome event_log::load(std::size_t most_recent) {
  auto opened = os::open_for_append(path_);
  if (!opened) return opened.failure();
  fd_ = std::move(*opened);
  const auto most = std::max<std::size_t>(most_recent, 1); // the last one tells the number to go on with
  std::vector<event> events;
  if (auto loaded = load_current(events, most); !loaded) return loaded;
  if (events.size() < most) {
    // Without the older file there is only less to look back on.
    if (const auto text = os::read_file(older(path_), static_cast<std::size_t>(limit_ * 2)))
      read_backwards({text->data(), text->rfind('\n') + 1}, most, events); // npos + 1 is 0: no whole line
  }
  for (const auto& e : events)
    next_seq_ = std::max(next_seq_, e.seq + 1);
  if (events.size() > most_recent) events.clear();
  recent_.assign(std::make_move_iterator(events.rbegin()), std::make_move_iterator(events.rend()));
  return success();
}

outcome event_log::load_current(std::vector<event>& events, std::size_t most) {
  const auto facts = os::facts_of(fd_.get());
  if (!facts) return facts.failure();
  const auto text = read_end(fd_.get(), facts->size, limit_ * 2);
  if (!text) return text.failure();
  const auto sound = sound_size(*text);
  size_ = facts->size - (text->size() - sound);
  if (size_ < facts->size) {
    if (auto cut = os::cut_file(fd_.get(), size_); !cut) return cut;
  }
  read_backwards({text->data(), sound}, most, events);
  return success();
}

outcome event_log::append(event& e) {
  e.seq = next_seq_++;
  if (!fd_) return error{error_kind::unavailable, "the event log is not open"};
  const auto line = wire::event_json(e) + "\n";
  if (is_torn_) {
    if (auto cut = os::cut_file(fd_.get(), size_); !cut) return cut;
    is_torn_ = false;
  }
  if (size_ > 0 && size_ + line.size() > limit_) {
    if (auto rotated = rotate(); !rotated) return rotated;
  }
  if (auto written = os::write_all(fd_.get(), line); !written) {
    is_torn_ = true;
    return written;
  }
  size_ += line.size();
  return success();
}

/// An error leaves the log as it was, and the next event tries again.
outcome event_log::rotate() {
  auto renamed = os::rename_file(path_, older(path_));
  if (!renamed && renamed.failure().kind != error_kind::not_found) return renamed; // gone: an earlier try got this far
  auto opened = os::open_for_append(path_);
  if (!opened) return opened.failure();
  fd_ = std::move(*opened);
  size_ = 0;
  return success();
}

} // namespace alder::store

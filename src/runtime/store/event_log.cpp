#include "runtime/store/event_log.hpp"

#include "runtime/os/damaged_file.hpp"
#include "runtime/os/files.hpp"
#include "runtime/wire/event_json.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace alder::store {
namespace {

std::string older(const std::string& path) { return path + ".1"; }

/// Every event begins with it, and nothing in an event is like it: a quote in a text has a backslash.
constexpr std::string_view event_begin = "{\"seq\":";

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20; }

/// The lines of a text that look like events, wherever they stand, and whether there was anything else.
struct event_lines {
  std::vector<std::string_view> all;
  bool is_sound = true;
};

/// A line of its own; or, when line ends were lost, several; or one behind, or before, something else.
void take_events(std::string_view line, event_lines& into) {
  if (line.ends_with('\r')) line.remove_suffix(1); // a line end as other systems write it
  auto begin = line.find(event_begin);
  into.is_sound = into.is_sound && begin == 0;
  while (begin != std::string_view::npos) {
    const auto next = line.find(event_begin, begin + 1);
    const auto one = line.substr(begin, next == std::string_view::npos ? next : next - begin);
    const bool is_whole = one.back() == '}' && std::none_of(one.begin(), one.end(), is_control);
    if (is_whole) into.all.push_back(one);
    into.is_sound = into.is_sound && is_whole && next == std::string_view::npos;
    begin = next;
  }
}

/// `is_cut`: the text is the end of a longer one.
event_lines lines_of(std::string_view text, bool is_cut) {
  event_lines found;
  if (is_cut) text = text.substr(std::min(text.find('\n'), text.size() - 1) + 1);
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end = text.find('\n', begin);
    take_events(text.substr(begin, end == std::string_view::npos ? end : end - begin), found);
    if (end == std::string_view::npos) found.is_sound = false; // torn, or its line end is lost
    begin = end == std::string_view::npos ? text.size() : end + 1;
  }
  return found;
}

/// The readable events at the end, newest first, until there are `most`. Of a later version some may not be.
void read_backwards(const std::vector<std::string_view>& lines, std::size_t most, std::vector<event>& events) {
  for (auto line = lines.rbegin(); line != lines.rend() && events.size() < most; ++line) {
    auto e = wire::parse_event(*line);
    if (e) events.push_back(std::move(*e));
  }
}

std::string joined(const std::vector<std::string_view>& lines) {
  std::string text;
  for (const auto line : lines)
    text.append(line).append("\n");
  return text;
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
  const auto most = std::max<std::size_t>(most_recent, 1); // the last one has the number to continue with
  std::vector<event> events;
  if (auto loaded = load_current(events, most); !loaded) { // a directory, say, or another user's
    if (!set_aside(path_, "cannot be read: " + loaded.failure().message)) return loaded;
    if (auto again = load_current(events, most); !again) return again;
  }
  if (events.size() < most) load_older(events, most);
  for (const auto& e : events)
    next_seq_ = std::max(next_seq_, e.seq + 1);
  if (events.size() > most_recent) events.clear();
  recent_.assign(std::make_move_iterator(events.rbegin()), std::make_move_iterator(events.rend()));
  return success();
}

outcome event_log::open_current() {
  auto opened = os::open_for_append(path_);
  if (!opened) return opened.failure();
  fd_ = std::move(*opened);
  const auto facts = os::facts_of(fd_.get());
  if (!facts) return facts.failure();
  size_ = facts->size;
  return success();
}

outcome event_log::load_current(std::vector<event>& events, std::size_t most) {
  if (auto opened = open_current(); !opened) return opened;
  const auto text = read_end(fd_.get(), size_, limit_ * 2);
  if (!text) return text.failure();
  const bool is_cut = size_ > text->size();
  const auto lines = lines_of(*text, is_cut);
  read_backwards(lines.all, most, events);
  if (lines.is_sound && !is_cut) return success();
  const auto clean = joined(lines.all);
  const bool kept =
      set_aside(path_, is_cut ? "is larger than it should ever be" : "contains data that is not an event").ok();
  if (kept && os::write_file_atomically(path_, clean)) return open_current();
  // On a full disk it continues in the same file, after its last line.
  size_ -= text->size() - (text->rfind('\n') + 1); // npos + 1 is 0: no whole line
  return os::cut_file(fd_.get(), size_);
}

/// Without the older file there is only less to look back on.
void event_log::load_older(std::vector<event>& events, std::size_t most) {
  const auto path = older(path_);
  if (!os::is_taken(path)) return;
  const auto facts = os::facts_of(path);
  const auto file = facts && facts->is_regular ? os::open_for_reading(path) : error{error_kind::io, "it is not a file"};
  const auto text = file ? read_end(file->get(), facts->size, limit_ * 2) : file.failure();
  if (!text) return (void)set_aside(path, "cannot be read: " + text.failure().message); // it was told
  const auto lines = lines_of(*text, facts->size > text->size());
  read_backwards(lines.all, most, events);
  if (lines.is_sound && facts->size == text->size()) return;
  const auto clean = joined(lines.all);
  if (set_aside(path, "contains data that is not an event"))
    (void)os::write_file_atomically(path, clean); // else again next time
}

/// Keeps the file beside; what is told of it says where, or why not.
outcome event_log::set_aside(const std::string& path, const std::string& problem) {
  const auto kept = os::keep_damaged(path);
  problems_.push_back("the event log " + path + " " + problem +
                      (kept ? "; kept as " + *kept : "; " + kept.failure().message));
  if (kept) return success();
  return kept.failure();
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
  if (!renamed && renamed.failure().kind != error_kind::not_found) {             // else an earlier try got this far
    if (const auto kept = os::keep_damaged(older(path_)); !kept) return renamed; // a directory is in the way
    if (auto again = os::rename_file(path_, older(path_)); !again) return again;
  }
  if (auto opened = open_current(); !opened) return opened;
  size_ = 0;
  return success();
}

} // namespace alder::store

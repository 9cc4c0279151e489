#include "runtime/wire/process_note.hpp"

#include <charconv>
#include <cstddef>

namespace alder::wire {
namespace {

using phase = process_note::phase;

std::string_view word(phase of) {
  switch (of) {
  case phase::waiting: return "waiting";
  case phase::stopping: return "stopping";
  case phase::none: break;
  }
  return {};
}

/// Takes the text up to the next space.
std::string_view take_word(std::string_view& text) {
  const auto end = text.find(' ');
  const auto first = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return first;
}

template <class Number> std::optional<Number> number(std::string_view text) {
  Number value{};
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  return read.ec == std::errc{} && read.ptr == text.data() + text.size() ? std::optional{value} : std::nullopt;
}

} // namespace

std::string encode(const process_note& note) {
  auto text = std::to_string(note.restarts);
  if (note.now == phase::none) return text;
  text += " " + std::string{word(note.now)};
  if (note.due) text += " " + std::to_string(note.due->count());
  return text;
}

process_note decode_process_note(std::string_view text) {
  process_note note;
  note.restarts = number<unsigned>(take_word(text)).value_or(0);
  const auto state = take_word(text);
  for (const auto known : {phase::waiting, phase::stopping})
    if (state == word(known)) note.now = known;
  if (note.now == phase::none) return note;
  const auto due = number<std::int64_t>(take_word(text));
  if (due && *due > 0) note.due = std::chrono::milliseconds{*due};
  return note;
}

} // namespace alder::wire

#include "cli/common/progress.hpp"

#include "cli/common/screens.hpp"

#include "runtime/base/units.hpp"

#include "alder/node_id.hpp"

#include <algorithm>
#include <array>

namespace alder::cli {
namespace {

constexpr std::size_t max_failed = 3;

/// Supervisors have no process, and what they do is done by their services.
bool shows_a_service(const event_view& event) { return event.pid > 0 || event.kind == "starting"; }

/// These happen whether somebody changes something or not.
bool happens_by_itself(const event_view& event) {
  constexpr std::array<std::string_view, 4> kinds{"own_exit", "sibling_exit", "schedule", "file_change"};
  return std::find(kinds.begin(), kinds.end(), event.cause.kind) != kinds.end();
}

} // namespace

progress::progress(look on, unsigned rows, change_words words, wall_time begin)
    : on_{on}, rows_{rows}, words_{std::move(words)}, begin_{begin} {}

progress::entry* progress::entry_of(const event_view& event, wall_time now) {
  auto id = node_id{event.tree, event.name}.text();
  const auto found = places_.find(id);
  if (found != places_.end()) return &entries_[found->second];
  if (!shows_a_service(event)) return nullptr;
  entry added;
  added.tree = event.tree;
  added.name = event.name;
  added.begin = now;
  places_.emplace(std::move(id), entries_.size());
  entries_.push_back(std::move(added));
  return &entries_.back();
}

void progress::update(entry& one, const event_view& event, wall_time now) {
  one.is_of_change = one.is_of_change || !happens_by_itself(event);
  const auto enter = [&](phase next, std::string text) {
    if (one.now != phase::active && next == phase::active) one.begin = now;
    one.now = next;
    one.waits = false;
    one.text = std::move(text);
    one.end = now;
  };
  if (event.kind == "starting" || event.kind == "stopping") enter(phase::active, event.kind);
  if (event.kind == "restart_planned") {
    enter(phase::active, event.text);
    one.waits = true;
  }
  if (event.kind == "start_failed" || event.kind == "exited") enter(phase::failed, event.text);
  if (event.kind == "started" || event.kind == "adopted") {
    // What a new daemon finds running has been started by the change only if it was about to be.
    const bool was_starting = event.kind == "started" || (one.now == phase::active && one.text == "starting");
    enter(phase::done, {});
    one.has_started = one.has_started || (was_starting && event.pid > 0);
  }
  if (event.kind == "stopped" || event.kind == "finished") {
    enter(phase::done, event.kind);
    one.has_stopped = true;
  }
}

std::string progress::on_event(const event_view& event, wall_time now) {
  auto* one = entry_of(event, now);
  if (one != nullptr) update(*one, event, now);
  const bool repaints = on_.terminal && (rows_ == 0 || entries_.size() + 2 < rows_);
  if (repaints) return one != nullptr ? repaint(now) : std::string{};
  painted_ = 0;
  return (on_.terminal ? harmless(event.text) : event.text) + "\n";
}

std::string progress::on_tick(wall_time now) {
  if (!on_.terminal || painted_ == 0) return {};
  ++turn_;
  return repaint(now);
}

std::string progress::line_of(const entry& one, wall_time now) const {
  constexpr std::array<std::string_view, 10> spinner{"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"};
  constexpr std::array<std::string_view, 4> ascii_spinner{"|", "/", "-", "\\"};
  switch (one.now) {
  case phase::active: {
    const auto mark = on_.unicode ? spinner.at(turn_ % spinner.size()) : ascii_spinner.at(turn_ % ascii_spinner.size());
    return paint(on_, tone::warning, mark) + " " + one.name + " " + harmless(one.text) + " " + age(one.begin, now);
  }
  case phase::done: {
    const auto mark = paint(on_, tone::good, on_.unicode ? "✓" : "+");
    return mark + " " + one.name + (one.text.empty() ? "" : " " + one.text) + " " + age(one.begin, one.end);
  }
  case phase::failed: return paint(on_, tone::bad, on_.unicode ? "✗" : "x") + " " + harmless(one.text);
  }
  return {};
}

std::string progress::repaint(wall_time now) {
  std::string text;
  if (painted_ > 0) text += "\033[" + std::to_string(painted_) + "A";
  for (const auto& one : entries_) {
    const auto line = line_of(one, now);
    text += "\r\033[2K" + (on_.width > 0 ? cut(on_, line, on_.width - 1) : line) + "\n";
  }
  painted_ = entries_.size();
  return text;
}

std::ptrdiff_t progress::counted() const {
  const auto counts = [&](const entry& one) {
    if (!one.is_of_change) return false;
    if (words_.counts_both) return one.has_started || one.has_stopped;
    return words_.counts_stops ? one.has_stopped : one.has_started;
  };
  return std::count_if(entries_.begin(), entries_.end(), counts);
}

bool progress::has_counted() const { return counted() > 0; }

std::string progress::summary(wall_time now) const {
  const auto number = counted();
  const auto what = number == 0 ? std::string{"done"} : std::to_string(number) + " " + words_.done;
  return what + " in " + age(begin_, now);
}

std::vector<std::string> progress::failed() const {
  std::vector<std::string> names;
  for (const auto& one : entries_)
    if ((one.now == phase::failed || one.waits) && names.size() < max_failed)
      names.push_back(node_id{one.tree, one.name}.text());
  return names;
}

std::vector<std::string> progress::failed_to_start() const {
  std::vector<std::string> names;
  for (const auto& one : entries_)
    if (one.now == phase::failed && !one.has_started && names.size() < max_failed)
      names.push_back(node_id{one.tree, one.name}.text());
  return names;
}

} // namespace alder::cli

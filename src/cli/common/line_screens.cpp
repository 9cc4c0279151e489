#include "cli/common/screens.hpp"

#include "runtime/base/text.hpp"
#include "runtime/base/units.hpp"

#include <algorithm>
#include <array>
#include <ctime>

namespace alder::cli {
namespace {

std::tm local_time(wall_time at) {
  const auto seconds =
      static_cast<std::time_t>(std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count());
  std::tm parts{};
  (void)::localtime_r(&seconds, &parts); // years beyond 32 bits alone fail, and show as 1900
  return parts;
}

std::string formatted(const std::tm& time, const char* format) {
  std::array<char, 64> text{};
  return {text.data(), std::strftime(text.data(), text.size(), format, &time)};
}

bool is_same_day(wall_time a, wall_time b) {
  const auto one = local_time(a);
  const auto other = local_time(b);
  return one.tm_year == other.tm_year && one.tm_yday == other.tm_yday;
}

tone tone_of_event(std::string_view kind) {
  if (kind == "gave_up" || kind == "tree_failed" || kind == "start_failed") return tone::bad;
  if (kind == "exited" || kind == "restart_planned" || kind == "warning") return tone::warning;
  if (kind == "started" || kind == "adopted") return tone::good;
  return tone::plain;
}

std::string between_rules(const look& on, const std::string& text) {
  const std::string rule = on.unicode ? "──" : "--";
  return paint(on, tone::warning, rule + " " + text + " " + rule) + "\n";
}

} // namespace

std::string clock_seconds(wall_time at) { return formatted(local_time(at), "%H:%M:%S"); }

std::string clock_millis(wall_time at) {
  const auto millis = (at - std::chrono::floor<std::chrono::seconds>(at)).count();
  auto digits = std::to_string(millis);
  digits.insert(0, 3 - std::min<std::size_t>(digits.size(), 3), '0');
  return clock_seconds(at) + "." + digits;
}

std::string date_and_clock(wall_time at) { return formatted(local_time(at), "%Y-%m-%d %H:%M:%S"); }

std::string age(wall_time since, wall_time now) { return format_age(std::max(milliseconds{0}, now - since)); }

std::string log_text(const look& on, const log_line& line, const log_style& style) {
  if (style.is_raw) return line.line + (line.partial ? "" : "\n");
  auto text = wire::shown_text(line.line);
  if (on.terminal) text = harmless(text);
  if (!style.has_prefix) return text + "\n";
  const auto time = line.at != wall_time{} ? clock_millis(line.at) : std::string(12, ' ');
  const auto bar = line.is_err() ? (on.unicode ? "┃" : "!") : (on.unicode ? "│" : "|");
  return paint(on, tone::dim, time) + " " + pad(paint_name(on, line.service, line.service), style.name_width) + " " +
         paint(on, line.is_err() ? tone::bad : tone::dim, bar) + " " + text + "\n";
}

std::string event_text(const look& on, const event_view& event, wall_time now) {
  std::string time(12, ' ');
  if (event.at) time = is_same_day(*event.at, now) ? clock_millis(*event.at) : date_and_clock(*event.at);
  const auto who = event.name.empty() ? std::string{"alder"} : event.name;
  const auto text = on.terminal ? harmless(event.text) : event.text;
  return paint(on, tone::dim, time) + " " + pad(paint_name(on, who, who), 10) + " " +
         paint(on, tone_of_event(event.kind), text) + "\n";
}

std::string gap_text(const look& on, const event_gap& gap) {
  return between_rules(on, counted(gap.missed, "event") + " skipped: this reader was too slow");
}

std::string gap_text(const look& on, const log_gap& gap) {
  const auto when = [](wall_time at) { return at != wall_time{} ? date_and_clock(at) : std::string{"?"}; };
  return between_rules(on, "output of " + gap.service + " from " + when(gap.from) + " to " + when(gap.to) +
                               " was deleted before it could be shown");
}

std::string info_screen(const look& on, const daemon_info& info) {
  std::string text;
  const auto add = [&](std::string_view label, const std::string& value) {
    if (!value.empty()) text += pad_left(std::string{label}, 8) + ": " + value + "\n";
  };
  add("Version", info.version);
  add("Daemon", "pid " + std::to_string(info.pid));
  add("Keeper", "pid " + std::to_string(info.keeper_pid));
  if (info.started_at) add("Started", date_and_clock(*info.started_at) + " (" + format_age(info.uptime) + " ago)");
  if (info.epoch > 1) {
    add("Epoch", std::to_string(info.epoch) + " (the daemon was restarted " + counted(info.epoch - 1, "time") + ")");
  }
  add("Socket", info.socket);
  add("State", info.state_dir);
  add("Logs", info.log_dir);
  add("Trees", std::to_string(info.trees));
  std::vector<std::string> counts;
  for (const auto& [state, number] : info.counts)
    if (number > 0) counts.push_back(std::to_string(number) + " " + state);
  add("Services", counts.empty() ? "none" : join(counts, separator(on)));
  for (const auto& notice : info.notices)
    add("Notice", notice);
  return text;
}

} // namespace alder::cli

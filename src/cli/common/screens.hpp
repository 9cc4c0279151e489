// What the commands show: answers of the daemon as text. Pure: the moment `now` and the look are given.
#pragma once

#include "cli/common/answers.hpp"
#include "cli/common/look.hpp"

#include "alder/event.hpp"

#include <string>
#include <vector>

namespace alder::cli {

/// `alder ls`: a table of services, a line that counts them, and a hint when one is failed or in backoff.
[[nodiscard]] std::string list_screen(const look& on, const std::vector<node_view>& services, wall_time now);

/// `alder tree`: supervisors with their restart budget, services below, and what is about to go wrong.
[[nodiscard]] std::string tree_screen(const look& on, const tree_view& trees, wall_time now);

enum class secrets { hidden, shown };
/// `alder describe NAME`. `environment`: values may be secrets, so they are shown on request only.
[[nodiscard]] std::string describe_screen(const look& on, const node_view& node, secrets environment, wall_time now);

/// `alder info`.
[[nodiscard]] std::string info_screen(const look& on, const daemon_info& info);

struct log_style {
  bool has_prefix = true;
  bool is_raw = false;        ///< with the control characters it has, also on a terminal
  std::size_t name_width = 0; ///< columns of the longest name
};
/// One line of `alder logs`, with its end: "17:45:09.120 api:1 │ text"; stderr has a heavy red bar.
[[nodiscard]] std::string log_text(const look& on, const log_line& line, const log_style& style);

/// One line of `alder events`, with its end; the date stands there when it is not `now`'s day.
[[nodiscard]] std::string event_text(const look& on, const event_view& event, wall_time now);

/// "── 412 lines were missed …" for a follower that was too slow.
[[nodiscard]] std::string gap_text(const look& on, const event_gap& gap);
[[nodiscard]] std::string gap_text(const look& on, const log_gap& gap);

/// Local wall time: "17:45:09.120", "17:45:09", "2026-11-22 17:45:09".
[[nodiscard]] std::string clock_millis(wall_time at);
[[nodiscard]] std::string clock_seconds(wall_time at);
[[nodiscard]] std::string date_and_clock(wall_time at);
/// How long ago, "2h11m"; at least "0.0s" when clocks disagree.
[[nodiscard]] std::string age(wall_time since, wall_time now);

} // namespace alder::cli

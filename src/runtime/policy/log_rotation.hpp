// When an output file is rotated, and which archives are deleted.
#pragma once

#include "alder/log_spec.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace alder::policy {

using log_time = std::chrono::sys_time<std::chrono::milliseconds>;

/// The end of the period in which `began` lies: periods of `every` are counted from midnight of 1970 in local time, so
/// that a day ends at midnight and an hour on the hour. Nothing when `every` is 0.
[[nodiscard]] std::optional<log_time> period_end(log_time began, std::chrono::milliseconds every,
                                                 std::chrono::seconds utc_offset);

/// What is to be done before bytes are written.
struct rotation_step {
  bool rotate = false;   ///< rotate the file first
  std::size_t bytes = 0; ///< how many of the bytes go to the (then new) file
  bool operator==(const rotation_step&) const = default;
};
/// What is known of the file: its size, whether its last line is incomplete, whether its period is over.
struct log_file_state {
  std::uint64_t size = 0;
  bool in_line = false;
  bool is_over = false;
};
/// Files are cut between lines only, so one whose last line is longer than `max_size` (0: no limit) is larger.
/// `bytes` is not empty, neither are those chosen.
[[nodiscard]] rotation_step next_portion(std::string_view bytes, const log_file_state& file, std::uint64_t max_size);

/// An archive.
struct archived_file {
  std::string name;
  std::string live; ///< the output file it was
  std::uint64_t size = 0;
  log_time rotated{}; ///< when it was rotated
};
/// What of one service's archives goes: beyond `max_files` of each live file, older than `max_age`, and the oldest that
/// do not fit into `max_total` beside `live_files` files of `max_size`. `archives`: sorted by time. Names, oldest
/// first.
[[nodiscard]] std::vector<std::string> surplus_of_service(const std::vector<archived_file>& archives,
                                                          const log_spec& rules, std::size_t live_files, log_time now);

/// The oldest archives that have at least `bytes` together; all when there are not so many.
[[nodiscard]] std::vector<std::string> oldest_of(const std::vector<archived_file>& archives, std::uint64_t bytes);

} // namespace alder::policy

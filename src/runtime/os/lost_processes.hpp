// The main processes of services whose keeper and daemon died together, as far as anything was written down of them or
// is seen on them. The daemon that takes them over and the command that only counts them ask the same.
#pragma once

#include "runtime/wire/process_record.hpp"

#include "alder/event.hpp"
#include "alder/exit_status.hpp"
#include "alder/node_id.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace alder::os {

/// In the ids of commands about a service, such as checks; no name has it.
inline constexpr char check_mark = '#';

struct lost_process {
  wire::noted_process process;
  std::optional<exit_status> exited = {}; ///< how it ended, if its keeper had seen that
  bool is_seen = false;                   ///< by its mark alone
};
/// By service and generation.
using service_generation = std::pair<node_id, generation>;
using lost_processes = std::map<service_generation, lost_process>;

/// Of the line of keepers with the mark `line`: what the journal noted, and the book at `start_book` in which the
/// keeper and the processes themselves noted each start. Without a whole book, of what was started right before the
/// end, only leaders of sessions that bear the mark, of which a main process is the oldest; `now`: when these are said
/// to have started.
[[nodiscard]] lost_processes find_lost(const std::vector<wire::noted_process>& noted, const std::string& start_book,
                                       const std::string& line, wall_time now);
/// Whether the process that is meant is still there.
[[nodiscard]] bool lives(const wire::noted_process& process);

/// The service and generation of "LINE/TREE/NAME/GENERATION".
[[nodiscard]] std::optional<service_generation> key_of_mark(std::string_view mark, std::string_view line);

/// How many services a daemon that starts now would find running. Changes nothing.
[[nodiscard]] std::size_t count_lost_services(const std::string& run_dir, const std::string& state_dir);

} // namespace alder::os

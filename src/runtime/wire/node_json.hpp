// A node of a tree as answers show it.
#pragma once

#include "runtime/wire/detail_json.hpp"
#include "runtime/wire/node_parts.hpp"

#include "alder/snapshot.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace alder::wire {

/// Nodes nested deeper than this are not written, and refused by readers.
inline constexpr unsigned deepest_node = 64;

/// A node in the words of the API, some of which a reader may not know. What a kind of node does not have is empty.
struct node_view {
  std::string type; ///< "service", "supervisor" or "actor"
  std::string tree;
  std::string name;
  std::string parent; ///< empty: it is a root
  std::string state;
  std::optional<wall_time> since;
  std::string reason;
  std::string restart;
  unsigned restarts = 0;
  std::optional<unsigned> generation; ///< of what has processes
  int pid = 0;                        ///< 0: no process
  std::string status;                 ///< what the program says of itself
  bool reloading = false;
  std::string health;                            ///< why it is not well
  std::map<std::string, program_metric> metrics; ///< what the program measures itself
  std::optional<usage_snapshot> usage;
  std::optional<exit_view> last_exit;
  std::string strategy; ///< of a supervisor
  bool pool = false;
  std::optional<intensity_view> intensity;
  std::string started_by; ///< "schedule" or "request"; empty: its supervisor
  std::optional<wall_time> next_run;
  std::optional<wall_time> next_attempt;
  std::vector<node_view> children;
  std::optional<node_detail> detail;
};
/// Without children and detail.
[[nodiscard]] node_view view_of(const node_snapshot& node);
/// Without children and detail, which the pieces of an answer add (node_pieces.hpp).
void to_json(json_value& value, const node_view& node);
/// With children and detail. Of what is nested too deeply nothing is read: see `is_too_deep`.
void from_json(const json_value& value, node_view& node);
[[nodiscard]] bool is_too_deep(const json_value& node);

[[nodiscard]] std::string node_json(const node_snapshot& node);

} // namespace alder::wire

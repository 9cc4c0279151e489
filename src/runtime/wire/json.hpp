// The JSON of docs/api.md, from our structs and back: strings in, strings out.
#pragma once

#include "alder/error.hpp"
#include "alder/event.hpp"
#include "alder/snapshot.hpp"
#include "alder/spec.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace alder::wire {

// Everything written is one line without a line end. Bytes that are not UTF-8 become U+FFFD.

/// One node, without children.
[[nodiscard]] std::string node_json(const node_snapshot& node);
[[nodiscard]] std::string strings_json(const std::vector<std::string>& strings);

/// One line of output.
struct log_line {
  wall_time at{};
  std::string tree;
  std::string service;
  std::string stream;   ///< "out" or "err"
  std::string line;     ///< without its end
  bool partial = false; ///< the line was too long and continues in the next one
  std::string cursor{}; ///< the place after it (log_cursor.hpp); empty: not requested
};
[[nodiscard]] std::string log_line_json(const log_line& line);
/// Output that was deleted before a follower had read it: everything written in this period.
struct log_gap {
  wall_time from{};
  wall_time to{};
  std::string tree;
  std::string service;
  std::string stream;
};
[[nodiscard]] std::string log_gap_json(const log_gap& gap);
/// {"cursors":[…]}: where to continue with sources that have no line here.
[[nodiscard]] std::string log_cursors_json(const std::vector<std::string>& cursors);
/// The body of POST /v1/logs: {"after":[…]}; an empty body has none. Errors: invalid_input.
[[nodiscard]] result<std::vector<std::string>> parse_cursors(std::string_view body);

struct process_entry {
  int pid = 0;
  int ppid = 0;
  std::string command;
};

/// What `detail` of a node says beyond its snapshot.
struct node_detail {
  std::vector<std::string> path;             ///< names from the root to it
  const node_snapshot* supervisor = nullptr; ///< its own; null for a root
  std::vector<process_entry> processes;      ///< the main process first
  std::vector<std::string> pending;          ///< settings that take effect at the next start of its process
  std::string log_out;
  std::string log_err;
  struct output {
    std::uint64_t written = 0; ///< bytes
    std::uint64_t lost = 0;    ///< bytes
    std::uint64_t lost_lines = 0;
    std::uint64_t rotations = 0;
    std::uint64_t waiting = 0; ///< bytes, in another directory, until the file can be written
  };
  std::optional<output> logged; ///< both streams, since the daemon started
  std::vector<event> events;
  std::vector<log_line> log;
};
[[nodiscard]] std::string detail_json(const node_snapshot& node, const node_detail& detail);

/// An event as one object, `text` included.
[[nodiscard]] std::string event_json(const event& e);
/// Reads what `event_json` wrote; fields it does not know are ignored. Errors (invalid_input): not JSON, nested more
/// than 32 deep, no `seq`, `at` or `kind`, a value that cannot be.
[[nodiscard]] result<event> parse_event(std::string_view text);

/// What a follower that was too slow gets instead of `missed` events or lines.
[[nodiscard]] std::string gap_json(std::uint64_t missed);

/// What is wrong with a configuration, field by field as in docs/api.md. `line`, `column`, `end_column`: 0 is left out.
struct diagnostic_entry {
  bool is_error = true;
  std::string code;
  std::string message;
  std::string label;
  std::string file;
  unsigned line = 0;
  unsigned column = 0;
  unsigned end_column = 0;
  std::string snippet;
  std::vector<std::string> help;
};

/// An error answer, application/problem+json.
struct problem {
  std::string code; ///< "no_such_node"; docs/api.md lists them
  std::string detail;
  std::vector<std::string> help;
  std::vector<diagnostic_entry> diagnostics;
};
[[nodiscard]] std::string problem_json(const problem& p);

/// The status of HTTP that goes with the code of a problem; 500 with others.
[[nodiscard]] unsigned status_of(std::string_view code);

/// The reason phrase of an HTTP status this API uses: "Not Found"; "Error" for others.
[[nodiscard]] std::string_view status_title(unsigned status);

/// How an operation that changes something ended.
struct operation_result {
  bool changed = false;
  std::optional<problem> failure; ///< none: it went well
};
/// The answer to an operation that is complete: `{"schema":1,"ok":true,"changed":…}`, or its problem.
[[nodiscard]] std::string result_json(const operation_result& r);
/// The answer to a change of so many files: `changed` when there are any.
[[nodiscard]] std::string files_json(std::size_t files);
/// `{"schema":1,"ok":true,"changed":…,"trees":[…]}`: `changed` when there are any.
[[nodiscard]] std::string tree_names_json(const std::vector<std::string>& trees);
/// The last line of a streamed operation.
[[nodiscard]] std::string done_json(const operation_result& r);

/// The answer to GET /_ping.
[[nodiscard]] std::string ping_json(std::string_view version, int pid);

struct daemon_info {
  std::string version;
  int pid = 0;
  int keeper_pid = 0;
  wall_time started_at{};
  milliseconds uptime{0};
  unsigned epoch = 1;
  std::string socket;
  std::string state_dir;
  std::string log_dir;
  std::size_t trees = 0;
  std::map<node_state, std::size_t> counts; ///< services; a state without any may be left out
  std::vector<std::string> notices;         ///< warnings for everyone who looks; usually none
};
/// The answer to GET /v1/info.
[[nodiscard]] std::string info_json(const daemon_info& info);

struct tree_config {
  std::string tree;
  std::string file;
  std::string text;
  wall_time up_since{};
};
/// The answer to GET /v1/config.
[[nodiscard]] std::string configs_json(const std::vector<tree_config>& trees);

/// The answer to POST /v1/config/validate.
[[nodiscard]] std::string validation_json(bool ok, const std::string& tree,
                                          const std::vector<diagnostic_entry>& diagnostics);

/// The body of PUT /v1/config.
struct config_request {
  std::string file; ///< absolute
  std::string text;
  std::map<std::string, std::string> environment;
};
/// Errors (invalid_input): which field is wrong, and what is expected.
[[nodiscard]] result<config_request> parse_config_request(std::string_view body);

/// A variable of the environment that differs; its values are not shown.
struct variable_entry {
  std::string name;
  std::string what; ///< "added", "removed", "changed"
};
/// One thing a new version of a configuration changes, as in docs/api.md.
struct change_entry {
  std::string what; ///< "added", "removed", "changed", "replaced", "rules", "order", "scaled", "failed"
  std::string name;
  std::string parent;
  std::vector<std::string> details;
  bool needs_restart = false;
  std::string then; ///< its consequence with the options of the request: "restart", "next_start" …
  std::vector<variable_entry> variables;
};
struct difference {
  std::string tree;
  node_state state = node_state::running; ///< of its root
  std::string refusal;                    ///< why the change is refused with these options; empty: it is not
  std::vector<change_entry> changes;
};
/// The answer to POST /v1/config/diff.
[[nodiscard]] std::string changes_json(const difference& found);

/// The body of POST /v1/services/{name}/signal: {"signal": "HUP"}, by name, with or without SIG, or by number as text.
/// Errors (invalid_input): as above.
[[nodiscard]] result<int> parse_signal_request(std::string_view body);

/// The body of POST /v1/services/{name}/scale: {"instances": N}, N from 1 to 10000. Errors (invalid_input): as above.
[[nodiscard]] result<unsigned> parse_scale_request(std::string_view body);

/// A child as OTP's which_children and get_childspec report it.
struct child_entry {
  std::string id;
  std::string type;  ///< "worker" or "supervisor"
  std::string state; ///< "running", "stopped", "restarting"
  std::string restart;
  bool significant = false;
  bool alive = false;
};
/// The answer to GET /v1/supervisors/{name}/children: the children in start order, and OTP's count_children.
[[nodiscard]] std::string children_json(const std::vector<child_entry>& children, bool pool);

/// The body of POST /v1/daemon/upgrade: the programs to continue with, absolute paths.
struct upgrade_request {
  std::string keeper;
  std::string daemon;
};
/// Errors (invalid_input): as above.
[[nodiscard]] result<upgrade_request> parse_upgrade_request(std::string_view body);

/// The body of POST /v1/services.
struct service_request {
  std::string name;
  std::vector<std::string> command; ///< not empty
  std::string cwd;                  ///< absolute
  std::map<std::string, std::string> environment;
  std::optional<restart_kind> restart;
};
/// Errors (invalid_input): which field is wrong, and what is expected. Whether the name is allowed is checked
/// elsewhere.
[[nodiscard]] result<service_request> parse_service_request(std::string_view body);

} // namespace alder::wire

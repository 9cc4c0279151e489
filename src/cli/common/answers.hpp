// What the daemon answers, read from JSON into plain structs, and the bodies it is sent.
#pragma once

#include "runtime/config/diagnostic.hpp"

#include "alder/error.hpp"
#include "alder/event.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace alder::cli {

using std::chrono::milliseconds;

/// Nodes nested deeper than this are refused.
inline constexpr unsigned max_tree_depth = 64;

/// An answer that is no success (application/problem+json).
struct problem {
  unsigned status = 0;
  std::string code;
  std::string detail;
  std::vector<std::string> help;
  std::vector<config::diagnostic> diagnostics;
};

struct exit_view {
  std::string text;
  std::optional<int> code;
  std::string signal;
  std::optional<wall_time> at;
};

struct intensity_view {
  unsigned max = 0;
  milliseconds window{0};
  unsigned used = 0;
  unsigned left = 0;
  std::optional<milliseconds> oldest_expires;
};

/// One line of `detail.processes`.
struct process_view {
  int pid = 0;
  int parent = 0;
  std::string command;
};

struct event_view {
  std::uint64_t seq = 0;
  std::optional<wall_time> at;
  std::string kind;
  std::string tree;
  std::string name;
  int pid = 0;
  unsigned generation = 0;
  std::string text;
  std::string cause{}; ///< kind of its cause: "request", "own_exit" …
};

struct log_view {
  std::optional<wall_time> at;
  std::string tree;
  std::string service;
  bool from_stderr = false;
  std::string line;                 ///< without its end
  std::optional<std::string> bytes; ///< what the line is in truth, when that is not UTF-8
  bool partial = false;             ///< it continues in the next one
  std::string cursor{};             ///< the place behind it; empty: it was not asked for
};

struct detail_view {
  std::vector<std::string> command;
  std::string cwd;
  std::map<std::string, std::string> environment;
  std::string attributes;
  std::string input;
  std::string ready;
  std::string stop;
  std::string backoff;
  std::string after;
  std::string schedule;
  std::string watch;
  std::string hooks;
  std::string health;
  std::string heartbeat;
  std::string limits;
  std::string restart_limit;
  std::string exits;
  std::string log_rules;
  std::vector<std::string> pending; ///< settings that what runs does not have
  std::vector<std::string> path;
  std::string strategy;
  std::optional<intensity_view> intensity;
  std::vector<process_view> processes;
  std::string log_out;
  std::string log_err;
  struct logged_view {
    std::uint64_t bytes = 0;
    std::uint64_t lost_bytes = 0;
    std::uint64_t lost_lines = 0;
    std::uint64_t rotations = 0;
    std::uint64_t waiting_bytes = 0; ///< until their file can be written
  };
  std::optional<logged_view> logged;
  std::vector<event_view> events;
  std::vector<log_view> log;
};

/// A node; fields a kind of node does not have are empty.
/// What all processes of a service use together.
struct usage_view {
  double cpu = 0;           ///< processors
  std::uint64_t memory = 0; ///< bytes
  unsigned processes = 0;
  unsigned threads = 0;
  std::optional<unsigned> descriptors;
  std::optional<std::uint64_t> proportional_memory; ///< bytes
};

struct node_view {
  std::string type; ///< "service", "supervisor" or "actor"
  std::string tree;
  std::string name;
  std::string parent;
  std::string state;
  std::optional<wall_time> since;
  std::string reason;
  std::string restart;
  unsigned restarts = 0;
  int pid = 0;
  std::string status; ///< what the program says of itself
  bool reloading = false;
  std::string health;                                       ///< why it is not well
  std::vector<std::pair<std::string, std::string>> metrics; ///< name and value with unit
  std::optional<exit_view> last_exit;
  std::optional<wall_time> next_attempt;
  std::optional<usage_view> usage;
  std::optional<wall_time> next_run; ///< when its schedule runs or restarts it
  std::string started_by;            ///< "schedule" or "request"; empty: its supervisor
  std::string strategy;
  bool pool = false;
  std::optional<intensity_view> intensity;
  std::vector<node_view> children;
  std::optional<detail_view> detail;
};

struct tree_view {
  std::vector<node_view> trees;
  std::optional<node_view> daemon;
};

struct config_view {
  std::string tree;
  std::string file;
};

struct info_view {
  std::string version;
  int pid = 0;
  int keeper_pid = 0;
  std::optional<wall_time> started;
  milliseconds uptime{0};
  unsigned epoch = 0;
  std::string socket;
  std::string state_dir;
  std::string log_dir;
  unsigned trees = 0;
  std::vector<std::pair<std::string, unsigned>> counts;
  std::vector<std::string> notices; ///< what everybody who looks should know
};

struct pong_view {
  std::string version;
  int pid = 0;
};

/// The last line of a streamed change.
struct done_view {
  bool ok = false;
  bool changed = false;
  problem why; ///< when not ok
};

/// A follower was too slow.
struct gap_view {
  std::uint64_t missed = 0;
};

using event_line = std::variant<event_view, gap_view, done_view>;
/// Output was deleted before it could be shown.
struct log_gap_view {
  std::string service;
  std::optional<wall_time> from;
  std::optional<wall_time> to;
};
/// Where to continue with sources that have no line here.
struct log_cursors_view {
  std::vector<std::string> cursors;
};
using log_line = std::variant<log_view, log_gap_view, log_cursors_view>;

// Each reads one JSON document. Error (io): not JSON, or not what the API promises.
[[nodiscard]] result<std::vector<node_view>> read_services(std::string_view text);
[[nodiscard]] result<tree_view> read_tree(std::string_view text);
[[nodiscard]] result<node_view> read_node(std::string_view text);
[[nodiscard]] result<std::vector<config_view>> read_config(std::string_view text);
/// Of a node: how often it was started; nothing: it does not say.
[[nodiscard]] std::optional<std::uint64_t> read_generation(std::string_view text);
/// Of an answer to a change of log files: how many there were; nothing: it does not say.
[[nodiscard]] std::optional<std::size_t> read_file_count(std::string_view text);
/// Of an answer to /v1/daemon/resurrect: the names of the trees.
[[nodiscard]] std::vector<std::string> read_tree_names(std::string_view text);
/// Of an answer to GET /v1/info or /v1/services: warnings for everyone who looks; usually none.
[[nodiscard]] std::vector<std::string> read_notices(std::string_view text);
[[nodiscard]] result<info_view> read_info(std::string_view text);
[[nodiscard]] result<pong_view> read_pong(std::string_view text);
[[nodiscard]] result<event_line> read_event_line(std::string_view text);
[[nodiscard]] result<log_line> read_log_line(std::string_view text);
/// Any body: one that is not a problem document becomes one with only `status` and its title.
[[nodiscard]] problem read_problem(unsigned status, std::string_view text);

/// The body of PUT /v1/config.
[[nodiscard]] std::string config_body(const std::string& file, const std::string& text,
                                      const std::map<std::string, std::string>& environment);

/// The body of POST /v1/logs.
[[nodiscard]] std::string after_body(const std::vector<std::string>& cursors);

/// One line of a difference between configurations.
struct change_view {
  std::string what;
  std::string name;
  std::string parent;
  std::vector<std::string> details;
  bool needs_restart = false;
  std::string then; ///< its consequence, as the daemon names it; empty: not given
  struct variable {
    std::string name;
    std::string what; ///< "added", "removed", "changed"
  };
  std::vector<variable> variables; ///< of the environment
};
struct difference_view {
  std::string tree;
  std::string state;   ///< of its root
  std::string refusal; ///< why nothing of it is done; empty: it is done
  std::vector<change_view> changes;
};
[[nodiscard]] result<difference_view> read_changes(std::string_view text);

struct ad_hoc_service {
  std::string name;
  std::vector<std::string> command;
  std::string cwd;
  std::map<std::string, std::string> environment;
  std::string restart; ///< empty: the daemon's default
};
/// The body of POST /v1/services.
[[nodiscard]] std::string service_body(const ad_hoc_service& service);

/// {"schema":1,"error":{…}} for --json.
/// The body of POST /v1/daemon/upgrade.
[[nodiscard]] std::string upgrade_body(const std::string& keeper, const std::string& daemon);
[[nodiscard]] std::string complaint_body(const std::string& what, const std::vector<std::string>& help, int exit_code);
/// One flat JSON object of strings, with "schema": 1.
[[nodiscard]] std::string strings_body(const std::vector<std::pair<std::string, std::string>>& fields);

} // namespace alder::cli

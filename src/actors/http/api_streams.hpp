// Streamed answers: events, log lines, the progress of an operation.
#pragma once

#include "actors/http/open_streams.hpp"

#include "runtime/base/pattern.hpp"
#include "runtime/wire/log_cursor.hpp"
#include "runtime/wire/log_json.hpp"

#include "alder/cause.hpp"
#include "alder/event.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

namespace alder::actors {

class api_stream;
class board;
struct api_context;
struct wish;

/// Which nodes a request is about: empty means all; a supervisor stands for all below it, and a pattern for all that it
/// matches, also those that come later.
struct node_filter {
  std::set<std::string> trees; ///< whole trees, by name
  std::set<node_id> nodes;
  std::set<std::string> patterns = {}; ///< fnmatch, of names of services or pools, alone or as tree/name
  /// A node that was covered stays so when it is no longer known.
  [[nodiscard]] bool covers(const board& known, const std::string& tree, const std::string& name);
};

/// Whether a name in a request is a pattern: it has one of *, ? and [, which no name has.
[[nodiscard]] bool is_pattern(const std::string& name);

struct event_query {
  node_filter about;
  std::size_t tail = 100;
  std::optional<std::uint64_t> since; ///< only later events
  bool follow = false;
};
void stream_events(const event_query& query, const std::shared_ptr<api_stream>& out, api_context& context);

struct log_query {
  node_filter about;
  std::optional<std::size_t> tail; ///< the last so many lines; none: all
  bool out = true;
  bool err = true;
  bool follow = false;
  std::optional<wall_time> since;
  std::optional<wall_time> until;
  std::optional<pattern> grep; ///< only lines that match
  bool previous = false;       ///< only output of the previous run
  bool cursors = false;        ///< each line has the cursor to continue from
  bool resumes = false;        ///< continues `after` these places, by name of the source
  std::map<wire::log_source_name, wire::log_position> after;
  /// How long a daemon that is shutting down waits for a client that does not read.
  std::chrono::milliseconds patience = open_streams::usual_patience;
};
void stream_logs(const log_query& query, const std::shared_ptr<api_stream>& out, api_context& context);

/// The last lines of one service.
[[nodiscard]] std::vector<wire::log_line> last_log_lines(const std::string& tree, const std::string& service,
                                                         std::size_t lines, api_context& context);

/// Streams the events of `tree` until the wish is done, then how it ended. `tree` may be empty: all events. The wish's
/// own `done` is given the result when the stream was closed before that. `since`: it begins with the events after this
/// one.
void stream_wish(wish wanted, const std::string& tree, const std::shared_ptr<api_stream>& out, api_context& context,
                 std::optional<std::uint64_t> since = {});

} // namespace alder::actors

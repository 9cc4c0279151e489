// Answers that go on: events, log lines, the progress of an operation.
#pragma once

#include "actors/edge/api_session.hpp"

#include "runtime/base/pattern.hpp"

#include <memory>
#include <optional>
#include <set>
#include <string>

namespace alder::actors {

/// Which nodes a request is about: empty means all; a supervisor stands for all below it.
struct node_filter {
  std::set<std::string> trees; ///< whole trees, by name
  std::set<node_id> nodes;
  [[nodiscard]] bool covers(const std::string& tree, const std::string& name) const {
    return (trees.empty() && nodes.empty()) || trees.count(tree) > 0 || nodes.count(tree + "/" + name) > 0;
  }
};

struct event_query {
  node_filter about;
  std::size_t tail = 100;
  std::uint64_t since = 0; ///< only later events
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
  std::optional<pattern> grep; ///< lines that match alone
  bool previous = false;       ///< of the process before the last end of a process alone
};
void stream_logs(const log_query& query, const std::shared_ptr<api_stream>& out, api_context& context);

/// The last lines of one service.
[[nodiscard]] std::vector<wire::log_line> last_log_lines(const std::string& tree, const std::string& service,
                                                         std::size_t lines, api_context& context);

/// Streams the events of `tree` until the wish is done, then how it ended. `tree` may be empty: all events.
void stream_wish(decltype(wish::what) what, const std::string& tree, const std::shared_ptr<api_stream>& out,
                 api_context& context);

} // namespace alder::actors

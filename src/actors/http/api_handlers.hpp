// What the handlers of requests share, and the tables of their routes.
#pragma once

#include "actors/base/board.hpp"
#include "actors/http/api_exchange.hpp"
#include "actors/http/api_streams.hpp"

#include "runtime/wire/problem_json.hpp"

#include "alder/cause.hpp"
#include "alder/error.hpp"

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace alder::actors {

using responder = std::shared_ptr<api_responder>;

struct route_entry {
  std::string_view method;
  std::vector<std::string_view> path; ///< "*" stands for one name
  void (*handle)(const api_request&, const responder&, api_context&);
};

/// Those that look.
[[nodiscard]] const std::vector<route_entry>& query_routes();
/// Those that follow.
[[nodiscard]] const std::vector<route_entry>& stream_routes();
/// Those that do something.
[[nodiscard]] const std::vector<route_entry>& command_routes();

[[nodiscard]] wire::problem bad_value(const std::string& what);

/// A number from the query, at most `most`. Errors: invalid_input.
[[nodiscard]] result<std::size_t> number(const api_request& request, const std::string& key, std::size_t otherwise,
                                         std::size_t most);

/// Whether the query has the flag `key`.
[[nodiscard]] bool is_set(const api_request& request, const std::string& key);

/// The one node `name` means, or the problem.
struct found_node {
  node_ptr node;
  wire::problem problem;
};
[[nodiscard]] found_node find_one(const std::string& name, const api_context& context);

/// The services a filter covers, in tree order.
[[nodiscard]] std::vector<node_ptr> services_of(node_filter& about, const api_context& context);

/// The supervisor a request is about; null when there is none, and why has been answered.
[[nodiscard]] node_ptr find_supervisor(const api_request& request, const responder& out, const api_context& context);

/// Names of nodes, supervisors and trees, and patterns, from the query's fields `key`; a problem for one that does not
/// exist, or matches no service.
/// `gone`: nodes that need not exist any more.
[[nodiscard]] std::optional<wire::problem> read_filter(const api_request& request, const std::string& key,
                                                       const api_context& context, node_filter& filter,
                                                       const std::set<node_id>& gone = {});

} // namespace alder::actors

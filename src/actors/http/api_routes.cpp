#include "actors/http/api_routes.hpp"

#include "actors/http/api_exchange.hpp"
#include "actors/http/api_handlers.hpp"

#include <algorithm>

namespace alder::actors {
namespace {

bool matches(const route_entry& entry, const std::vector<std::string>& path) {
  return std::equal(entry.path.begin(), entry.path.end(), path.begin(), path.end(),
                    [](std::string_view wanted, const std::string& given) { return wanted == "*" || wanted == given; });
}

} // namespace

void route(const api_request& request, const std::shared_ptr<api_responder>& out, api_context& context) {
  bool known_path = false;
  for (const auto* table : {&query_routes(), &stream_routes(), &command_routes()}) {
    for (const auto& entry : *table) {
      if (!matches(entry, request.path)) continue;
      if (entry.method == request.method) return entry.handle(request, out, context);
      known_path = true;
    }
  }
  if (known_path)
    return out->refuse({"method_not_allowed", request.method + " is not allowed here", {"see docs/api.md"}, {}});
  out->refuse({"no_such_route", "there is no such route", {"see docs/api.md"}, {}});
}

} // namespace alder::actors

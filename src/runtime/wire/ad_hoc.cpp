#include "runtime/wire/ad_hoc.hpp"

#include "runtime/base/words.hpp"

#include <nlohmann/json.hpp>

namespace alder::wire {
namespace {

/// A value in which the configuration reader finds no variables.
std::string literal(const std::string& text) {
  std::string out;
  for (const char c : text)
    out += c == '$' ? std::string{"$$"} : std::string{c};
  return out;
}

} // namespace

std::string ad_hoc_tree(const std::string& service) { return "adhoc." + service; }

std::string ad_hoc_config(const service_request& request) {
  using nlohmann::json;
  json command = json::array();
  for (const auto& piece : request.command)
    command.push_back(literal(piece));
  const json service{{"service", request.name},
                     {"command", std::move(command)},
                     {"cwd", literal(request.cwd)},
                     {"restart", word(request.restart.value_or(restart_kind::permanent))},
                     {"backoff", {{"min", "100ms"}, {"max", "30s"}}}};
  const json tree{{"name", ad_hoc_tree(request.name)},
                  {"intensity", {{"max_restarts", 5}, {"within", "30s"}}},
                  {"children", json::array({service})}};
  return tree.dump(1, ' ', /*ensure_ascii=*/false, json::error_handler_t::replace);
}

} // namespace alder::wire

#include "tests/conformance/otp_spec.hpp"

#include "runtime/base/words.hpp"

namespace alder::testing {
namespace {

using nlohmann::json;

bool is_text(const json& value) { return value.is_string() && !value.get<std::string>().empty(); }

/// Alder has synonyms that OTP does not know.
bool is_restart(const json& value) { return value == "permanent" || value == "transient" || value == "temporary"; }

bool is_shutdown(const json& value) {
  if (value.is_number_integer()) return value.get<long>() >= 0;
  return value == "infinity" || value == "brutal_kill";
}

json value_or(const json& spec, const char* key, const json& otherwise) {
  const auto found = spec.find(key);
  return found == spec.end() ? otherwise : *found;
}

} // namespace

behaviour behaviour_of(const json& spec) {
  behaviour made;
  made.fail_starts = spec.value("fail_starts", std::set<unsigned>{});
  made.fail_from = spec.value("fail_from", 0U);
  made.ignore_starts = spec.value("ignore_starts", std::set<unsigned>{});
  const std::string habit = spec.value("on_stop", "clean");
  made.on_stop = habit == "hang"     ? stopping::hang
                 : habit == "normal" ? stopping::normal
                 : habit == "crash"  ? stopping::crash
                                     : stopping::clean;
  return made;
}

std::string fault_of_child(const json& spec, std::optional<auto_shutdown> mode) {
  if (!spec.is_object()) return "invalid_child_spec";
  if (!spec.contains("id")) return "missing_id";
  if (spec.value("no_start", false)) return "missing_start";
  const json restart = value_or(spec, "restart", "permanent");
  if (!is_restart(restart)) return "invalid_restart_type";
  const json significant = value_or(spec, "significant", false);
  policy::child_rules rules;
  rules.restart = *restart_named(restart.get<std::string>());
  rules.significant = significant == true;
  if (auto fault = policy::fault_in({rules}, mode); !fault.empty()) return fault;
  if (!significant.is_boolean()) return "invalid_significant";
  const json type = value_or(spec, "type", "worker");
  if (type != "worker" && type != "supervisor") return "invalid_child_type";
  if (!is_shutdown(shutdown_of(spec))) return "invalid_shutdown";
  return {};
}

std::string fault_of_children(const json& specs, std::optional<auto_shutdown> mode) {
  if (!specs.is_array()) return "badarg";
  std::set<json> ids;
  for (const auto& spec : specs) {
    if (auto fault = fault_of_child(spec, mode); !fault.empty()) return fault;
    const json& id = spec.at("id");
    if (!ids.insert(id).second) return "duplicate_child_name:" + (id.is_string() ? id.get<std::string>() : id.dump());
  }
  return {};
}

std::string fault_of_flags(const json& supervisor) {
  const json strategy = value_or(supervisor, "strategy", "one_for_one");
  if (!is_text(strategy) || !strategy_named(strategy.get<std::string>())) return "invalid_strategy";
  const json intensity = value_or(supervisor, "intensity", 1);
  if (!intensity.is_number_integer() || intensity.get<long>() < 0) return "invalid_intensity";
  const json period = value_or(supervisor, "period", 5);
  if (!period.is_number_integer() || period.get<long>() <= 0) return "invalid_period";
  const json mode = value_or(supervisor, "auto_shutdown", "never");
  if (!is_text(mode) || !auto_shutdown_named(mode.get<std::string>())) return "invalid_auto_shutdown";
  return {};
}

std::string refusal_to_start(const json& supervisor) {
  if (auto fault = fault_of_flags(supervisor); !fault.empty()) return "supervisor_data:" + fault;
  const auto children = children_of(supervisor);
  if (is_pool(supervisor) && children.size() != 1) return "bad_start_spec";
  if (auto fault = fault_of_children(children, rules_of(supervisor).auto_shutdown); !fault.empty())
    return "start_spec:" + fault;
  return {};
}

policy::supervisor_rules rules_of(const json& supervisor) {
  policy::supervisor_rules rules;
  rules.strategy = *strategy_named(supervisor.value("strategy", "one_for_one"));
  rules.intensity = {supervisor.value("intensity", 1U), std::chrono::seconds{supervisor.value("period", 5)}};
  rules.auto_shutdown = *auto_shutdown_named(supervisor.value("auto_shutdown", "never"));
  rules.finish_starts = true;
  return rules;
}

restart_kind restart_of(const json& spec) { return *restart_named(spec.value("restart", "permanent")); }
bool is_supervisor(const json& spec) { return spec.value("type", "worker") == "supervisor"; }
bool is_pool(const json& supervisor) { return value_or(supervisor, "strategy", {}) == "simple_one_for_one"; }
json children_of(const json& supervisor) { return value_or(supervisor, "children", json::array()); }
json shutdown_of(const json& spec) {
  return value_or(spec, "shutdown", value_or(spec, "type", "worker") == "supervisor" ? json("infinity") : json(5000));
}

} // namespace alder::testing

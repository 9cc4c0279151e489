#include "tests/conformance/otp_player.hpp"

#include "runtime/base/words.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace alder::testing {
namespace {

using actors::call_outcome;
using actors::child_entry;
using actors::children_answer;
using actors::children_question;
using actors::node_call;
using actors::stop_order;
using actors::supervisor_plan;
using actors::upgrade_call;
using nlohmann::json;
using wish = node_call::op;
using phase = policy::child_state::phase;

const cause on_request{cause::kind::request, {}, {}, {}};

json noproc() { return "error:noproc"; }

json text_of(const call_outcome& outcome) {
  if (outcome.ok()) return outcome.word == "ignored" ? "ok:ignored" : "ok";
  return "error:" + outcome.word;
}

} // namespace

namespace {

void collect_shutdowns(const json& supervisor, std::map<std::string, json>& into) {
  for (const auto& child : children_of(supervisor)) {
    if (!child.is_object() || !child.contains("id")) continue;
    into[child.at("id")] = shutdown_of(child);
    collect_shutdowns(child, into);
  }
}

} // namespace

otp_player::otp_player(const json& scenario) : root_(scenario.at("root")) {
  if (!root_.contains("id")) root_["id"] = "root";
  collect_shutdowns(root_, shutdowns_);
}

json otp_player::start() {
  auto spec = root_;
  spec["type"] = "supervisor";
  spec.erase("restart");
  spec.erase("significant");
  const std::string id = spec.at("id");
  stage_.start_root(spec);
  stage_.run();
  auto step = step_of("ok");
  for (const auto& event : step.at("events")) {
    if (event.at(0) == "start_failed" && event.at(1) == id) step["result"] = "error:" + event.at(3).get<std::string>();
  }
  return step;
}

json otp_player::play(const json& step) {
  const bool batch = step.at("op") == "batch";
  std::vector<later> pending;
  for (const auto& op : batch ? step.at("ops") : json::array({step}))
    pending.push_back(send(op));
  stage_.run();
  json results = json::array();
  for (const auto& result : pending)
    results.push_back(result());
  return step_of(batch ? results : results.front());
}

otp_player::later otp_player::send(const json& op) {
  const std::string name = op.at("op");
  const auto known = [](json result) { return [result = std::move(result)] { return result; }; };
  if (name == "exit") return known(stage_.exit(op.at("child"), op.at("reason")) ? "ok" : "not_running");
  if (name == "advance") {
    stage_.advance(std::chrono::seconds{op.at("s").get<int>()});
    return known("ok");
  }
  if (name == "stop") {
    const auto root = stage_.running.find(root_.at("id"));
    if (root == stage_.running.end()) return known(noproc());
    caf::anon_send(root->second, stop_order{{cause::kind::tree_stop, {}, {}, {}}});
    return known("ok");
  }
  if (name == "check_childspecs") {
    std::optional<auto_shutdown> mode;
    if (op.contains("auto_shutdown")) mode = auto_shutdown_named(op.at("auto_shutdown").get<std::string>());
    const auto fault = fault_of_children(op.at("specs"), mode);
    return known(fault.empty() ? "ok" : "error:" + fault);
  }
  const std::string supervisor = op.at("sup");
  if (name == "start_child") return op.contains("spec") ? start_child(op) : start_instance(op);
  if (name == "terminate_child") return terminate_child(op);
  if (name == "restart_child") return call(supervisor, {wish::restart_child, op.at("id"), nullptr, on_request, {}});
  if (name == "delete_child") return call(supervisor, {wish::delete_child, op.at("id"), nullptr, on_request, {}});
  if (name == "upgrade") return upgrade(op);
  if (name == "which_children")
    return ask(op, [this, supervisor](const children_answer& answer) {
      auto all = children_in(supervisor, answer);
      if (!pools(supervisor)) std::reverse(all.begin(), all.end());
      return all;
    });
  if (name == "count_children")
    return ask(op, [this, supervisor](const children_answer& answer) { return counts_in(supervisor, answer); });
  return ask(op, [this, op](const children_answer& answer) { return spec_in(op, answer); });
}

otp_player::later otp_player::call(const std::string& supervisor, node_call what, std::function<void()> when_done) {
  const auto target = stage_.running.find(supervisor);
  if (target == stage_.running.end()) return noproc;
  const auto self = std::make_shared<caf::scoped_actor>(stage_.system());
  auto answer = (*self)->request(target->second, caf::infinite, std::move(what));
  return [self, answer, when_done]() mutable {
    json result = noproc();
    answer.receive([&](const call_outcome& outcome) { result = text_of(outcome); }, [](const caf::error&) {});
    if (when_done && result.get<std::string>().rfind("ok", 0) == 0) when_done();
    return result;
  };
}

otp_player::later otp_player::start_child(const json& op) {
  const auto& spec = op.at("spec");
  const std::string supervisor = op.at("sup");
  // What no supervisor could even be told. The rules that depend on the supervisor come in between.
  if (!fault_of_child(spec, std::nullopt).empty()) {
    return refuse(op, [this, supervisor, spec] {
      return fault_of_child(spec, rules_of(stage_.specs.at(supervisor)).auto_shutdown);
    });
  }
  const auto entry = std::make_shared<const child_entry>(stage_.entry_of(spec));
  return call(supervisor, {wish::add, entry->name, entry, on_request, {}}, [this, spec] {
    shutdowns_[spec.at("id")] = shutdown_of(spec);
    stage_.upgraded.erase(spec.at("id"));
    collect_shutdowns(spec, shutdowns_);
  });
}

/// An instance of a pool is made of the template and what this one does differently.
otp_player::later otp_player::start_instance(const json& op) {
  const std::string supervisor = op.at("sup");
  if (stage_.running.count(supervisor) == 0) return noproc;
  json spec = children_of(stage_.specs.at(supervisor)).at(0);
  for (const auto* key : {"fail_starts", "fail_from", "ignore_starts", "on_stop"}) {
    if (op.contains(key)) spec[key] = op.at(key);
  }
  spec["id"] = op.at("id");
  const auto entry = std::make_shared<const child_entry>(stage_.entry_of(spec));
  return call(supervisor, {wish::add, entry->name, entry, on_request, {}});
}

otp_player::later otp_player::terminate_child(const json& op) {
  node_call what{wish::terminate_child, op.at("id"), nullptr, on_request, {}};
  if (pools(op.at("sup"))) what.process = stage_.last_process(what.child);
  return call(op.at("sup"), std::move(what));
}

otp_player::later otp_player::upgrade(const json& op) {
  const std::string supervisor = op.at("sup");
  const auto target = stage_.running.find(supervisor);
  if (target == stage_.running.end()) return noproc;
  const auto& spec = op.at("spec");
  auto fault = fault_of_flags(spec);
  if (fault.empty()) fault = fault_of_children(children_of(spec), rules_of(spec).auto_shutdown);
  if (fault.empty() && is_pool(spec) && children_of(spec).size() != 1) fault = "bad_start_spec";
  if (!fault.empty()) return refuse(op, [fault] { return fault; });
  const auto self = std::make_shared<caf::scoped_actor>(stage_.system());
  const auto plan = std::make_shared<const supervisor_plan>(stage_.plan_of(supervisor, spec));
  auto answer = (*self)->request(target->second, caf::infinite, upgrade_call{plan});
  return [this, self, answer, supervisor, spec]() mutable {
    json result = noproc();
    answer.receive([&](const call_outcome& outcome) { result = text_of(outcome); }, [](const caf::error&) {});
    if (result != "ok") return result;
    stage_.upgraded[supervisor] = stage_.specs[supervisor] = spec;
    collect_shutdowns(spec, shutdowns_);
    return result;
  };
}

otp_player::later otp_player::ask(const json& op, std::function<json(const children_answer&)> read) {
  const auto target = stage_.running.find(op.at("sup"));
  if (target == stage_.running.end()) return noproc;
  const auto self = std::make_shared<caf::scoped_actor>(stage_.system());
  auto answer = (*self)->request(target->second, caf::infinite, children_question{});
  return [self, answer, read = std::move(read)]() mutable {
    json result = noproc();
    answer.receive([&](const children_answer& told) { result = read(told); }, [](const caf::error&) {});
    return result;
  };
}

otp_player::later otp_player::refuse(const json& op, std::function<std::string()> error) {
  return ask(op, [error = std::move(error)](const children_answer&) { return "error:" + error(); });
}

bool otp_player::pools(const std::string& supervisor) const {
  const auto spec = stage_.specs.find(supervisor);
  return spec != stage_.specs.end() && is_pool(spec->second);
}

std::string otp_player::state_of(const policy::child_state& child) const {
  const auto& id = child.rules.id;
  if (child.what == phase::stopped) return id + "-";
  if (child.what == phase::restarting) return id + "?";
  return id + "#" + std::to_string(stage_.attempt_of(id, child.process));
}

json otp_player::children_in(const std::string& supervisor, const children_answer& answer) const {
  std::vector<std::string> states;
  for (const auto& child : answer.children) {
    const bool nameless = pools(supervisor) && child.state.what == phase::restarting;
    states.push_back(nameless ? "?" : state_of(child.state));
  }
  if (pools(supervisor)) std::sort(states.begin(), states.end());
  return states;
}

/// Specifications, active, supervisors, workers. OTP looks whether a child is alive, but believes in a pool's.
json otp_player::counts_in(const std::string& supervisor, const children_answer& answer) const {
  std::size_t active = 0;
  std::size_t supervisors = 0;
  for (const auto& child : answer.children) {
    active += child.state.what == phase::running && (child.alive || pools(supervisor)) ? 1U : 0U;
    supervisors += child.state.rules.supervisor ? 1U : 0U;
  }
  const auto all = answer.children.size();
  return {pools(supervisor) ? 1U : all, active, supervisors, all - supervisors};
}

json otp_player::spec_in(const json& op, const children_answer& answer) const {
  const std::string supervisor = op.at("sup");
  const std::string id = op.at("id");
  const auto described = [&](const policy::child_rules& rules, const std::string& name) -> json {
    const auto shutdown = shutdowns_.find(name);
    return {{"id", name},
            {"restart", word(rules.restart)},
            {"significant", rules.significant},
            {"shutdown",
             shutdown != shutdowns_.end() ? shutdown->second : json(rules.supervisor ? json("infinity") : json(5000))},
            {"type", rules.supervisor ? "supervisor" : "worker"}};
  };
  if (pools(supervisor)) {
    const json form = children_of(stage_.specs.at(supervisor)).at(0);
    const std::string name = form.at("id");
    const auto process = stage_.last_process(id);
    for (const auto& child : answer.children) {
      if (child.state.rules.id == id && process == child.state.process) return described(child.state.rules, name);
    }
    if (id != name || process) return "error:not_found";
    policy::child_rules rules;
    rules.restart = restart_of(form);
    rules.significant = form.value("significant", false);
    rules.supervisor = is_supervisor(form);
    return described(rules, name);
  }
  for (const auto& child : answer.children) {
    if (child.state.rules.id == id) return described(child.state.rules, id);
  }
  return "error:not_found";
}

json otp_player::step_of(const json& result) {
  json step{{"result", result}, {"events", stage_.take_events()}, {"state", json::object()}};
  std::map<std::string, later> asked;
  for (const auto& [id, supervisor] : stage_.running)
    asked[id] =
        ask({{"sup", id}}, [this, supervisor = id](const children_answer& a) { return children_in(supervisor, a); });
  stage_.run();
  for (const auto& [id, states] : asked)
    step["state"][id] = states();
  return step;
}

std::vector<json> trace_of(const json& file) {
  const auto& scenario = file.contains("scenario") ? file.at("scenario") : file;
  otp_player player{scenario};
  std::vector<json> trace{player.start()};
  for (const auto& step : scenario.at("steps")) {
    if (trace.back().at("state").empty()) break; // the tree is gone
    trace.push_back(player.play(step));
  }
  return trace;
}

} // namespace alder::testing

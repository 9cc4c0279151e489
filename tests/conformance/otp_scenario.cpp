#include "tests/conformance/otp_scenario.hpp"

#include "tests/conformance/supervision_double.hpp"

#include "runtime/base/assert.hpp"
#include "runtime/base/words.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>
#include <functional>

namespace alder::testing {
namespace {

using nlohmann::json;
using op = policy::call::op;

json read_json(const std::filesystem::path& file) {
  std::ifstream in(file);
  return json::parse(in);
}

// -- the scenario's words

stop_habit habit_named(const std::string& word) {
  if (word == "hang") return stop_habit::hang;
  if (word == "normal") return stop_habit::normal;
  if (word == "crash") return stop_habit::crash;
  ALDER_ASSERT(word == "clean");
  return stop_habit::clean;
}

exit_reason::kind reason_named(const std::string& text) {
  using kind = exit_reason::kind;
  for (const auto known : {kind::normal, kind::shutdown, kind::shutdown_term, kind::killed, kind::crash}) {
    if (word(known) == text) return known;
  }
  ALDER_ASSERT(false && "a reason of the corpus");
  return kind::crash;
}

json with_defaults(const json& spec) {
  const bool supervisor = spec.value("type", "worker") == "supervisor";
  return {{"id", spec.at("id")},
          {"restart", spec.value("restart", "permanent")},
          {"significant", spec.value("significant", false)},
          {"shutdown", spec.value("shutdown", supervisor ? json("infinity") : json(5000))},
          {"type", spec.value("type", "worker")}};
}

child_script script_of(const json& spec) {
  child_script script;
  script.rules.id = spec.value("id", "root");
  script.rules.restart = *restart_named(spec.value("restart", "permanent"));
  script.rules.significant = spec.value("significant", false);
  script.rules.supervisor = spec.value("type", "worker") == "supervisor";
  script.rules.brutal_kill = spec.value("shutdown", json()) == json("brutal_kill");
  script.fail_starts = spec.value("fail_starts", std::set<unsigned>{});
  script.fail_from = spec.value("fail_from", 0U);
  script.ignore_starts = spec.value("ignore_starts", std::set<unsigned>{});
  script.on_stop = habit_named(spec.value("on_stop", "clean"));
  script.supervisor.strategy = *strategy_named(spec.value("strategy", "one_for_one"));
  script.supervisor.intensity = {spec.value("intensity", 1U), std::chrono::seconds{spec.value("period", 5)}};
  script.supervisor.auto_shutdown = *auto_shutdown_named(spec.value("auto_shutdown", "never"));
  for (const auto& child : spec.value("children", json::array()))
    script.children.push_back(script_of(child));
  if (spec.contains("id")) script.note = with_defaults(spec).dump();
  return script;
}

// -- the trace's words

std::string context_name(policy::report::context context) {
  switch (context) {
  case policy::report::context::start_error: return "start_error";
  case policy::report::context::child_terminated: return "child_terminated";
  case policy::report::context::shutdown_error: return "shutdown_error";
  case policy::report::context::shutdown: return "shutdown";
  }
  return {};
}

json event_of(const trace_line& line) {
  switch (line.kind) {
  case trace_line::what::init: return {"init", line.id, line.attempt};
  case trace_line::what::started: return {"started", line.id, line.attempt};
  case trace_line::what::start_failed: return {"start_failed", line.id, line.attempt, line.reason};
  case trace_line::what::ignored: return {"ignored", line.id, line.attempt};
  case trace_line::what::stopped: return {"stopped", line.id, line.attempt, line.reason};
  case trace_line::what::report: return {"report", line.supervisor, context_name(line.context), line.id, line.reason};
  }
  return {};
}

std::string state_of(const supervisor_life& life, const policy::child_state& child) {
  const auto& id = child.rules.id;
  switch (child.what) {
  case policy::child_state::phase::stopped: return id + "-";
  case policy::child_state::phase::restarting: return id + "?";
  case policy::child_state::phase::running: break;
  }
  return id + "#" + std::to_string(life.processes.at(id).attempt);
}

json children_of(const supervisor_life& life) {
  json states = json::array();
  for (const auto& child : life.machine.children())
    states.push_back(state_of(life, child));
  return states;
}

json counts_of(const supervisor_life& life) {
  const auto& children = life.machine.children();
  const auto count = [&](auto is) { return std::count_if(children.begin(), children.end(), is); };
  const auto active = count([&](const policy::child_state& child) {
    return child.what == policy::child_state::phase::running && life.processes.at(child.rules.id).alive;
  });
  const auto supervisors = count([](const policy::child_state& child) { return child.rules.supervisor; });
  return {children.size(), active, supervisors, children.size() - static_cast<std::size_t>(supervisors)};
}

json spec_of(const supervisor_life& life, const std::string& id) {
  const auto& children = life.machine.children();
  const bool known =
      std::any_of(children.begin(), children.end(), [&](const auto& child) { return child.rules.id == id; });
  return known ? json::parse(life.scripts.at(id).note) : json("error:not_found");
}

// -- playing

class player {
public:
  explicit player(const json& scenario)
      : double_(script_of(scenario.at("root")),
                {[this](const trace_line& line) { events_.push_back(event_of(line)); }, {}, {}}) {}

  json start() {
    double_.start();
    double_.run();
    const auto& failure = double_.start_error();
    return step_of(failure.empty() ? "ok" : "error:" + failure);
  }

  json play(const json& step) {
    const bool batch = step.at("op") == "batch";
    const json ops = batch ? step.at("ops") : json::array({step});
    results_.assign(ops.size(), nullptr);
    std::map<std::size_t, policy::call_token> calls;
    for (std::size_t i = 0; i < ops.size(); ++i)
      send(ops[i], i, calls);
    double_.run();
    for (const auto& [place, token] : calls) {
      const auto answer = double_.answers().find(token);
      results_[place] = answer == double_.answers().end() ? "no answer" : answer->second;
    }
    return step_of(batch ? json(results_) : results_.front());
  }

  [[nodiscard]] const std::vector<std::string>& violations() const { return double_.violations(); }

private:
  void send(const json& o, std::size_t place, std::map<std::size_t, policy::call_token>& calls) {
    const std::string name = o.at("op");
    const auto by_id = [&](op what) {
      child_script target;
      target.rules.id = o.at("id");
      calls[place] = double_.call(o.at("sup"), what, target);
    };
    if (name == "terminate_child") return by_id(op::terminate_child);
    if (name == "restart_child") return by_id(op::restart_child);
    if (name == "delete_child") return by_id(op::delete_child);
    if (name == "start_child") {
      calls[place] = double_.call(o.at("sup"), op::start_child, script_of(o.at("spec")));
    } else if (name == "exit") {
      results_[place] = double_.exit(o.at("child"), reason_named(o.at("reason"))) ? "ok" : "not_running";
    } else if (name == "stop") {
      double_.stop();
      results_[place] = "ok";
    } else if (name == "advance") {
      double_.advance(std::chrono::seconds{o.at("s").get<int>()});
      results_[place] = "ok";
    } else {
      ask(o, place);
    }
  }

  void ask(const json& o, std::size_t place) {
    double_.ask(o.at("sup"), [this, o, place](const supervisor_life* life) {
      auto& result = results_[place];
      if (life == nullptr) {
        result = "error:noproc";
      } else if (o.at("op") == "which_children") {
        result = children_of(*life);
        std::reverse(result.begin(), result.end());
      } else if (o.at("op") == "count_children") {
        result = counts_of(*life);
      } else {
        result = spec_of(*life, o.at("id"));
      }
    });
  }

  json step_of(const json& result) {
    json state = json::object();
    for (const auto& [id, life] : double_.running())
      state[id] = children_of(*life);
    json step{{"result", result}, {"events", std::move(events_)}, {"state", std::move(state)}};
    events_ = json::array();
    return step;
  }

  json events_ = json::array();
  std::vector<json> results_;
  supervision_double double_;
};

// -- what can be played

bool mentions(const json& value, const std::function<bool(const json&)>& is) {
  if (is(value)) return true;
  return value.is_structured() &&
         std::any_of(value.begin(), value.end(), [&](const json& inner) { return mentions(inner, is); });
}

/// Whether a result says that a specification was refused: Alder's configuration does that, not its supervisors.
bool is_refusal(const json& value) {
  if (!value.is_string()) return false;
  const std::string text = value;
  const auto begins = [&](const char* start) { return text.rfind(start, 0) == 0; };
  return begins("error:invalid_") || begins("error:missing_") || begins("error:bad_") ||
         begins("error:duplicate_child_name") || begins("error:start_spec") || begins("error:supervisor_data") ||
         begins("supervisor_data:") || begins("start_spec:");
}

bool is_playable(const json& file) {
  const auto beyond_us = [](const json& value) {
    return value == "simple_one_for_one" || value == "upgrade" || value == "check_childspecs";
  };
  return !mentions(file.at("scenario"), beyond_us) && !mentions(file.at("trace"), is_refusal);
}

} // namespace

std::vector<std::string> playable_scenarios(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".json" && is_playable(read_json(entry.path())))
      names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::optional<disagreement> first_disagreement(const std::filesystem::path& file) {
  const json corpus = read_json(file);
  const json& steps = corpus.at("scenario").at("steps");
  const json& trace = corpus.at("trace");
  if (trace.size() != steps.size() + 1) return disagreement{"the recording", "a trace line a step", trace.dump()};
  player played{corpus.at("scenario")};
  for (std::size_t i = 0; i < trace.size(); ++i) {
    const json seen = i == 0 ? played.start() : played.play(steps[i - 1]);
    json expected = trace[i];
    expected.erase("op");
    if (seen != expected)
      return disagreement{"step " + std::to_string(i) + (i == 0 ? "" : " " + steps[i - 1].dump()), expected.dump(),
                          seen.dump()};
  }
  if (!played.violations().empty()) return disagreement{"the end", "no violation", played.violations().front()};
  return std::nullopt;
}

} // namespace alder::testing

#include "runtime/wire/spec_json.hpp"

#include "runtime/base/overloaded.hpp"
#include "runtime/base/words.hpp"
#include "runtime/wire/launch_json.hpp"
#include "runtime/wire/spec_words.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace alder::wire {
namespace {

/// "check" names it; its parameters are beside that.
void write_check(json_value& value, const check_spec& check) {
  std::visit(overloaded{[&](const std::monostate&) { value["check"] = "none"; },
                        [&](const ready_after& after) {
                          value["check"] = "after";
                          value["after_ms"] = after.delay.count();
                        },
                        [&](const ready_tcp& tcp) {
                          value["check"] = "tcp";
                          value["host"] = tcp.host;
                          value["port"] = tcp.port;
                        },
                        [&](const ready_http& http) {
                          value["check"] = "http";
                          value["host"] = http.host;
                          value["port"] = http.port;
                          value["path"] = http.path;
                          if (!http.statuses.empty()) value["statuses"] = http.statuses;
                          if (!http.body.empty()) value["body"] = http.body;
                        },
                        [&](const ready_exec& exec) {
                          value["check"] = "exec";
                          value["command"] = exec.command;
                        },
                        [&](const ready_file& file) {
                          value["check"] = "file";
                          value["file"] = file.path;
                        },
                        [&](const ready_notify&) { value["check"] = "notify"; },
                        [&](const ready_message&) { value["check"] = "message"; },
                        [&](const ready_descriptor& descriptor) {
                          value["check"] = "descriptor";
                          value["descriptor"] = descriptor.number;
                        },
                        [&](const ready_log& log) {
                          value["check"] = "log";
                          value["pattern"] = log.pattern;
                        }},
             check);
}

ready_http read_http(const json_value& value) {
  ready_http http;
  take(value, "host", http.host);
  take(value, "port", http.port);
  take(value, "path", http.path);
  take(value, "statuses", http.statuses);
  take(value, "body", http.body);
  return http;
}

[[nodiscard]] bool read_check(const json_value& value, check_spec& check) {
  std::string kind;
  take(value, "check", kind);
  if (kind == "none") {
    check = std::monostate{};
  } else if (kind == "after") {
    take(value, "after_ms", check.emplace<ready_after>().delay);
  } else if (kind == "tcp") {
    auto& tcp = check.emplace<ready_tcp>();
    take(value, "host", tcp.host);
    take(value, "port", tcp.port);
  } else if (kind == "http") {
    check = read_http(value);
  } else if (kind == "exec") {
    take(value, "command", check.emplace<ready_exec>().command);
  } else if (kind == "file") {
    take(value, "file", check.emplace<ready_file>().path);
  } else if (kind == "notify") {
    check = ready_notify{};
  } else if (kind == "message") {
    check = ready_message{};
  } else if (kind == "descriptor") {
    take(value, "descriptor", check.emplace<ready_descriptor>().number);
  } else if (kind == "log") {
    take(value, "pattern", check.emplace<ready_log>().pattern);
  } else {
    return false;
  }
  return true;
}

json_value value_of(const ready_spec& ready) {
  json_value value;
  write_check(value, ready.check);
  value["timeout_ms"] = ready.timeout.count();
  value["interval_ms"] = ready.interval.count();
  return value;
}

[[nodiscard]] bool read(const json_value& value, ready_spec& ready) {
  take(value, "timeout_ms", ready.timeout);
  take(value, "interval_ms", ready.interval);
  return read_check(value, ready.check);
}

json_value value_of(const stop_step& step) {
  json_value value;
  std::visit(overloaded{[&](int signal) { value["signal"] = signal_name(signal); },
                        [&](const std::vector<std::string>& command) { value["command"] = command; },
                        [&](const stop_step::message&) { value["message"] = "shutdown"; }},
             step.how);
  value["wait_ms"] = step.wait.count();
  return value;
}

[[nodiscard]] bool read(const json_value& value, stop_step& step) {
  take(value, "wait_ms", step.wait);
  if (take_signal(value, "signal", step.how.emplace<int>())) return true;
  if (take(value, "command", step.how.emplace<std::vector<std::string>>())) return true;
  step.how = stop_step::message{};
  return has(value, "message");
}

json_value value_of(const stop_spec& stop) {
  json_value value{{"steps", json_value::array()}, {"signal", signal_name(stop.signal)}};
  for (const auto& step : stop.steps)
    value["steps"].push_back(value_of(step));
  if (stop.timeout) value["timeout_ms"] = stop.timeout->count();
  value["scope"] = stop.main_only ? "main" : "tree";
  value["leftovers"] = stop.kill_leftovers ? "kill" : "stop";
  return value;
}

[[nodiscard]] bool read(const json_value& value, stop_spec& stop) {
  bool is_known = take_signal(value, "signal", stop.signal);
  each_in(value, "steps", [&](const json_value& one) { is_known = read(one, stop.steps.emplace_back()) && is_known; });
  stop.timeout.reset();
  take(value, "timeout_ms", stop.timeout);
  std::string word;
  stop.main_only = take(value, "scope", word) && word == "main";
  stop.kill_leftovers = take(value, "leftovers", word) && word == "kill";
  return is_known;
}

json_value value_of(const backoff& delay) {
  json_value value = json_value::object();
  if (delay.first) value["first_ms"] = delay.first->count();
  value["min_ms"] = delay.min.count();
  value["max_ms"] = delay.max.count();
  value["factor"] = delay.factor;
  value["jitter"] = delay.jitter;
  value["reset_after_ms"] = delay.reset_after.count();
  return value;
}

void read(const json_value& value, backoff& delay) {
  take(value, "first_ms", delay.first);
  take(value, "min_ms", delay.min);
  take(value, "max_ms", delay.max);
  take(value, "factor", delay.factor);
  take(value, "jitter", delay.jitter);
  take(value, "reset_after_ms", delay.reset_after);
}

json_value value_of(const restart_limit& limit) {
  return {{"min_uptime_ms", limit.min_uptime.count()}, {"max_unstable", limit.max_unstable}, {"hourly", limit.hourly}};
}

void read(const json_value& value, restart_limit& limit) {
  take(value, "min_uptime_ms", limit.min_uptime);
  take(value, "max_unstable", limit.max_unstable);
  take(value, "hourly", limit.hourly);
}

json_value value_of(const schedule_spec& schedule) {
  json_value value = json_value::object();
  if (schedule.cron) value["cron"] = schedule.cron->text;
  if (!schedule.zone.name.empty()) value["zone"] = schedule.zone.name;
  if (schedule.max_age.count() > 0) value["max_age_ms"] = schedule.max_age.count();
  value["jitter"] = schedule.jitter;
  return value;
}

void read(const json_value& value, schedule_spec& schedule) {
  if (has(value, "cron")) take(value, "cron", schedule.cron.emplace().text);
  take(value, "zone", schedule.zone.name);
  take(value, "max_age_ms", schedule.max_age);
  take(value, "jitter", schedule.jitter);
}

json_value value_of(const watch_spec& watch) {
  return {{"paths", watch.paths},
          {"ignore", watch.ignore},
          {"debounce_ms", watch.debounce.count()},
          {"content", watch.content}};
}

void read(const json_value& value, watch_spec& watch) {
  take(value, "paths", watch.paths);
  take(value, "ignore", watch.ignore);
  take(value, "debounce_ms", watch.debounce);
  take(value, "content", watch.content);
}

json_value value_of(const hooks_spec& hooks) {
  json_value value = json_value::object();
  for (const auto& [when, command] :
       {std::pair{"before_start", &hooks.before_start}, std::pair{"after_start", &hooks.after_start},
        std::pair{"before_stop", &hooks.before_stop}, std::pair{"after_exit", &hooks.after_exit}})
    if (!command->empty()) value[when] = *command;
  value["timeout_ms"] = hooks.timeout.count();
  return value;
}

void read(const json_value& value, hooks_spec& hooks) {
  take(value, "before_start", hooks.before_start);
  take(value, "after_start", hooks.after_start);
  take(value, "before_stop", hooks.before_stop);
  take(value, "after_exit", hooks.after_exit);
  take(value, "timeout_ms", hooks.timeout);
}

json_value value_of(const health_spec& health) {
  json_value value;
  write_check(value, health.check);
  value["delay_ms"] = health.delay.count();
  value["interval_ms"] = health.interval.count();
  value["timeout_ms"] = health.timeout.count();
  value["failures"] = health.failures;
  value["successes"] = health.successes;
  value["on_failure"] = word_in(remedy_words, health.then);
  return value;
}

[[nodiscard]] bool read(const json_value& value, health_spec& health) {
  take(value, "delay_ms", health.delay);
  take(value, "interval_ms", health.interval);
  take(value, "timeout_ms", health.timeout);
  take(value, "failures", health.failures);
  take(value, "successes", health.successes);
  return take_word(value, "on_failure", remedy_words, health.then) && read_check(value, health.check);
}

json_value value_of(const heartbeat_spec& heartbeat) {
  return {{"interval_ms", heartbeat.interval.count()},
          {"missed", heartbeat.missed},
          {"on_failure", word_in(remedy_words, heartbeat.then)}};
}

[[nodiscard]] bool read(const json_value& value, heartbeat_spec& heartbeat) {
  take(value, "interval_ms", heartbeat.interval);
  take(value, "missed", heartbeat.missed);
  return take_word(value, "on_failure", remedy_words, heartbeat.then);
}

json_value value_of(const usage_limits& limits) {
  json_value value = json_value::object();
  if (limits.memory > 0) value["memory"] = limits.memory;
  if (limits.cpu > 0) value["cpu"] = limits.cpu;
  value["interval_ms"] = limits.interval.count();
  value["grace_ms"] = limits.grace.count();
  value["on_failure"] = word_in(remedy_words, limits.then);
  return value;
}

[[nodiscard]] bool read(const json_value& value, usage_limits& limits) {
  take(value, "memory", limits.memory);
  take(value, "cpu", limits.cpu);
  take(value, "interval_ms", limits.interval);
  take(value, "grace_ms", limits.grace);
  return take_word(value, "on_failure", remedy_words, limits.then);
}

json_value names_of(const std::vector<int>& signals) {
  auto names = json_value::array();
  for (const int signal : signals)
    names.push_back(signal_name(signal));
  return names;
}

/// Reads a part into `into` if it is there; false: it is there, and not understood.
template <class Part> [[nodiscard]] bool read_part(const json_value& value, const char* key, Part& into) {
  const auto* part = object_in(value, key);
  if (part == nullptr) return true;
  if constexpr (std::is_void_v<decltype(read(*part, into))>) {
    read(*part, into);
    return true;
  } else {
    return read(*part, into);
  }
}

template <class Part>
[[nodiscard]] bool read_part(const json_value& value, const char* key, std::optional<Part>& into) {
  return object_in(value, key) == nullptr || read_part(value, key, into.emplace());
}

void write_exits(json_value& value, const service_spec& spec) {
  value["clean_exit_codes"] = spec.clean_exit_codes;
  value["clean_signals"] = names_of(spec.clean_signals);
  value["fatal_exit_codes"] = spec.fatal_exit_codes;
}

[[nodiscard]] bool read_exits(const json_value& value, service_spec& spec) {
  take(value, "clean_exit_codes", spec.clean_exit_codes);
  take(value, "fatal_exit_codes", spec.fatal_exit_codes);
  std::vector<std::string> names;
  if (!take(value, "clean_signals", names)) return true;
  spec.clean_signals.clear();
  for (const auto& name : names) {
    const auto signal = signal_of(name);
    if (!signal) return false;
    spec.clean_signals.push_back(*signal);
  }
  return true;
}

[[nodiscard]] bool read_restart(const json_value& value, service_spec& spec) {
  std::string word;
  if (!take(value, "restart", word)) return true;
  const auto kind = restart_named(word);
  if (kind) spec.restart = *kind;
  return kind.has_value();
}

} // namespace

json_value spec_value(const service_spec& spec) {
  json_value value{{"restart", word(spec.restart)},
                   {"significant", spec.significant},
                   {"autostart", spec.autostart},
                   {"task", spec.task}};
  if (spec.task_timeout.count() > 0) value["task_timeout_ms"] = spec.task_timeout.count();
  value["after"] = spec.after;
  value["ready"] = value_of(spec.ready);
  value["stop"] = value_of(spec.stop);
  value["backoff"] = value_of(spec.backoff);
  value["restart_limit"] = value_of(spec.restart_limit);
  write_exits(value, spec);
  if (spec.schedule.any()) value["schedule"] = value_of(spec.schedule);
  if (spec.watch.any()) value["watch"] = value_of(spec.watch);
  value["hooks"] = value_of(spec.hooks);
  if (spec.health) value["health"] = value_of(*spec.health);
  if (spec.heartbeat) value["heartbeat"] = value_of(*spec.heartbeat);
  if (spec.limits.any()) value["limits"] = value_of(spec.limits);
  value["ipc"] = spec.ipc;
  write_launch(value, spec);
  value["log"] = log_value(spec.log);
  return value;
}

bool read_spec(const json_value& value, service_spec& spec) {
  take(value, "significant", spec.significant);
  take(value, "autostart", spec.autostart);
  take(value, "task", spec.task);
  take(value, "task_timeout_ms", spec.task_timeout);
  take(value, "after", spec.after);
  take(value, "ipc", spec.ipc);
  const auto* log = object_in(value, "log");
  return read_restart(value, spec) && read_part(value, "ready", spec.ready) && read_part(value, "stop", spec.stop) &&
         read_part(value, "backoff", spec.backoff) && read_part(value, "restart_limit", spec.restart_limit) &&
         read_exits(value, spec) && read_part(value, "schedule", spec.schedule) &&
         read_part(value, "watch", spec.watch) && read_part(value, "hooks", spec.hooks) &&
         read_part(value, "health", spec.health) && read_part(value, "heartbeat", spec.heartbeat) &&
         read_part(value, "limits", spec.limits) && read_launch(value, spec) &&
         (log == nullptr || read_log(*log, spec.log));
}

} // namespace alder::wire

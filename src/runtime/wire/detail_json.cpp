#include "runtime/wire/detail_json.hpp"

#include "runtime/base/text.hpp"
#include "runtime/wire/spec_json.hpp"
#include "runtime/wire/spec_text.hpp"

#include <nlohmann/json.hpp>

#include <memory>
#include <utility>

namespace alder::wire {
namespace {

/// What is executed; in place of the values of secrets, where they come from.
void write_program(json_value& value, const service_spec& spec) {
  value["command"] = spec.command;
  value["cwd"] = spec.cwd;
  value["environment"] = spec.environment;
  for (const auto& [name, file] : spec.secrets)
    value["environment"][name] = "(secret, from " + file + ")";
}

/// Sentences about the specification, for whoever shows them as they are.
void write_texts(json_value& value, const service_spec& spec) {
  const auto add = [&value](const char* key, const std::string& text) {
    if (!text.empty()) value[key] = text;
  };
  add("attributes", launch_text(spec));
  add("stdin", stdin_text(spec));
  value["ready"] = spec.task ? task_text(spec) : ready_text(spec.ready);
  value["stop"] = stop_text(spec.stop);
  value["backoff"] = backoff_text(spec.backoff);
  add("after", join(spec.after, ", "));
  add("schedule", schedule_text(spec.schedule));
  add("watch", watch_text(spec.watch));
  add("hooks", hooks_text(spec.hooks));
  add("health", health_text(spec.health));
  add("heartbeat", heartbeat_text(spec.heartbeat));
  add("limits", limits_text(spec.limits));
  add("restart_limit", restart_limit_text(spec.restart_limit));
  add("exits", exits_text(spec));
  add("log_rules", log_rules_text(spec.log));
  value["ipc"] = spec.ipc;
}

json_value value_of(const process_entry& process) {
  return {{"pid", process.pid}, {"ppid", process.ppid}, {"command", process.command}};
}

json_value value_of(const node_detail::output& logged) {
  return {{"bytes", logged.written},
          {"lost_bytes", logged.lost},
          {"lost_lines", logged.lost_lines},
          {"rotations", logged.rotations},
          {"waiting_bytes", logged.waiting}};
}

node_detail::output logged_in(const json_value& value) {
  node_detail::output logged;
  take(value, "bytes", logged.written);
  take(value, "lost_bytes", logged.lost);
  take(value, "lost_lines", logged.lost_lines);
  take(value, "rotations", logged.rotations);
  take(value, "waiting_bytes", logged.waiting);
  return logged;
}

void write_service(json_value& value, const node_detail& detail) {
  value["processes"] = json_value::array();
  for (const auto& process : detail.processes)
    value["processes"].push_back(value_of(process));
  if (!detail.pending.empty()) value["pending"] = detail.pending;
  value["log_out"] = detail.log_out;
  value["log_err"] = detail.log_err;
  if (detail.logged) value["logged"] = value_of(*detail.logged);
}

/// Null when something in it is not known here.
service_ptr service_in(const json_value& value) {
  const auto* written_spec = object_in(value, "spec");
  auto spec = std::make_shared<service_spec>();
  if (written_spec == nullptr || !read_spec(*written_spec, *spec)) return nullptr;
  take(value, "command", spec->command);
  take(value, "cwd", spec->cwd);
  take(value, "environment", spec->environment);
  return spec;
}

} // namespace

void to_json(json_value& value, const node_detail& detail) {
  value = json_value::object();
  if (detail.service) {
    write_program(value, *detail.service);
    write_texts(value, *detail.service);
    value["spec"] = spec_value(*detail.service);
  }
  value["path"] = detail.path;
  if (detail.intensity) {
    value["strategy"] = detail.strategy;
    value["intensity"] = *detail.intensity;
  }
  if (detail.service) write_service(value, detail);
  value["events"] = detail.events;
  value["log"] = detail.log;
}

void from_json(const json_value& value, node_detail& detail) {
  detail.service = service_in(value);
  take(value, "path", detail.path);
  take(value, "strategy", detail.strategy);
  take_object(value, "intensity", detail.intensity);
  each_in(value, "processes", [&detail](const json_value& one) {
    auto& process = detail.processes.emplace_back();
    take(one, "pid", process.pid);
    take(one, "ppid", process.ppid);
    take(one, "command", process.command);
  });
  take(value, "pending", detail.pending);
  take(value, "log_out", detail.log_out);
  take(value, "log_err", detail.log_err);
  if (const auto* logged = object_in(value, "logged")) detail.logged = logged_in(*logged);
  take_objects(value, "events", detail.events);
  take_objects(value, "log", detail.log);
}

std::string detail_json(const node_detail& detail) { return written(detail); }

} // namespace alder::wire

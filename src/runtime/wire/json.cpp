#include "runtime/wire/json.hpp"

#include "runtime/base/text.hpp"
#include "runtime/base/utf8.hpp"
#include "runtime/base/words.hpp"
#include "runtime/wire/event_sentence.hpp"
#include "runtime/wire/spec_text.hpp"
#include "runtime/wire/time_text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace alder::wire {
namespace {

using json = nlohmann::ordered_json;

constexpr int schema = 1;

std::string text_of(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

json exit_value(const exit_status& status) {
  json value{{"text", brief(status)}};
  if (status.kind == exit_status::how::exited) value["code"] = status.value;
  if (status.kind == exit_status::how::signaled) value["signal"] = signal_name(status.value);
  return value;
}

json intensity_value(const node_snapshot& node) {
  const auto most = node.intensity.max_restarts;
  json value{{"max", most},
             {"window_ms", node.intensity.within.count()},
             {"used", node.restarts_used},
             {"left", most - std::min(most, node.restarts_used)}};
  if (node.restarts_used > 0 && node.oldest_expires) value["oldest_expires_ms"] = node.oldest_expires->count();
  return value;
}

std::string_view type_of(node_snapshot::kind kind) {
  switch (kind) {
  case node_snapshot::kind::service: return "service";
  case node_snapshot::kind::supervisor: return "supervisor";
  case node_snapshot::kind::actor: return "actor";
  }
  return "?";
}

void add_supervisor(json& value, const node_snapshot& node) {
  value["strategy"] = word(node.strategy);
  value["pool"] = node.pool;
  value["intensity"] = intensity_value(node);
}

void add_process(json& value, const node_snapshot& node) {
  value["generation"] = node.generation;
  if (node.pid > 0) value["pid"] = node.pid;
  if (!node.status.empty()) value["status"] = node.status;
  if (node.reloading) value["reloading"] = true;
  if (!node.health.empty()) value["health"] = node.health;
  for (const auto& [name, metric] : node.metrics) {
    value["metrics"][name] = {{"value", metric.value}};
    if (!metric.unit.empty()) value["metrics"][name]["unit"] = metric.unit;
  }
  if (const auto& usage = node.usage) {
    value["usage"] = {{"cpu", std::round(usage->cpu * 1000) / 1000},
                      {"memory", usage->memory},
                      {"processes", usage->processes},
                      {"threads", usage->threads}};
    if (usage->descriptors) value["usage"]["fds"] = *usage->descriptors;
    if (usage->proportional_memory) value["usage"]["pss"] = *usage->proportional_memory;
  }
  if (node.last_exit) {
    value["last_exit"] = exit_value(node.last_exit->status);
    if (node.last_exit->at != wall_time{}) value["last_exit"]["at"] = time_text(node.last_exit->at);
  }
}

json node_value(const node_snapshot& node) {
  json value{{"type", type_of(node.what)}, {"tree", node.tree}, {"name", node.name}};
  if (!node.parent.empty()) value["parent"] = node.parent;
  value["state"] = word(node.state);
  if (node.since != wall_time{}) value["since"] = time_text(node.since);
  value["reason"] = node.reason;
  value["restart"] = word(node.restart);
  value["restarts"] = node.restarts;
  if (node.what == node_snapshot::kind::supervisor) {
    add_supervisor(value, node);
  } else {
    add_process(value, node);
  }
  const bool was_stopped = node.settled && node.state == node_state::stopped; // by hand: then no schedule starts it
  const bool is_scheduled = node.service && node.service->waits_for_schedule();
  if (is_scheduled && !was_stopped)
    value["started_by"] = "schedule";
  else if (is_scheduled || (node.service && !node.service->autostart))
    value["started_by"] = "request";
  if (node.next_run && !was_stopped) value["next_run"] = time_text(*node.next_run);
  const bool is_down = node.state == node_state::stopped || node.state == node_state::failed; // with what is above it
  if ((node.state == node_state::backoff || is_down) && node.next_attempt)
    value["next_attempt"] = time_text(*node.next_attempt);
  return value;
}

json log_line_value(const log_line& line) {
  json value{{"at", time_text(line.at)},
             {"tree", line.tree},
             {"service", line.service},
             {"stream", line.stream},
             {"line", line.line}};
  if (line.partial) value["partial"] = true;
  if (find_invalid_utf8(line.line) < line.line.size()) value["bytes"] = base64(line.line);
  if (!line.cursor.empty()) value["cursor"] = line.cursor;
  return value;
}

json event_value(const event& e) {
  json value{{"seq", e.seq}, {"at", time_text(e.at)}, {"kind", word(e.kind)}};
  if (!e.tree.empty()) value["tree"] = e.tree;
  if (!e.name.empty()) value["name"] = e.name;
  if (e.pid > 0) value["pid"] = e.pid;
  if (e.generation > 0) value["generation"] = e.generation;
  if (e.status) value["exit"] = exit_value(*e.status);
  if (e.kind == event_kind::restart_planned || e.delay.count() > 0) value["delay_ms"] = e.delay.count();
  value["cause"] = {{"kind", word(e.cause.what)},
                    {"origin", e.cause.origin},
                    {"detail", e.cause.detail},
                    {"strategy", e.cause.strategy}};
  value["text"] = sentence(e);
  return value;
}

std::string octal_text(unsigned number) {
  std::string digits;
  for (; number > 0; number /= 8)
    digits.insert(digits.begin(), static_cast<char>('0' + number % 8));
  return "0" + digits;
}

void add_spec(json& value, const service_spec& spec) {
  value["command"] = spec.command;
  value["cwd"] = spec.cwd;
  value["environment"] = spec.environment;
  for (const auto& [name, file] : spec.secrets)
    value["environment"][name] = "(secret, from " + file + ")";
  auto attributes = attributes_text(spec.attributes);
  if (spec.umask) attributes += (attributes.empty() ? "umask " : ", umask ") + octal_text(*spec.umask);
  if (!attributes.empty()) value["attributes"] = attributes;
  if (spec.stdin_pipe) value["stdin"] = "pipe";
  if (spec.terminal) value["stdin"] = "pty";
  if (!spec.stdin_file.empty()) value["stdin"] = spec.stdin_file;
  value["ready"] = spec.task ? task_text(spec) : ready_text(spec.ready);
  value["stop"] = stop_text(spec.stop);
  value["backoff"] = backoff_text(spec.backoff);
  const auto add = [&value](const char* key, const std::string& text) {
    if (!text.empty()) value[key] = text;
  };
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

json processes_value(const std::vector<process_entry>& processes) {
  json list = json::array();
  for (const auto& p : processes)
    list.push_back({{"pid", p.pid}, {"ppid", p.ppid}, {"command", p.command}});
  return list;
}

json detail_value(const node_snapshot& node, const node_detail& detail) {
  json value = json::object();
  if (node.service) add_spec(value, *node.service);
  value["path"] = detail.path;
  if (detail.supervisor != nullptr) {
    value["strategy"] = word(detail.supervisor->strategy);
    value["intensity"] = intensity_value(*detail.supervisor);
  }
  if (node.what == node_snapshot::kind::service) {
    value["processes"] = processes_value(detail.processes);
    if (!detail.pending.empty()) value["pending"] = detail.pending;
    value["log_out"] = detail.log_out;
    value["log_err"] = detail.log_err;
    if (detail.logged) {
      value["logged"] = {{"bytes", detail.logged->written},
                         {"lost_bytes", detail.logged->lost},
                         {"lost_lines", detail.logged->lost_lines},
                         {"rotations", detail.logged->rotations},
                         {"waiting_bytes", detail.logged->waiting}};
    }
  }
  value["events"] = json::array();
  for (const auto& e : detail.events)
    value["events"].push_back(event_value(e));
  value["log"] = json::array();
  for (const auto& line : detail.log)
    value["log"].push_back(log_line_value(line));
  return value;
}

json diagnostics_value(const std::vector<diagnostic_entry>& diagnostics) {
  json list = json::array();
  for (const auto& d : diagnostics) {
    json value{{"severity", d.is_error ? "error" : "warning"}, {"code", d.code}, {"message", d.message}};
    if (!d.label.empty()) value["label"] = d.label;
    value["file"] = d.file;
    if (d.line > 0) value["line"] = d.line;
    if (d.column > 0) value["column"] = d.column;
    if (d.end_column > 0) value["end_column"] = d.end_column;
    if (!d.snippet.empty()) value["snippet"] = d.snippet;
    value["help"] = d.help;
    list.push_back(std::move(value));
  }
  return list;
}

void add_problem(json& value, const problem& p) {
  value["type"] = "about:blank";
  const auto status = status_of(p.code);
  value["status"] = status;
  value["title"] = status_title(status);
  value["code"] = p.code;
  value["detail"] = p.detail;
  if (!p.help.empty()) value["help"] = p.help;
  if (!p.diagnostics.empty()) value["diagnostics"] = diagnostics_value(p.diagnostics);
}

} // namespace

std::string node_json(const node_snapshot& node) { return text_of(node_value(node)); }

std::string log_line_json(const log_line& line) { return text_of(log_line_value(line)); }

std::string log_gap_json(const log_gap& gap) {
  return text_of({{"gap", {{"from", time_text(gap.from)}, {"to", time_text(gap.to)}}},
                  {"tree", gap.tree},
                  {"service", gap.service},
                  {"stream", gap.stream}});
}

std::string strings_json(const std::vector<std::string>& strings) { return text_of(json(strings)); }

std::string log_cursors_json(const std::vector<std::string>& cursors) { return text_of({{"cursors", cursors}}); }

std::string detail_json(const node_snapshot& node, const node_detail& detail) {
  return text_of(detail_value(node, detail));
}

std::string event_json(const event& e) { return text_of(event_value(e)); }

std::string gap_json(std::uint64_t missed) { return text_of({{"gap", missed}}); }

std::string problem_json(const problem& p) {
  json value = json::object();
  add_problem(value, p);
  return text_of(value);
}

unsigned status_of(std::string_view code) {
  constexpr std::array<std::pair<std::string_view, unsigned>, 21> statuses{
      {{"bad_request", 400},    {"denied", 403},         {"no_such_node", 404},
       {"no_such_tree", 404},   {"no_such_route", 404},  {"method_not_allowed", 405},
       {"too_slow", 408},       {"ambiguous", 409},      {"conflict", 409},
       {"needs_restart", 409},  {"shared_check", 409},   {"too_large", 413},
       {"invalid_config", 422}, {"start_failed", 422},   {"impossible", 422},
       {"nothing_to_add", 422}, {"head_too_large", 431}, {"stopping", 503},
       {"too_many", 503},       {"unavailable", 503},    {"timed_out", 504}}};
  const auto found = std::find_if(statuses.begin(), statuses.end(), [&](const auto& s) { return s.first == code; });
  return found == statuses.end() ? 500 : found->second;
}

std::string_view status_title(unsigned status) {
  constexpr std::array<std::pair<unsigned, std::string_view>, 16> titles{{{200, "OK"},
                                                                          {202, "Accepted"},
                                                                          {400, "Bad Request"},
                                                                          {403, "Forbidden"},
                                                                          {404, "Not Found"},
                                                                          {405, "Method Not Allowed"},
                                                                          {408, "Request Timeout"},
                                                                          {409, "Conflict"},
                                                                          {413, "Content Too Large"},
                                                                          {422, "Unprocessable Content"},
                                                                          {429, "Too Many Requests"},
                                                                          {431, "Request Header Fields Too Large"},
                                                                          {500, "Internal Server Error"},
                                                                          {501, "Not Implemented"},
                                                                          {503, "Service Unavailable"},
                                                                          {504, "Gateway Timeout"}}};
  const auto found = std::find_if(titles.begin(), titles.end(), [&](const auto& t) { return t.first == status; });
  return found == titles.end() ? "Error" : found->second;
}

std::string result_json(const operation_result& r) {
  if (r.failure) return problem_json(*r.failure);
  return text_of({{"schema", schema}, {"ok", true}, {"changed", r.changed}});
}

std::string files_json(std::size_t files) {
  return text_of({{"schema", schema}, {"ok", true}, {"changed", files > 0}, {"files", files}});
}

std::string tree_names_json(const std::vector<std::string>& trees) {
  return text_of({{"schema", schema}, {"ok", true}, {"changed", !trees.empty()}, {"trees", trees}});
}

std::string done_json(const operation_result& r) {
  json value{{"done", true},
             {"ok", !r.failure},
             {"changed", r.changed},
             {"status", r.failure ? status_of(r.failure->code) : 200U}};
  if (r.failure) add_problem(value, *r.failure);
  return text_of(value);
}

std::string ping_json(std::string_view version, int pid) {
  return text_of({{"schema", schema}, {"pong", true}, {"version", version}, {"pid", pid}});
}

std::string info_json(const daemon_info& info) {
  json counts = json::object();
  for (const auto state : {node_state::stopped, node_state::starting, node_state::running, node_state::stopping,
                           node_state::backoff, node_state::finished, node_state::failed}) {
    const auto found = info.counts.find(state);
    counts[std::string{word(state)}] = found == info.counts.end() ? 0 : found->second;
  }
  json value{{"schema", schema},
             {"version", info.version},
             {"pid", info.pid},
             {"keeper_pid", info.keeper_pid},
             {"started_at", time_text(info.started_at)},
             {"uptime_ms", info.uptime.count()},
             {"epoch", info.epoch},
             {"socket", info.socket},
             {"state_dir", info.state_dir},
             {"log_dir", info.log_dir},
             {"trees", info.trees},
             {"counts", std::move(counts)}};
  if (!info.notices.empty()) value["notices"] = info.notices;
  return text_of(value);
}

std::string configs_json(const std::vector<tree_config>& trees) {
  json value{{"schema", schema}, {"trees", json::array()}};
  for (const auto& t : trees)
    value["trees"].push_back(
        {{"tree", t.tree}, {"file", t.file}, {"text", t.text}, {"up_since", time_text(t.up_since)}});
  return text_of(value);
}

std::string validation_json(bool ok, const std::string& tree, const std::vector<diagnostic_entry>& diagnostics) {
  json value{{"schema", schema}, {"ok", ok}};
  if (!tree.empty()) value["tree"] = tree;
  value["diagnostics"] = diagnostics_value(diagnostics);
  return text_of(value);
}

std::string changes_json(const difference& found) {
  json list = json::array();
  for (const auto& change : found.changes) {
    json entry{{"what", change.what}, {"name", change.name}};
    if (!change.parent.empty()) entry["parent"] = change.parent;
    if (!change.details.empty()) entry["details"] = change.details;
    for (const auto& variable : change.variables)
      entry["variables"].push_back({{"name", variable.name}, {"what", variable.what}});
    if (change.needs_restart) entry["needs_restart"] = true;
    if (!change.then.empty()) entry["then"] = change.then;
    list.push_back(std::move(entry));
  }
  json value{{"schema", 1}, {"tree", found.tree}, {"state", word(found.state)}, {"changes", std::move(list)}};
  if (!found.refusal.empty()) value["refused"] = found.refusal;
  return text_of(value);
}

std::string children_json(const std::vector<child_entry>& children, bool pool) {
  json list = json::array();
  std::size_t active = 0;
  std::size_t supervisors = 0;
  for (const auto& child : children) {
    list.push_back({{"id", child.id},
                    {"type", child.type},
                    {"state", child.state},
                    {"restart", child.restart},
                    {"significant", child.significant}});
    active += child.alive ? 1U : 0U;
    supervisors += child.type == "supervisor" ? 1U : 0U;
  }
  return text_of({{"schema", 1},
                  {"children", std::move(list)},
                  {"count",
                   {{"specs", pool ? std::size_t{1} : children.size()},
                    {"active", active},
                    {"supervisors", supervisors},
                    {"workers", children.size() - supervisors}}}});
}

} // namespace alder::wire

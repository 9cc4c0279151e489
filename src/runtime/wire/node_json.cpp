#include "runtime/wire/node_json.hpp"

#include "runtime/base/words.hpp"
#include "runtime/wire/time_text.hpp"

#include <nlohmann/json.hpp>

#include <cmath>
#include <utility>

namespace alder::wire {
namespace {

std::string_view type_of(node_snapshot::kind kind) {
  switch (kind) {
  case node_snapshot::kind::service: return "service";
  case node_snapshot::kind::supervisor: return "supervisor";
  case node_snapshot::kind::actor: return "actor";
  }
  return "?";
}

void add_process(node_view& view, const node_snapshot& node) {
  view.generation = node.generation;
  view.pid = node.pid;
  view.status = node.status;
  view.reloading = node.reloading;
  view.health = node.health;
  view.metrics = node.metrics;
  view.usage = node.usage;
  if (!node.last_exit) return;
  view.last_exit = view_of(node.last_exit->status);
  if (node.last_exit->at != wall_time{}) view.last_exit->at = node.last_exit->at;
}

void add_plans(node_view& view, const node_snapshot& node) {
  const bool was_stopped = node.settled && node.state == node_state::stopped; // by hand: then no schedule starts it
  const bool is_scheduled = node.service && node.service->waits_for_schedule();
  if (is_scheduled && !was_stopped)
    view.started_by = "schedule";
  else if (is_scheduled || (node.service && !node.service->autostart))
    view.started_by = "request";
  if (!was_stopped) view.next_run = node.next_run;
  const bool is_down = node.state == node_state::stopped || node.state == node_state::failed; // with what is above it
  if (node.state == node_state::backoff || is_down) view.next_attempt = node.next_attempt;
}

json_value value_of(const usage_snapshot& usage) {
  json_value value{{"cpu", std::round(usage.cpu * 1000) / 1000},
                   {"memory", usage.memory},
                   {"processes", usage.processes},
                   {"threads", usage.threads}};
  if (usage.descriptors) value["fds"] = *usage.descriptors;
  if (usage.proportional_memory) value["pss"] = *usage.proportional_memory;
  return value;
}

void read_usage(const json_value& value, usage_snapshot& usage) {
  take(value, "cpu", usage.cpu);
  take(value, "memory", usage.memory);
  take(value, "processes", usage.processes);
  take(value, "threads", usage.threads);
  take(value, "fds", usage.descriptors);
  take(value, "pss", usage.proportional_memory);
}

void write_process(json_value& value, const node_view& node) {
  if (node.generation) value["generation"] = *node.generation;
  if (node.pid > 0) value["pid"] = node.pid;
  if (!node.status.empty()) value["status"] = node.status;
  if (node.reloading) value["reloading"] = true;
  if (!node.health.empty()) value["health"] = node.health;
  for (const auto& [name, metric] : node.metrics) {
    value["metrics"][name] = {{"value", metric.value}};
    if (!metric.unit.empty()) value["metrics"][name]["unit"] = metric.unit;
  }
  if (node.usage) value["usage"] = value_of(*node.usage);
  if (node.last_exit) value["last_exit"] = *node.last_exit;
}

void read_process(const json_value& value, node_view& node) {
  take(value, "generation", node.generation);
  take(value, "pid", node.pid);
  take(value, "status", node.status);
  take(value, "reloading", node.reloading);
  take(value, "health", node.health);
  if (const auto* metrics = object_in(value, "metrics")) {
    for (const auto& [name, metric] : metrics->items()) {
      program_metric read;
      if (!metric.is_object() || !take(metric, "value", read.value)) continue;
      take(metric, "unit", read.unit);
      node.metrics.emplace(name, std::move(read));
    }
  }
  if (const auto* usage = object_in(value, "usage")) read_usage(*usage, node.usage.emplace());
  take_object(value, "last_exit", node.last_exit);
}

/// The node and so many levels below it.
void read_node(const json_value& value, node_view& node, unsigned levels) {
  take(value, "type", node.type);
  take(value, "tree", node.tree);
  take(value, "name", node.name);
  take(value, "parent", node.parent);
  take(value, "state", node.state);
  take(value, "since", node.since);
  take(value, "reason", node.reason);
  take(value, "restart", node.restart);
  take(value, "restarts", node.restarts);
  read_process(value, node);
  take(value, "strategy", node.strategy);
  take(value, "pool", node.pool);
  take_object(value, "intensity", node.intensity);
  take(value, "started_by", node.started_by);
  take(value, "next_run", node.next_run);
  take(value, "next_attempt", node.next_attempt);
  if (levels > 0)
    each_in(value, "children",
            [&](const json_value& child) { read_node(child, node.children.emplace_back(), levels - 1); });
  take_object(value, "detail", node.detail);
}

bool is_deeper_than(unsigned levels, const json_value& node) {
  bool is_deeper = false;
  each_in(node, "children",
          [&](const json_value& child) { is_deeper = is_deeper || levels == 0 || is_deeper_than(levels - 1, child); });
  return is_deeper;
}

} // namespace

node_view view_of(const node_snapshot& node) {
  node_view view;
  view.type = type_of(node.what);
  view.tree = node.tree;
  view.name = node.name;
  view.parent = node.parent;
  view.state = word(node.state);
  if (node.since != wall_time{}) view.since = node.since;
  view.reason = node.reason;
  view.restart = word(node.restart);
  view.restarts = node.restarts;
  if (node.what == node_snapshot::kind::supervisor) {
    view.strategy = word(node.strategy);
    view.pool = node.pool;
    view.intensity = intensity_of(node);
    view.generation = node.generation;
  } else {
    add_process(view, node);
  }
  add_plans(view, node);
  return view;
}

void to_json(json_value& value, const node_view& node) {
  value = {{"type", node.type}, {"tree", node.tree}, {"name", node.name}};
  if (!node.parent.empty()) value["parent"] = node.parent;
  value["state"] = node.state;
  if (node.since) value["since"] = time_text(*node.since);
  value["reason"] = node.reason;
  value["restart"] = node.restart;
  value["restarts"] = node.restarts;
  if (node.intensity) {
    value["strategy"] = node.strategy;
    value["pool"] = node.pool;
    value["intensity"] = *node.intensity;
  }
  write_process(value, node);
  if (!node.started_by.empty()) value["started_by"] = node.started_by;
  if (node.next_run) value["next_run"] = time_text(*node.next_run);
  if (node.next_attempt) value["next_attempt"] = time_text(*node.next_attempt);
}

void from_json(const json_value& value, node_view& node) { read_node(value, node, deepest_node); }

bool is_too_deep(const json_value& node) { return is_deeper_than(deepest_node, node); }

std::string node_json(const node_snapshot& node) { return written(view_of(node)); }

} // namespace alder::wire

#include "cli/common/screens.hpp"

#include "runtime/base/text.hpp"
#include "runtime/base/units.hpp"
#include "runtime/wire/spec_text.hpp"

#include <algorithm>

namespace alder::cli {
namespace {

constexpr std::size_t label_width = 11;

class block {
public:
  explicit block(const look& on) : on_{on} {}

  /// "    Label: value"; nothing for an empty value.
  void add(std::string_view label, const std::string& value) {
    if (value.empty()) return;
    const auto line = pad_left(std::string{label}, label_width) + ": " + value;
    text_ += line + "\n";
  }
  void add_more(const std::string& value) { text_ += std::string(label_width + 2, ' ') + value + "\n"; }
  void add_text(const std::string& text) { text_ += text; }
  void add_line(const std::string& line) { text_ += line + "\n"; }
  [[nodiscard]] const look& on() const { return on_; }
  [[nodiscard]] std::string take() { return std::move(text_); }

private:
  look on_;
  std::string text_;
};

std::string budget_words(const intensity_view& intensity) {
  auto text = "restarts " + std::to_string(intensity.used) + "/" + std::to_string(intensity.max) + " in " +
              format_duration(intensity.window) + ", " + std::to_string(intensity.left) + " left";
  if (intensity.oldest_expires) text += ", oldest expires in " + format_age(*intensity.oldest_expires);
  return text;
}

std::string state_line(const node_view& node, const look& on, wall_time now) {
  auto text = paint(on, state_tone(node.state), node.state);
  if (node.since) text += " since " + date_and_clock(*node.since) + " (" + age(*node.since, now) + " ago)";
  if (node.next_attempt) text += ", next try in " + format_age(std::max(milliseconds{0}, *node.next_attempt - now));
  if (node.next_run)
    text += ", next run " + date_and_clock(*node.next_run) + " (in " +
            format_age(std::max(milliseconds{0}, *node.next_run - now)) + ")";
  return text;
}

std::string exit_line(const node_view& node, wall_time now) {
  if (!node.last_exit) return {};
  return node.last_exit->text + (node.last_exit->at ? ", " + age(*node.last_exit->at, now) + " ago" : "");
}

/// "3% cpu, 40.0M memory (12.0M its own share), 12 files, 5 threads in 2 processes"
std::string usage_line(const usage_snapshot& usage) {
  auto text =
      std::to_string(static_cast<long>(usage.cpu * 100 + 0.5)) + "%" + " CPU, " + format_size(usage.memory) + " memory";
  if (usage.proportional_memory) text += " (" + format_size(*usage.proportional_memory) + " proportional)";
  if (usage.descriptors) text += ", " + counted(*usage.descriptors, "open file");
  return text + ", " + counted(usage.threads, "thread") + " in " + counted(usage.processes, "process");
}

/// Main process first, children indented below their parents.
void add_processes(block& into, const std::vector<process_entry>& all) {
  const auto depth_of = [&](const process_entry& process) {
    std::size_t depth = 0;
    int parent = process.ppid;
    while (depth < all.size()) { // no chain is longer than the list
      const auto found = std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.pid == parent; });
      if (found == all.end()) break;
      parent = found->ppid;
      ++depth;
    }
    return depth;
  };
  bool is_first = true;
  for (const auto& process : all) {
    const auto depth = depth_of(process);
    const auto mark = depth == 0 ? "" : into.on().unicode ? "└─ " : "`- ";
    const auto lead = depth == 0 ? std::string{} : std::string((depth - 1) * 3, ' ');
    auto text = lead + mark + std::to_string(process.pid);
    text.append(" ").append(foreign(into.on(), process.command));
    is_first ? into.add("Processes", text) : into.add_more(text);
    is_first = false;
  }
}

/// OTP's name of a pool's strategy says nothing to most people.
std::string strategy_words(const std::string& strategy) {
  return strategy == "simple_one_for_one" ? "pool (each instance restarts alone)" : strategy;
}

void add_environment(block& into, const service_spec& spec, secrets environment) {
  if (spec.environment.empty()) return;
  if (environment == secrets::hidden) {
    into.add("Environment", counted(spec.environment.size(), "variable") + " (show them with --show-env)");
    return;
  }
  bool is_first = true;
  for (const auto& [name, value] : spec.environment) {
    const auto text = foreign(into.on(), name + "=" + value);
    is_first ? into.add("Environment", text) : into.add_more(text);
    is_first = false;
  }
}

/// What is executed.
void add_program(block& into, const service_spec& spec, secrets environment) {
  into.add("Command", foreign(into.on(), shell_quote(spec.command)));
  into.add("Directory", foreign(into.on(), spec.cwd));
  add_environment(into, spec, environment);
  into.add("Launch", foreign(into.on(), wire::launch_text(spec)));
  into.add("Input", foreign(into.on(), wire::stdin_text(spec)));
}

/// When it is started, stopped and restarted.
void add_rules(block& into, const node_view& node, const service_spec& spec) {
  const auto limit = wire::restart_limit_text(spec.restart_limit);
  into.add("Restart",
           node.restart + ", backoff " + wire::backoff_text(spec.backoff) + (limit.empty() ? "" : ", " + limit));
  into.add("Exits", wire::exits_text(spec));
  into.add("After", join(spec.after, ", "));
  into.add("Ready", foreign(into.on(), spec.task ? wire::task_text(spec) : wire::ready_text(spec.ready)));
  into.add("Schedule", foreign(into.on(), wire::schedule_text(spec.schedule)));
  into.add("Watch", foreign(into.on(), wire::watch_text(spec.watch)));
  into.add("Hooks", foreign(into.on(), wire::hooks_text(spec.hooks)));
  into.add("Health", foreign(into.on(), wire::health_text(spec.health)));
  into.add("Heartbeat", wire::heartbeat_text(spec.heartbeat));
  into.add("Limits", wire::limits_text(spec.limits));
  into.add("Log", foreign(into.on(), wire::log_rules_text(spec.log)));
  into.add("Stop", foreign(into.on(), wire::stop_text(spec.stop)));
}

void add_detail(block& into, const node_view& node, const node_detail& detail, secrets environment) {
  if (detail.service) add_program(into, *detail.service, environment);
  into.add("Path", join(detail.path, into.on().unicode ? " › " : " > "));
  auto above = strategy_words(detail.strategy);
  if (detail.intensity) above += (above.empty() ? "" : ", ") + budget_words(*detail.intensity);
  into.add("Supervised", above);
  if (detail.service)
    add_rules(into, node, *detail.service);
  else
    into.add("Restart", node.restart);
  if (!detail.pending.empty())
    into.add("Pending", join(detail.pending, ", ") + (detail.pending.size() == 1 ? " takes" : " take") +
                            " effect at the next start: alder restart " + foreign(into.on(), shell_quote({node.name})));
}

/// "19 bytes", "4.2K".
std::string size_text(std::uint64_t bytes) {
  constexpr std::uint64_t least_unit = 1024;
  return bytes < least_unit ? counted(bytes, "byte") : format_size(bytes);
}

void add_history(block& into, const node_detail& detail, wall_time now) {
  into.add("Output", foreign(into.on(), detail.log_out));
  if (detail.log_err != detail.log_out) into.add("Errors", foreign(into.on(), detail.log_err));
  if (const auto& logged = detail.logged) {
    auto text = size_text(logged->written) + " since the daemon started";
    if (logged->rotations > 0) text += ", rotated " + counted(logged->rotations, "time");
    if (logged->waiting > 0) text += ", " + size_text(logged->waiting) + " waiting to be written";
    if (logged->lost > 0)
      text += ", " + size_text(logged->lost) + " lost (" + counted(logged->lost_lines, "line") + ")";
    into.add("Logged", text);
  }
  const auto& on = into.on();
  if (!detail.events.empty()) into.add_line("\n" + paint(on, tone::bold, "Events"));
  for (const auto& event : detail.events)
    into.add_text("  " + event_text(on, event, now));
  if (!detail.log.empty()) into.add_line("\n" + paint(on, tone::bold, "Log"));
  for (const auto& line : detail.log) {
    into.add_text("  " + log_text(on, line, {.has_prefix = true, .name_width = columns_of(line.service)}));
  }
}

/// A child a line, with how it ended last: what is wrong with a pool is wrong with one of its instances.
void add_children(block& into, const node_view& node, wall_time now) {
  constexpr std::size_t most = 20;
  std::vector<const node_view*> children;
  for (const auto& child : node.children)
    children.push_back(&child);
  std::stable_partition(children.begin(), children.end(), [](const auto* c) { return c->state != "running"; });
  const auto shown = std::min(children.size(), most);
  for (std::size_t i = 0; i < shown; ++i) {
    const auto& child = *children[i];
    auto line = child.name + " (" + child.state + ")";
    if (child.restarts > 0) line += ", restarted " + counted(child.restarts, "time");
    if (const auto how = exit_line(child, now); !how.empty()) line += ", last exit " + how;
    i == 0 ? into.add("Children", line) : into.add_more(line);
  }
  if (children.size() > shown) into.add_more("and " + std::to_string(children.size() - shown) + " more: alder tree");
}

/// What a person would most likely want to type now.
std::string next_step(const node_view& node) {
  const bool is_service = node.type == "service";
  if (node.state == "failed") return is_service ? "alder logs " + node.name : "alder events " + node.name;
  if (node.state == "stopped" || node.state == "finished") return "alder start " + node.name;
  return is_service ? "alder logs -f " + node.name : "alder tree";
}

} // namespace

std::string describe_screen(const look& on, const node_view& node, secrets environment, wall_time now) {
  block text{on};
  text.add_line(paint(on, state_tone(node.state), state_mark(on, node.state)) + " " + paint(on, tone::bold, node.name) +
                " " + paint(on, tone::dim, (node.pool ? "pool" : node.type) + std::string{" of "} + node.tree));
  text.add("State", state_line(node, on, now));
  text.add("Reason", foreign(on, node.reason));
  text.add("Unhealthy", foreign(on, node.health));
  text.add("Status", foreign(on, (node.reloading ? std::string{"(reloading) "} : std::string{}) + node.status));
  text.add("Last exit", exit_line(node, now));
  text.add("Restarts", std::to_string(node.restarts));
  if (node.type == "supervisor")
    text.add("Strategy", strategy_words(node.strategy) + (node.intensity ? ", " + budget_words(*node.intensity) : ""));
  bool is_first = true;
  for (const auto& [name, metric] : node.metrics) {
    const auto line =
        foreign(on, name + " " + wire::number_text(metric.value) + (metric.unit.empty() ? "" : " " + metric.unit));
    is_first ? text.add("Metrics", line) : text.add_more(line);
    is_first = false;
  }
  if (node.usage) text.add("Usage", usage_line(*node.usage));
  if (node.detail) add_detail(text, node, *node.detail, environment);
  if (node.detail && node.detail->processes.empty() && node.pid > 0) text.add("PID", std::to_string(node.pid));
  if (node.detail) add_processes(text, node.detail->processes);
  add_children(text, node, now);
  if (node.detail) add_history(text, *node.detail, now);
  text.add_line("\n" + paint(on, tone::dim, "Next: " + next_step(node)));
  return text.take();
}

} // namespace alder::cli

#include "runtime/wire/spec_text.hpp"

#include "runtime/base/known_by.hpp"
#include "runtime/base/overloaded.hpp"
#include "runtime/base/text.hpp"
#include "runtime/base/units.hpp"
#include "runtime/base/words.hpp"
#include "runtime/wire/spec_words.hpp"

#include <array>
#include <csignal>
#include <cstdio>

namespace alder::wire {
namespace {

std::string address(const std::string& host, std::uint16_t port) {
  const bool is_v6 = host.find(':') != std::string::npos;
  return (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::string check_text(const check_spec& check) {
  return std::visit(overloaded{
                        [](const std::monostate&) -> std::string { return "as soon as it is running"; },
                        [](const ready_after& r) { return "after " + format_duration(r.delay); },
                        [](const ready_tcp& r) { return "tcp " + address(r.host, r.port); },
                        [](const ready_http& r) {
                          return "http " + address(r.host, r.port) + r.path +
                                 (r.body.empty() ? "" : " with a body matching " + r.body);
                        },
                        [](const ready_exec& r) { return "exec " + shell_quote(r.command); },
                        [](const ready_file& r) { return "file " + r.path; },
                        [](const ready_notify&) -> std::string { return "READY=1 on NOTIFY_SOCKET"; },
                        [](const ready_message&) -> std::string { return "\"ready\" over IPC"; },
                        [](const ready_descriptor& r) { return "a line on descriptor " + std::to_string(r.number); },
                        [](const ready_log& r) { return "a line of output matching " + r.pattern; },
                    },
                    check);
}

std::string remedy_text(remedy then) {
  switch (then) {
  case remedy::restart: return "restarted";
  case remedy::fail: return "failed";
  case remedy::report: return "reported";
  }
  return {};
}

std::string step_text(const stop_step& step) {
  const auto how = std::visit(overloaded{[](int signal) { return signal_name(signal); },
                                         [](const std::vector<std::string>& command) { return shell_quote(command); },
                                         [](const stop_step::message&) { return std::string{"message shutdown"}; }},
                              step.how);
  return how + ", " + format_duration(step.wait) + " later ";
}

std::string octal_text(unsigned number) {
  std::string digits;
  for (; number > 0; number /= 8)
    digits.insert(digits.begin(), static_cast<char>('0' + number % 8));
  return "0" + digits;
}

} // namespace

std::string ready_text(const ready_spec& ready) {
  const auto source = known_by(ready.check);
  const bool waits = source == check_source::polled || source == check_source::told;
  return check_text(ready.check) + (waits ? " within " + format_duration(ready.timeout) : "");
}

std::string task_text(const service_spec& task) {
  const bool is_checked = known_by(task.ready.check) != check_source::none;
  return "when it has exited successfully" +
         (is_checked ? " and then " + check_text(task.ready.check) : std::string{}) +
         (task.task_timeout.count() > 0 ? ", within " + format_duration(task.task_timeout) : "");
}

std::string schedule_text(const schedule_spec& schedule) {
  std::vector<std::string> parts;
  if (schedule.cron) parts.push_back("cron " + schedule.cron->text + " (" + schedule.zone.name + ")");
  if (schedule.max_age.count() > 0) {
    const auto percent = static_cast<long>(schedule.jitter * 100 + 0.5);
    parts.push_back("max_age " + format_duration(schedule.max_age) +
                    (percent > 0 ? " ± " + std::to_string(percent) + "%" : ""));
  }
  return join(parts, ", ");
}

std::string watch_text(const watch_spec& watch) {
  if (!watch.any()) return {};
  return join(watch.paths, ", ") + (watch.ignore.empty() ? "" : " except " + join(watch.ignore, ", ")) +
         ", restarted " + format_duration(watch.debounce) + " after " +
         (watch.content ? "a change of content" : "a change");
}

std::string hooks_text(const hooks_spec& hooks) {
  std::vector<std::string> parts;
  const auto add = [&](const char* when, const std::vector<std::string>& command) {
    if (!command.empty()) parts.push_back(std::string{when} + " " + shell_quote(command));
  };
  add("before_start", hooks.before_start);
  add("after_start", hooks.after_start);
  add("before_stop", hooks.before_stop);
  add("after_exit", hooks.after_exit);
  if (!parts.empty()) parts.push_back("each within " + format_duration(hooks.timeout));
  return join(parts, ", ");
}

std::string health_text(const std::optional<health_spec>& health) {
  if (!health) return {};
  return check_text(health->check) + " every " + format_duration(health->interval) + ", " + remedy_text(health->then) +
         " after " + counted(health->failures, "failure");
}

std::string heartbeat_text(const std::optional<heartbeat_spec>& heartbeat) {
  if (!heartbeat) return {};
  return "every " + format_duration(heartbeat->interval) + ", " + remedy_text(heartbeat->then) + " after " +
         std::to_string(heartbeat->missed) + " missed";
}

std::string limits_text(const usage_limits& limits) {
  if (!limits.any()) return {};
  std::vector<std::string> parts;
  if (limits.memory > 0) parts.push_back("memory " + format_size(limits.memory));
  if (limits.cpu > 0) parts.push_back("cpu " + std::to_string(static_cast<long>(limits.cpu * 100)) + "%");
  return join(parts, ", ") + "; " + remedy_text(limits.then) + " after exceeding it for " +
         format_duration(limits.grace);
}

std::string restart_limit_text(const restart_limit& limit) {
  std::vector<std::string> parts;
  if (limit.max_unstable > 0)
    parts.push_back("fails after " + counted(limit.max_unstable, "consecutive start") +
                    (limit.max_unstable == 1 ? " that lasts" : " that last") + " less than " +
                    format_duration(limit.min_uptime));
  if (limit.hourly > 0) parts.push_back("at most " + counted(limit.hourly, "restart") + " per hour");
  return join(parts, ", ");
}

std::string stop_text(const stop_spec& stop) {
  std::string signal;
  for (const auto& step : stop.steps)
    signal += step_text(step);
  signal += signal_name(stop.signal);
  if (stop.main_only) signal += " to the main process";
  if (stop.signal == SIGKILL) return signal;
  if (stop.kill_leftovers) signal += ", SIGKILL to processes that the main process leaves behind";
  return signal + (stop.timeout ? ", SIGKILL after " + format_duration(*stop.timeout) : ", then waits without limit");
}

/// "own cgroup (memory_max 300M, cpu_max 150%)"
static std::string cgroup_text(const cgroup_limits& limits) {
  std::vector<std::string> parts;
  if (limits.memory_max > 0) parts.push_back("memory_max " + format_size(limits.memory_max));
  if (limits.memory_high > 0) parts.push_back("memory_high " + format_size(limits.memory_high));
  if (limits.cpu_max > 0) parts.push_back("cpu_max " + std::to_string(limits.cpu_max / 10) + "%");
  if (limits.pids_max > 0) parts.push_back("pids_max " + std::to_string(limits.pids_max));
  return "own cgroup" + (parts.empty() ? "" : " (" + join(parts, ", ") + ")");
}

std::string attributes_text(const process_attributes& attributes) {
  std::vector<std::string> parts;
  if (attributes.who) parts.push_back("as " + attributes.who->text);
  if (attributes.nice) parts.push_back("nice " + std::to_string(*attributes.nice));
  if (attributes.io_priority) {
    const unsigned which = (*attributes.io_priority >> 13U) & 3U;
    parts.push_back("ionice " + std::string{word_in(io_class_words, which)} +
                    (which == 3 ? "" : ":" + std::to_string(*attributes.io_priority & 7U)));
  }
  if (attributes.oom_score_adj) parts.push_back("oom_score_adj " + std::to_string(*attributes.oom_score_adj));
  const auto limit = [](std::uint64_t value) {
    return value == resource_limit::unlimited ? std::string{"unlimited"} : std::to_string(value);
  };
  for (const auto& one : attributes.limits)
    parts.push_back(resource_name(one.resource) + " " + limit(one.soft) +
                    (one.hard == one.soft ? "" : ":" + limit(one.hard)));
  std::string cpus;
  for (const auto cpu : attributes.cpus)
    cpus += " " + std::to_string(cpu);
  if (!cpus.empty()) parts.push_back("cpus" + cpus);
  if (attributes.no_new_privileges) parts.emplace_back("no new privileges");
  if (attributes.private_tmp) parts.emplace_back("private /tmp");
  if (!attributes.read_only_paths.empty()) parts.push_back("read-only " + join(attributes.read_only_paths, " "));
  if (attributes.cgroup) parts.push_back(cgroup_text(*attributes.cgroup));
  for (const auto& reason : attributes.left_out)
    parts.push_back("ignored: " + reason);
  return join(parts, ", ");
}

std::string launch_text(const service_spec& spec) {
  auto text = attributes_text(spec.attributes);
  if (!spec.umask) return text;
  return text + (text.empty() ? "umask " : ", umask ") + octal_text(*spec.umask);
}

std::string stdin_text(const service_spec& spec) {
  if (!spec.stdin_file.empty()) return spec.stdin_file;
  return spec.terminal ? "pty" : spec.stdin_pipe ? "pipe" : "";
}

std::string exits_text(const service_spec& spec) {
  const service_spec usual;
  const auto codes = [](const std::vector<int>& values) {
    std::vector<std::string> texts;
    for (const int value : values)
      texts.push_back(std::to_string(value));
    return texts;
  };
  std::string text;
  if (spec.clean_exit_codes != usual.clean_exit_codes || spec.clean_signals != usual.clean_signals) {
    auto clean = codes(spec.clean_exit_codes);
    for (const int signal : spec.clean_signals)
      clean.push_back(signal_name(signal));
    text = "clean: " + join(clean, ", ");
  }
  if (spec.fatal_exit_codes.empty()) return text;
  return text + (text.empty() ? "" : "; ") + "never restarted after " + join(codes(spec.fatal_exit_codes), ", ");
}

std::string log_rules_text(const log_spec& log) {
  const log_spec usual;
  std::vector<std::string> parts;
  if (log.to != usual.to)
    parts.push_back("to " + std::string{word_in(log_target_words, log.to)} +
                    (log.actor.empty() ? "" : " " + log.actor));
  if (log.format != usual.format) parts.emplace_back(word_in(log_format_words, log.format));
  if (log.max_size != usual.max_size || log.max_files != usual.max_files)
    parts.push_back((log.max_size == 0 ? "any size" : format_size(log.max_size)) + " x " +
                    std::to_string(log.max_files));
  if (log.rotate_every.count() > 0) parts.push_back("every " + format_duration(log.rotate_every));
  if (log.max_total > 0) parts.push_back("at most " + format_size(log.max_total));
  if (log.max_age.count() > 0) parts.push_back("not older than " + format_duration(log.max_age));
  if (log.compress != usual.compress)
    parts.emplace_back(log.compress == log_compression::none ? "not compressed" : "zstd");
  if (log.pressure != usual.pressure) parts.emplace_back(word_in(log_pressure_words, log.pressure));
  if (log.pressure == log_pressure::spill)
    parts.back() += " to " + log.spill_to + " (" + format_size(log.spill_max) + ")";
  if (log.max_rate > 0) parts.push_back(counted(log.max_rate, "line") + " per second");
  return join(parts, ", ");
}

std::string backoff_text(const backoff& delay) {
  if (delay.min.count() == 0 && delay.first.value_or(delay.min).count() == 0) return "none";
  std::array<char, 32> factor{};
  (void)std::snprintf(factor.data(), factor.size(), "%g", delay.factor); // 32 characters are enough for %g
  std::string first;
  if (delay.first) first = (delay.first->count() == 0 ? "0" : format_duration(*delay.first)) + ", then ";
  if (delay.min.count() == 0) return first + "0";
  return first + format_duration(delay.min) + " to " + format_duration(delay.max) + ", factor " + factor.data();
}

} // namespace alder::wire

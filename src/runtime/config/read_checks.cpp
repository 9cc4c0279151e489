#include "runtime/config/read_checks.hpp"

#include "runtime/base/line_search.hpp"
#include "runtime/base/pattern.hpp"
#include "runtime/base/text.hpp"
#include "runtime/config/values.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace alder::config {
namespace {

constexpr double least_cpu_max = 10; // thousandths of a processor; the kernel takes no less
constexpr double most_cpu_max = 1e8;

/// "tcp, http and exec"
std::string listed(const std::vector<std::string>& names) {
  const std::vector<std::string> most{names.begin(), names.end() - 1};
  return join(most, ", ") + " and " + names.back();
}

/// The one of `names` that is given in the mapping `whole`; reports none and several.
const field* only_check(context& in, const fields& keys, const field& whole, const std::vector<std::string>& names) {
  const auto group = "'" + std::string{whole.key->name} + "'";
  const field* found = nullptr;
  bool any = false;
  for (const auto& name : names) {
    any = any || keys.has(name);
    const auto* check = keys.find(name);
    if (check != nullptr && found != nullptr)
      in.mistakes.add(
          code::exclusive_keys, check->key_where, group + " has two checks",
          {"'" + std::string{found->key->name} + "' is already given", {"use only one of " + listed(names)}});
    if (found == nullptr) found = check;
  }
  if (!any)
    in.mistakes.add(code::missing_key, whole.key_where, group + " has no check",
                    {"", {"give one of " + listed(names)}});
  return found;
}

/// `true` at a check that has nothing to say but that it is wanted.
bool is_wanted(context& in, const field* f) {
  const auto wanted = read_boolean(in, f);
  if (wanted && !*wanted)
    in.mistakes.add(code::no_effect, f->value->where, "'" + std::string{f->key->name} + ": false' has no effect",
                    {"remove it", {}});
  return wanted.value_or(false);
}

/// Whether it is a pattern; reports what is wrong with it.
bool check_pattern(context& in, const field& f, const std::string& text, std::size_t instructions) {
  if (in.good_patterns.count({text, instructions}) > 0) return true;
  if (const auto compiled = pattern::compile(text, instructions); !compiled) {
    in.mistakes.add(
        code::bad_pattern, f.value->where, "'" + std::string{f.key->name} + "' is not a valid regular expression",
        {compiled.failure().message,
         {"the syntax is that of RE2; docs/logs.md#regular-expressions lists the differences from grep -E"}});
    return false;
  }
  in.good_patterns.emplace(text, instructions);
  return true;
}

ready_http read_http_check(context& in, const fields& keys, ready_http http) {
  http.statuses = read_statuses(in, keys.find("status")).value_or(http.statuses);
  const auto* body = keys.find("body");
  if (body == nullptr) return http;
  const auto text = read_text(in, *body->value);
  if (text && check_pattern(in, *body, *text, pattern::most_instructions)) http.body = *text;
  return http;
}

std::optional<ready_log> read_log_check(context& in, const field* log, const instance_scope& which) {
  if (log == nullptr) return std::nullopt;
  auto text = read_text(in, *log->value, which);
  if (!text) return std::nullopt;
  if (text->empty()) {
    in.mistakes.add(code::bad_pattern, log->value->where, "'log' is empty",
                    {"it would match every line", {"write part of the line that the program prints when it is ready"}});
    return std::nullopt;
  }
  if (!check_pattern(in, *log, *text, line_search::most_instructions)) return std::nullopt;
  return ready_log{std::move(*text)};
}

/// The kinds of check that ready and health have in common.
check_spec read_check(context& in, const fields& keys, const instance_scope& which) {
  check_spec check;
  if (const auto tcp = read_tcp(in, keys.find("tcp"), which)) check = *tcp;
  if (auto http = read_http(in, keys.find("http"), which)) check = read_http_check(in, keys, std::move(*http));
  if (auto exec = read_command(in, keys.find("exec"), which)) check = ready_exec{std::move(*exec)};
  if (auto file = read_path(in, keys.find("file"), which)) check = ready_file{std::move(*file)};
  for (const auto* name : {"status", "body"}) {
    const auto* lonely = keys.find(name);
    if (lonely != nullptr && !keys.has("http"))
      in.mistakes.add(code::no_effect, lonely->key_where, "'" + std::string{name} + "' has no effect without 'http'",
                      {"it applies to the answer to 'http'", {}});
  }
  return check;
}

remedy read_remedy(context& in, const field* f) {
  const auto word = read_word(in, f);
  return word == "report" ? remedy::report : word == "fail" ? remedy::fail : remedy::restart;
}

unsigned read_count(context& in, const field* f, unsigned otherwise) {
  return static_cast<unsigned>(read_whole_number(in, f).value_or(otherwise));
}

} // namespace

ready_spec read_ready(context& in, const field* ready, const instance_scope& which) {
  ready_spec spec;
  if (ready == nullptr) return spec;
  const auto usual = spec.timeout;
  const fields keys{in, *ready->value, place::ready};
  const auto* check =
      only_check(in, keys, *ready, {"tcp", "http", "exec", "file", "notify", "message", "descriptor", "log", "after"});
  const auto timeout = read_duration(in, keys.find("timeout"));
  spec.timeout = timeout.value_or(usual);
  spec.interval = read_duration(in, keys.find("interval")).value_or(spec.interval);
  if (check == nullptr) return spec;
  spec.check = read_check(in, keys, which);
  if (is_wanted(in, keys.find("notify"))) spec.check = ready_notify{};
  if (is_wanted(in, keys.find("message"))) spec.check = ready_message{};
  if (const auto number = read_whole_number(in, keys.find("descriptor")))
    spec.check = ready_descriptor{static_cast<int>(*number)};
  if (auto log = read_log_check(in, keys.find("log"), which)) spec.check = std::move(*log);
  const auto after = read_duration(in, keys.find("after"));
  if (!after) return spec;
  spec.check = ready_after{*after};
  if (timeout && *after >= *timeout)
    in.mistakes.add(code::impossible, check->value->where, "'after' is not shorter than 'timeout'",
                    {"it would never be ready in time", {}});
  if (!timeout && *after >= usual) spec.timeout = *after + usual;
  return spec;
}

std::optional<health_spec> read_health(context& in, const field* health, const instance_scope& which) {
  if (health == nullptr) return std::nullopt;
  const fields keys{in, *health->value, place::health};
  health_spec spec;
  (void)only_check(in, keys, *health, {"tcp", "http", "exec", "file"}); // what is wrong is reported
  spec.check = read_check(in, keys, which);
  spec.delay = read_duration(in, keys.find("delay")).value_or(spec.delay);
  spec.interval = read_duration(in, keys.find("interval")).value_or(spec.interval);
  spec.timeout = read_duration(in, keys.find("timeout")).value_or(spec.timeout);
  spec.failures = read_count(in, keys.find("failures"), spec.failures);
  spec.successes = read_count(in, keys.find("successes"), spec.successes);
  spec.then = read_remedy(in, keys.find("on_failure"));
  return spec;
}

std::optional<heartbeat_spec> read_heartbeat(context& in, const field* heartbeat) {
  if (heartbeat == nullptr) return std::nullopt;
  const fields keys{in, *heartbeat->value, place::heartbeat};
  heartbeat_spec spec;
  spec.interval = read_duration(in, keys.find("interval")).value_or(spec.interval);
  spec.missed = read_count(in, keys.find("missed"), spec.missed);
  spec.then = read_remedy(in, keys.find("on_failure"));
  return spec;
}

limit_terms read_limits(context& in, const field* limits) {
  limit_terms terms;
  if (limits == nullptr) return terms;
  const fields keys{in, *limits->value, place::limits};
  auto& spec = terms.usage;
  spec.memory = read_size(in, keys.find("memory")).value_or(0);
  spec.cpu = read_processors(in, keys.find("cpu")).value_or(0);
  spec.interval = read_duration(in, keys.find("interval")).value_or(spec.interval);
  spec.grace = read_duration(in, keys.find("grace")).value_or(spec.grace);
  spec.then = read_remedy(in, keys.find("on_failure"));
  auto& hard = terms.hard;
  hard.memory_max = read_size(in, keys.find("memory_max")).value_or(0);
  hard.memory_high = read_size(in, keys.find("memory_high")).value_or(0);
  if (const auto share = read_processors(in, keys.find("cpu_max")))
    hard.cpu_max = static_cast<std::uint32_t>(std::clamp(*share * 1000, least_cpu_max, most_cpu_max));
  hard.pids_max = static_cast<std::uint64_t>(read_whole_number(in, keys.find("pids_max")).value_or(0));
  bool any = keys.has("memory") || keys.has("cpu");
  for (const auto* name : {"memory_max", "memory_high", "cpu_max", "pids_max"}) {
    any = any || keys.has(name);
    if (const auto* given = keys.find(name)) terms.where[name] = given->value->where;
  }
  if (!any)
    in.mistakes.add(code::missing_key, limits->key_where, "'limits' sets no limit",
                    {"", {"give at least one of memory, cpu, memory_max, memory_high, cpu_max and pids_max"}});
  return terms;
}

restart_limit read_restart_limit(context& in, const field* limit) {
  restart_limit spec;
  if (limit == nullptr) return spec;
  const fields keys{in, *limit->value, place::restart_limit};
  spec.min_uptime = read_duration(in, keys.find("min_uptime")).value_or(spec.min_uptime);
  spec.max_unstable = read_count(in, keys.find("max_unstable"), spec.max_unstable);
  spec.hourly = read_count(in, keys.find("hourly"), spec.hourly);
  return spec;
}

} // namespace alder::config

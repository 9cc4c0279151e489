#include "runtime/policy/upkeep.hpp"

#include "runtime/base/units.hpp"
#include "runtime/policy/cron.hpp"

#include <algorithm>
#include <utility>

namespace alder::policy {
namespace {

using op = upkeep_wish::op;

cause by_rule(const std::string& rule) { return {cause::kind::schedule, {}, rule, {}}; }

} // namespace

void upkeep::plan(wall_time now) {
  next_.reset();
  if (spec_.schedule.cron)
    next_ = next_time(*spec_.schedule.cron, spec_.schedule.zone, std::chrono::floor<std::chrono::seconds>(now));
}

/// How long the process that runs now may live on; 0 or less: it is too old.
std::optional<milliseconds> upkeep::life_left(wall_time steady, const node_snapshot* node) {
  if (spec_.schedule.max_age.count() == 0 || node == nullptr || node->state != node_state::running) return std::nullopt;
  if (renewed_ == node->generation) return std::nullopt;
  if (std::exchange(aging_, node->generation) != node->generation) limit_ = age_limit(spec_.schedule, draw_());
  return node->since + limit_ - steady;
}

milliseconds upkeep::time_to_look(const moment& now, const node_snapshot* node) {
  const auto age = spec_.schedule.max_age;
  auto time = age.count() > 0 ? std::min(age, longest_look) : longest_look; // a process may start meanwhile
  if (next_) time = std::min(time, *next_ - now.wall);
  if (const auto left = life_left(now.steady, node)) time = std::min(time, *left);
  return std::max(time, milliseconds{1});
}

upkeep::clock_answer upkeep::on_clock(const moment& now, const node_snapshot* node) {
  clock_answer answer;
  if (next_ && *next_ <= now.wall) {
    answer = come_round(node);
    answer.is_planned = true;
  } else if (const auto left = life_left(now.steady, node); left && left->count() <= 0) {
    renewed_ = aging_;
    answer.wanted = {op::restart, by_rule("max_age " + format_duration(spec_.schedule.max_age))};
  } else if (next_ && *next_ - now.wall > longest_look) {
    answer.is_planned = true; // the clock may have been set back
  }
  if (answer.is_planned) plan(now.wall);
  return answer;
}

/// A task is run unless somebody stopped it or it still runs; another service is restarted if it runs.
upkeep::clock_answer upkeep::come_round(const node_snapshot* node) const {
  clock_answer answer;
  if (node == nullptr) return answer;
  const auto rule = "cron " + spec_.schedule.cron->text;
  const bool is_up = node->state == node_state::running;
  if (!spec_.task) {
    if (is_up) answer.wanted = {op::restart, by_rule(rule)};
    return answer;
  }
  const bool is_busy = is_up || node->state == node_state::starting || node->state == node_state::stopping;
  const bool was_stopped = node->state == node_state::stopped && node->settled;
  if (is_busy)
    answer.warning = "is still running at the time of its next run (" + rule + "), which is skipped";
  else if (!was_stopped)
    answer.wanted = {op::start, by_rule(rule)};
  return answer;
}

upkeep::files_answer upkeep::on_files(const std::string& path, const node_snapshot* node) {
  if (node == nullptr) return {};
  const auto wish = [&](op what) { return upkeep_wish{what, {cause::kind::file_change, {}, path, {}}}; };
  switch (node->state) {
  case node_state::running: return {wish(op::restart), {}};
  case node_state::backoff:
  case node_state::finished:
  case node_state::failed: return {wish(op::start), {}};
  case node_state::starting:
  case node_state::stopping: return {{}, busy_wait};
  case node_state::stopped: break;
  }
  return {};
}

} // namespace alder::policy

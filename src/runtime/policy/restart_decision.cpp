#include "runtime/policy/restart_decision.hpp"

#include "runtime/base/text.hpp"
#include "runtime/base/units.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

namespace alder::policy {

milliseconds backoff_delay(const alder::backoff& rules, unsigned attempt, double random) {
  const auto spread = [&](double delay) {
    return milliseconds{std::llround(delay * (1.0 + rules.jitter * (2.0 * random - 1.0)))};
  };
  if (rules.first) {
    if (attempt == 0) return spread(static_cast<double>(rules.first->count()));
    --attempt;
  }
  if (rules.min.count() <= 0) return milliseconds{0};
  const double most = static_cast<double>(std::max(rules.max, rules.min).count());
  // pow overflows to infinity, which min() turns into the maximum
  return spread(std::min(most, static_cast<double>(rules.min.count()) * std::pow(rules.factor, attempt)));
}

namespace {

constexpr std::chrono::hours hour{1};

/// How long to wait until fewer than `most` restarts are younger than an hour.
milliseconds hourly_delay(const std::vector<time_point>& restarts, unsigned most, time_point now) {
  if (most == 0 || restarts.size() < most) return milliseconds{0};
  return std::chrono::ceil<milliseconds>(restarts[most - 1] + hour - now);
}

} // namespace

restart_verdict decide(const restart_request& request) {
  using action = restart_verdict::action;
  if (request.exit) {
    if (request.restart == restart_kind::temporary) return {action::forget, {}, request.restarts, 0};
    if (request.restart == restart_kind::transient && is_clean(*request.exit))
      return {action::leave, {}, request.restarts, 0};
  }
  restart_verdict verdict;
  verdict.memory = request.memory;
  const auto& limit = request.limit;
  const bool young = !request.ran_for || *request.ran_for < limit.min_uptime;
  verdict.memory.unstable = young ? request.memory.unstable + 1 : 0;
  const auto fail = [&](std::string why) {
    verdict.what = action::fail;
    verdict.restarts = request.restarts;
    verdict.why = std::move(why);
    return verdict;
  };
  if (request.exit && request.exit->is_final) return fail(request.exit->detail);
  if (limit.max_unstable > 0 && verdict.memory.unstable >= limit.max_unstable)
    return fail(counted(verdict.memory.unstable, "consecutive start") + " lasted less than " +
                format_duration(limit.min_uptime));
  verdict.restarts = request.restarts;
  verdict.restarts.add(request.now, request.intensity.within);
  if (verdict.restarts.size() > request.intensity.max_restarts) {
    verdict.what = action::give_up;
    return verdict;
  }
  const bool stable = request.ran_for && *request.ran_for >= request.backoff.reset_after;
  const unsigned attempt = stable ? 0 : request.attempts;
  verdict.delay = backoff_delay(request.backoff, attempt, request.random);
  if (limit.hourly > 0) {
    auto& recent = verdict.memory.hourly;
    std::erase_if(recent, [&](time_point at) { return request.now - at > hour; });
    if (const auto pause = hourly_delay(recent, limit.hourly, request.now); pause > verdict.delay) {
      verdict.delay = pause;
      verdict.why = "was restarted " + counted(limit.hourly, "time") + " within an hour";
    }
    recent.insert(recent.begin(), request.now + verdict.delay);
    recent.resize(std::min<std::size_t>(recent.size(), limit.hourly));
  }
  verdict.attempts = attempt + 1;
  return verdict;
}

} // namespace alder::policy

#include "runtime/policy/restart_decision.hpp"

#include <algorithm>
#include <cmath>

namespace alder::policy {

milliseconds backoff_delay(const alder::backoff& rules, unsigned attempt, double random) {
  if (rules.min.count() <= 0) return milliseconds{0};
  const double most = static_cast<double>(std::max(rules.max, rules.min).count());
  // pow overflows to infinity, which min() turns into the maximum
  const double delay = std::min(most, static_cast<double>(rules.min.count()) * std::pow(rules.factor, attempt));
  return milliseconds{std::llround(delay * (1.0 + rules.jitter * (2.0 * random - 1.0)))};
}

restart_verdict decide(const restart_request& request) {
  using action = restart_verdict::action;
  if (request.exit) {
    if (request.restart == restart_kind::temporary) return {action::forget, {}, request.restarts, 0};
    if (request.restart == restart_kind::transient && is_clean(*request.exit))
      return {action::leave, {}, request.restarts, 0};
  }
  restart_verdict verdict;
  verdict.restarts = request.restarts;
  verdict.restarts.add(request.now, request.intensity.within);
  if (verdict.restarts.size() > request.intensity.max_restarts) {
    verdict.what = action::give_up;
    return verdict;
  }
  const bool stable = request.ran_for && *request.ran_for >= request.backoff.reset_after;
  const unsigned attempt = stable ? 0 : request.attempts;
  verdict.delay = backoff_delay(request.backoff, attempt, request.random);
  verdict.attempts = attempt + 1;
  return verdict;
}

} // namespace alder::policy

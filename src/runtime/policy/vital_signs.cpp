#include "runtime/policy/vital_signs.hpp"

#include "runtime/base/text.hpp"
#include "runtime/base/units.hpp"

#include <utility>

namespace alder::policy {
namespace {

constexpr const char* heartbeat_watched = "heartbeat";
constexpr const char* health_watched = "health";
constexpr const char* limits_watched = "limits";

} // namespace

vital_signs::vital_signs(const service_spec& spec, complaints known, std::optional<deadline::time_point> extended_until)
    : spec_(spec), reported_(std::move(known)), beat_(extended_until),
      over_limit_(reported_.count(limits_watched) > 0 ? 1 : 0) {}

void vital_signs::begin(process_output& out) {
  if (const auto& beats = spec_.heartbeat) beat_.arm_again(beats->interval * beats->missed, out);
  if (const auto& health = spec_.health)
    health_due_ = out.arm(health->delay.count() > 0 ? health->delay : health->interval);
  if (spec_.limits.any()) usage_due_ = out.arm(spec_.limits.interval);
  if (spec_.task && spec_.task_timeout.count() > 0) task_due_ = out.arm(spec_.task_timeout);
}

void vital_signs::end(process_output& out) {
  if (std::exchange(health_asked_, 0) != 0) out.emit(cancel_health{});
}

// -- heartbeat

void vital_signs::on_heartbeat(process_output& out) {
  if (!spec_.heartbeat) return;
  is_last_chance_ = false;
  beat_.arm(spec_.heartbeat->interval * spec_.heartbeat->missed, out);
  well_again(heartbeat_watched, out);
}

void vital_signs::on_more_time(milliseconds time, const process_output& out) {
  if (spec_.heartbeat) beat_.extend(time, out);
}

vital_signs::verdict vital_signs::on_missing_heartbeat(process_output& out) {
  if (beat_.is_put_off(out)) {
    is_last_chance_ = false;
    return std::nullopt;
  }
  if (!std::exchange(is_last_chance_, true)) {
    beat_.arm_again(last_chance, out);
    return std::nullopt;
  }
  const auto& beats = *spec_.heartbeat;
  return trouble("sent no heartbeat for " + format_duration(beats.interval * beats.missed), beats.then,
                 heartbeat_watched, out);
}

vital_signs::verdict vital_signs::on_unwell(const std::string& why, process_output& out) {
  return trouble(why, remedy::restart, heartbeat_watched, out);
}

// -- health and usage

vital_signs::verdict vital_signs::on_timer(std::uint64_t token, process_output& out) {
  if (beat_.is(token)) return on_missing_heartbeat(out);
  if (token == health_due_) {
    ask_health(out);
  } else if (token == health_limit_ && health_asked_ != 0) {
    out.emit(cancel_health{});
    const auto late = "did not answer within " + format_duration(spec_.health->timeout);
    return on_health({health_asked_, /*good=*/false, late}, out);
  } else if (token == task_due_) {
    return trouble("did not finish within " + format_duration(spec_.task_timeout), remedy::fail, limits_watched, out);
  } else if (token == usage_due_) {
    usage_due_ = out.arm(spec_.limits.interval);
    out.emit(sample_usage{});
  }
  return std::nullopt;
}

void vital_signs::ask_health(process_output& out) {
  health_asked_ = out.new_token();
  health_limit_ = out.arm(spec_.health->timeout);
  out.emit(check_health{health_asked_});
}

vital_signs::verdict vital_signs::on_health(const health_answered& e, process_output& out) {
  if (!spec_.health || e.token != health_asked_) return std::nullopt;
  health_asked_ = 0;
  const auto& health = *spec_.health;
  verdict end;
  if (e.good) {
    health_failures_ = 0;
    if (++health_successes_ >= health.successes) well_again(health_watched, out);
  } else {
    health_successes_ = 0;
    if (++health_failures_ >= health.failures)
      end = trouble("failed its health check " + counted(health_failures_, "time") + ": " + e.detail, health.then,
                    health_watched, out);
  }
  if (!end) health_due_ = out.arm(health.interval);
  return end;
}

vital_signs::verdict vital_signs::on_usage(const usage_sampled& e, process_output& out) {
  const auto& limits = spec_.limits;
  if (!limits.any()) return std::nullopt;
  const double share = over_limit_ > 0 ? usage_hysteresis : 1.0;
  const bool memory = limits.memory > 0 && static_cast<double>(e.memory) > static_cast<double>(limits.memory) * share;
  const bool cpu = limits.cpu > 0 && e.cpu > limits.cpu * share;
  if (!memory && !cpu) {
    if (std::exchange(over_limit_, 0) > 0) well_again(limits_watched, out);
    return std::nullopt;
  }
  if (limits.interval * over_limit_++ < limits.grace) return std::nullopt;
  const auto percent = [](double processors) { return std::to_string(static_cast<long>(processors * 100)) + "%"; };
  return trouble(memory ? "used " + format_size(e.memory) + " of memory, more than its limit of " +
                              format_size(limits.memory)
                        : "used " + percent(e.cpu) + " of a processor, more than its limit of " + percent(limits.cpu),
                 limits.then, limits_watched, out);
}

// -- what follows

vital_signs::verdict vital_signs::trouble(const std::string& why, remedy then, const std::string& about,
                                          process_output& out) {
  if (then == remedy::report) {
    if (!reported_.emplace(about, why).second) return std::nullopt;
    out.emit(warn{why});
    out.emit(health_changed{why, reported_});
    return std::nullopt;
  }
  out.emit(health_changed{why, reported_});
  return forced_end{why, then == remedy::fail};
}

/// What else there is against it still holds.
void vital_signs::well_again(const std::string& about, process_output& out) {
  if (reported_.erase(about) == 0) return;
  out.emit(health_changed{reported_.empty() ? std::string{} : reported_.begin()->second, reported_});
}

} // namespace alder::policy

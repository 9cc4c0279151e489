#include "runtime/policy/start_terms.hpp"

#include <algorithm>

namespace alder::policy {

bool is_on_demand(const cause& why) {
  switch (why.what) {
  case cause::kind::request:
  case cause::kind::schedule:
  case cause::kind::file_change: return true;
  case cause::kind::tree_start:
  case cause::kind::own_exit:
  case cause::kind::sibling_exit:
  case cause::kind::failed_attempt:
  case cause::kind::tree_stop:
  case cause::kind::gave_up:
  case cause::kind::auto_shutdown:
  case cause::kind::start_unwound:
  case cause::kind::adopted: break;
  }
  return false;
}

std::optional<std::string> idle_because(const service_spec& spec, const cause& why, bool was_up) {
  if (is_on_demand(why)) return std::nullopt;
  if (spec.waits_for_schedule()) return "waits for its schedule";
  const bool with_others = why.what == cause::kind::tree_start || (why.what == cause::kind::sibling_exit && !was_up);
  if (!spec.autostart && with_others) return "started only on request (autostart: false)";
  return std::nullopt;
}

bool awaits_more(const service_spec& spec, bool on_demand) {
  return spec.task ? !on_demand : known_by(spec.ready.check) != check_source::none;
}

std::optional<milliseconds> time_left(const service_spec& spec, wall_time since, wall_time due, wall_time now) {
  if (spec.task && spec.task_timeout.count() == 0) return std::nullopt;
  const auto* after = std::get_if<ready_after>(&spec.ready.check);
  const milliseconds whole = spec.task ? spec.task_timeout : after != nullptr ? after->delay : spec.ready.timeout;
  const bool asked_for_more = due != wall_time{};
  const milliseconds most = asked_for_more ? longest_extension : whole; // should it have been written wrongly
  return std::clamp(std::max(since + whole, due) - now, milliseconds{0}, most);
}

bool counts_as_ready(const check_spec& check, ready_channel said_over) {
  const auto awaited = told_over(check);
  // A program that is to say it over a descriptor may say it in any way.
  return awaited == said_over || awaited == ready_channel::descriptor;
}

} // namespace alder::policy

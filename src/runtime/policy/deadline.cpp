#include "runtime/policy/deadline.hpp"

#include "runtime/base/units.hpp"

#include <algorithm>

namespace alder::policy {

void deadline::arm(milliseconds after, process_output& out) {
  *this = {};
  token_ = out.arm(after);
}

void deadline::extend(milliseconds time, const process_output& out) {
  const auto until = out.now() + time;
  extended_until_ = std::max(extended_until_.value_or(until), until);
}

bool deadline::is_put_off(process_output& out) {
  if (!extended_until_ || *extended_until_ <= out.now()) return false;
  was_extended_ = true;
  token_ = out.arm(std::chrono::ceil<milliseconds>(*extended_until_ - out.now()));
  return true;
}

std::string deadline::patience(milliseconds usual) const {
  return was_extended_ ? "the time it asked for" : format_duration(usual);
}

} // namespace alder::policy

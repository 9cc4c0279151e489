#include "runtime/policy/offered_lines.hpp"

#include <algorithm>

namespace alder::policy {
namespace {

constexpr std::chrono::hours no_hurry{1}; // an answer ends the wait

} // namespace

offer_step next_step(const open_offer& offer) {
  if (offer.blocks) return {false, no_hurry};
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>((offer.is_half_full ? full_patience : patience) - offer.age);
  if (left.count() <= 0) return {true, {}};
  return {false, std::min(left, full_patience)}; // meanwhile the pipe may fill
}

} // namespace alder::policy

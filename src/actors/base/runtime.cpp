#include "actors/base/runtime.hpp"

#include <caf/send.hpp>

#include <utility>

namespace alder::actors {

void runtime::announce(event what) const {
  if (!events) return;
  what.at = wall_now();
  caf::anon_send(events, announcement{std::move(what)});
}

} // namespace alder::actors

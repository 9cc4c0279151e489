// What holds for a child of any kind that does not say otherwise: nothing of it outlives its actor.
#include "actors/tree/child_kind.hpp"

namespace alder::actors {

caretaker_actor child_kind::appoint_caretaker(const child_place& /*at*/) const { return {}; }

std::shared_ptr<const child_kind> child_kind::with_terms(restart_kind /*restart*/,
                                                         const std::optional<stop_spec>& /*stop*/) const {
  return nullptr;
}

bool child_kind::was_up_before(const child_started& message, bool /*goes_on*/,
                               const std::optional<former_state>& /*former*/) const {
  return message.kept;
}

std::optional<event_kind> child_kind::start_event(const child_started& /*message*/, bool was_up_before) const {
  return was_up_before ? event_kind::adopted : event_kind::started;
}

bool child_kind::is_alive(const child_place& /*at*/, alder::generation /*generation*/, bool has_actor) const {
  return has_actor;
}

alder::generation child_kind::counted(const node_snapshot& /*node*/) const { return 0; }

recalled_child child_kind::recall(const child_place& /*at*/, const child_past& past) const {
  return {policy::adopt(past.known, {}), std::nullopt};
}

} // namespace alder::actors

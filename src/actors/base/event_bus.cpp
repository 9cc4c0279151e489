#include "actors/base/event_bus.hpp"

#include "actors/base/part.hpp"

namespace alder::actors {

event_bus::event_bus(caf::actor_config& config, runtime& shared, event_feed& feed, parent_actor parent)
    : actor_base(config), shared_(shared), feed_(feed), parent_(std::move(parent)) {}

event_bus::behavior_type event_bus::make_behavior() {
  return {
      [this](const start_order& order) {
        generation_ = order.generation;
        shared_.events = self();
        send(parent_, part_started(child_name_, generation_));
      },
      [](const abort_order&) {},
      [this](const stop_order&) {
        send(parent_, part_ended(child_name_, generation_));
        quit();
      },
      [this](const announcement& a) { feed_.append(a.what); },
      [](const after_events& after) { after.then(); },
  };
}

} // namespace alder::actors

// The actor every event passes: it keeps announcing off the path of those who announce.
#pragma once

#include "actors/base/actor_base.hpp"
#include "actors/base/event_feed.hpp"
#include "actors/base/runtime.hpp"

namespace alder::actors {

class event_bus final : public actor_base<event_bus_actor> {
public:
  /// Registers itself as `shared.events` when it starts.
  event_bus(caf::actor_config& config, runtime& shared, event_feed& feed, parent_actor parent);
  const char* name() const override { return "event_bus"; }
  behavior_type make_behavior() override;

private:
  runtime& shared_;
  event_feed& feed_;
  parent_actor parent_;
  std::string child_name_ = "events";
  alder::generation generation_ = 0;
};

} // namespace alder::actors

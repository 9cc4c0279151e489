// The actor that answers what to do about an exit. It keeps nothing between questions: the request carries the history,
// the verdict returns the new one, so a decider can crash, be replaced, or be the user's own.
#pragma once

#include "actors/base/actor_base.hpp"
#include "actors/base/messages.hpp"

namespace alder::actors {

class decider final : public actor_base<decider_actor> {
public:
  explicit decider(caf::actor_config& config) : actor_base(config) {}
  const char* name() const override { return "decider"; }
  behavior_type make_behavior() override {
    return {[](const decide_restart& question) { return restart_decided{policy::decide(question.request)}; }};
  }
};

} // namespace alder::actors

// The actor above all trees. Each tree has a supervisor of its own, its holder, with the root as only child: however
// long one tree takes to start or stop, no other waits for it.
#pragma once

#include "actors/base/actor_base.hpp"
#include "actors/office/office_context.hpp"

#include <map>
#include <string>

namespace alder::actors {

class forest final : public actor_base<forest_actor> {
public:
  forest(caf::actor_config& config, runtime& shared, const known_trees& trees, parent_actor parent);
  const char* name() const override { return "forest"; }
  behavior_type make_behavior() override;
  void on_exit() override;

private:
  void on_start(const start_order& order);
  caf::result<call_outcome> on_call(const node_call& call);
  void hold(const std::string& tree, supervisor_plan plan, bool resume);
  [[nodiscard]] supervisor_plan plan_of_holder(const std::string& tree) const;
  void publish();

  runtime& shared_;
  const known_trees& trees_;
  parent_actor parent_;
  alder::generation generation_ = 0;
  std::map<std::string, supervisor_actor> holders_; ///< by tree
};

} // namespace alder::actors

// Looks at the clock and at files for one service with a schedule or a watch, and asks its supervisor as a person
// would: to run the task, to restart the service; policy/upkeep decides when. Without one of them there is no
// caretaker, and without a schedule no timer.
#pragma once

#include "actors/base/actor_base.hpp"
#include "actors/base/runtime.hpp"

#include "runtime/policy/upkeep.hpp"

#include <cstdint>
#include <memory>
#include <random>
#include <string>

namespace alder::actors {

class caretaker final : public actor_base<caretaker_actor> {
public:
  /// Ends with `parent`, its supervisor.
  caretaker(caf::actor_config& config, runtime& shared, std::string tree, service_ptr spec, supervisor_actor parent);
  const char* name() const override { return "caretaker"; }
  behavior_type make_behavior() override;
  void on_exit() override;

private:
  void on_clock(std::uint64_t token);
  void on_files(const std::string& path);
  void publish_plan();
  void wait();
  void ask(const policy::upkeep_wish& wish);
  void warn(const std::string& text);

  runtime& shared_;
  std::string tree_;
  service_ptr spec_;
  supervisor_actor parent_;
  std::uint64_t last_token_ = 0;
  std::shared_ptr<void> watch_;
  std::minstd_rand random_;
  policy::upkeep upkeep_;
};

} // namespace alder::actors

// What stands around the daemon's supervisors when a scenario of the corpus is played: a process host that starts
// doubles, a shell around each supervisor that keeps the record, and the record itself in the corpus' own form.
#pragma once

#include "tests/conformance/otp_spec.hpp"

#include "actors/base/actor_base.hpp"
#include "actors/base/runtime.hpp"
#include "actors/tree/supervisor.hpp"

#include <caf/scheduler/test_coordinator.hpp>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace alder::testing {

/// Everything the actors of one scenario share. One thread.
class otp_stage final : public actors::process_host {
public:
  otp_stage();
  ~otp_stage() override;
  otp_stage(const otp_stage&) = delete;
  otp_stage& operator=(const otp_stage&) = delete;

  /// A child as its supervisor knows it, made from a specification without fault.
  [[nodiscard]] actors::child_entry entry_of(const nlohmann::json& spec);
  [[nodiscard]] actors::supervisor_plan plan_of(const std::string& id, const nlohmann::json& spec);

  void start_root(const nlohmann::json& spec);
  /// Until nothing moves, without time passing; a child that ignores a stop is killed.
  void run();
  /// A worker ends by itself, and its supervisor has that in its mailbox; false when it is down.
  bool exit(const std::string& id, const std::string& reason);
  void advance(std::chrono::seconds time);

  /// The last process of this name that started; nothing when there was none.
  [[nodiscard]] std::optional<alder::generation> last_process(const std::string& id) const;
  /// The number of the start attempt that made this process.
  [[nodiscard]] unsigned attempt_of(const std::string& id, alder::generation process) const;
  [[nodiscard]] nlohmann::json take_events();
  void note(nlohmann::json event);

  /// Supervisors that are up.
  std::map<std::string, actors::supervisor_actor> running;
  /// By which specification each of them runs.
  std::map<std::string, nlohmann::json> specs;
  /// Of supervisors that were upgraded: it holds for their later starts too, whatever their parent knows.
  std::map<std::string, nlohmann::json> upgraded;
  caf::actor_system& system() { return system_; }
  actors::runtime& shared() { return shared_; }

  // For the shells.
  [[nodiscard]] unsigned begin_attempt(const std::string& id) { return ++attempts_[id]; }
  void note_process(const std::string& id, alder::generation generation, unsigned attempt);
  void note_end(const std::string& id, alder::generation generation, const std::string& reason, bool asked);

  // -- process_host
  void launch(const actors::process_id& id, const service_spec& spec, const wire::process_note& note,
              actors::process_owner_ptr who) override;
  void check_ready(const actors::process_id&, const service_spec&) override {}
  void check_health(const actors::process_id&, const service_spec&, std::uint64_t) override {}
  void cancel_health(const actors::process_id&) override {}
  [[nodiscard]] actors::process_sample sample(const actors::process_id&) override { return {}; }
  void run_command(const actors::process_id&, const service_spec&, const std::vector<std::string>&) override {}
  void run_hook(const actors::process_id&, const service_spec&, const hook_run&, actors::process_owner_ptr) override {}
  void cancel_hook(const actors::process_id&, std::uint64_t) override {}
  outcome send_message(const actors::process_id&, std::string_view) override { return success(); }
  void set_note(const actors::process_id&, const wire::process_note&) override {}
  void signal_all(const actors::process_id& id, int signal, bool main_only) override;
  void kill_all(const actors::process_id& id) override;
  void await_members(const actors::process_id&) override {}
  [[nodiscard]] bool has_members(const actors::process_id&) override { return false; }
  [[nodiscard]] bool is_alive(const actors::process_id& id) const override;
  void release(const actors::process_id&) override {}
  void abandon(const actors::process_id&, const actors::process_owner*) override {}
  [[nodiscard]] std::vector<leftover> left_behind(const alder::node_id&) override { return {}; }
  void discard(const actors::process_id&) override {}
  [[nodiscard]] alder::generation last_generation(const alder::node_id& node) const override;

private:
  struct past_process {
    actors::process_owner_ptr owner;
    unsigned attempt = 0;
    bool alive = false;
    stopping on_stop = stopping::clean;
  };
  struct past_event {
    nlohmann::json what;
    std::string pool; ///< of an instance that its pool stopped together with others
  };
  void end(const std::string& id, const std::string& reason, bool asked);
  void note_report(const std::string& supervisor, const policy::report& report);

  struct config : caf::actor_system_config {
    config() { set("scheduler.policy", caf::atom("testing")); }
  };
  config configuration_;
  caf::actor_system system_{configuration_};
  caf::scheduler::test_coordinator& scheduler_ = dynamic_cast<caf::scheduler::test_coordinator&>(system_.scheduler());
  actors::runtime shared_;
  std::map<std::string, unsigned> attempts_;
  std::map<std::string, alder::generation> generations_;                  ///< the highest of each id
  std::map<std::string, std::map<alder::generation, past_process>> past_; ///< all processes, by id
  std::vector<past_event> events_;
};

} // namespace alder::testing

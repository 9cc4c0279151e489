// The actor that owns one running instance of a service, from launch to end. It carries out what policy/process_machine
// decides.
#pragma once

#include "actors/base/actor_base.hpp"
#include "actors/base/runtime.hpp"

#include "runtime/policy/process_machine.hpp"

namespace alder::actors {

/// Hands what its host tells on to a process actor.
class process_ear final : public process_owner {
public:
  explicit process_ear(process_actor to) : to_(std::move(to)) {}
  void tell(process_news news) override;
  [[nodiscard]] const process_actor& actor() const { return to_; }

private:
  process_actor to_;
};

class process final : public actor_base<process_actor> {
public:
  process(caf::actor_config& config, runtime& shared, std::string tree, service_ptr spec, parent_actor parent);
  const char* name() const override { return "process"; }
  behavior_type make_behavior() override;
  void on_exit() override;

private:
  void on_start(const start_order& order);
  void on_stop(const stop_order& order);
  [[nodiscard]] process_owner_ptr ear();
  [[nodiscard]] std::optional<wire::process_note> note_left_behind();
  void on_launched(const process_launched& launched);
  void on_exited(const process_exited& exited);
  void on_said(const wire::program_notice& said);
  void show_reloading(bool reloading);
  void on_main_process(int pid);
  void on_heartbeat();
  void on_message(const std::string& text);
  void sample();
  void note_ready();
  void note_more_time(std::chrono::milliseconds time);
  void run_hook(const policy::run_hook& hook);
  void handle(const policy::process_event& e);
  void carry_out(const policy::process_effect& effect);
  void show_ending();
  void answer_start(policy::start_result::how how, const std::string& detail);
  void publish(const std::function<void(node_snapshot&)>& change);
  void announce(event_kind kind, const std::string& detail);

  runtime& shared_;
  std::string tree_;
  service_ptr spec_;
  parent_actor parent_;
  policy::process_machine machine_;
  process_id id_;
  int pid_ = 0;
  std::weak_ptr<process_owner> ear_; ///< as the host holds it
  wire::process_note note_;          ///< kept with the process for the next daemon
  bool reported_ = false;            ///< its end, or that it did not start
  bool kept_ = false;                ///< it was up when it was taken over
  bool has_been_ready_ = false;      ///< by what it said itself (sd_notify)
  bool reloading_ = false;           ///< as it was published
  wall_time stop_until_{};           ///< until when a stop that a former daemon began may take, on the steady clock
  caf::actor_clock::time_point last_beat_{};
  std::optional<std::string> status_;             ///< as it last said
  caf::actor_clock::time_point messages_since_{}; ///< the period in which its messages are counted
  caf::actor_clock::duration_type period_of_messages_{std::chrono::seconds{1}};
  unsigned messages_ = 0; ///< that were announced
  unsigned untold_ = 0;   ///< that were not
  std::string last_message_;
  caf::actor_clock::time_point sampled_at_{};
  std::chrono::milliseconds sampled_cpu_{0};
};

} // namespace alder::actors

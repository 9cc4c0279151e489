// One supervision machine in the hands of a test: events go in by name, effects come out as words.
//
// The decider answers at once; starts and stops wait for the test. Effects read
//   start a#1 · restart a#2 (automatic) · abort a#1 · stop a#1 · retry a in 100ms · up · failed a: detail · ended
//   report child_terminated a · settled a (finished, removed) · reply 1 ok (or its error and detail)
#pragma once

#include "runtime/policy/supervision.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace alder::policy {

/// A child without a delay between its restarts.
[[nodiscard]] child_rules worker(const std::string& id, restart_kind restart = restart_kind::permanent);
/// A significant child; transient unless told otherwise.
[[nodiscard]] child_rules significant(const std::string& id, restart_kind restart = restart_kind::transient);
/// A child that waits `delay` before its first restart, twice that before its second, at most 10 s.
[[nodiscard]] child_rules delayed(const std::string& id, milliseconds delay);

[[nodiscard]] exit_reason crash(const std::string& detail = "exited with code 1");
[[nodiscard]] exit_reason reason(exit_reason::kind what);

class supervision_script {
public:
  supervision_script(supervisor_rules rules, std::vector<child_rules> children, std::optional<child_rules> pool = {});

  /// What an event leads to, as far as it goes without an answer.
  std::string tell(event e);
  std::string started(const std::string& id);
  std::string refused(const std::string& id, const std::string& detail = "no such file");
  std::string ignored(const std::string& id);
  /// Its present process is gone; also the answer to a stop.
  std::string gone(const std::string& id, const exit_reason& why = reason(exit_reason::kind::shutdown));
  std::string call_for(call::op what, const std::string& id, call_token token = 1);
  std::string add(child_rules rules, call_token token = 1);
  /// OTP's terminate_child in a pool: of this process of the instance.
  std::string terminate_process(const std::string& id, alder::generation process);
  std::string upgrade_to(supervisor_rules rules, std::vector<child_rules> children);
  std::string stop() { return tell(stop_asked{{cause::kind::tree_stop, {}, {}, {}}}); }
  /// The retry that was scheduled last is delivered.
  std::string retry_now();
  /// Starts it and answers every start.
  void bring_up();
  /// Answers every start and stop with success until none is asked for; what happened.
  std::string answer_all();
  void wait(milliseconds time) { now_ += time; }

  /// "a#2 b- c?": the children in order, with # running, - stopped, ? restarting.
  [[nodiscard]] std::string state() const;
  [[nodiscard]] const supervision& machine() const { return machine_; }
  supervision& machine() { return machine_; }
  [[nodiscard]] const std::vector<restart_request>& questions() const { return questions_; }
  /// The last effect of this type; there must have been one.
  template <class Effect> [[nodiscard]] Effect last() const {
    for (auto e = history_.rbegin(); e != history_.rend(); ++e) {
      if (const auto* found = std::get_if<Effect>(&*e)) return *found;
    }
    return {};
  }
  /// Why the child was last started or stopped.
  [[nodiscard]] cause why_started(const std::string& id) const { return starts_.at(id).why; }
  [[nodiscard]] cause why_stopped(const std::string& id) const { return stops_.at(id).why; }

private:
  std::string answer_start(const std::string& id, start_result::how what, const std::string& detail);
  void note(const effect& e, std::string& words);

  supervision machine_;
  time_point now_;
  std::vector<effect> history_;
  std::vector<restart_request> questions_;
  std::map<std::string, start_child> starts_;
  std::map<std::string, stop_child> stops_;
  std::vector<effect> open_; ///< starts and stops without an answer
};

} // namespace alder::policy

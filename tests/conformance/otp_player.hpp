// Plays a scenario of the OTP corpus with the daemon's own supervisor, decider and process actors, on a virtual clock
// and with a double in place of the process host, and tells what happened in the corpus' own form.
#pragma once

#include "tests/conformance/otp_stage.hpp"

#include <nlohmann/json.hpp>

#include <functional>
#include <string>
#include <vector>

namespace alder::testing {

class otp_player {
public:
  /// `scenario`: an object with `root` and `steps`.
  explicit otp_player(const nlohmann::json& scenario);

  /// {"result", "events", "state"} of the start of the tree.
  nlohmann::json start();
  /// The same of one operation, or of a batch, which its supervisor finds in its mailbox as a whole.
  nlohmann::json play(const nlohmann::json& step);

private:
  using later = std::function<nlohmann::json()>; ///< the result, once everything has come to rest

  later send(const nlohmann::json& op);
  later call(const std::string& supervisor, actors::node_call what, std::function<void()> when_done = {});
  later start_child(const nlohmann::json& op);
  later start_instance(const nlohmann::json& op);
  later terminate_child(const nlohmann::json& op);
  later upgrade(const nlohmann::json& op);
  later ask(const nlohmann::json& op, std::function<nlohmann::json(const actors::children_answer&)> read);
  /// The supervisor would refuse a specification that is not even one: `error`, if it is there to do so.
  later refuse(const nlohmann::json& op, std::function<std::string()> error);
  [[nodiscard]] nlohmann::json step_of(const nlohmann::json& result);
  [[nodiscard]] bool pools(const std::string& supervisor) const;
  [[nodiscard]] std::string state_of(const policy::child_state& child) const;
  [[nodiscard]] nlohmann::json children_in(const std::string& supervisor, const actors::children_answer& answer) const;
  [[nodiscard]] nlohmann::json counts_in(const std::string& supervisor, const actors::children_answer& answer) const;
  [[nodiscard]] nlohmann::json spec_in(const nlohmann::json& op, const actors::children_answer& answer) const;

  otp_stage stage_;
  nlohmann::json root_;
  std::map<std::string, nlohmann::json> shutdowns_; ///< by id, of specifications that were accepted
};

/// Trace lines of a whole file: the start, then one a step, until the tree is gone.
[[nodiscard]] std::vector<nlohmann::json> trace_of(const nlohmann::json& file);

} // namespace alder::testing

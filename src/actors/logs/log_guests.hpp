// The actors of extensions that get log lines: one for each service that wants it, under a supervisor of their own that
// never gives up. What is offered to a service's actor stays here until it has answered, so that the next one gets it
// when it has not. Loop thread only.
#pragma once

#include "actors/base/actor_base.hpp"
#include "actors/base/extensions.hpp"
#include "actors/base/runtime.hpp"

#include "runtime/base/actor_call.hpp"
#include "runtime/logs/log_pump.hpp"

#include "alder/log_spec.hpp"
#include "alder/node_id.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>

namespace alder::actors {

/// Lines that wait for their answer.
struct lines_offered {
  std::shared_ptr<const logs::log_offered> what;
  bool again = false; ///< an actor that is no more has had them
};

using log_guest_actor = child_actor::extend<caf::reacts_to<lines_offered>>;

class log_guests {
public:
  /// `answer` hears which offer of which stream is dealt with.
  explicit log_guests(std::function<void(logs::stream_id, std::uint64_t)> answer) : answer_(std::move(answer)) {}

  /// By these rules the output of `node` goes to an actor, or to none.
  void set_rules(const node_id& node, const log_spec& rules);
  /// The node is no more.
  void forget(const node_id& node);
  /// New lines. Of each stream only the latest are open.
  void offer(const node_id& node, logs::log_offered lines);

  /// The supervisor of all of them, as a child of the supervisor that is `above`; wanted as soon as there is one.
  [[nodiscard]] child_entry supervisor_entry();
  /// The one there was is gone, with what was above it.
  void begin_anew() { supervisor_ = nullptr; }
  [[nodiscard]] bool any() const { return !seats_.empty(); }

  extensions* offered = nullptr; ///< null: there are none
  runtime* shared = nullptr;     ///< set before the first rules
  supervisor_actor above; ///< where `supervisor_entry` is added when the first one is wanted; set while it is there

  // -- for guests

  /// Which actor it wants; nothing when it wants none.
  [[nodiscard]] actor_call wanted_by(const node_id& node) const;
  void enlist(const node_id& node, const log_guest_actor& guest);
  void dismiss(const node_id& node, const caf::actor_addr& guest);
  void answer(const node_id& node, const logs::log_offered& lines);

private:
  struct open_lines {
    std::shared_ptr<const logs::log_offered> what;
    bool was_given = false;
  };
  struct seat {
    std::string name; ///< of the child: "ship for shop/web"
    actor_call wanted;
    log_guest_actor guest;
    std::map<logs::stream_id, open_lines> open;
  };
  [[nodiscard]] child_entry entry_of(const node_id& node, const std::string& name);
  void ask(node_call::op what, const std::string& child, std::shared_ptr<const child_entry> entry = nullptr);
  void give(seat& to, open_lines& lines);

  std::function<void(logs::stream_id, std::uint64_t)> answer_;
  std::map<node_id, seat> seats_;
  supervisor_actor supervisor_;
};

/// Starts the extension's actor and brings it what is offered, one batch of each stream at a time. It ends with that
/// actor, and with what it said last, so that its supervisor starts both again.
class log_guest final : public actor_base<log_guest_actor> {
public:
  log_guest(caf::actor_config& config, log_guests& guests, node_id node, std::string name, parent_actor parent);
  const char* name() const override { return "log_guest"; }
  behavior_type make_behavior() override;
  void on_exit() override;

private:
  void on_start(const start_order& order);
  void on_lines(const lines_offered& lines);
  void fail(const std::string& why);
  [[nodiscard]] std::string words_of(const caf::error& why);

  log_guests& guests_;
  node_id node_;
  std::string name_;
  parent_actor parent_;
  alder::generation generation_ = 0;
  log_destination_actor actor_; ///< the extension's; null: it has not started, or is gone
};

} // namespace alder::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(alder::actors::lines_offered)

// Every message between actors, grouped by receiver, and the typed handles. One struct a message, fields only.
//
// Messages never leave the daemon, so they are not serializable; what they carry is copied or shared.
#pragma once

#include "actors/base/process_news.hpp"

#include "runtime/policy/process_machine.hpp"
#include "runtime/policy/supervision.hpp"

#include "alder/cause.hpp"
#include "alder/error.hpp"
#include "alder/event.hpp"
#include "alder/spec.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/typed_actor.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace alder::actors {

// -- to a child (process, supervisor, part of the daemon), from its supervisor

/// Start; the answer is `child_started`, once. `resume`: take over what is running already; `only_running`: and start
/// nothing that is not.
struct start_order {
  alder::generation generation = 0;
  cause why;
  bool resume = false;
  unsigned restarts = 0; ///< automatic restarts of this child so far, this one included
  bool only_running = false;
  /// A child that does not start stays down instead of undoing the start of its supervisor.
  bool keep_going = false;
  bool was_up = false; ///< it was up until its supervisor stopped it for this restart
};
/// The start under way is not wanted any more: end it soon.
struct abort_order {
  cause why;
};
/// Stop; the answer is `child_ended`.
struct stop_order {
  cause why;
  /// How, if that changed after it was started.
  std::optional<stop_spec> how = {};
};

// -- to a supervisor

struct child_started {
  policy::start_result result;
  int pid = 0;       ///< of the process, also when that has ended meanwhile; 0: it has none
  bool kept = false; ///< it was up before, and was taken over
};
/// The last message of a child.
struct child_ended {
  policy::child_gone gone;
};
/// The supervisor's own, through the mailbox or after a delay.
struct retry_due {
  policy::retry what;
};

/// The supervisor's own: what people see of it is to be brought up to date.
struct publication_due {};
/// The supervisor's own: a child whose actor keeps crashing gets its next one.
struct takeover_due {
  std::string id;
  alder::generation generation = 0;
};

struct child_entry;

/// A person's wish about one child; the answer comes when it is done.
struct node_call {
  enum class op : std::uint8_t {
    start,   ///< start it when it is down, or at once when it waits for its next attempt
    stop,    ///< stop it and keep it stopped
    restart, ///< stop and start it; not counted
    reset,   ///< forget its restarts
    add,     ///< OTP's start_child: start `entry` as a new last child
    remove,  ///< stop and forget it
    // Those that OTP has, by which its recordings are played (tests/conformance); nobody else asks for them.
    terminate_child, ///< stop it; a temporary child and an instance of a pool are forgotten
    restart_child,   ///< start it when it is down
    delete_child,    ///< forget it when it is down
  };
  op what = op::start;
  std::string child;
  std::shared_ptr<const child_entry> entry; ///< of add
  cause why;
  bool keep_going = false; ///< of add: as start_order's
  /// Of terminate_child in a pool: the process that is meant, as OTP's pools know no names.
  std::optional<alder::generation> process;
  std::optional<alder::generation> seen = {}; ///< of start and restart: as policy::call's
};
struct supervisor_plan;
/// New rules and children for a running supervisor; starts, stops and restarts nothing.
struct upgrade_call {
  std::shared_ptr<const supervisor_plan> plan;
};
/// OTP's which_children, count_children and get_childspec in one: answered in turn, like any other call.
struct children_question {};
/// How a `node_call` ended.
struct call_outcome {
  bool changed = false; ///< false: it was so already
  error failure;        ///< no message: success
  std::string word;     ///< OTP's for the failure, as `policy::reply` has it, or "ignored"
  [[nodiscard]] bool ok() const { return failure.message.empty(); }
};

struct children_answer {
  struct child {
    policy::child_state state;
    bool alive = false; ///< what it runs is there; it may have died without its supervisor having heard of it
  };
  std::vector<child> children; ///< in start order
};

// -- to a decider

struct decide_restart {
  policy::restart_request request;
};
struct restart_decided {
  policy::restart_verdict verdict;
};

// -- to a process; what its host tells is in process_news.hpp

/// The process actor's own.
struct process_timer {
  std::uint64_t token = 0;
};

// -- to a caretaker

/// Its own: the time it waited for may have come.
struct clock_due {
  std::uint64_t token = 0;
};

/// A file that is watched for its service changed.
struct files_changed {
  std::string path;
};

// -- to the event bus

struct announcement {
  event what;
};
/// Runs `then` when every event announced so far by the sender has been told.
struct after_events {
  std::function<void()> then;
};

// -- handles

/// What a supervisor needs of a child …
using child_actor =
    caf::typed_actor<caf::reacts_to<start_order>, caf::reacts_to<abort_order>, caf::reacts_to<stop_order>>;
/// … and a child of its supervisor.
using parent_actor = caf::typed_actor<caf::reacts_to<child_started>, caf::reacts_to<child_ended>>;

using supervisor_actor = child_actor::extend<
    caf::reacts_to<child_started>, caf::reacts_to<child_ended>, caf::reacts_to<retry_due>, caf::reacts_to<takeover_due>,
    caf::reacts_to<publication_due>, caf::replies_to<node_call>::with<call_outcome>,
    caf::replies_to<upgrade_call>::with<call_outcome>, caf::replies_to<children_question>::with<children_answer>>;
using decider_actor = caf::typed_actor<caf::replies_to<decide_restart>::with<restart_decided>>;
using process_actor = child_actor::extend<caf::reacts_to<process_launched>, caf::reacts_to<process_refused>,
                                          caf::reacts_to<process_ignored>, caf::reacts_to<process_exited>,
                                          caf::reacts_to<process_members_gone>, caf::reacts_to<readiness_answered>,
                                          caf::reacts_to<process_timer>, caf::reacts_to<health_check_answered>,
                                          caf::reacts_to<program_said>, caf::reacts_to<hook_ended>>;
using caretaker_actor = caf::typed_actor<caf::reacts_to<clock_due>, caf::reacts_to<files_changed>>;
using event_bus_actor = child_actor::extend<caf::reacts_to<announcement>, caf::reacts_to<after_events>>;

} // namespace alder::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(alder::actors::start_order)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(alder::actors::abort_order)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(alder::actors::stop_order)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(alder::actors::child_started)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(alder::actors::child_ended)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(alder::actors::retry_due)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(alder::actors::takeover_due)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(alder::actors::node_call)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(alder::actors::call_outcome)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(alder::actors::upgrade_call)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(alder::actors::children_question)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(alder::actors::children_answer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(alder::actors::publication_due)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(alder::actors::decide_restart)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(alder::actors::restart_decided)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(alder::actors::process_launched)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(alder::actors::process_refused)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(alder::actors::process_ignored)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(alder::actors::process_exited)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(alder::actors::process_members_gone)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(alder::actors::readiness_answered)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(alder::actors::process_timer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(alder::actors::health_check_answered)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(alder::actors::program_said)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(alder::actors::clock_due)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(alder::actors::files_changed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(alder::actors::hook_ended)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(alder::actors::announcement)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(alder::actors::after_events)

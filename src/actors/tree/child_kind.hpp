// What kind of child a supervisor has. All that differs from one kind to the next is a function here: its rules, how
// its actor is spawned, stopped, shown and, when a daemon was lost, recalled. The supervisor asks the kind, and never
// which one it is. Each kind is a pair of files: kind_service, kind_supervisor, kind_part; docs/decisions/0057 says
// what another one takes.
#pragma once

#include "actors/base/runtime.hpp"

#include "runtime/policy/adoption.hpp"
#include "runtime/policy/supervision.hpp"

#include "alder/event.hpp"
#include "alder/snapshot.hpp"
#include "alder/spec.hpp"

#include <caf/fwd.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace alder::actors {

/// Where a child has its place.
struct child_place {
  caf::scheduled_actor* host = nullptr; ///< its supervisor, as the actor that spawns
  runtime& shared;
  std::string tree; ///< that its node belongs to; empty: the daemon's own branch
  std::string name;
  supervisor_actor supervisor;

  [[nodiscard]] node_id id() const { return id_of(tree, name); }
};

/// What is known of a child from before its supervisor starts.
struct child_past {
  bool resumes = false; ///< what there is of it is taken over; else nothing of it may continue
  policy::remembered_child known;
  std::optional<former_state> former; ///< if `resumes`
  std::vector<process_host::leftover> left;
};

/// What the next actor of a child takes over.
struct taken_over {
  alder::generation generation = 0;
  wall_time started{}; ///< on the steady clock
  bool starting = false;
  bool may_have_ended = false;      ///< its end may have come before anybody was there to hear of it
  std::optional<unsigned> restarts; ///< that it had; nothing: it does not know
};
struct recalled_child {
  policy::adoption decided;
  std::optional<taken_over> taken; ///< nothing: nothing of it continues
};

/// One child's kind, with its specification. It never changes, and is shared by all who know the child.
class child_kind {
public:
  child_kind() = default;
  child_kind(const child_kind&) = delete;
  child_kind& operator=(const child_kind&) = delete;
  virtual ~child_kind() = default;

  /// What the rules of supervision ask of it. Its name and when it is restarted are the entry's.
  [[nodiscard]] virtual policy::child_rules rules() const = 0;
  /// Puts on its node what it is.
  virtual void show(node_snapshot& node) const = 0;
  /// A new actor, which is going to get `order`. Each start has its own, and each takeover of what a crashed one had.
  [[nodiscard]] virtual child_actor spawn(const child_place& at, const start_order& order) const = 0;
  /// An actor that is there as long as the child is known, running or not. Null: it needs none.
  [[nodiscard]] virtual caretaker_actor appoint_caretaker(const child_place& at) const;

  /// How it is stopped. Nothing: its actor knows.
  [[nodiscard]] virtual std::optional<stop_spec> stop() const { return std::nullopt; }
  /// The same child, with what an instance has from the template of its pool. Null: it has nothing of that.
  [[nodiscard]] virtual std::shared_ptr<const child_kind> with_terms(restart_kind restart,
                                                                     const std::optional<stop_spec>& stop) const;

  /// Between its start and its being up something is checked, so that people are told of its start too.
  [[nodiscard]] virtual bool checks_readiness() const { return false; }
  /// Of one that its supervisor takes over and that is up: whether it was up before. `goes_on`: it was recalled as
  /// such.
  [[nodiscard]] virtual bool was_up_before(const child_started& message, bool goes_on,
                                           const std::optional<former_state>& former) const;
  /// What people are told when it is up. Nothing: other events say so.
  [[nodiscard]] virtual std::optional<event_kind> start_event(const child_started& message, bool was_up_before) const;
  /// Whether what it runs is there; it may be gone without its supervisor having heard of it.
  [[nodiscard]] virtual bool is_alive(const child_place& at, alder::generation generation, bool has_actor) const;

  /// The generation up to which starts are among the restarts that its node shows, perhaps counted by a former daemon.
  [[nodiscard]] virtual alder::generation counted(const node_snapshot& node) const;
  /// What becomes of it when its supervisor starts.
  [[nodiscard]] virtual recalled_child recall(const child_place& at, const child_past& past) const;
};

/// A child as its supervisor knows it: which one it is, and of what kind.
struct child_entry {
  std::string name;
  restart_kind restart = restart_kind::permanent;
  std::shared_ptr<const child_kind> kind; ///< never null once it is a child's
  std::string tree;                       ///< the tree it belongs to, when it is the root of one
};

} // namespace alder::actors

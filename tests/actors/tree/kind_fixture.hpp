// A kind of child by itself, beside a supervisor that has no children.
#pragma once

#include "tests/actors/support/virtual_daemon.hpp"

#include "actors/tree/child_kind.hpp"

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace alder::actors::testing {

/// Does one thing as an actor that may spawn others.
class errand final : public caf::event_based_actor {
public:
  errand(caf::actor_config& config, std::function<void(caf::scheduled_actor*)> what)
      : caf::event_based_actor(config), what_(std::move(what)) {}
  caf::behavior make_behavior() override {
    what_(this);
    return {};
  }

private:
  std::function<void(caf::scheduled_actor*)> what_;
};

class kind_fixture : public virtual_daemon {
protected:
  kind_fixture() { start(tree("shop", strategy::one_for_one, {})); }
  ~kind_fixture() override {
    for (const auto& actor : spawned_)
      caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
    run();
  }

  child_place place_of(const child_entry& entry) { return {nullptr, shared, "shop", entry.name, root}; }
  /// A new actor of this child, which gets the order.
  void spawn(const child_entry& entry, const start_order& order = {}) {
    in_an_actor([&](caf::scheduled_actor* host) {
      auto place = place_of(entry);
      place.host = host;
      spawned_.push_back(entry.kind->spawn(place, order));
      caf::anon_send(spawned_.back(), order);
    });
  }
  void in_an_actor(const std::function<void(caf::scheduled_actor*)>& what) {
    system.spawn<errand>(what);
    run();
  }
  recalled_child recall(const child_entry& entry, const child_past& past) {
    return entry.kind->recall(place_of(entry), past);
  }
  static node_snapshot shown(const child_entry& entry) {
    node_snapshot node;
    entry.kind->show(node);
    return node;
  }
  static child_past past(std::vector<process_host::leftover> left) {
    return {.resumes = true, .left = std::move(left)};
  }
  /// What a daemon left that was lost: it runs.
  static process_host::leftover running(alder::generation generation) {
    return {generation, {.restarts = 3}, /*alive=*/true, wall_time{7h}, {}};
  }
  /// It has ended, and nobody heard of it.
  static process_host::leftover ended(alder::generation generation) {
    return {generation, {.restarts = 3}, /*alive=*/false, wall_time{7h}, exit_status::code(1)};
  }

private:
  std::vector<child_actor> spawned_;
};

} // namespace alder::actors::testing

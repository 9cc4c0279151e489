#include "actors/office/forest.hpp"

#include "actors/base/part.hpp"
#include "actors/base/runtime.hpp"
#include "actors/office/trees.hpp"
#include "actors/tree/supervisor.hpp"

namespace alder::actors {
namespace {

/// A holder never gives up: its one child is a root, and a root that gives up is not restarted.
constexpr intensity holder_patience{1000, std::chrono::seconds{1}};

/// What the holder of a tree is called among the daemon's own actors.
std::string node_of(const std::string& tree) { return "tree " + tree; }

} // namespace

forest::forest(caf::actor_config& config, runtime& shared, const known_trees& trees, parent_actor parent)
    : actor_base(config), shared_(shared), trees_(trees), parent_(std::move(parent)) {}

forest::behavior_type forest::make_behavior() {
  return {
      [this](const start_order& order) { on_start(order); },
      [](const abort_order&) {},
      [this](const stop_order&) { // only when the daemon ends, after the trees have
        send(parent_, part_ended("trees", generation_));
        quit();
      },
      [](const child_started&) {}, // holders: the state of a root is on the board
      [](const child_ended&) {},
      [this](const tree_replaced& replaced) {
        const auto holder = holders_.find(replaced.tree);
        if (holder == holders_.end()) return;
        if (replaced.resumes) {
          unwatch(holder->second);
          caf::anon_send_exit(holder->second, caf::exit_reason::user_shutdown); // nothing of the tree runs
          return hold(replaced.tree, plan_of_holder(replaced.tree), /*resume=*/true);
        }
        const auto plan = std::make_shared<const supervisor_plan>(plan_of_holder(replaced.tree));
        request(holder->second, caf::infinite, upgrade_call{plan}).then([](const call_outcome&) {}); // it has no faults
      },
      [this](const node_call& call) { return on_call(call); },
  };
}

void forest::on_exit() {
  for (const auto& [tree, holder] : holders_)
    caf::anon_send_exit(holder, caf::exit_reason::user_shutdown); // it leaves its tree to the next forest
  holders_.clear();
  parent_ = nullptr;
}

void forest::on_start(const start_order& order) {
  generation_ = order.generation;
  for (const auto& [name, tree] : trees_.trees())
    hold(name, plan_of_holder(name), /*resume=*/true);
  publish();
  send(parent_, part_started("trees", generation_)); // the trees continue starting by themselves
}

supervisor_plan forest::plan_of_holder(const std::string& tree) const {
  supervisor_plan plan{"", node_of(tree), {strategy::one_for_one, holder_patience, auto_shutdown::never}, false, {}};
  if (const auto* known = trees_.find(tree)) plan.children.push_back(trees_.entry_of(*known));
  return plan;
}

void forest::hold(const std::string& tree, supervisor_plan plan, bool resume) {
  const auto holder = spawn<supervisor>(shared_, std::move(plan), parent_actor{self()});
  holders_[tree] = holder;
  shared_.nodes.update("", node_of(tree), [this](node_snapshot& node) {
    node.what = node_snapshot::kind::supervisor;
    node.state = node_state::running;
    node.since = shared_.steady_now();
  });
  const auto* why = resume && trees_.comes_back(tree) ? "its tree was up before the daemon started" : "";
  send(holder, start_order{1, {cause::kind::tree_start, {}, why, {}}, resume, 0, trees_.is_shutting_down()});
  watch(holder, [this, tree, lost = holder.address()](const caf::error&) {
    const auto found = holders_.find(tree);
    if (found == holders_.end() || found->second.address() != lost) return;
    hold(tree, plan_of_holder(tree), /*resume=*/true); // it crashed: a new one takes the tree over
  });
}

caf::result<call_outcome> forest::on_call(const node_call& call) {
  if (holders_.count(call.child) == 0) {
    if (call.what != node_call::op::add)
      return call_outcome{false, {error_kind::not_found, "there is no tree '" + call.child + "'"}};
    auto plan = plan_of_holder(call.child);
    plan.children.clear(); // the call adds it
    hold(call.child, std::move(plan), /*resume=*/false);
    publish();
  }
  const auto holder = holders_[call.child];
  auto promise = make_response_promise<call_outcome>();
  request(holder, caf::infinite, call)
      .then(
          [this, promise, call](const call_outcome& outcome) mutable {
            if (call.what == node_call::op::remove && outcome.ok()) { // nothing is left to hold
              const auto found = holders_.find(call.child);
              if (found != holders_.end()) {
                unwatch(found->second);
                send(found->second, stop_order{});
                holders_.erase(found);
                publish();
                shared_.nodes.remove("", node_of(call.child));
              }
            }
            promise.deliver(outcome);
          },
          [promise](caf::error&) mutable {
            promise.deliver(call_outcome{false, {error_kind::unavailable, "its supervisor ended in the meantime"}});
          });
  return promise;
}

void forest::publish() {
  shared_.nodes.update("", "trees", [&](node_snapshot& node) {
    node.what = node_snapshot::kind::supervisor;
    node.intensity = holder_patience;
  });
  std::vector<std::string> children;
  for (const auto& [tree, holder] : holders_)
    children.push_back(node_of(tree));
  shared_.nodes.order_children("", "trees", children);
}

} // namespace alder::actors

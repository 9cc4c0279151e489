#include "actors/tree/kind_part.hpp"

#include "tests/actors/tree/kind_fixture.hpp"

#include "actors/base/part.hpp"

#include <gmock/gmock.h>

namespace alder::actors::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;

/// Says that it has started, and ends when told to.
class clerk final : public actor_base<child_actor> {
public:
  clerk(caf::actor_config& config, std::vector<alder::generation>& started, std::string name, parent_actor parent)
      : actor_base(config), started_(started), name_(std::move(name)), parent_(std::move(parent)) {}
  behavior_type make_behavior() override {
    return {[this](const start_order& order) {
              started_.push_back(order.generation);
              send(parent_, part_started(name_, order.generation));
            },
            [](const abort_order&) {},
            [this](const stop_order&) {
              send(parent_, part_ended(name_, started_.back()));
              quit();
            }};
  }
  void on_exit() override { parent_ = nullptr; }

private:
  std::vector<alder::generation>& started_;
  std::string name_;
  parent_actor parent_;
};

class KindPart : public kind_fixture {
protected:
  child_entry entry(const backoff& between_starts = {}) {
    return entry_of_part(
        "clerk",
        [this](caf::scheduled_actor* host, const parent_actor& above) -> child_actor {
          parents.push_back(above.address());
          last = host->spawn<clerk>(started, "clerk", above);
          return last;
        },
        between_starts);
  }
  ~KindPart() override { last = nullptr; }

  std::vector<caf::actor_addr> parents;
  std::vector<alder::generation> started;
  child_actor last;
};

TEST_F(KindPart, IsPermanentAndWaitsBetweenItsStarts) {
  const backoff waits{5s, 60s, 3.0, 0.0, 10s};
  EXPECT_EQ(entry().restart, restart_kind::permanent);
  EXPECT_EQ(entry(waits).kind->rules(), (policy::child_rules{.backoff = waits}));
  EXPECT_EQ(entry().kind->rules(), policy::child_rules{});
  EXPECT_FALSE(entry().kind->stop());
}

TEST_F(KindPart, IsShownAsAnActorWithoutASpecification) {
  EXPECT_EQ(shown(entry()).what, node_snapshot::kind::actor);
  EXPECT_FALSE(shown(entry()).service);
}

TEST_F(KindPart, IsMadeAtEveryStartWithItsSupervisorAsParent) {
  spawn(entry(), {.generation = 1});
  spawn(entry(), {.generation = 2});
  EXPECT_THAT(parents, ElementsAre(root.address(), root.address()));
  EXPECT_THAT(started, ElementsAre(1, 2));
}

TEST_F(KindPart, NothingOfItIsTakenOver) {
  shared.memories[id_of("shop", "clerk")].generation = 3;
  const auto recalled = recall(entry(), past({running(5)}));
  EXPECT_FALSE(recalled.taken);
  EXPECT_TRUE(recalled.decided.stale.empty());
  EXPECT_EQ(recalled.decided.what, policy::adoption::action::start);
  node_snapshot node;
  node.generation = 6;
  EXPECT_EQ(entry().kind->counted(node), 0u);
}

TEST_F(KindPart, AnInstanceHasNothingOfThePool) {
  EXPECT_FALSE(entry().kind->with_terms(restart_kind::temporary, stop_spec{}));
}

/// What an actor of the user's is going to be: a kind that the supervisor knows nothing of, among services.
TEST_F(KindPart, LivesAmongTheServicesOfATreeLikeAnyChild) {
  const auto add = [this] {
    caf::scoped_actor self{system};
    auto pending = self->request(
        root, caf::infinite, node_call{node_call::op::add, "clerk", std::make_shared<const child_entry>(entry()), {}});
    run();
    pending.receive([](const call_outcome& o) { EXPECT_TRUE(o.ok()) << o.failure.message; },
                    [](const caf::error&) { ADD_FAILURE(); });
  };
  add();
  EXPECT_EQ(node("clerk").state, node_state::running);
  EXPECT_EQ(node("clerk").what, node_snapshot::kind::actor);
  EXPECT_THAT(sentences(), Contains("clerk is running"));
  caf::anon_send_exit(last, caf::exit_reason::kill); // a bug: it is replaced, which does not count
  run();
  EXPECT_THAT(started, ElementsAre(1, 1));
  EXPECT_EQ(node("clerk").state, node_state::running);
  EXPECT_TRUE(call(node_call::op::stop, "clerk").ok());
  EXPECT_EQ(node("clerk").state, node_state::stopped);
  EXPECT_TRUE(call(node_call::op::restart, "clerk").ok());
  EXPECT_EQ(node("clerk").state, node_state::running);
  EXPECT_EQ(node("clerk").restarts, 0u);
  EXPECT_TRUE(call(node_call::op::remove, "clerk").ok());
  EXPECT_FALSE(shared.nodes.find("shop", "clerk"));
}

} // namespace
} // namespace alder::actors::testing

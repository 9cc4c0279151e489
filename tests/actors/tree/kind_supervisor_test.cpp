#include "actors/tree/kind_supervisor.hpp"

#include "tests/actors/tree/kind_fixture.hpp"

#include <gmock/gmock.h>

namespace alder::actors::testing {
namespace {

using ::testing::ElementsAre;

class KindSupervisor : public kind_fixture {
protected:
  static supervisor_ptr backend(std::vector<service_spec> services) {
    auto spec = tree("backend", strategy::rest_for_one, std::move(services));
    spec.significant = true;
    spec.after = {"db"};
    spec.backoff = {5s, 60s, 3.0, 0.0, 10s};
    spec.restart = restart_kind::transient;
    return std::make_shared<const supervisor_spec>(std::move(spec));
  }
  /// The supervisor above takes over, and a former daemon had seen this one reach `generation`, in this state.
  recalled_child after_a_daemon(alder::generation generation, std::optional<former_state> former = {}) {
    shared.memories[id_of("shop", "backend")].generation = generation;
    child_past before = past({});
    before.former = std::move(former);
    return recall(entry_of_supervisor(backend({})), before);
  }
};

TEST_F(KindSupervisor, HasTheRulesOfItsSpecification) {
  const auto entry = entry_of_supervisor(backend({}));
  EXPECT_EQ(entry.name, "backend");
  EXPECT_EQ(entry.restart, restart_kind::transient);
  const auto rules = entry.kind->rules();
  EXPECT_TRUE(rules.supervisor);
  EXPECT_TRUE(rules.significant);
  EXPECT_THAT(rules.after, ElementsAre("db"));
  EXPECT_EQ(rules.backoff, backend({})->backoff);
  EXPECT_FALSE(entry.kind->stop()) << "its children know how";
}

TEST_F(KindSupervisor, IsShownAsOneAlsoWhereAServiceWas) {
  node_snapshot node;
  node.service = std::make_shared<const service_spec>(service("backend"));
  entry_of_supervisor(backend({})).kind->show(node);
  EXPECT_EQ(node.what, node_snapshot::kind::supervisor);
  EXPECT_FALSE(node.service);
}

TEST_F(KindSupervisor, SpawnsAnActorThatStartsItsChildren) {
  spawn(entry_of_supervisor(backend({service("db"), service("web")})), {.generation = 2});
  EXPECT_THAT(take_log(), ElementsAre("launch db#1", "launch web#1"));
}

TEST_F(KindSupervisor, StartsAsItIsGoingToBeButResumesAsItWas) {
  shared.changing_to = [](const std::string&, const std::string&) { return backend({service("new")}); };
  const auto entry = entry_of_supervisor(backend({service("old")}));
  spawn(entry, {.generation = 1});
  EXPECT_THAT(take_log(), ElementsAre("launch new#1"));
  spawn(entry, {.generation = 2, .resume = true});
  EXPECT_THAT(take_log(), ElementsAre("launch old#1"));
}

TEST_F(KindSupervisor, IsTheSameAfterADaemonWhateverThereIsBelowIt) {
  const former_state was_running{node_state::running, {}, {}, {}, 3};
  const auto recalled = after_a_daemon(3, was_running);
  ASSERT_TRUE(recalled.taken);
  EXPECT_EQ(recalled.taken->generation, 3u);
  EXPECT_FALSE(recalled.taken->starting);
  EXPECT_FALSE(recalled.taken->may_have_ended) << "no process of its own";
  EXPECT_FALSE(recalled.taken->restarts) << "they are on its node";
}

TEST_F(KindSupervisor, IsStillStartingAfterADaemonThatDidNotSeeItUp) {
  EXPECT_TRUE(after_a_daemon(3).taken->starting);
  EXPECT_TRUE(after_a_daemon(3, former_state{node_state::starting, {}, {}, {}, 3}).taken->starting);
  EXPECT_TRUE(after_a_daemon(3, former_state{node_state::running, {}, {}, {}, 2}).taken->starting) << "a former life";
  EXPECT_FALSE(after_a_daemon(3, former_state{node_state::stopping, {}, {}, {}, 3}).taken->starting);
}

TEST_F(KindSupervisor, IsNotTheSameIfItWasDownOrNeverUpOrBeginsAnew) {
  const auto entry = entry_of_supervisor(backend({}));
  EXPECT_FALSE(recall(entry, past({})).taken);
  shared.memories[id_of("shop", "backend")].generation = 3;
  EXPECT_TRUE(recall(entry, past({})).taken);
  auto settled = past({});
  settled.known.settled = true;
  EXPECT_FALSE(recall(entry, settled).taken);
  auto anew = past({});
  anew.resumes = false;
  EXPECT_FALSE(recall(entry, anew).taken);
}

TEST_F(KindSupervisor, ProcessesOfAServiceThatHadItsNameAreNotItsOwn) {
  const auto recalled = recall(entry_of_supervisor(backend({})), past({running(5)}));
  EXPECT_FALSE(recalled.taken);
  EXPECT_TRUE(recalled.decided.stale.empty());
}

TEST_F(KindSupervisor, WasUpBeforeUnlessItWasOnlyStarting) {
  const auto kind = entry_of_supervisor(backend({})).kind;
  const former_state was_starting{node_state::starting, {}, {}, {}, 3};
  EXPECT_TRUE(kind->was_up_before({}, /*goes_on=*/true, {}));
  EXPECT_FALSE(kind->was_up_before({}, /*goes_on=*/true, was_starting));
  EXPECT_FALSE(kind->was_up_before({}, /*goes_on=*/false, {}));
}

TEST_F(KindSupervisor, ThatItWasTakenOverIsSaidOfItsServicesOnly) {
  const auto kind = entry_of_supervisor(backend({})).kind;
  EXPECT_EQ(kind->start_event({}, /*was_up_before=*/true), std::nullopt);
  EXPECT_EQ(kind->start_event({}, /*was_up_before=*/false), event_kind::started);
}

TEST_F(KindSupervisor, IsAliveAsLongAsItsActor) {
  const auto entry = entry_of_supervisor(backend({}));
  EXPECT_TRUE(entry.kind->is_alive(place_of(entry), 1, /*has_actor=*/true));
  EXPECT_FALSE(entry.kind->is_alive(place_of(entry), 1, /*has_actor=*/false));
}

} // namespace
} // namespace alder::actors::testing

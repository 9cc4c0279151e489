#include "actors/base/loop_scheduler.hpp"

#include "actors/base/actor_base.hpp"

#include <boost/asio/post.hpp>
#include <caf/all.hpp>
#include <gmock/gmock.h>

#include <chrono>
#include <string>
#include <vector>

namespace alder::actors::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

using text_actor = caf::typed_actor<caf::reacts_to<std::string>>;
using counting_actor = caf::typed_actor<caf::reacts_to<int>>;

class listener final : public actor_base<text_actor> {
public:
  listener(caf::actor_config& config, std::vector<std::string>& heard) : actor_base(config), heard_(heard) {}
  behavior_type make_behavior() override {
    return {[this](const std::string& text) { heard_.push_back(text); }};
  }

private:
  std::vector<std::string>& heard_;
};

/// Sends itself numbers down to zero.
class busy_actor final : public actor_base<counting_actor> {
public:
  busy_actor(caf::actor_config& config, std::vector<std::string>& heard) : actor_base(config), heard_(heard) {}
  behavior_type make_behavior() override {
    return {[this](int left) {
      if (left > 0) return caf::anon_send(self(), left - 1);
      heard_.emplace_back("busy");
    }};
  }

private:
  std::vector<std::string>& heard_;
};

/// Actors on a loop that a test turns itself.
class LoopScheduler : public ::testing::Test {
protected:
  ~LoopScheduler() override {
    caf::anon_send_exit(ear, caf::exit_reason::user_shutdown);
    ear = nullptr;
    turn();
  }
  /// All that is to be done now.
  void turn() {
    loop.restart();
    loop.poll();
  }
  void await(std::size_t messages) {
    loop.restart();
    while (heard.size() < messages && loop.run_one_for(30s) > 0) {
    }
  }

  boost::asio::io_context loop;
  loop_config config{loop};
  caf::actor_system system{config};
  std::vector<std::string> heard;
  text_actor ear = system.spawn<listener>(heard);
};

TEST_F(LoopScheduler, NothingHappensOutsideTheLoop) {
  caf::anon_send(ear, std::string{"one"});
  EXPECT_THAT(heard, IsEmpty());
  turn();
  EXPECT_THAT(heard, ElementsAre("one"));
}

TEST_F(LoopScheduler, MessagesComeInTheirOrder) {
  for (const auto* text : {"one", "two", "three"})
    caf::anon_send(ear, std::string{text});
  turn();
  EXPECT_THAT(heard, ElementsAre("one", "two", "three"));
}

TEST_F(LoopScheduler, ALaterTimeoutDoesNotHoldUpAnEarlierOne) {
  caf::scoped_actor self{system};
  self->delayed_anon_send(ear, 1h, std::string{"in an hour"});
  turn();
  EXPECT_THAT(heard, IsEmpty()) << "not before its time";
  self->delayed_anon_send(ear, 1ms, std::string{"soon"});
  await(1);
  EXPECT_THAT(heard, ElementsAre("soon"));
}

TEST_F(LoopScheduler, ALoopWithoutWorkComesToItsEnd) {
  caf::anon_send(ear, std::string{"one"});
  loop.restart();
  loop.run(); // else it would turn for ever, and use a processor
  EXPECT_THAT(heard, ElementsAre("one"));
}

TEST_F(LoopScheduler, WhoeverTalksToItselfLeavesOthersTheirTurn) {
  const auto busy = system.spawn<busy_actor>(heard);
  caf::anon_send(busy, 100'000);
  bool had_turn = false;
  boost::asio::post(loop, [&] { had_turn = heard.empty(); });
  loop.restart();
  loop.run();
  EXPECT_TRUE(had_turn);
  EXPECT_THAT(heard, ElementsAre("busy"));
  caf::anon_send_exit(busy, caf::exit_reason::user_shutdown);
}

} // namespace
} // namespace alder::actors::testing

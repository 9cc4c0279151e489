#include "actors/logs/log_guests.hpp"

#include "tests/actors/support/virtual_daemon.hpp"
#include "tests/support/node_literal.hpp"

#include <gmock/gmock.h>

#include <stdexcept>
#include <utility>

namespace alder::actors::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// What the extension's actors of these tests have been given, and how they are to behave.
struct stage {
  std::vector<log_batch> got;
  std::vector<std::string> made; ///< with which options
  bool answers = true;
  std::string throws;  ///< this, at the next batch
  std::string refuses; ///< it so
  std::string start_throws;
  std::vector<caf::typed_response_promise<log_batch_done>> unanswered;
};

class player final : public log_destination {
public:
  player(caf::actor_config& config, stage& on) : log_destination(config), on_(on) {}
  behavior_type make_behavior() override {
    return {[this](const log_batch& batch) -> caf::result<log_batch_done> {
      on_.got.push_back(batch);
      if (!on_.throws.empty()) throw std::runtime_error(std::exchange(on_.throws, {}));
      if (!on_.refuses.empty()) return caf::make_error(caf::sec::runtime_error, std::exchange(on_.refuses, {}));
      for (auto& promise : std::exchange(on_.unanswered, {}))
        promise.deliver(log_batch_done{});
      if (on_.answers) return log_batch_done{};
      on_.unanswered.push_back(make_response_promise<log_batch_done>());
      return on_.unanswered.back();
    }};
  }

private:
  stage& on_;
};

class LogGuests : public virtual_daemon {
protected:
  LogGuests() {
    alder::config::loaded loaded;
    loaded.extensions.push_back({"/some.so", {}});
    offering = [this](extension_registry& daemon) {
      daemon.add_log_destination(
          {"ship", {"port"}, {}, [this](caf::scheduled_actor& host, const log_destination_settings& settings) {
             const auto port = settings.options.find("port");
             on.made.push_back(settings.tree + " " + settings.service + " " +
                               (port == settings.options.end() ? "" : port->second));
             if (!on.start_throws.empty()) throw std::runtime_error(std::exchange(on.start_throws, {}));
             return log_destination_actor{host.spawn<player>(on)};
           }});
    };
    EXPECT_THAT(offered.take_up(loaded), IsEmpty());
    guests.offered = &offered;
    guests.shared = &shared;
    root = system.spawn<supervisor>(
        shared, supervisor_plan{"", "logs", {strategy::one_for_one, {}, auto_shutdown::never}, false, {}},
        parent_actor{parent});
    guests.above = root;
    caf::anon_send(root, start_order{1, {cause::kind::request, {}, {}, {}}, false, 0});
    run();
  }
  ~LogGuests() override {
    guests.above = nullptr;
    guests.begin_anew();
    caf::anon_send_exit(root, caf::exit_reason::user_shutdown); // while what they use is there
    root = nullptr;
    run();
    on.unanswered.clear();
  }
  void set_rules(const std::string& port = "1") {
    log_spec rules;
    rules.to = log_target::actor;
    rules.actor = "ship port=" + port;
    guests.set_rules("shop/web:1"_node, rules);
    run();
  }
  void offer(std::uint64_t number, const std::string& lines) {
    guests.offer("shop/web:1"_node, {7, number, /*err=*/true, {}, std::make_shared<const std::string>(lines)});
    run();
  }
  std::vector<std::string> lines() const {
    std::vector<std::string> all;
    for (const auto& batch : on.got)
      all.push_back((batch.again ? "again " : "") + batch.lines);
    return all;
  }

  static inline std::function<void(extension_registry&)> offering;
  static inline const extension_entry entry{extension_magic, ALDER_EXTENSION_MADE_FOR,
                                            [](extension_registry& daemon) { offering(daemon); }};
  stage on;
  std::vector<std::uint64_t> answered;
  extensions offered{
      [](const std::string&, const std::string&) -> result<const void*> { return static_cast<const void*>(&entry); }};
  log_guests guests{[this](logs::stream_id stream, std::uint64_t number) {
    EXPECT_EQ(stream, 7U);
    answered.push_back(number);
  }};
};

TEST_F(LogGuests, GetLinesAndAnswer) {
  set_rules();
  offer(1, "hello\n");
  EXPECT_THAT(answered, ElementsAre(1));
  ASSERT_EQ(on.got.size(), 1U);
  EXPECT_EQ(on.got[0].tree, "shop");
  EXPECT_EQ(on.got[0].service, "web:1");
  EXPECT_EQ(on.got[0].instance, 1U);
  EXPECT_EQ(on.got[0].stream, log_stream::err);
  EXPECT_EQ(on.got[0].lines, "hello\n");
  EXPECT_THAT(on.made, ElementsAre("shop web:1 1"));
}

TEST_F(LogGuests, HaveAPlaceInTheTree) {
  set_rules();
  EXPECT_THAT(shared.nodes.children_of("", "logs"), ElementsAre("destinations"));
  EXPECT_THAT(shared.nodes.children_of("", "destinations"), ElementsAre("ship for shop/web:1"));
  const auto destination = shared.nodes.find("", "ship for shop/web:1");
  EXPECT_EQ(destination->state, node_state::running);
  EXPECT_EQ(destination->what, node_snapshot::kind::actor);
  EXPECT_FALSE(destination->service) << "it runs no program";
  EXPECT_EQ(destination->restart, restart_kind::permanent);
}

TEST_F(LogGuests, ThatThrowAreStartedAgainAndGetTheLinesAgain) {
  set_rules();
  on.throws = "no route to host";
  offer(1, "hello\n");
  EXPECT_THAT(answered, IsEmpty());
  EXPECT_THAT(
      sentences(),
      ::testing::Contains("web:1: the actor 'ship' that receives its output failed: no route to host; restarting it"));
  EXPECT_EQ(shared.nodes.find("", "ship for shop/web:1")->state, node_state::backoff);
  advance(400ms);
  EXPECT_EQ(on.made.size(), 1U);
  advance(200ms);
  EXPECT_EQ(on.made.size(), 2U);
  EXPECT_THAT(lines(), ElementsAre("hello\n", "again hello\n"));
  EXPECT_THAT(answered, ElementsAre(1));
}

TEST_F(LogGuests, ThatKeepThrowingWaitLongerEachTimeAndAreNeverGivenUp) {
  set_rules();
  offer(1, "first\n");
  for (int i = 0; i < 10; ++i) {
    on.throws = "again";
    offer(static_cast<std::uint64_t>(i) + 2, "x\n");
    advance(40s);
  }
  EXPECT_EQ(on.made.size(), 11U);
  EXPECT_EQ(shared.nodes.find("", "destinations")->state, node_state::running);
  EXPECT_EQ(answered.size(), 11U);
}

TEST_F(LogGuests, ThatCannotBeMadeAreTriedAgain) {
  on.start_throws = "no such port";
  set_rules();
  offer(1, "hello\n");
  EXPECT_THAT(sentences(),
              ::testing::Contains(
                  "web:1: the actor 'ship' that receives its output cannot be started: no such port; restarting it"));
  advance(1s);
  EXPECT_THAT(lines(), ElementsAre("hello\n"));
  EXPECT_THAT(answered, ElementsAre(1));
}

TEST_F(LogGuests, MayTakeTheirTime) {
  set_rules();
  on.answers = false;
  offer(1, "hello\n");
  advance(1h);
  EXPECT_THAT(answered, IsEmpty());
  EXPECT_EQ(on.made.size(), 1U);
  on.answers = true;
  offer(2, "is there anybody?\n");
  EXPECT_THAT(answered, ::testing::UnorderedElementsAre(1, 2));
}

TEST_F(LogGuests, ThatRefuseABatchAreReplaced) {
  set_rules();
  on.refuses = "disk full";
  offer(1, "hello\n");
  EXPECT_THAT(sentences(),
              ::testing::Contains("web:1: the actor 'ship' that receives its output failed: disk full; restarting it"));
  advance(1s);
  EXPECT_THAT(lines(), ElementsAre("hello\n", "again hello\n"));
  EXPECT_THAT(answered, ElementsAre(1));
}

TEST_F(LogGuests, WithOtherOptionsStartAnew) {
  set_rules("1");
  set_rules("1");
  EXPECT_EQ(on.made.size(), 1U);
  on.answers = false;
  offer(1, "hello\n");
  set_rules("2");
  EXPECT_THAT(on.made, ElementsAre("shop web:1 1", "shop web:1 2"));
  EXPECT_THAT(lines(), ElementsAre("hello\n", "again hello\n")); // what was open
}

TEST_F(LogGuests, GoWithTheirRulesAndComeAgain) {
  set_rules();
  guests.set_rules("shop/web:1"_node, log_spec{});
  run();
  EXPECT_THAT(shared.nodes.children_of("", "destinations"), IsEmpty());
  offer(1, "goes to a file\n");
  EXPECT_THAT(lines(), IsEmpty());
  set_rules();
  EXPECT_THAT(shared.nodes.children_of("", "destinations"), ElementsAre("ship for shop/web:1"));
  offer(2, "hello\n");
  EXPECT_THAT(lines(), ElementsAre("hello\n"));
}

TEST_F(LogGuests, OfAnExtensionThatIsMissingAreWaitedFor) {
  guests.offered = nullptr; // a former daemon had it
  set_rules();
  offer(1, "hello\n");
  EXPECT_THAT(sentences(), ::testing::Contains("web:1: the actor 'ship' that receives its output cannot be started: no "
                                               "loaded extension provides it; restarting it"));
  guests.offered = &offered;
  advance(1s);
  EXPECT_THAT(answered, ElementsAre(1));
}

} // namespace
} // namespace alder::actors::testing

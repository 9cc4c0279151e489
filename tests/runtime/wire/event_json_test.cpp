#include "runtime/wire/event_json.hpp"

#include "tests/runtime/wire/examples.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <csignal>

namespace alder::wire {
namespace {

using namespace std::chrono_literals;

void expect_same(const event& a, const event& b) {
  EXPECT_EQ(a.seq, b.seq);
  EXPECT_EQ(a.at, b.at);
  EXPECT_EQ(a.kind, b.kind);
  EXPECT_EQ(a.tree, b.tree);
  EXPECT_EQ(a.name, b.name);
  EXPECT_EQ(a.pid, b.pid);
  EXPECT_EQ(a.generation, b.generation);
  EXPECT_EQ(a.status, b.status);
  EXPECT_EQ(a.delay, b.delay);
  EXPECT_EQ(a.cause, b.cause);
}

TEST(EventJson, IsTheObjectOfTheApi) {
  EXPECT_EQ(
      event_json(planned_restart()),
      R"({"seq":812,"at":"2026-11-22T17:45:02.113Z","kind":"restart_planned","tree":"shop","name":"api:0","pid":4141,)"
      R"("generation":3,"exit":{"text":"SIGSEGV","signal":"SIGSEGV"},"delay_ms":3200,)"
      R"("cause":{"kind":"own_exit","origin":"","detail":"was killed by SIGSEGV","strategy":""},)"
      R"("text":"api:0 will be restarted in 3.2s because it was killed by SIGSEGV"})");
}

TEST(EventReading, ReadsBackWhatItWrites) {
  for (int k = 0; k <= static_cast<int>(event_kind::warning); ++k) {
    for (int c = 0; c <= static_cast<int>(cause::kind::adopted); ++c) {
      auto e = planned_restart();
      e.kind = static_cast<event_kind>(k);
      e.cause = {static_cast<cause::kind>(c), "cache", "line\nend \"quoted\" \xc3\xa9", "one_for_all"};
      const auto back = parse_event(event_json(e));
      ASSERT_TRUE(back) << back.failure().message;
      expect_same(*back, e);
    }
  }
}

TEST(EventReading, ReadsBackEveryWayToEnd) {
  for (const auto& status :
       {std::optional<exit_status>{}, std::optional{exit_status{}}, std::optional{exit_status::code(0)},
        std::optional{exit_status::code(255)}, std::optional{exit_status::signal(SIGKILL)},
        std::optional{exit_status::signal(SIGRTMIN + 1)}}) {
    event e;
    e.status = status;
    const auto back = parse_event(event_json(e));
    ASSERT_TRUE(back) << back.failure().message;
    expect_same(*back, e);
  }
}

TEST(EventReading, IgnoresUnknownFields) {
  const auto e = parse_event(
      R"({"seq":1,"at":"2026-11-22T17:45:02Z","kind":"warning","colour":["red"],"cause":{"kind":"request","x":1}})");
  ASSERT_TRUE(e) << e.failure().message;
  EXPECT_EQ(e->cause.what, cause::kind::request);
}

TEST(EventReading, RefusesWhatCannotBe) {
  for (const auto* text :
       {"", "{", "[]", "7", R"({"seq":1})", R"({"seq":1,"at":"2026-11-22T17:45:02Z"})",
        R"({"at":"2026-11-22T17:45:02Z","kind":"warning"})",
        R"({"seq":-1,"at":"2026-11-22T17:45:02Z","kind":"warning"})", R"({"seq":1,"at":"today","kind":"warning"})",
        R"({"seq":1,"at":"2026-11-22T17:45:02Z","kind":"party"})",
        R"({"seq":1,"at":"2026-11-22T17:45:02Z","kind":"warning","pid":4294967296})",
        R"({"seq":1,"at":"2026-11-22T17:45:02Z","kind":"warning","pid":"1"})",
        R"({"seq":1,"at":"2026-11-22T17:45:02Z","kind":"warning","exit":3})",
        R"({"seq":1,"at":"2026-11-22T17:45:02Z","kind":"warning","exit":{"signal":"SIGNOTHING"}})",
        R"({"seq":1,"at":"2026-11-22T17:45:02Z","kind":"warning","cause":{"kind":"mood"}})"}) {
    const auto e = parse_event(text);
    ASSERT_FALSE(e) << text;
    EXPECT_EQ(e.failure().kind, error_kind::invalid_input) << text;
  }
}

TEST(EventReading, NestingIsCapped) {
  const auto nested = [](std::size_t depth) {
    return R"({"seq":1,"at":"2026-11-22T17:45:02Z","kind":"warning","x":)" + std::string(depth, '[') +
           std::string(depth, ']') + "}";
  };
  EXPECT_TRUE(parse_event(nested(31)));
  EXPECT_FALSE(parse_event(nested(32)));
  EXPECT_FALSE(parse_event(std::string(1'000'000, '[')));
  EXPECT_TRUE(parse_event(
      R"({"seq":1,"at":"2026-11-22T17:45:02Z","kind":"warning","x":"\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["})"));
}

TEST(EventView, IsReadBackAsItWasWritten) {
  const auto text = event_json(planned_restart());
  const auto item = read_event_item(text);
  ASSERT_TRUE(item) << item.failure().message;
  const auto& view = std::get<event_view>(*item);
  EXPECT_EQ(written(view), text);
  EXPECT_EQ(view.delay, 3200ms);
  EXPECT_EQ(view.exit->signal, "SIGSEGV");
  EXPECT_EQ(view.cause.kind, "own_exit");
}

TEST(EventView, OneOfALaterVersionKeepsItsWords) {
  const auto item = read_event_item(R"({"seq":1,"at":"later","kind":"party","text":"it danced","cause":7})");
  ASSERT_TRUE(item);
  const auto& view = std::get<event_view>(*item);
  EXPECT_EQ(view.kind, "party");
  EXPECT_EQ(view.text, "it danced");
  EXPECT_FALSE(view.at);
}

TEST(EventItem, IsAnEventAGapOrTheEnd) {
  EXPECT_EQ(event_gap_json({412}), R"({"gap":412})");
  EXPECT_EQ(std::get<event_gap>(*read_event_item(event_gap_json({412}))).missed, 412U);
  const auto end =
      std::get<operation_result>(*read_event_item(done_json({true, problem{"timed_out", "d", {"h"}, {}}})));
  EXPECT_TRUE(end.changed);
  EXPECT_EQ(end.failure->status, 504U);
  EXPECT_EQ(end.failure->help, (std::vector<std::string>{"h"}));
  EXPECT_FALSE(read_event_item("[]"));
}

} // namespace
} // namespace alder::wire

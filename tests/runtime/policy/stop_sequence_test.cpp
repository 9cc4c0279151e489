#include "runtime/policy/stop_sequence.hpp"

#include "runtime/base/overloaded.hpp"
#include "runtime/base/text.hpp"
#include "runtime/base/units.hpp"

#include <gtest/gtest.h>

#include <csignal>

namespace alder::policy {
namespace {

using std::chrono::milliseconds;
using then = stop_sequence::then;

/// What is asked as words; then "kill" or "give up" when that is what follows.
class sequence {
public:
  explicit sequence(stop_spec first) : rules(std::move(first)) {}

  std::string ask(bool main_is_gone = false) { return told(asked_.ask(rules, main_is_gone, out_)); }
  std::string time(bool main_is_gone = false) {
    return asked_.is_over(timer_, out_) ? told(asked_.ask_next(rules, main_is_gone, out_)) : told(then::wait);
  }
  std::string rest() {
    asked_.ask_the_rest(rules, out_);
    return told(then::wait);
  }
  void more(milliseconds time) { asked_.extend(time, out_); }
  void at(milliseconds time) { out_.begin(process_output::time_point{time}); }
  [[nodiscard]] std::string patience() const { return asked_.patience(); }

  stop_spec rules;

private:
  std::string told(then what) {
    std::string all;
    const auto say = [&](const std::string& words) { all += (all.empty() ? "" : "; ") + words; };
    for (const auto& effect : out_.take())
      std::visit(overloaded{[&](const arm_timer& t) {
                              timer_ = t.token;
                              say("timer " + format_duration(t.after));
                            },
                            [&](const signal_all& s) {
                              say((s.main_only ? "signal main " : "signal ") + std::to_string(s.signal));
                            },
                            [&](const run_stop_command& r) { say("run " + join(r.command, " ")); },
                            [&](const ask_to_shut_down&) { say("message"); }, [&](const auto&) { say("?"); }},
                 effect);
    if (what == then::kill) say("kill");
    if (what == then::give_up) say("give up");
    return all;
  }

  process_output out_;
  stop_sequence asked_;
  std::uint64_t timer_ = 0;
};

stop_spec with_steps() {
  stop_spec rules;
  rules.steps = {{stop_step::message{}, milliseconds{1000}},
                 {std::vector<std::string>{"quit", "now"}, milliseconds{2000}},
                 {SIGINT, milliseconds{3000}}};
  return rules;
}

TEST(StopSequence, TakesTheStepsThenTheSignalThenTheKill) {
  sequence s{with_steps()};
  EXPECT_EQ(s.ask(), "timer 1s; message");
  EXPECT_EQ(s.time(), "timer 2s; run quit now");
  EXPECT_EQ(s.time(), "timer 3s; signal 2");
  EXPECT_EQ(s.time(), "timer 10s; signal 15");
  EXPECT_EQ(s.patience(), "10s");
  EXPECT_EQ(s.time(), "give up");
}

TEST(StopSequence, WhatIsForTheMainProcessIsLeftOutWithoutIt) {
  sequence s{with_steps()};
  EXPECT_EQ(s.ask(/*main_is_gone=*/true), "timer 3s; signal 2");
  EXPECT_EQ(s.time(/*main_is_gone=*/true), "timer 10s; signal 15");
}

TEST(StopSequence, BySigkillKillsAfterTheSteps) {
  auto rules = with_steps();
  rules.steps.resize(1);
  rules.signal = SIGKILL;
  sequence s{rules};
  EXPECT_EQ(s.ask(), "timer 1s; message");
  EXPECT_EQ(s.time(), "kill");
}

TEST(StopSequence, WithoutATimeoutWaitsForEver) {
  sequence s{stop_spec{SIGTERM, std::nullopt}};
  EXPECT_EQ(s.ask(), "signal 15");
  EXPECT_EQ(s.time(), "");
}

TEST(StopSequence, TheTimeOfARequestMayBeExtended) {
  sequence s{stop_spec{}};
  EXPECT_EQ(s.ask(), "timer 10s; signal 15");
  s.more(milliseconds{15000});
  s.at(milliseconds{10000});
  EXPECT_EQ(s.time(), "timer 5s");
  s.at(milliseconds{15000});
  EXPECT_EQ(s.time(), "give up");
  EXPECT_EQ(s.patience(), "the time it asked for");
}

TEST(StopSequence, NewerRulesHoldFromTheNextRequestOn) {
  sequence fewer{with_steps()};
  (void)fewer.ask();
  (void)fewer.time();
  fewer.rules.steps.clear();
  EXPECT_EQ(fewer.time(), "timer 10s; signal 15") << "nothing is killed before it was asked";
  sequence more{stop_spec{}};
  (void)more.ask();
  more.rules.steps = {{SIGHUP, milliseconds{1000}}, {SIGINT, milliseconds{1000}}};
  EXPECT_EQ(more.time(), "timer 1s; signal 2");
}

TEST(StopSequence, TheRestGetsTheSignalThatOnlyTheMainProcessGot) {
  auto rules = with_steps();
  rules.main_only = true;
  sequence s{rules};
  (void)s.ask();
  EXPECT_EQ(s.rest(), "") << "a message is not for them";
  (void)s.time();
  EXPECT_EQ(s.time(), "timer 3s; signal main 2");
  EXPECT_EQ(s.rest(), "signal 2");
  EXPECT_EQ(s.time(), "timer 10s; signal main 15");
  EXPECT_EQ(s.rest(), "signal 15");
}

} // namespace
} // namespace alder::policy

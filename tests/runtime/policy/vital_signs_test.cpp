#include "runtime/policy/vital_signs.hpp"

#include "runtime/base/overloaded.hpp"
#include "runtime/base/units.hpp"

#include <gtest/gtest.h>

namespace alder::policy {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Effects as words, and the verdict behind "end:".
class signs {
public:
  explicit signs(service_spec spec, complaints known = {})
      : spec_(std::move(spec)), watched_(spec_, std::move(known), {}) {}

  std::string begin() {
    watched_.begin(out_);
    return told({});
  }
  std::string beat() {
    watched_.on_heartbeat(out_);
    return told({});
  }
  std::string time() { return told(watched_.on_timer(timer_, out_)); }
  std::string health(bool good) { return told(watched_.on_health({asked_, good, "refused"}, out_)); }
  std::string late_health() { return told(watched_.on_health({asked_ - 1, false, "late"}, out_)); }
  std::string usage(std::uint64_t memory, double cpu = 0) { return told(watched_.on_usage({memory, cpu}, out_)); }
  std::string unwell(const std::string& why) { return told(watched_.on_unwell(why, out_)); }
  std::string end() {
    watched_.end(out_);
    return told({});
  }
  void more(milliseconds time) { watched_.on_more_time(time, out_); }
  void at(milliseconds time) { out_.begin(process_output::time_point{time}); }

private:
  std::string told(const vital_signs::verdict& end) {
    std::string all;
    const auto say = [&](const std::string& words) { all += (all.empty() ? "" : "; ") + words; };
    for (const auto& effect : out_.take())
      std::visit(overloaded{[&](const arm_timer& t) {
                              timer_ = t.token;
                              say("timer " + format_duration(t.after));
                            },
                            [&](const check_health& c) {
                              asked_ = c.token;
                              say("ask");
                            },
                            [&](const cancel_health&) { say("cancel"); }, [&](const sample_usage&) { say("sample"); },
                            [&](const health_changed& h) { say(h.why.empty() ? "well" : "unwell: " + h.why); },
                            [&](const warn& w) { say("warn: " + w.text); }, [&](const auto&) { say("?"); }},
                 effect);
    if (end) say((end->is_final ? "end for good: " : "end: ") + end->why);
    return all;
  }

  service_spec spec_;
  process_output out_;
  vital_signs watched_;
  std::uint64_t timer_ = 0;
  std::uint64_t asked_ = 0;
};

service_spec beating(remedy then = remedy::restart) {
  service_spec spec;
  spec.heartbeat = heartbeat_spec{seconds{5}, 3, then};
  return spec;
}

service_spec checked(remedy then = remedy::restart) {
  service_spec spec;
  spec.health = health_spec{ready_tcp{"127.0.0.1", 80}};
  spec.health->failures = 2;
  spec.health->then = then;
  return spec;
}

service_spec limited(remedy then = remedy::restart) {
  service_spec spec;
  spec.limits.memory = 1024;
  spec.limits.cpu = 0.5;
  spec.limits.grace = seconds{5};
  spec.limits.then = then;
  return spec;
}

TEST(VitalSigns, WithoutAnythingToWatchThereIsNoTimer) {
  signs s{{}};
  EXPECT_EQ(s.begin(), "");
  EXPECT_EQ(s.beat(), "");
  EXPECT_EQ(s.usage(1 << 30), "");
}

TEST(VitalSigns, AMissingHeartbeatEndsItAfterALastChance) {
  signs s{beating()};
  EXPECT_EQ(s.begin(), "timer 15s");
  EXPECT_EQ(s.beat(), "timer 15s");
  EXPECT_EQ(s.time(), "timer 250ms");
  EXPECT_EQ(s.time(), "unwell: sent no heartbeat for 15s; end: sent no heartbeat for 15s");
}

TEST(VitalSigns, AHeartbeatInTheLastChanceBeginsAnew) {
  signs s{beating()};
  (void)s.begin();
  EXPECT_EQ(s.time(), "timer 250ms");
  EXPECT_EQ(s.beat(), "timer 15s");
  EXPECT_EQ(s.time(), "timer 250ms") << "another last chance";
}

TEST(VitalSigns, AHeartbeatMayBePutOff) {
  signs s{beating()};
  (void)s.begin();
  s.at(seconds{1});
  s.more(seconds{60});
  s.at(seconds{15});
  EXPECT_EQ(s.time(), "timer 46s");
  s.at(seconds{61});
  EXPECT_EQ(s.time(), "timer 250ms");
}

TEST(VitalSigns, WhatIsOnlyReportedIsReportedOnceAndIsOverWhenItIsWellAgain) {
  signs s{beating(remedy::report)};
  (void)s.begin();
  (void)s.time();
  EXPECT_EQ(s.time(), "warn: sent no heartbeat for 15s; unwell: sent no heartbeat for 15s");
  EXPECT_EQ(s.time(), "") << "people know";
  EXPECT_EQ(s.beat(), "timer 15s; well");
}

TEST(VitalSigns, FailedChecksInARowEndIt) {
  signs s{checked()};
  EXPECT_EQ(s.begin(), "timer 10s");
  EXPECT_EQ(s.time(), "timer 2s; ask");
  EXPECT_EQ(s.health(false), "timer 10s");
  EXPECT_EQ(s.time(), "timer 2s; ask");
  EXPECT_EQ(s.late_health(), "") << "an answer to another question";
  EXPECT_EQ(s.time(), "cancel; unwell: failed its health check 2 times: did not answer within 2s; "
                      "end: failed its health check 2 times: did not answer within 2s");
}

TEST(VitalSigns, AnAnswerThatIsNotWaitedForAnyMoreIsCancelled) {
  signs s{checked()};
  (void)s.begin();
  EXPECT_EQ(s.end(), "");
  (void)s.time();
  EXPECT_EQ(s.end(), "cancel");
  EXPECT_EQ(s.end(), "");
}

TEST(VitalSigns, UsageAboveALimitForLongerThanTheGraceEndsIt) {
  signs s{limited()};
  EXPECT_EQ(s.begin(), "timer 5s");
  EXPECT_EQ(s.time(), "timer 5s; sample");
  EXPECT_EQ(s.usage(2048), "");
  EXPECT_EQ(s.usage(2048), "unwell: used 2.0K of memory, more than its limit of 1.0K; "
                           "end: used 2.0K of memory, more than its limit of 1.0K");
}

TEST(VitalSigns, AnExcessEndsOnlyWellBelowTheLimit) {
  signs s{limited(remedy::report)};
  (void)s.begin();
  EXPECT_EQ(s.usage(0, 0.6), "");
  EXPECT_EQ(s.usage(0, 0.48), "warn: used 48% of a processor, more than its limit of 50%; "
                              "unwell: used 48% of a processor, more than its limit of 50%");
  EXPECT_EQ(s.usage(0, 0.44), "well");
  EXPECT_EQ(s.usage(0, 0.48), "") << "below the limit is no excess of its own";
}

TEST(VitalSigns, ATaskThatTakesTooLongIsNotRepeated) {
  service_spec task;
  task.task = true;
  task.task_timeout = seconds{60};
  signs s{task};
  EXPECT_EQ(s.begin(), "timer 1m");
  EXPECT_EQ(s.time(), "unwell: did not finish within 1m; end for good: did not finish within 1m");
}

TEST(VitalSigns, WhatWasReportedBeforeStillHolds) {
  signs s{limited(remedy::report), {{"limits", "used too much"}, {"health", "refused"}}};
  (void)s.begin();
  EXPECT_EQ(s.usage(1000), "") << "above 90 % of its limit";
  EXPECT_EQ(s.usage(100), "unwell: refused") << "the other one holds";
}

TEST(VitalSigns, AProgramThatCannotGoOnIsEnded) {
  signs s{{}};
  (void)s.begin();
  EXPECT_EQ(s.unwell("disk full"), "unwell: disk full; end: disk full");
}

} // namespace
} // namespace alder::policy

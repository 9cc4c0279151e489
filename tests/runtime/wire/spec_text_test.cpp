#include "runtime/wire/spec_text.hpp"

#include <gtest/gtest.h>

#include <csignal>

namespace alder::wire {
namespace {

using namespace std::chrono_literals;

TEST(SpecText, NamesTheReadinessCheck) {
  EXPECT_EQ(ready_text({}), "as soon as it runs");
  EXPECT_EQ(ready_text({.check = ready_after{2s}}), "after 2s");
  EXPECT_EQ(ready_text({.check = ready_tcp{"127.0.0.1", 6400}, .timeout = 10s}), "tcp 127.0.0.1:6400 within 10s");
  EXPECT_EQ(ready_text({.check = ready_http{"::1", 80, "/health"}}), "http [::1]:80/health within 30s");
  EXPECT_EQ(ready_text({.check = ready_exec{{"test", "-e", "a b"}}, .timeout = 1500ms}),
            "exec test -e 'a b' within 1.5s");
}

TEST(SpecText, NamesTheStopSequence) {
  EXPECT_EQ(stop_text({}), "SIGTERM, SIGKILL after 10s");
  EXPECT_EQ(stop_text({.signal = SIGINT, .timeout = std::nullopt}), "SIGINT, then waits without limit");
  EXPECT_EQ(stop_text({.signal = SIGKILL}), "SIGKILL");
}

TEST(SpecText, NamesTheBackoff) {
  EXPECT_EQ(backoff_text({}), "none");
  EXPECT_EQ(backoff_text({.min = 100ms, .max = 30s}), "100ms to 30s, factor 2");
  EXPECT_EQ(backoff_text({.min = 1s, .max = 1min, .factor = 1.5}), "1s to 1m, factor 1.5");
}

} // namespace
} // namespace alder::wire

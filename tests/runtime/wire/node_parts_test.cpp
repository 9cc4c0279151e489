#include "runtime/wire/node_parts.hpp"

#include "tests/runtime/wire/examples.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <csignal>

namespace alder::wire {
namespace {

using namespace std::chrono_literals;

template <class View> void expect_sent(const View& view) {
  View back;
  from_json(*parse_answer(written(view)), back);
  EXPECT_EQ(written(back), written(view));
}

TEST(ExitJson, EveryWayToEndIsReadBack) {
  for (const auto& status : {exit_status{}, exit_status::code(0), exit_status::code(255), exit_status::signal(SIGKILL),
                             exit_status::signal(SIGRTMIN + 1)}) {
    auto view = view_of(status);
    expect_sent(view);
    view.at = moment;
    expect_sent(view);
  }
  EXPECT_EQ(written(view_of(exit_status::code(1))), R"({"text":"code 1","code":1})");
  EXPECT_EQ(written(view_of(exit_status{})), R"({"text":"unknown"})");
}

TEST(IntensityJson, IsReadBack) {
  auto node = service_named("api", "shop");
  node.intensity = {5, 30s};
  node.restarts_used = 9; // more than allowed: it just gave up
  node.oldest_expires = 12s;
  const auto view = intensity_of(node);
  EXPECT_EQ(written(view), R"({"max":5,"window_ms":30000,"used":9,"left":0,"oldest_expires_ms":12000})");
  expect_sent(view);
  node.restarts_used = 0;
  EXPECT_EQ(intensity_of(node).oldest_expires, std::nullopt);
  expect_sent(intensity_of(node));
}

} // namespace
} // namespace alder::wire

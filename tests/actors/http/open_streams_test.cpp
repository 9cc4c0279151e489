#include "actors/http/open_streams.hpp"

#include <gtest/gtest.h>

namespace alder::actors::testing {
namespace {

using namespace std::chrono_literals;

/// Time is counted in looks of the loop, 10 ms each.
class OpenStreams : public ::testing::Test {
protected:
  void finish_all() {
    streams.finish_all(
        loop, [this] { return is_ready; }, [this] { is_over = true; });
  }
  void look(int times) {
    for (int i = 0; i < times && !is_over; ++i)
      loop.run_one();
  }

  boost::asio::io_context loop;
  open_streams streams;
  bool is_ready = true;
  bool is_over = false;
  int finished = 0;
};

TEST_F(OpenStreams, WithoutAnyTheEndIsThereAtOnce) {
  finish_all();
  EXPECT_TRUE(is_over);
}

TEST_F(OpenStreams, EachIsAskedOnceToFinishAndWaitedFor) {
  const auto first = streams.add([this] { ++finished; });
  const auto second = streams.add([this] { ++finished; });
  finish_all();
  look(3);
  EXPECT_EQ(finished, 2);
  streams.remove(first);
  look(3);
  EXPECT_FALSE(is_over);
  streams.remove(second);
  look(1);
  EXPECT_TRUE(is_over);
}

TEST_F(OpenStreams, OneThatBeginsLaterIsFinishedToo) {
  const auto first = streams.add([] {});
  finish_all();
  const auto second = streams.add([this] { ++finished; });
  look(1);
  EXPECT_EQ(finished, 1);
  streams.remove(first);
  streams.remove(second);
  look(1);
  EXPECT_TRUE(is_over);
}

TEST_F(OpenStreams, ThoseThatFinishAtOnceAreNotWaitedFor) {
  open_streams::stream_id id = 0;
  id = streams.add([&] { streams.remove(id); });
  finish_all();
  EXPECT_TRUE(is_over);
}

TEST_F(OpenStreams, NobodyIsWaitedForWhoDoesNotReadForAsLongAsHeMay) {
  (void)streams.add([] {}, 50ms);
  finish_all();
  look(4);
  EXPECT_FALSE(is_over);
  look(1);
  EXPECT_TRUE(is_over);
}

TEST_F(OpenStreams, WhoReadsIsWaitedForHoweverLongItTakes) {
  (void)streams.add([] {}, 50ms);
  finish_all();
  for (int i = 0; i < 5; ++i) {
    look(4);
    streams.note_progress();
  }
  EXPECT_FALSE(is_over);
  look(6);
  EXPECT_TRUE(is_over);
}

TEST_F(OpenStreams, WhatTheyWaitForComesFirst) {
  is_ready = false;
  const auto id = streams.add([this] { ++finished; });
  finish_all();
  look(5);
  EXPECT_EQ(finished, 0) << "there is still output to be given";
  is_ready = true;
  look(1);
  EXPECT_EQ(finished, 1);
  streams.remove(id);
  look(1);
  EXPECT_TRUE(is_over);
}

} // namespace
} // namespace alder::actors::testing

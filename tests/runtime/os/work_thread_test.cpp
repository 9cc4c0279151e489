#include "runtime/os/work_thread.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <string>
#include <thread>

namespace alder::os {
namespace {

TEST(WorkThread, WorksBesideTheLoopAndAnswersOnIt) {
  boost::asio::io_context loop;
  work_thread beside{loop, "test"};
  std::thread::id worker;
  std::thread::id answerer;
  beside.run([&] { worker = std::this_thread::get_id(); }, [&] { answerer = std::this_thread::get_id(); });
  const auto guard = boost::asio::make_work_guard(loop);
  EXPECT_EQ(loop.run_one(), 1U);
  EXPECT_NE(worker, std::this_thread::get_id());
  EXPECT_EQ(answerer, std::this_thread::get_id());
}

TEST(WorkThread, KeepsTheOrder) {
  boost::asio::io_context loop;
  work_thread beside{loop, "test"};
  std::string done;
  for (const char c : {'a', 'b', 'c'})
    beside.run([] {}, [&done, c] { done += c; });
  const auto guard = boost::asio::make_work_guard(loop);
  while (done.size() < 3)
    loop.run_one();
  EXPECT_EQ(done, "abc");
}

TEST(WorkThread, LetsTheLoopGoOnMeanwhile) {
  boost::asio::io_context loop;
  work_thread beside{loop, "test"};
  std::promise<void> may_end;
  bool is_done = false;
  beside.run([held = may_end.get_future().share()] { held.wait(); }, [&] { is_done = true; });
  boost::asio::post(loop, [&] { may_end.set_value(); }); // the loop ends what it would wait for
  const auto guard = boost::asio::make_work_guard(loop);
  while (!is_done)
    loop.run_one();
}

TEST(WorkThread, WaitsAtItsEndForWhatIsBeingDone) {
  boost::asio::io_context loop;
  std::promise<void> has_begun;
  std::promise<void> may_end;
  std::atomic<bool> is_done{false};
  {
    work_thread beside{loop, "test"};
    beside.run(
        [&, held = may_end.get_future().share()] {
          has_begun.set_value();
          held.wait();
          is_done = true;
        },
        [] {});
    has_begun.get_future().wait();
    may_end.set_value();
  }
  EXPECT_TRUE(is_done);
}

} // namespace
} // namespace alder::os

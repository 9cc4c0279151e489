#include "tests/support/temporary_directory.hpp"

#include "runtime/base/utf8.hpp"
#include "runtime/logs/log_pump.hpp"
#include "runtime/os/files.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace alder::logs {
namespace {

using namespace std::chrono_literals;

log_spec to_actor(log_pressure pressure = log_pressure::block) {
  log_spec rules;
  rules.to = log_target::actor;
  rules.actor = "ship";
  rules.pressure = pressure;
  return rules;
}

class LogPumpActor : public ::testing::Test {
protected:
  void SetUp() override {
    auto started = log_pump::start([this](const log_notice& n) {
      const std::lock_guard lock{mutex_};
      heard_.push_back(n);
      changed_.notify_all();
    });
    ASSERT_TRUE(started) << started.failure().message;
    pump_ = std::move(*started);
  }
  unique_fd attach(generation of) {
    std::array<int, 2> fds{};
    EXPECT_EQ(::pipe2(fds.data(), O_CLOEXEC), 0);
    pump_->attach(1, of, unique_fd{fds[0]});
    kept_ = ::fcntl(fds[0], F_DUPFD_CLOEXEC, 0);
    return unique_fd{fds[1]};
  }
  void TearDown() override {
    if (kept_ >= 0) ::close(kept_);
  }
  static void say(const unique_fd& pipe, std::string_view text) { ASSERT_TRUE(os::write_all(pipe.get(), text)); }
  /// The next notice of this kind that was not taken yet; waits for it.
  template <class Notice> Notice next() {
    std::unique_lock lock{mutex_};
    Notice found{};
    const bool came = changed_.wait_for(lock, 10s, [&] {
      for (auto it = heard_.begin(); it != heard_.end(); ++it) {
        if (const auto* n = std::get_if<Notice>(&*it)) {
          found = *n;
          heard_.erase(it);
          return true;
        }
      }
      return false;
    });
    EXPECT_TRUE(came);
    return found;
  }
  template <class Notice> std::size_t count() {
    const std::lock_guard lock{mutex_};
    std::size_t n = 0;
    for (const auto& each : heard_)
      n += std::holds_alternative<Notice>(each) ? 1 : 0;
    return n;
  }
  /// All that is asked for so far is done.
  void settle() {
    pump_->finish(99, ++mark_); // nobody's: answered at once
    while (next<log_drained>() != log_drained{99, mark_}) {
    }
  }
  std::string take_next() {
    const auto offered = next<log_offered>();
    if (!offered.lines) return "(nothing)";
    pump_->answer(1, offered.number);
    return *offered.lines;
  }
  [[nodiscard]] std::size_t in_pipe() const {
    int n = 0;
    EXPECT_EQ(::ioctl(kept_, FIONREAD, &n), 0);
    return static_cast<std::size_t>(n);
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<log_notice> heard_;
  std::unique_ptr<log_pump> pump_;
  int kept_ = -1; ///< the read end, as a keeper holds it
  generation mark_ = 0;
};

TEST_F(LogPumpActor, LeavesLinesInThePipeUntilTheyAreAnswered) {
  pump_->open(1, "/dev/null", to_actor());
  const auto pipe = attach(1);
  say(pipe, "one\ntwo\npart");
  const auto offered = next<log_offered>();
  EXPECT_EQ(*offered.lines, "one\ntwo\n");
  EXPECT_EQ(in_pipe(), 12U);
  pump_->answer(1, offered.number + 1); // nobody's
  settle();
  EXPECT_EQ(in_pipe(), 12U);
  pump_->answer(1, offered.number);
  settle();
  EXPECT_EQ(in_pipe(), 4U);
  EXPECT_EQ(pump_->tally(1).bytes_written, 8U);
  say(pipe, " of three\n");
  EXPECT_EQ(take_next(), "part of three\n");
}

TEST_F(LogPumpActor, OffersOneBatchAtATime) {
  pump_->open(1, "/dev/null", to_actor());
  const auto pipe = attach(1);
  say(pipe, "one\n");
  const auto first = next<log_offered>();
  say(pipe, "two\n");
  settle();
  EXPECT_EQ(count<log_offered>(), 0U);
  pump_->answer(1, first.number);
  EXPECT_EQ(take_next(), "two\n");
}

TEST_F(LogPumpActor, BringsALotOfLinesWholeAndInOrder) {
  pump_->open(1, "/dev/null", to_actor());
  std::string all;
  for (int n = 0; n < 30'000; ++n)
    all += "line " + std::to_string(n) + "\n";
  auto pipe = attach(1);
  std::thread writer{[&] { say(pipe, all); }};
  std::string got;
  while (got.size() < all.size() && !HasFailure()) {
    const auto lines = take_next();
    EXPECT_EQ(lines.back(), '\n');
    EXPECT_LE(lines.size(), most_offered);
    got += lines;
  }
  writer.join();
  EXPECT_EQ(got, all);
}

TEST_F(LogPumpActor, ALineInPiecesIsCutBetweenCharacters) {
  pump_->open(1, "/dev/null", to_actor());
  const auto pipe = attach(1);
  std::string line = "x";
  while (line.size() < 300'000)
    line += "\u20ac";
  std::thread writer{[&] { say(pipe, line + "\n"); }};
  std::string all;
  while (all.size() <= line.size()) {
    const auto piece = take_next();
    EXPECT_EQ(find_invalid_utf8(piece), piece.size());
    if (piece == "(nothing)") break;
    all += piece;
  }
  writer.join();
  EXPECT_EQ(all, line + "\n");
}

TEST_F(LogPumpActor, EndsAProcessWhenItsLastLinesAreAnswered) {
  pump_->open(1, "/dev/null", to_actor());
  const auto pipe = attach(1);
  say(pipe, "last words");
  pump_->finish(1, 1);
  const auto offered = next<log_offered>();
  EXPECT_EQ(*offered.lines, "last words");
  settle();
  EXPECT_EQ(in_pipe(), 10U);
  pump_->answer(1, offered.number);
  EXPECT_EQ(next<log_drained>(), (log_drained{1, 1}));
}

TEST_F(LogPumpActor, LosesWhatComesWhenNobodyAnswersAndCountsIt) {
  pump_->open(1, "/dev/null", to_actor(log_pressure::drop_newest));
  const auto pipe = attach(1);
  say(pipe, "kept\n");
  const auto offered = next<log_offered>();
  const std::string line = std::string(999, 'x') + "\n";
  std::string much;
  for (int n = 0; n < 1000; ++n)
    much += line;
  say(pipe, much); // would wait for ever if nobody read
  EXPECT_EQ(next<log_failed>(), (log_failed{1, ETIMEDOUT}));
  pump_->finish(1, 1);
  EXPECT_EQ(next<log_drained>(), (log_drained{1, 1}));
  EXPECT_EQ(pump_->tally(1).bytes_lost, 1'000'000U);
  EXPECT_EQ(pump_->tally(1).lines_lost, 1000U);
  pump_->answer(1, offered.number); // it has had them all the time
  EXPECT_EQ(next<log_recovered>(), (log_recovered{1, 1'000'000}));
  EXPECT_EQ(pump_->tally(1).bytes_written, 5U);
}

TEST_F(LogPumpActor, GoesOnAfterALossWithAWholeLine) {
  pump_->open(1, "/dev/null", to_actor(log_pressure::drop_newest));
  const auto pipe = attach(1);
  say(pipe, "kept\n");
  const auto offered = next<log_offered>();
  say(pipe, std::string(500'000, 'x')); // the beginning of a line
  EXPECT_EQ(next<log_failed>(), (log_failed{1, ETIMEDOUT}));
  while (in_pipe() > 0 && !HasFailure())
    settle();
  pump_->answer(1, offered.number);
  EXPECT_EQ(next<log_recovered>(), (log_recovered{1, 500'000}));
  say(pipe, "its end\nnext\n");
  EXPECT_EQ(take_next(), "next\n");
}

TEST_F(LogPumpActor, GivesOpenLinesToAFileWhenTheRulesSaySo) {
  pump_->open(1, "/dev/null", to_actor());
  const auto pipe = attach(1);
  say(pipe, "one\n");
  const auto offered = next<log_offered>();
  const test::temporary_directory directory;
  const auto path = directory / "out.log";
  pump_->open(1, path, {});
  pump_->answer(1, offered.number); // too late
  pump_->finish(1, 1);
  EXPECT_EQ(next<log_drained>(), (log_drained{1, 1}));
  EXPECT_EQ(*os::read_file(path, 100), "one\n");
}

} // namespace
} // namespace alder::logs

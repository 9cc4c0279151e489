#include "runtime/logs/log_pump.hpp"

#include "tests/support/append.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/terminal.hpp"

#include "runtime/logs/log_archive.hpp"
#include "runtime/os/files.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

namespace alder::logs {
namespace {

using namespace std::chrono_literals;

struct pipe_ends {
  unique_fd read;
  unique_fd write;
};

pipe_ends make_pipe() {
  std::array<int, 2> fds{};
  EXPECT_EQ(::pipe2(fds.data(), O_CLOEXEC), 0);
  return {unique_fd{fds[0]}, unique_fd{fds[1]}};
}

std::string text_of(const std::string& path) {
  const auto text = os::read_file(path, 64 << 20);
  return text ? *text : "(" + text.failure().message + ")";
}

/// Collects what the pump tells; waits for it with a deadline.
class listener {
public:
  [[nodiscard]] log_pump::notify ear() {
    return [this](const log_notice& n) {
      const std::lock_guard lock{mutex_};
      heard_.push_back(n);
      changed_.notify_all();
      const auto* drained = std::get_if<log_drained>(&n);
      if (drained != nullptr && drained->stream == awaited_ && then_) std::exchange(then_, nullptr)();
    };
  }
  /// Whether the notice came, in 10 s.
  [[nodiscard]] bool hears(const log_notice& n, std::ptrdiff_t times = 1) {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, 10s, [&] { return std::count(heard_.begin(), heard_.end(), n) >= times; });
  }
  [[nodiscard]] std::ptrdiff_t times_heard(const log_notice& n) {
    const std::lock_guard lock{mutex_};
    return std::count(heard_.begin(), heard_.end(), n);
  }
  /// Does something once on the pump's own thread.
  void when_drained(stream_id stream, std::function<void()> then) {
    const std::lock_guard lock{mutex_};
    awaited_ = stream;
    then_ = std::move(then);
  }
  [[nodiscard]] std::vector<log_notice> heard() {
    const std::lock_guard lock{mutex_};
    return heard_;
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<log_notice> heard_;
  stream_id awaited_ = 0;
  std::function<void()> then_;
};

class LogPump : public ::testing::Test {
protected:
  void SetUp() override {
    auto started = log_pump::start(listener_.ear(), {.retry_after = 20ms});
    ASSERT_TRUE(started) << started.failure().message;
    pump_ = std::move(*started);
  }
  /// The write end of a process attached to the stream.
  unique_fd attach(stream_id stream, generation of) {
    auto ends = make_pipe();
    pump_->attach(stream, of, std::move(ends.read));
    return std::move(ends.write);
  }
  /// So much of the file of stream 1.
  [[nodiscard]] file_sight seen(std::uint64_t bytes) const {
    const auto facts = os::facts_of(dir_ / "out.log");
    return {facts ? facts->inode : 0, bytes};
  }
  /// Returns when everything asked for so far has been done.
  void settle() {
    const auto mark = ++last_mark_;
    pump_->finish(~stream_id{1}, mark); // nobody's: answered at once
    ASSERT_TRUE(listener_.hears(log_drained{~stream_id{1}, mark}));
  }
  /// Whether the pump wakes up again and again although there is nothing to do; watches for 50 ms.
  [[nodiscard]] bool is_kept_awake() {
    settle();
    const auto before = pump_->counters().wakeups;
    const auto deadline = std::chrono::steady_clock::now() + 50ms;
    while (std::chrono::steady_clock::now() < deadline) {
      if (pump_->counters().wakeups - before > 100) return true;
      std::this_thread::yield();
    }
    return false;
  }
  static void say(const unique_fd& pipe, std::string_view text) { ASSERT_TRUE(os::write_all(pipe.get(), text)); }

  test::temporary_directory dir_;
  listener listener_;
  std::unique_ptr<log_pump> pump_;
  generation last_mark_ = 0;
};

TEST_F(LogPump, MovesBytesAndAnswersFinish) {
  pump_->open(1, dir_ / "a/out.log");
  const auto pipe = attach(1, 1);
  say(pipe, "hello\nworld\n");
  pump_->finish(1, 1);
  ASSERT_TRUE(listener_.hears(log_drained{1, 1}));
  EXPECT_EQ(text_of(dir_ / "a/out.log"), "hello\nworld\n");
  EXPECT_EQ(pump_->counters().bytes_written, 12U);
}

TEST_F(LogPump, WritesWhatATerminalShows) {
  if (const auto none = test::no_terminal(); !none.empty()) GTEST_SKIP() << none;
  pump_->open(1, dir_ / "out.log");
  auto ends = test::make_terminal();
  auto pipe = make_pipe();
  pipe.write.reset();
  const auto kept = pipe.read.duplicate(); // by the keeper
  pump_->attach(1, 1, std::move(pipe.read), nullptr, std::move(ends.ours));
  std::string all;
  for (int n = 0; n < 20'000; ++n)
    all += "line " + std::to_string(n) + "\n";
  say(ends.theirs, all);
  EXPECT_FALSE(is_kept_awake());
  say(ends.theirs, "last words");
  ends.theirs.reset();
  pump_->finish(1, 1);
  ASSERT_TRUE(listener_.hears(log_drained{1, 1}));
  EXPECT_EQ(text_of(dir_ / "out.log"), all + "last words\n");
}

TEST_F(LogPump, ATerminalThatSomebodyKeepsOpenIsNotReadForEver) {
  if (const auto none = test::no_terminal(); !none.empty()) GTEST_SKIP() << none;
  pump_->open(1, dir_ / "out.log");
  auto ends = test::make_terminal();
  auto pipe = make_pipe();
  pipe.write.reset();
  pump_->attach(1, 1, std::move(pipe.read), nullptr, std::move(ends.ours));
  say(ends.theirs, "one\n");
  pump_->finish(1, 1);
  ASSERT_TRUE(listener_.hears(log_drained{1, 1}));
  EXPECT_EQ(text_of(dir_ / "out.log"), "one\n");
}

TEST_F(LogPump, ATerminalWaitsWhenItsFileIsBlocked) {
  if (const auto none = test::no_terminal(); !none.empty()) GTEST_SKIP() << none;
  ASSERT_TRUE(test::append(dir_ / "logs", "in the way"));
  log_spec rules;
  rules.pressure = log_pressure::block;
  pump_->open(1, dir_ / "logs/out.log", rules);
  auto ends = test::make_terminal();
  auto pipe = make_pipe();
  pipe.write.reset();
  pump_->attach(1, 1, std::move(pipe.read), nullptr, std::move(ends.ours));
  say(ends.theirs, "kept\n");
  ASSERT_TRUE(listener_.hears(log_failed{1, ENOTDIR}));
  std::filesystem::remove(dir_ / "logs");
  ends.theirs.reset();
  pump_->finish(1, 1);
  ASSERT_TRUE(listener_.hears(log_drained{1, 1}));
  EXPECT_EQ(text_of(dir_ / "logs/out.log"), "kept\n");
}

TEST_F(LogPump, WhatWaitsInAnotherDirectoryIsWrittenWhenTheFileCanBeAgainAlsoByASuccessor) {
  ASSERT_TRUE(test::append(dir_ / "logs", "in the way"));
  log_spec rules;
  rules.pressure = log_pressure::spill;
  rules.spill_to = dir_ / "spill";
  pump_->open(1, dir_ / "logs/out.log", rules);
  auto pipe = attach(1, 1);
  say(pipe, "one\ntwo\n");
  ASSERT_TRUE(listener_.hears(log_failed{1, ENOTDIR}));
  settle();
  pump_->finish(1, 1);
  ASSERT_TRUE(listener_.hears(log_drained{1, 1}));
  EXPECT_GT(pump_->tally(1).spilled, 8U);
  pump_.reset();
  SetUp();
  pump_->open(1, dir_ / "logs/out.log", rules);
  pipe = attach(1, 2);
  say(pipe, "three\n");
  std::filesystem::remove(dir_ / "logs");
  ASSERT_TRUE(listener_.hears(log_recovered{1, 0}));
  pump_->finish(1, 2);
  ASSERT_TRUE(listener_.hears(log_drained{1, 2}));
  EXPECT_EQ(text_of(dir_ / "logs/out.log"), "one\ntwo\nthree\n");
  EXPECT_FALSE(is_kept_awake());
}

TEST_F(LogPump, WhatWaitsForASharedFileIsSeenToWhoeverLeaves) {
  ASSERT_TRUE(test::append(dir_ / "logs", "in the way"));
  log_spec rules;
  rules.pressure = log_pressure::spill;
  rules.spill_to = dir_ / "spill";
  rules.merge = true;
  for (const stream_id stream : {1U, 2U})
    pump_->open(stream, dir_ / "logs/out.log", rules);
  const auto pipe = attach(1, 1);
  say(pipe, "one\n");
  pump_->finish(1, 1);
  ASSERT_TRUE(listener_.hears(log_drained{1, 1}));
  pump_->close(1);
  settle();
  std::filesystem::remove(dir_ / "logs");
  ASSERT_TRUE(listener_.hears(log_recovered{2, 0}));
  EXPECT_EQ(text_of(dir_ / "logs/out.log"), "one\n");
}

TEST_F(LogPump, TellsOnceOfTheLineThatIsAwaited) {
  const auto attach_awaiting = [this](stream_id stream, const std::shared_ptr<awaited_line>& line) {
    auto ends = make_pipe();
    pump_->attach(stream, 1, std::move(ends.read), line);
    return std::move(ends.write);
  };
  pump_->open(1, dir_ / "out.log");
  pump_->open(2, dir_ / "err.log", {.max_rate = 1});
  const auto line = std::make_shared<awaited_line>(*pattern::compile("^ready"));
  const auto out = attach_awaiting(1, line);
  const auto err = attach_awaiting(2, line);
  say(out, "not ready\n");
  say(err, "one\ntwo\nready, but too fast for the file\n");
  ASSERT_TRUE(listener_.hears(log_line_found{2, 1}));
  say(out, "ready too\n");
  pump_->finish(1, 1);
  ASSERT_TRUE(listener_.hears(log_drained{1, 1}));
  EXPECT_EQ(listener_.times_heard(log_line_found{1, 1}), 0);
  EXPECT_EQ(text_of(dir_ / "out.log"), "not ready\nready too\n");
  EXPECT_EQ(text_of(dir_ / "err.log").find("ready"), std::string::npos);
}

TEST_F(LogPump, FinishesWhatAFormerPumpHadUnderWay) {
  const auto path = dir_ / "out.log";
  const auto staged = *os::make_log_stage();
  const auto copy = [&] {
    return os::log_stage_files{staged.read.duplicate(), staged.write.duplicate(), staged.memory.duplicate()};
  };
  auto ends = make_pipe();
  say(ends.write, "one\ntwo\n");
  const int pipe = ends.read.get();
  {
    auto former = log_stage::take_over(copy(), {&pipe, 1});
    ASSERT_TRUE(former);
    const auto file = os::open_for_append(path);
    ASSERT_EQ(former->peek(pipe).bytes, "one\ntwo\n");
    former->begin_write(file->get(), path, 8);
    ASSERT_TRUE(os::write_all(file->get(), "one\nt"));
  }
  auto next = log_pump::start(listener_.ear(), {}, copy(), {&pipe, 1});
  ASSERT_TRUE(next) << next.failure().message;
  (*next)->open(7, path);
  (*next)->attach(7, 1, std::move(ends.read));
  (*next)->finish(7, 1);
  ASSERT_TRUE(listener_.hears(log_drained{7, 1}));
  EXPECT_EQ(text_of(path), "one\ntwo\n");
}

TEST_F(LogPump, PutsFullFilesAsideWhereverALineEnds) {
  log_spec rules;
  rules.max_size = 1000;
  rules.max_files = 100'000;
  rules.compress = log_compression::none;
  const auto path = dir_ / "out.log";
  pump_->open(1, path, rules);
  const auto pipe = attach(1, 1);
  std::string all;
  for (int n = 0; n < 20'000; ++n)
    all += "line " + std::to_string(n) + "\n";
  say(pipe, all);
  pump_->finish(1, 1);
  ASSERT_TRUE(listener_.hears(log_drained{1, 1}));
  std::string found;
  for (const auto& archive : archives_of(path)) {
    const auto text = text_of(text_of(archive));
    EXPECT_LE(text.size(), 1000U);
    EXPECT_EQ(text.back(), '\n');
    found += text;
  }
  EXPECT_EQ(found + text_of(path), all);
  EXPECT_GT(pump_->tally(1).rotations, 200U);
  EXPECT_EQ(pump_->tally(1).bytes_written, all.size());
}

TEST_F(LogPump, ABlockedStreamLosesNothing) {
  log_spec rules;
  rules.pressure = log_pressure::block;
  ASSERT_TRUE(test::append(dir_ / "way", ""));
  const auto path = dir_ / "way/out.log";
  pump_->open(1, path, rules);
  const auto pipe = attach(1, 1);
  say(pipe, "one\ntwo\n");
  ASSERT_TRUE(listener_.hears(log_failed{1, ENOTDIR}));
  say(pipe, "three\n");
  pump_->finish(1, 1);
  std::filesystem::remove(dir_ / "way");
  ASSERT_TRUE(listener_.hears(log_drained{1, 1}));
  EXPECT_EQ(text_of(path), "one\ntwo\nthree\n");
  EXPECT_EQ(pump_->counters().bytes_lost, 0U);
}

TEST_F(LogPump, WhatIsBeyondTheRateIsCounted) {
  log_spec rules;
  rules.max_rate = 10;
  pump_->open(1, dir_ / "out.log", rules);
  const auto pipe = attach(1, 1);
  std::string all;
  for (int n = 0; n < 1000; ++n)
    all += std::to_string(n) + "\n";
  say(pipe, all);
  pump_->finish(1, 1);
  ASSERT_TRUE(listener_.hears(log_drained{1, 1}));
  const auto text = text_of(dir_ / "out.log");
  const auto lines = static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
  EXPECT_GE(lines, 10U);
  EXPECT_LT(lines, 200U);
  EXPECT_EQ(lines + pump_->tally(1).lines_lost, 1000U);
  EXPECT_EQ(text.size() + pump_->tally(1).bytes_lost, all.size());
  EXPECT_EQ(listener_.times_heard(log_limited{1}), 1);
}

TEST_F(LogPump, AtABlockingRateEverythingComesInTime) {
  log_spec rules;
  rules.max_rate = 1000;
  rules.pressure = log_pressure::block;
  pump_->open(1, dir_ / "out.log", rules);
  const auto pipe = attach(1, 1);
  std::string all;
  for (int n = 0; n < 1300; ++n)
    all += std::to_string(n) + "\n";
  const auto begin = std::chrono::steady_clock::now();
  say(pipe, all);
  pump_->finish(1, 1);
  ASSERT_TRUE(listener_.hears(log_drained{1, 1}));
  EXPECT_EQ(text_of(dir_ / "out.log"), all);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 200ms);
}

TEST_F(LogPump, ClearsAFileAndItsArchives) {
  log_spec rules;
  rules.max_size = 10;
  rules.compress = log_compression::none;
  const auto path = dir_ / "out.log";
  pump_->open(1, path, rules);
  const auto pipe = attach(1, 1);
  say(pipe, "123456789\n123456789\nrest\n");
  pump_->finish(1, 1);
  ASSERT_TRUE(listener_.hears(log_drained{1, 1}));
  EXPECT_EQ(archives_of(path).size(), 2U);
  pump_->clear(1);
  settle();
  EXPECT_EQ(archives_of(path).size(), 0U);
  EXPECT_EQ(text_of(path), "");
  pump_->rotate(1); // an empty one stays
  settle();
  EXPECT_EQ(archives_of(path).size(), 0U);
}

TEST_F(LogPump, EndsAPartialLastLine) {
  pump_->open(1, dir_ / "out.log");
  auto pipe = attach(1, 1);
  say(pipe, "no end");
  pipe.reset();
  pump_->finish(1, 1);
  ASSERT_TRUE(listener_.hears(log_drained{1, 1}));
  EXPECT_EQ(text_of(dir_ / "out.log"), "no end\n");
}

TEST_F(LogPump, ANewGenerationWaitsUntilTheOldOneIsWritten) {
  pump_->open(1, dir_ / "out.log");
  std::vector<unique_fd> writers;
  for (generation g = 1; g <= 3; ++g) {
    auto ends = make_pipe();
    say(ends.write, "generation " + std::to_string(g));
    pump_->attach(1, g, std::move(ends.read));
    writers.push_back(std::move(ends.write));
  }
  pump_->finish(1, 3);
  ASSERT_TRUE(listener_.hears(log_drained{1, 3}));
  EXPECT_EQ(text_of(dir_ / "out.log"), "generation 1\ngeneration 2\ngeneration 3\n");
  // Drained by the next one's coming; a finish that comes later is answered all the same.
  EXPECT_EQ(listener_.times_heard(log_drained{1, 1}), 1);
  pump_->finish(1, 1);
  EXPECT_TRUE(listener_.hears(log_drained{1, 1}, 2));
}

TEST_F(LogPump, GenerationsNeverShareALine) {
  pump_->open(1, dir_ / "out.log");
  std::string expected;
  auto pipe = attach(1, 1);
  for (generation g = 1; g <= 50; ++g) {
    const auto lines = std::string(40'000, 'x') + "\n" + std::to_string(g) + " ends here";
    say(pipe, lines);
    expected += lines + "\n";
    auto next = attach(1, g + 1);
    pump_->finish(1, g);
    pipe = std::move(next);
  }
  ASSERT_TRUE(listener_.hears(log_drained{1, 50}));
  EXPECT_TRUE(text_of(dir_ / "out.log") == expected);
}

TEST_F(LogPump, AGrandchildThatGoesOnWritingDoesNotKeepThePipeOpen) {
  pump_->open(1, dir_ / "out.log");
  auto ends = make_pipe();
  const std::string full(64 * 1024, 'x');
  say(ends.write, full);
  std::thread grandchild{[&] {
    sigset_t broken_pipe{};
    ::sigaddset(&broken_pipe, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
    while (os::write_all(ends.write.get(), full)) { // until nobody reads any more
    }
  }};
  // Asked for on the pump's own thread, the two are carried out with no reading in between.
  listener_.when_drained(~stream_id{1}, [&] {
    pump_->attach(1, 1, std::move(ends.read));
    pump_->finish(1, 1);
  });
  settle();
  EXPECT_TRUE(listener_.hears(log_drained{1, 1}));
  grandchild.join();
  EXPECT_EQ(std::filesystem::file_size(dir_ / "out.log"), full.size() + 1) << "what was there at the end of its parent";
}

TEST_F(LogPump, AProcessThatClosedItsOutputCostsNothing) {
  pump_->open(1, dir_ / "out.log");
  auto pipe = attach(1, 1);
  say(pipe, "bye\n");
  pump_->watch(1, seen(0));
  ASSERT_TRUE(listener_.hears(log_grown{1}));
  pipe.reset();
  EXPECT_FALSE(is_kept_awake()) << "a hang-up must not be reported for ever";
  pump_->finish(1, 1);
  EXPECT_TRUE(listener_.hears(log_drained{1, 1}));
}

TEST_F(LogPump, AnotherHolderOfThePipeDoesNotKeepItAwake) {
  pump_->open(1, dir_ / "out.log");
  auto ends = make_pipe();
  const unique_fd kept{::fcntl(ends.read.get(), F_DUPFD_CLOEXEC, 0)}; // as the keeper does
  pump_->attach(1, 1, std::move(ends.read));
  pump_->finish(1, 1);
  ASSERT_TRUE(listener_.hears(log_drained{1, 1}));
  say(ends.write, "nobody reads this\n");
  EXPECT_FALSE(is_kept_awake());
}

TEST_F(LogPump, AFullDiskNeverBlocksTheService) {
  std::filesystem::create_symlink("/dev/full", dir_ / "out.log");
  pump_->open(1, dir_ / "out.log");
  const auto pipe = attach(1, 1);
  const std::string megabytes(4 << 20, 'x');
  say(pipe, megabytes); // returns only because somebody reads
  ASSERT_TRUE(listener_.hears(log_failed{1, ENOSPC}));
  std::filesystem::remove(dir_ / "out.log");
  pump_->reopen(1);
  settle();
  // What was in the pipe at that moment may have been written already; the rest is lost and told.
  const auto is_recovered = [&] {
    const auto heard = listener_.heard();
    return std::any_of(heard.begin(), heard.end(),
                       [](const auto& n) { return std::holds_alternative<log_recovered>(n); });
  };
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (!is_recovered() && std::chrono::steady_clock::now() < deadline) {
    say(pipe, "again\n");
    settle();
  }
  ASSERT_TRUE(is_recovered());
  pump_->finish(1, 1);
  ASSERT_TRUE(listener_.hears(log_drained{1, 1}));
  EXPECT_EQ(listener_.times_heard(log_failed{1, ENOSPC}), 1);
  EXPECT_NE(text_of(dir_ / "out.log").find("again\n"), std::string::npos);
  EXPECT_GT(pump_->counters().bytes_lost, 0U);
}

TEST_F(LogPump, AFileThatCannotBeOpenedIsToldAndTriedAgain) {
  ASSERT_TRUE(test::append(dir_ / "way", "not a directory"));
  pump_->open(1, dir_ / "way/out.log");
  ASSERT_TRUE(listener_.hears(log_failed{1, ENOTDIR}));
  const auto pipe = attach(1, 1);
  std::filesystem::remove(dir_ / "way");
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (!std::filesystem::exists(dir_ / "way/out.log") && std::chrono::steady_clock::now() < deadline) {
    say(pipe, "line\n");
    settle();
  }
  EXPECT_TRUE(std::filesystem::exists(dir_ / "way/out.log"));
}

TEST_F(LogPump, ReopenMovesToTheNewFile) {
  pump_->open(1, dir_ / "out.log");
  const auto pipe = attach(1, 1);
  say(pipe, "old\n");
  pump_->watch(1, seen(0));
  ASSERT_TRUE(listener_.hears(log_grown{1}));
  std::filesystem::rename(dir_ / "out.log", dir_ / "out.log.1");
  pump_->reopen(1);
  settle();
  say(pipe, "new\n");
  pump_->finish(1, 1);
  ASSERT_TRUE(listener_.hears(log_drained{1, 1}));
  EXPECT_EQ(text_of(dir_ / "out.log.1"), "old\n");
  EXPECT_EQ(text_of(dir_ / "out.log"), "new\n");
}

TEST_F(LogPump, ACharacterThatTwoWritesShareIsOne) {
  log_spec rules;
  rules.format = log_format::json;
  pump_->open(1, dir_ / "out.log", rules);
  const auto pipe = attach(1, 1);
  const std::string text = "a\u00e9\u20ac\U0001F333z\n";
  std::uint64_t written = 0;
  for (const char byte : text) {
    say(pipe, std::string(1, byte));
    if (is_kept_awake()) FAIL() << "what waits for the rest of its character must not cost anything";
    written = pump_->counters().bytes_written;
  }
  pump_->finish(1, 1);
  ASSERT_TRUE(listener_.hears(log_drained{1, 1}));
  EXPECT_GT(written, 0U) << "what is whole does not wait";
  const auto log = text_of(dir_ / "out.log");
  EXPECT_EQ(log.find("\uFFFD"), std::string::npos) << log;
  for (const auto* character : {"\u00e9", "\u20ac", "\U0001F333"})
    EXPECT_NE(log.find(character), std::string::npos) << log;
}

TEST_F(LogPump, HalfACharacterAtTheVeryEndIsWrittenToo) {
  log_spec rules;
  rules.format = log_format::json;
  pump_->open(1, dir_ / "out.log", rules);
  auto pipe = attach(1, 1);
  say(pipe, "end \xe2\x82");
  pipe.reset();
  pump_->finish(1, 1);
  ASSERT_TRUE(listener_.hears(log_drained{1, 1}));
  const auto log = text_of(dir_ / "out.log"); // in one piece, or in two if it was looked at in between
  EXPECT_NE(log.find("end "), std::string::npos) << log;
  EXPECT_NE(log.find("\uFFFD"), std::string::npos) << log;
}

TEST_F(LogPump, ALongLineOfObjectsIsCutBetweenCharacters) {
  log_spec rules;
  rules.format = log_format::json;
  rules.max_size = 100'000;
  pump_->open(1, dir_ / "out.log", rules);
  const auto pipe = attach(1, 1);
  std::string text = "x";
  while (text.size() < 300'000)
    text += "\u20ac";
  std::thread writer{[&] { say(pipe, text + "\n"); }};
  writer.join();
  pump_->finish(1, 1);
  ASSERT_TRUE(listener_.hears(log_drained{1, 1}));
  std::string all;
  for (const auto& entry : std::filesystem::directory_iterator(dir_ / ""))
    if (entry.path().string().find(".idx") == std::string::npos) all += text_of(entry.path());
  EXPECT_EQ(all.find("\uFFFD"), std::string::npos);
}

TEST_F(LogPump, AnotherFileOfTheSameSizeIsNew) {
  pump_->open(1, dir_ / "out.log");
  const auto pipe = attach(1, 1);
  say(pipe, "one\n");
  pump_->watch(1, {});
  ASSERT_TRUE(listener_.hears(log_grown{1}));
  const auto first = seen(4);
  pump_->watch(1, first);
  settle();
  EXPECT_EQ(listener_.times_heard(log_grown{1}), 1);
  pump_->unwatch(1);
  pump_->rotate(1);
  say(pipe, "two\n");
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (pump_->counters().bytes_written < 8 && std::chrono::steady_clock::now() < deadline)
    settle();
  pump_->watch(1, first); // by one who has not seen that it was put aside
  EXPECT_TRUE(listener_.hears(log_grown{1}, 2));
}

TEST_F(LogPump, WhatLedToNothingIsNotToldAgain) {
  pump_->open(1, dir_ / "out.log");
  const auto pipe = attach(1, 1);
  settle();
  const auto empty = seen(0);
  pump_->watch(1, {}, empty); // he cannot read it
  settle();
  EXPECT_EQ(listener_.times_heard(log_grown{1}), 0);
  say(pipe, "one\n");
  EXPECT_TRUE(listener_.hears(log_grown{1}));
}

TEST_F(LogPump, GrownIsToldOnceUntilWatchedAgain) {
  pump_->open(1, dir_ / "out.log");
  const auto pipe = attach(1, 1);
  settle();
  pump_->watch(1, seen(0));
  settle();
  EXPECT_EQ(listener_.times_heard(log_grown{1}), 0);
  say(pipe, "one\n");
  ASSERT_TRUE(listener_.hears(log_grown{1}));
  say(pipe, "two\n");
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (pump_->counters().bytes_written < 8 && std::chrono::steady_clock::now() < deadline)
    settle();
  EXPECT_EQ(listener_.times_heard(log_grown{1}), 1);
  pump_->watch(1, seen(4)); // what came between reading and asking is not missed
  ASSERT_TRUE(listener_.hears(log_grown{1}, 2));
  pump_->watch(1, seen(8));
  pump_->unwatch(1);
  settle();
  say(pipe, "three\n");
  pump_->finish(1, 1);
  ASSERT_TRUE(listener_.hears(log_drained{1, 1}));
  EXPECT_EQ(listener_.times_heard(log_grown{1}), 2);
}

TEST_F(LogPump, CloseDrainsWhatIsAttached) {
  pump_->open(1, dir_ / "out.log");
  const auto pipe = attach(1, 1);
  say(pipe, std::string(60'000, 'x'));
  pump_->close(1);
  ASSERT_TRUE(listener_.hears(log_drained{1, 1}));
  EXPECT_EQ(std::filesystem::file_size(dir_ / "out.log"), 60'001U);
  pump_->close(1); // unknown by now: ignored
  settle();
}

TEST_F(LogPump, TheEndOfThePumpDrainsWhatIsFinished) {
  pump_->open(1, dir_ / "out.log");
  const auto pipe = attach(1, 1);
  say(pipe, "last\n");
  pump_->finish(1, 1);
  pump_.reset();
  EXPECT_EQ(text_of(dir_ / "out.log"), "last\n");
  EXPECT_EQ(listener_.times_heard(log_drained{1, 1}), 1);
}

TEST_F(LogPump, NoLineOfThreeWritersIsLostOrSplit) {
  constexpr int lines = 100'000;
  const auto line_of = [](stream_id id, int n) { return std::to_string(id) + " line " + std::to_string(n) + "\n"; };
  std::vector<std::thread> writers;
  for (stream_id id = 1; id <= 3; ++id) {
    pump_->open(id, dir_ / std::to_string(id));
    auto pipe = attach(id, 1);
    writers.emplace_back([&, id, fd = std::move(pipe)] {
      for (int n = 0; n < lines; ++n) {
        if (!os::write_all(fd.get(), line_of(id, n))) return;
      }
    });
  }
  for (auto& writer : writers)
    writer.join();
  for (stream_id id = 1; id <= 3; ++id) {
    pump_->finish(id, 1);
    ASSERT_TRUE(listener_.hears(log_drained{id, 1}));
    std::string expected;
    for (int n = 0; n < lines; ++n)
      expected += line_of(id, n);
    EXPECT_TRUE(text_of(dir_ / std::to_string(id)) == expected) << "stream " << id;
  }
  EXPECT_EQ(pump_->counters().bytes_lost, 0U);
}

} // namespace
} // namespace alder::logs

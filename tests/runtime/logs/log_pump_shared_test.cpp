// Several streams in one file, and lines that are sent to syslog or the journal.
#include "tests/support/node_literal.hpp"
#include "tests/support/temporary_directory.hpp"

#include "runtime/base/utf8.hpp"
#include "runtime/logs/log_archive.hpp"
#include "runtime/logs/log_pump.hpp"
#include "runtime/os/files.hpp"
#include "runtime/wire/log_index_record.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstring>
#include <map>
#include <mutex>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace alder::logs {
namespace {

using namespace std::chrono_literals;

class SharedLog : public ::testing::Test {
protected:
  void SetUp() override { begin(20ms); }
  void begin(std::chrono::milliseconds retry_after) {
    auto started = log_pump::start(
        [this](const log_notice& notice) {
          const std::lock_guard lock{mutex_};
          heard_.push_back(notice);
          changed_.notify_all();
        },
        {.retry_after = retry_after});
    ASSERT_TRUE(started) << started.failure().message;
    pump_ = std::move(*started);
  }
  [[nodiscard]] bool hears(const log_notice& notice) {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, 10s, [&] { return std::count(heard_.begin(), heard_.end(), notice) > 0; });
  }
  /// The write end of the first process of the stream.
  unique_fd open(stream_id stream, const std::string& path, const log_spec& rules = {}, wire::log_origin origin = {}) {
    pump_->open(stream, path, rules, {path}, {.origin = origin, .service = "shop/web"_node});
    std::array<int, 2> fds{};
    EXPECT_EQ(::pipe2(fds.data(), O_CLOEXEC), 0);
    pump_->attach(stream, 1, unique_fd{fds[0]});
    return unique_fd{fds[1]};
  }
  void end(stream_id stream) {
    pump_->finish(stream, 1);
    ASSERT_TRUE(hears(log_drained{stream, 1}));
  }
  static void say(const unique_fd& pipe, std::string_view text) { ASSERT_TRUE(os::write_all(pipe.get(), text)); }
  [[nodiscard]] static std::string contents(const std::string& path) {
    const auto text = os::read_file(path, 64 << 20);
    return text ? *text : "(" + text.failure().message + ")";
  }
  /// Whether the file has this text, in 10 s.
  [[nodiscard]] static ::testing::AssertionResult becomes(const std::string& path, const std::string& text) {
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (contents(path) != text) {
      if (std::chrono::steady_clock::now() > deadline) return ::testing::AssertionFailure() << contents(path);
      std::this_thread::yield();
    }
    return ::testing::AssertionSuccess();
  }

  test::temporary_directory dir_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<log_notice> heard_;
  std::unique_ptr<log_pump> pump_;
};

TEST_F(SharedLog, ALineThatHasBegunWaitsForItsEndWhileOthersAreWritten) {
  const auto path = dir_ / "both.log";
  const auto out = open(1, path);
  const auto err = open(2, path, {}, {.err = true});
  say(err, "zero\n");
  ASSERT_TRUE(becomes(path, "zero\n"))
      << "the pump knows both now: alone a stream need not wait for the end of its line";
  say(out, "one\ntw");
  ASSERT_TRUE(becomes(path, "zero\none\n"));
  say(err, "trouble\n");
  ASSERT_TRUE(becomes(path, "zero\none\ntrouble\n"));
  say(out, "o\n");
  ASSERT_TRUE(becomes(path, "zero\none\ntrouble\ntwo\n"));
  say(out, "last words");
  end(1);
  EXPECT_EQ(contents(path), "zero\none\ntrouble\ntwo\nlast words\n");
  end(2);
}

TEST_F(SharedLog, TheIndexKnowsWhoseLinesTheyAre) {
  const auto path = dir_ / "both.log";
  const auto out = open(1, path, {}, {.err = false, .instance = 3});
  const auto err = open(2, path, {}, {.err = true, .instance = 7});
  say(out, "one\n");
  ASSERT_TRUE(becomes(path, "one\n"));
  say(err, "two\n");
  ASSERT_TRUE(becomes(path, "one\ntwo\n"));
  end(1);
  const auto bytes = contents(wire::log_index_path(path));
  std::vector<wire::log_index_record> records;
  for (std::size_t at = 0; at + wire::log_index_record_size <= bytes.size(); at += wire::log_index_record_size)
    records.push_back(wire::decode_log_index(bytes.data() + at));
  ASSERT_EQ(records.size(), 3U);
  EXPECT_EQ(records[0].origin, (wire::log_origin{.err = false, .instance = 3}));
  EXPECT_EQ(records[1].origin, (wire::log_origin{.err = true, .instance = 7}));
  EXPECT_EQ(records[1].offset, 4U);
  EXPECT_TRUE(records[2].ends_run());
  EXPECT_EQ(records[2].origin, records[0].origin);
}

TEST_F(SharedLog, LinesOfManyWritersAreNeverTorn) {
  constexpr int writers = 8;
  constexpr int lines = 3000;
  const auto path = dir_ / "all.log";
  log_spec rules;
  rules.max_size = 200'000;
  rules.max_files = 10'000;
  rules.compress = log_compression::none;
  // Every hundredth line is longer than a pipe.
  const auto line_of = [](int writer, int n) {
    return std::to_string(writer) + ":" + std::to_string(n) + ":" +
           std::string(n % 1000 == 99 ? 200'000U : static_cast<std::size_t>(n % 90), static_cast<char>('a' + writer)) +
           "\n";
  };
  std::vector<std::thread> threads;
  for (int writer = 0; writer < writers; ++writer) {
    auto pipe = open(static_cast<stream_id>(writer) + 1, path, rules, {.instance = static_cast<unsigned>(writer)});
    threads.emplace_back([&, writer, fd = std::move(pipe)] {
      std::string pending;
      for (int n = 0; n < lines; ++n) {
        pending += line_of(writer, n);
        const auto piece = pending.size() / 3 * 2; // ends somewhere in a line
        if (!os::write_all(fd.get(), std::string_view{pending}.substr(0, piece))) return;
        pending.erase(0, piece);
      }
      (void)os::write_all(fd.get(), pending);
    });
  }
  for (auto& thread : threads)
    thread.join();
  for (int writer = 0; writer < writers; ++writer)
    end(static_cast<stream_id>(writer) + 1);
  std::string all;
  for (const auto& archive : archives_of(path))
    all += contents(text_of(archive));
  all += contents(path);
  std::map<char, std::string> found; // by writer
  for (std::size_t begin = 0; begin < all.size();) {
    const auto end = all.find('\n', begin) + 1;
    ASSERT_NE(end, 0U);
    found[all[begin]] += all.substr(begin, end - begin);
    begin = end;
  }
  for (int writer = 0; writer < writers; ++writer) {
    std::string expected;
    for (int n = 0; n < lines; ++n)
      expected += line_of(writer, n);
    EXPECT_TRUE(found[static_cast<char>('0' + writer)] == expected) << "writer " << writer;
  }
}

TEST_F(SharedLog, AVeryLongLineThatStopsIsEndedForThoseWhoWait) {
  const auto path = dir_ / "both.log";
  const auto out = open(1, path);
  const auto err = open(2, path);
  const std::string much(40'000, 'x');
  say(out, much);
  ASSERT_TRUE(becomes(path, much));
  say(err, "two\n");
  ASSERT_TRUE(becomes(path, much + "\ntwo\n"));
  say(out, "more\n");
  ASSERT_TRUE(becomes(path, much + "\ntwo\nmore\n"));
}

TEST_F(SharedLog, ALineWithoutItsEndDoesNotKeepThePumpAwake) {
  const auto path = dir_ / "both.log";
  const auto out = open(1, path);
  const auto err = open(2, path);
  say(err, "zero\n");
  ASSERT_TRUE(becomes(path, "zero\n"))
      << "the pump knows both now: alone a stream need not wait for the end of its line";
  say(out, "one\ntw");
  ASSERT_TRUE(becomes(path, "zero\none\n"));
  const auto before = pump_->counters().wakeups;
  const auto deadline = std::chrono::steady_clock::now() + 50ms;
  while (std::chrono::steady_clock::now() < deadline)
    std::this_thread::yield();
  EXPECT_LT(pump_->counters().wakeups - before, 100U);
}

TEST_F(SharedLog, NewFilesBelongToTheirOwner) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  log_spec rules;
  rules.owner = log_owner{65534, 65533, "nobody:x"};
  const auto path = dir_ / "mine.log";
  const auto out = open(1, path, rules);
  say(out, "one\n");
  ASSERT_TRUE(becomes(path, "one\n"));
  pump_->rotate(1);
  ASSERT_TRUE(becomes(path, "")) << "what is said before that is still of the old file";
  say(out, "two\n");
  ASSERT_TRUE(becomes(path, "two\n"));
  end(1);
  for (const auto& file : {path, path + ".idx"}) {
    struct stat facts {};
    ASSERT_EQ(::stat(file.c_str(), &facts), 0) << file;
    EXPECT_EQ(facts.st_uid, 65534U) << file;
    EXPECT_EQ(facts.st_gid, 65533U) << file;
  }
}

/// A server that gets datagrams, as syslog and the journal do.
class datagram_server {
public:
  explicit datagram_server(std::string path) : path_(std::move(path)) { listen(); }
  void listen() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path_.c_str(), path_.size() + 1);
    socket_.reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): what sockets are addressed with
    ASSERT_EQ(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  void leave() {
    socket_.reset();
    ::unlink(path_.c_str());
  }
  [[nodiscard]] bool has_got(std::chrono::milliseconds deadline) {
    pollfd readable{.fd = socket_.get(), .events = POLLIN, .revents = 0};
    return ::poll(&readable, 1, static_cast<int>(deadline.count())) == 1;
  }
  /// The next datagram, in 10 s.
  [[nodiscard]] std::string next() {
    if (!has_got(10s)) return "(nothing)";
    std::string bytes(size_t{256} * 1024, '\0');
    const auto got = ::recv(socket_.get(), bytes.data(), bytes.size(), 0);
    bytes.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    return bytes;
  }

private:
  std::string path_;
  unique_fd socket_;
};

class SentLog : public SharedLog {
protected:
  [[nodiscard]] static log_spec sent(log_target to) {
    log_spec rules;
    rules.to = to;
    rules.tag = "web";
    return rules;
  }
  [[nodiscard]] static std::string text_in(const std::string& datagram) {
    return datagram.substr(std::min(datagram.size(), datagram.find(": ") + 2));
  }
  std::string path_ = dir_ / "s";
  datagram_server server_{path_};
};

TEST_F(SentLog, ALineIsADatagram) {
  const auto out = open(1, path_, sent(log_target::syslog));
  const auto err = open(2, path_, sent(log_target::syslog), {.err = true});
  say(out, "one\ntw");
  const auto first = server_.next();
  EXPECT_EQ(first.substr(0, 4), "<30>");
  EXPECT_EQ(first.substr(19), " web: one");
  say(out, "o\n");
  EXPECT_EQ(text_in(server_.next()), "two");
  say(err, "trouble");
  end(2);
  EXPECT_EQ(server_.next().substr(0, 4), "<27>");
}

TEST_F(SentLog, TheJournalKnowsTheService) {
  const auto out = open(1, path_, sent(log_target::journal));
  say(out, "hello\n");
  EXPECT_EQ(server_.next(), "MESSAGE=hello\nPRIORITY=6\nSYSLOG_FACILITY=3\nSYSLOG_IDENTIFIER=web\nALDER_TREE=shop\n"
                            "ALDER_SERVICE=web\nALDER_STREAM=out\n");
}

TEST_F(SentLog, PiecesEndBetweenCharacters) {
  for (const auto to : {log_target::syslog, log_target::journal}) {
    const auto out = open(1, path_, sent(to));
    std::string line = "x";
    while (line.size() < 150'000)
      line += "\u20ac";
    say(out, line.substr(0, 2)); // also when two writes share one
    say(out, line.substr(2) + "\nend\n");
    std::string found;
    while (found.size() < line.size()) {
      const auto datagram = server_.next();
      const auto piece = to == log_target::syslog ? text_in(datagram) : datagram.substr(8, datagram.find('\n') - 8);
      ASSERT_FALSE(piece.empty());
      EXPECT_EQ(find_invalid_utf8(piece), piece.size());
      found += piece;
    }
    EXPECT_EQ(found, line);
    EXPECT_NE(server_.next().find("end"), std::string::npos);
  }
}

TEST_F(SentLog, LongLinesGoInPieces) {
  const auto out = open(1, path_, sent(log_target::syslog));
  std::string line;
  for (int n = 0; line.size() < 30'000; ++n)
    line += std::to_string(n) + " ";
  say(out, line + "\nnext\n");
  std::string found;
  while (found.size() < line.size()) {
    const auto piece = text_in(server_.next());
    ASSERT_FALSE(piece.empty());
    found += piece;
  }
  EXPECT_EQ(found, line);
  EXPECT_EQ(text_in(server_.next()), "next");
}

TEST_F(SentLog, ABurstThatTheSocketHasNoRoomForWaitsInThePipe) {
  begin(10s); // the reader may be held up for a while, too
  const auto out = open(1, path_, sent(log_target::syslog));
  std::string burst;
  for (int n = 0; n < 2000; ++n) // more than a socket takes unread
    burst += std::to_string(n) + "\n";
  say(out, burst);
  for (int n = 0; n < 2000; ++n)
    ASSERT_EQ(text_in(server_.next()), std::to_string(n)) << pump_->tally(1).lines_lost << " lines were lost";
  EXPECT_EQ(pump_->tally(1).lines_lost, 0U);
}

TEST_F(SentLog, WhoDoesNotReadLosesLinesAndHoldsNobodyUp) {
  const auto out = open(1, path_, sent(log_target::syslog));
  constexpr std::uint64_t lines = 50'000;
  for (std::uint64_t n = 0; n < lines; ++n)
    say(out, "a line that nobody wants to read\n"); // would wait for ever with a full pipe
  end(1);
  const auto tally = pump_->tally(1);
  EXPECT_GT(tally.lines_lost, 0U);
  EXPECT_EQ(tally.bytes_lost + tally.bytes_written, lines * 33);
  EXPECT_TRUE(hears(log_failed{1, EAGAIN}));
}

TEST_F(SentLog, AServerThatComesBackIsFoundAgain) {
  const auto out = open(1, path_, sent(log_target::syslog));
  say(out, "one\n");
  EXPECT_EQ(text_in(server_.next()), "one");
  server_.leave();
  say(out, "two\n");
  ASSERT_TRUE(hears(log_failed{1, ECONNREFUSED}));
  server_.listen();
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (!server_.has_got(25ms) && std::chrono::steady_clock::now() < deadline)
    say(out, "three\n");
  EXPECT_EQ(text_in(server_.next()), "three");
  std::unique_lock lock{mutex_};
  EXPECT_TRUE(changed_.wait_for(lock, 10s, [this] {
    return std::any_of(heard_.begin(), heard_.end(),
                       [](const auto& notice) { return std::holds_alternative<log_recovered>(notice); });
  }));
  EXPECT_GE(pump_->tally(1).lines_lost, 1U);
}

TEST_F(SentLog, ByRulesThatBlockNothingIsLost) {
  auto rules = sent(log_target::journal);
  rules.pressure = log_pressure::block;
  server_.leave();
  const auto out = open(1, path_, rules);
  say(out, "one\ntwo\n");
  ASSERT_TRUE(hears(log_failed{1, ENOENT}));
  server_.listen();
  EXPECT_EQ(server_.next().substr(0, 12), "MESSAGE=one\n");
  EXPECT_EQ(server_.next().substr(0, 12), "MESSAGE=two\n");
  EXPECT_EQ(pump_->tally(1).lines_lost, 0U);
}

} // namespace
} // namespace alder::logs

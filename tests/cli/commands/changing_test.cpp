// The commands that change something: up, down, start, stop, restart, daemon.
#include "tests/cli/commands/command_fixture.hpp"

#include "runtime/wire/request_json.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <fstream>
#include <functional>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace alder::cli {
namespace {

using test::answer;
using test::Commands;
using test::fake_connection;
using test::seen_request;

const std::string pong = answer(200, R"({"schema":1,"pong":true,"version":"0.1.0","pid":12})");
const std::string stopping =
    R"({"kind":"stopping","tree":"shop","name":"db","pid":7,"text":"db is being stopped on request"})";
const std::string stopped = R"({"kind":"stopped","tree":"shop","name":"db","text":"db was stopped on request"})";
const std::string started = R"({"kind":"started","tree":"shop","name":"db","pid":7,"text":"db runs"})";
const std::string starting = R"({"kind":"starting","tree":"shop","name":"db","text":"db is being started"})";
const std::string start_failed = R"({"kind":"start_failed","tree":"shop","name":"db","text":"db failed to start"})";
const std::string done = R"({"done":true,"ok":true,"changed":true,"status":200})";
const std::string unchanged = R"({"done":true,"ok":true,"changed":false,"status":200})";

/// Answers pings, and everything else with `text`.
test::fake_daemon::handler pinging(const std::string& text) {
  return [text](const seen_request& r, const fake_connection& c) { c.send(r.target == "/_ping" ? pong : text); };
}

/// Two trees: shop is up with a pool and a stopped service, jobs is down.
const std::string two_trees = R"({"schema":1,"trees":[
  {"type":"supervisor","tree":"shop","name":"shop","state":"running","children":[
    {"type":"service","tree":"shop","name":"db","state":"running"},
    {"type":"service","tree":"shop","name":"mail","state":"stopped"},
    {"type":"supervisor","tree":"shop","name":"api","pool":true,"state":"running","children":[
      {"type":"service","tree":"shop","name":"api:0","state":"running"},
      {"type":"service","tree":"shop","name":"api:1","state":"running"}]}]},
  {"type":"supervisor","tree":"jobs","name":"jobs","state":"stopped","children":[
    {"type":"service","tree":"jobs","name":"worker","state":"stopped"}]}]})";

std::vector<std::string> posts_of(const std::vector<std::string>& all) {
  std::vector<std::string> found;
  for (const auto& one : all)
    if (one.rfind("POST ", 0) == 0) found.push_back(one);
  return found;
}

TEST_F(Commands, AChangeIsToldStepByStepAndCounted) {
  serve_text(test::stream({stopping, stopped, done}));
  const auto result = run({"stop", "db"});
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(result.out.rfind("db is being stopped on request\ndb was stopped on request\n1 stopped in ", 0), 0U)
      << result.out;
  EXPECT_EQ(seen().at(0), "POST /v1/services/db/stop");
  EXPECT_NE(requests().at(0).head.find("Accept: application/x-ndjson"), std::string::npos);
}

TEST_F(Commands, ADaemonThatIsReplacedIsAskedAgainForWhatIsLeft) {
  std::atomic<int> lost{0};
  serve([&](const seen_request& r, const fake_connection& c) {
    if (r.target == "/_ping") return c.send(pong);
    if (r.target == "/v1/tree") return c.send(answer(200, two_trees));
    if (r.method == "GET") return c.send(answer(200, R"({"schema":1,"name":"a","generation":4})"));
    if (r.target == "/v1/services/a/restart?until=stable" && lost++ == 0) {
      c.send(test::stream_head() + test::chunk(stopping + "\n"));
      return c.close();
    }
    c.send(test::stream({started, done}));
  });
  const auto result = run({"restart", "a", "b"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(posts_of(seen()), (std::vector<std::string>{"POST /v1/services/a/restart?until=stable",
                                                        "POST /v1/services/a/restart?until=stable&seen=4",
                                                        "POST /v1/services/b/restart?until=stable"}));
  EXPECT_EQ(result.err, "the daemon exited; waiting for the daemon that replaces it\n");
}

std::string numbered(int seq, const std::string& kind) {
  return R"({"seq":)" + std::to_string(seq) + R"(,"kind":")" + kind +
         R"(","tree":"shop","name":"db","pid":7,"text":"db )" + kind + R"("})";
}

std::string key_of(const seen_request& r) {
  const auto at = r.head.find("Idempotency-Key: ");
  return at == std::string::npos ? "" : r.head.substr(at + 17, r.head.find("\r\n", at) - at - 17);
}

/// Answers questions, and the changes with one after the other of these.
test::fake_daemon::handler answering(std::vector<std::function<void(const fake_connection&)>> changes) {
  const auto next = std::make_shared<std::atomic<std::size_t>>(0);
  return [changes = std::move(changes), next](const seen_request& r, const fake_connection& c) {
    if (r.target == "/_ping") return c.send(pong);
    if (r.target == "/v1/tree") return c.send(answer(200, two_trees));
    if (r.method == "GET") return c.send(answer(200, R"({"schema":1,"name":"db","generation":4})"));
    changes.at((*next)++)(c);
  };
}

/// A process that is taken for the keeper of a home, so that a daemon is waited for.
class fake_keeper {
public:
  explicit fake_keeper(const std::string& run_dir) {
    std::string name = "alder-keeper";
    std::string time = "1000";
    const std::array<char*, 3> words{name.data(), time.data(), nullptr};
    if (::posix_spawnp(&pid_, "sleep", nullptr, nullptr, words.data(), environ) != 0)
      throw std::runtime_error("there is no sleep");
    (void)::mkdir(run_dir.c_str(), 0700);
    std::ofstream{run_dir + "/keeper.lock"} << pid_ << "\n";
  }
  fake_keeper(const fake_keeper&) = delete;
  fake_keeper& operator=(const fake_keeper&) = delete;
  ~fake_keeper() {
    (void)::kill(pid_, SIGKILL);
    (void)::waitpid(pid_, nullptr, 0);
  }

private:
  pid_t pid_ = 0;
};

std::function<void(const fake_connection&)> lost_after(const std::vector<std::string>& lines) {
  return [lines](const fake_connection& c) {
    auto text = test::stream_head();
    for (const auto& line : lines)
      text += test::chunk(line + "\n");
    c.send(text);
    c.close();
  };
}

std::function<void(const fake_connection&)> with(const std::vector<std::string>& lines) {
  return [lines](const fake_connection& c) { c.send(test::stream(lines)); };
}

TEST_F(Commands, WhatHappensUnderSeveralDaemonsIsToldOnceAndCountedTogether) {
  serve(answering({lost_after({numbered(1, "stopping"), numbered(2, "stopped")}),
                   lost_after({numbered(1, "stopping"), numbered(2, "stopped"), numbered(3, "adopted")}),
                   with({numbered(1, "stopping"), numbered(2, "stopped"), numbered(3, "adopted"), unchanged})}));
  const auto result = run({"stop", "db"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(result.out.rfind("db stopping\ndb stopped\ndb adopted\n1 stopped in ", 0), 0U) << result.out;
  std::set<std::string> keys;
  for (const auto& one : requests())
    if (one.method == "POST") keys.insert(key_of(one));
  EXPECT_EQ(keys.size(), 1U) << "so that the daemons know that it is the same request";
  EXPECT_GE(keys.begin()->size(), 16U);
}

TEST_F(Commands, WhatHappensUnderSeveralDaemonsIsOneStreamOfJson) {
  serve(answering(
      {lost_after({numbered(1, "stopping")}), with({numbered(1, "stopping"), numbered(2, "stopped"), done})}));
  const auto result = run({"stop", "db", "--json"});
  EXPECT_EQ(result.out, numbered(1, "stopping") + "\n" + numbered(2, "stopped") + "\n" + done + "\n");
  EXPECT_EQ(result.err, "");
}

TEST_F(Commands, EachRequestHasAKeyOfItsOwn) {
  serve(answering({with({stopped, done}), with({stopped, done})}));
  EXPECT_EQ(run({"stop", "db"}).code, 0);
  const auto first = key_of(requests().back());
  EXPECT_EQ(run({"stop", "db"}).code, 0);
  EXPECT_NE(key_of(requests().back()), first);
}

TEST_F(Commands, WhatIsOnlyHandedOverIsHandedOverOnceMoreWhenItsDaemonIsLost) {
  serve(answering({[](const fake_connection& c) { c.close(); },
                   [](const fake_connection& c) { c.send(answer(202, R"({"schema":1,"ok":true,"changed":true})")); }}));
  EXPECT_EQ(run({"stop", "db", "--no-wait"}).code, 0);
  EXPECT_EQ(posts_of(seen()).size(), 2U);
}

TEST_F(Commands, TheTimeBeginsWithTheCommandAndNotWithEachDaemon) {
  serve(answering({100, lost_after({numbered(1, "stopping")})})); // none takes any time of its own
  const auto result = run({"stop", "db", "--timeout", "100ms"});
  EXPECT_EQ(result.code, 6) << result.err;
  EXPECT_NE(result.err.find("not finished within 100ms"), std::string::npos) << result.err;
}

TEST_F(Commands, WhenTheTimeIsOverTheNextOnesAreLeftAndNamed) {
  serve(answering({[](const fake_connection& c) {
    c.send(test::stream_head() + test::chunk(stopping + "\n"));
    c.wait_for_close();
  }}));
  const auto result = run({"stop", "db", "b", "c", "--timeout", "200ms"});
  EXPECT_EQ(result.code, 6);
  EXPECT_NE(result.err.find("b, c were not stopped"), std::string::npos) << result.err;
  EXPECT_EQ(posts_of(seen()).size(), 1U);
}

TEST_F(Commands, ASignalEndsTheWaitForADaemonThatIsGone) {
  const fake_keeper keeper{home_ / "run"};
  for (const auto& [signal, code] : {std::pair{SIGINT, 130}, std::pair{SIGTERM, 143}}) {
    serve(answering({[this, signal = signal](const fake_connection& c) {
      (void)::unlink((home_.path() + "/run/alder.sock").c_str());
      lost_after({numbered(1, "stopping")})(c);
      const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{30};
      while (text_of(home_ / "stderr").find("waiting for the daemon") == std::string::npos &&
             std::chrono::steady_clock::now() < end)
        std::this_thread::yield();
      (void)::kill(::getpid(), signal);
    }}));
    const auto result = run({"stop", "db", "b"});
    EXPECT_EQ(result.code, code);
    EXPECT_NE(result.err.find("the daemon that replaces it continues the operation"), std::string::npos) << result.err;
  }
}

TEST_F(Commands, ADownWhoseDaemonIsLostGoesOn) {
  serve([lost = std::make_shared<std::atomic<int>>(0)](const seen_request& r, const fake_connection& c) {
    if (r.target == "/_ping") return c.send(pong);
    if (r.method == "GET") return c.send(answer(200, R"({"schema":1,"trees":[{"tree":"shop","file":"/x.yaml"}]})"));
    if ((*lost)++ == 0) return lost_after({numbered(1, "stopping")})(c);
    c.send(test::stream({numbered(1, "stopping"), numbered(2, "stopped"), done}));
  });
  const auto result = run({"down", "shop"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_NE(result.out.find("1 stopped in"), std::string::npos) << result.out;
}

TEST_F(Commands, WhatIsSoAlreadyIsASuccess) {
  serve_text(test::stream({unchanged}));
  const auto result = run({"stop", "db"});
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(result.out, "db is already stopped\n");
}

TEST_F(Commands, QuietSaysNothingOfASuccess) {
  serve_text(test::stream({stopping, stopped, done}));
  const auto result = run({"-q", "stop", "db"});
  EXPECT_EQ(result.out + result.err, "");
}

TEST_F(Commands, AChangeAsJsonIsTheStreamAlone) {
  serve_text(test::stream({stopping, stopped, done}));
  EXPECT_EQ(run({"stop", "db", "--json"}).out, stopping + "\n" + stopped + "\n" + done + "\n");
}

TEST_F(Commands, SeveralNamesAreChangedOneAfterTheOtherAndTheFirstFailureCounts) {
  serve([](const seen_request& r, const fake_connection& c) {
    if (r.target == "/v1/tree") return c.send(answer(200, two_trees));
    c.send(r.target == "/v1/services/b/stop" ? test::problem(404, "no_such_node", "there is no 'b'")
                                             : test::stream({started, done}));
  });
  EXPECT_EQ(run({"stop", "a", "b", "c"}).code, 4);
  EXPECT_EQ(seen(), (std::vector<std::string>{"GET /v1/tree", "POST /v1/services/a/stop", "POST /v1/services/b/stop",
                                              "POST /v1/services/c/stop"}));
}

TEST_F(Commands, ARestartEndsAtTheFirstThatDoesNotComeUp) {
  serve([](const seen_request& r, const fake_connection& c) {
    if (r.target == "/_ping") return c.send(pong);
    if (r.target == "/v1/tree") return c.send(answer(200, two_trees));
    c.send(
        r.target == "/v1/services/b/restart?until=stable"
            ? test::stream(
                  {R"({"done":true,"ok":false,"changed":true,"status":422,"code":"start_failed","detail":"b could not start"})"})
            : test::stream({started, done}));
  });
  const auto result = run({"restart", "a", "b", "c", "d"});
  EXPECT_EQ(result.code, 1);
  EXPECT_EQ(posts_of(seen()), (std::vector<std::string>{"POST /v1/services/a/restart?until=stable",
                                                        "POST /v1/services/b/restart?until=stable"}));
  EXPECT_NE(result.err.find("alder: b could not start"), std::string::npos) << result.err;
  EXPECT_NE(result.err.find("alder: c, d were not restarted"), std::string::npos) << result.err;
}

TEST_F(Commands, ARestartWhoseLastOneFailsHasNoneLeftToName) {
  serve([](const seen_request& r, const fake_connection& c) {
    c.send(r.target == "/_ping" ? pong : test::problem(404, "no_such_node", "there is no 'a'"));
  });
  EXPECT_EQ(run({"restart", "a"}).err.find("not restarted"), std::string::npos);
}

TEST_F(Commands, AFailedStartShowsTheReasonAndTheLastLinesOfItsOutput) {
  serve([](const seen_request& r, const fake_connection& c) {
    if (r.target == "/_ping") return c.send(pong);
    if (r.method == "GET") return c.send(test::stream({R"({"service":"db","stream":"err","line":"no space left"})"}));
    c.send(test::stream(
        {starting, start_failed,
         R"({"done":true,"ok":false,"changed":true,"status":422,"code":"start_failed","detail":"db could not start","help":["look at it"]})"}));
  });
  const auto result = run({"start", "db"});
  EXPECT_EQ(result.code, 1);
  EXPECT_NE(result.err.find("alder: db could not start\nhelp: look at it\n"), std::string::npos) << result.err;
  EXPECT_NE(result.err.find("! no space left\n"), std::string::npos) << result.err;
  const auto last = seen().back(); // of this attempt alone
  EXPECT_EQ(last.rfind("GET /v1/logs?tail=5&since=", 0), 0U) << last;
  EXPECT_NE(last.find("&service=shop%2Fdb"), std::string::npos) << last;
}

TEST_F(Commands, AnOperationThatTakesTooLongHasItsExitCode) {
  serve_text(test::stream(
      {stopping,
       R"({"done":true,"ok":false,"changed":true,"status":504,"code":"timed_out","detail":"not done within 1s"})"}));
  EXPECT_EQ(run({"stop", "--timeout", "1s", "db"}).code, 6);
  EXPECT_EQ(seen().at(0), "POST /v1/services/db/stop");
}

TEST_F(Commands, ADaemonThatNeverSaysSoIsNotWaitedForEither) {
  serve([](const seen_request& r, const fake_connection& c) {
    if (r.target == "/_ping") return c.send(pong);
    c.send(test::stream_head() + test::chunk(stopping + "\n"));
    c.wait_for_close();
  });
  EXPECT_EQ(run({"stop", "--timeout", "10ms", "db"}).code, 6);
}

TEST_F(Commands, ADaemonThatGoesAwayBeforeTheEndIsAFailure) {
  serve([](const seen_request& r, const fake_connection& c) {
    if (r.target == "/_ping") return c.send(pong);
    c.send(test::stream_head() + test::chunk(stopping + "\n"));
    c.close();
  });
  EXPECT_EQ(run({"add", "shop", "--", "true"}).code, 5);
  EXPECT_EQ(run({"stop", "db"}).code, 5) << "each of them";
}

TEST_F(Commands, UpSendsFileTextAndEnvironment) {
  write("alder.yaml", "name: shop\nchildren: [{service: db, command: sleep 1}]\n");
  serve(pinging(test::stream({started, done})));
  const auto result = run({"up"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_NE(result.out.find("1 started in "), std::string::npos);
  const auto last = daemon_->seen().back();
  EXPECT_EQ(last.method + " " + last.target, "PUT /v1/config");
  const auto body = wire::parse_config_request(last.body);
  ASSERT_TRUE(body.ok());
  EXPECT_EQ(body->file, home_ / "alder.yaml");
  EXPECT_EQ(body->text, text_of(home_ / "alder.yaml"));
  EXPECT_EQ(body->environment, around_.environment);
}

TEST_F(Commands, UpOfABrokenFileAsksNobody) {
  write("alder.yaml", "name: shop\nchildren: [{service: db, comand: sleep 1}]\n");
  serve(pinging(test::stream({done})));
  const auto result = run({"up"});
  EXPECT_EQ(result.code, 2);
  EXPECT_NE(result.err.find("alder.yaml:2:"), std::string::npos) << result.err;
  EXPECT_TRUE(seen().empty());
}

TEST_F(Commands, UpWithoutAFileSaysWhatToDo) {
  const auto result = run({"up", "/nonexistent.yaml"});
  EXPECT_EQ(result.code, 2);
  EXPECT_NE(result.err.find("/nonexistent.yaml"), std::string::npos);
}

TEST_F(Commands, AConfigurationOnlyTheDaemonRefusesIsShownAlike) {
  write("alder.yaml", "name: shop\nchildren: [{service: db, command: sleep 1}]\n");
  serve(pinging(answer(
      422, R"({"status":422,"code":"invalid_config","detail":"1 error","diagnostics":[{"severity":"error","code":"E099",
    "message":"no","file":"/a.yaml","line":1,"column":1,"end_column":5,"snippet":"name: shop","help":[]}]})")));
  const auto result = run({"up"});
  EXPECT_EQ(result.code, 2);
  EXPECT_NE(result.err.find("E099"), std::string::npos) << result.err;
}

test::fake_daemon::handler with_trees(const std::string& trees) {
  return [trees](const seen_request& r, const fake_connection& c) {
    c.send(r.target == "/v1/config" ? answer(200, R"({"schema":1,"trees":[)" + trees + "]}")
                                    : test::stream({stopping, stopped, done}));
  };
}

TEST_F(Commands, DownWithoutAnythingUpIsASuccess) {
  EXPECT_EQ(run({"down"}).code, 0);
  serve(with_trees(""));
  EXPECT_EQ(run({"down"}).code, 0);
}

TEST_F(Commands, DownOfANameNeedsADaemonThatKnowsIt) { EXPECT_EQ(run({"down", "shpo"}).code, 5); }

TEST_F(Commands, DownWithoutANameAndWithoutAFileTakesNothing) {
  serve(with_trees(R"({"tree":"shop","file":"/x.yaml"})"));
  const auto result = run({"down"});
  EXPECT_EQ(result.code, 2);
  EXPECT_NE(result.err.find("alder down --all"), std::string::npos) << result.err;
  EXPECT_EQ(seen().back(), "GET /v1/config");
}

TEST_F(Commands, DownAllTakesEveryTree) {
  serve(with_trees(R"({"tree":"shop","file":"/x.yaml"},{"tree":"b","file":"/y.yaml"})"));
  EXPECT_EQ(run({"down", "--all"}).code, 0);
  EXPECT_EQ(seen(), (std::vector<std::string>{"GET /v1/config", "DELETE /v1/trees/shop", "DELETE /v1/trees/b"}));
  EXPECT_EQ(run({"down", "--all", "shop"}).code, 2);
}

TEST_F(Commands, DownPrefersTheProjectsTree) {
  write("alder.yaml", "");
  serve(with_trees(R"({"tree":"a","file":"/x.yaml"},{"tree":"b","file":")" + home_ / "alder.yaml" + "\"}"));
  EXPECT_EQ(run({"down"}).code, 0);
  EXPECT_EQ(seen().back(), "DELETE /v1/trees/b");
}

TEST_F(Commands, DownLeavesOthersAloneWhenTheProjectIsNotUp) {
  write("alder.yaml", "");
  serve(with_trees(R"({"tree":"a","file":"/x.yaml"})"));
  EXPECT_EQ(run({"down"}).code, 0);
  EXPECT_EQ(seen().back(), "GET /v1/config");
}

TEST_F(Commands, DownAsksWhichOfSeveral) {
  serve(with_trees(R"({"tree":"a","file":"/x.yaml"},{"tree":"b","file":"/y.yaml"})"));
  const auto result = run({"down"});
  EXPECT_EQ(result.code, 2);
  EXPECT_NE(result.err.find("a | b"), std::string::npos);
}

TEST_F(Commands, DownTakesFilesAndNamesOfStartedPrograms) {
  write("shop.yaml", "");
  serve(with_trees(R"({"tree":"s","file":")" + home_ / "shop.yaml" + R"("},{"tree":"adhoc.web","file":""})"));
  EXPECT_EQ(run({"down", "shop.yaml", "web"}).code, 0);
  EXPECT_EQ(seen(), (std::vector<std::string>{"GET /v1/config", "DELETE /v1/trees/s", "DELETE /v1/trees/adhoc.web"}));
}

TEST_F(Commands, StartOfAProgramSendsItWithNameAndPlace) {
  serve(pinging(test::stream({started, done})));
  EXPECT_EQ(run({"start", "--restart", "never", "--", "./jobs/mail.py", "-v"}).code, 0);
  const auto last = daemon_->seen().back();
  EXPECT_EQ(last.method + " " + last.target, "POST /v1/services");
  const auto body = wire::parse_service_request(last.body);
  ASSERT_TRUE(body.ok());
  EXPECT_EQ(body->name, "mail");
  EXPECT_EQ(body->command, (std::vector<std::string>{"./jobs/mail.py", "-v"}));
  EXPECT_EQ(body->cwd, home_.path());
  EXPECT_EQ(body->restart, restart_kind::temporary);
}

TEST_F(Commands, StartOfAFileSaysWhatWasMeant) {
  write("shop.yaml", "");
  write("job.sh", "");
  EXPECT_NE(run({"start", "shop.yaml"}).err.find("alder up shop.yaml"), std::string::npos);
  EXPECT_NE(run({"start", "./job.sh"}).err.find("alder start -- ./job.sh"), std::string::npos);
}

TEST_F(Commands, TheDaemonThatDoesNotRunIsStoppedAlready) {
  const auto result = run({"daemon", "stop"});
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(result.out, "no daemon is running\n");
}

TEST_F(Commands, TheDaemonThatRunsIsStartedAlready) {
  serve_text(pong);
  const auto result = run({"daemon", "start"});
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(result.out, "the daemon is already running\n");
}

test::fake_daemon::handler with_two_trees() {
  return [](const seen_request& r, const fake_connection& c) {
    if (r.target == "/_ping") return c.send(pong);
    if (r.method == "GET") return c.send(answer(200, two_trees));
    c.send(r.target.find("/signal") != std::string::npos ? answer(200, R"({"schema":1,"changed":true})")
                                                         : test::stream({done}));
  };
}

TEST_F(Commands, APatternMeansTheServicesItMatches) {
  serve(with_two_trees());
  EXPECT_EQ(run({"stop", "api*"}).code, 0);
  EXPECT_EQ(posts_of(seen()), (std::vector<std::string>{"POST /v1/services/shop%2Fapi%3A0/stop",
                                                        "POST /v1/services/shop%2Fapi%3A1/stop"}));
}

TEST_F(Commands, WhatIsNamedAndMatchedIsChangedOnce) {
  serve(with_two_trees());
  EXPECT_EQ(run({"stop", "api:1", "api*"}).code, 0);
  EXPECT_EQ(posts_of(seen()),
            (std::vector<std::string>{"POST /v1/services/api%3A1/stop", "POST /v1/services/shop%2Fapi%3A0/stop"}));
}

TEST_F(Commands, WhatIsNamedTwiceIsChangedOnce) {
  serve(with_two_trees());
  EXPECT_EQ(run({"stop", "db", "db"}).code, 0);
  EXPECT_EQ(posts_of(seen()), (std::vector<std::string>{"POST /v1/services/db/stop"}));
}

TEST_F(Commands, WhatIsNamedInTwoWaysIsChangedOnce) {
  serve(with_two_trees());
  EXPECT_EQ(run({"stop", "shop/db", "db"}).code, 0);
  EXPECT_EQ(posts_of(seen()), (std::vector<std::string>{"POST /v1/services/shop%2Fdb/stop"}));
}

TEST_F(Commands, WhatItsSupervisorTakesAlongIsNotChangedAgain) {
  serve(with_two_trees());
  EXPECT_EQ(run({"restart", "api:0", "api", "db"}).code, 0);
  EXPECT_EQ(run({"stop", "shop", "api", "db"}).code, 0);
  EXPECT_EQ(posts_of(seen()),
            (std::vector<std::string>{"POST /v1/services/api/restart?until=stable",
                                      "POST /v1/services/db/restart?until=stable", "POST /v1/services/shop/stop"}));
  serve(with_two_trees());
  EXPECT_EQ(run({"start", "shop", "mail"}).code, 0);
  EXPECT_EQ(posts_of(seen()),
            (std::vector<std::string>{"POST /v1/services/shop/start", "POST /v1/services/mail/start"}))
      << "a start of its supervisor may leave it down";
}

TEST_F(Commands, AStartThatSomebodyElseHadBegunIsNotCalledRunningAlready) {
  serve(pinging(test::stream({starting, started, unchanged})));
  EXPECT_NE(run({"start", "db"}).out.find("1 started in "), std::string::npos);
  serve(pinging(test::stream({unchanged})));
  EXPECT_EQ(run({"start", "db"}).out, "db is already running\n");
}

TEST_F(Commands, APatternThatMatchesNothingChangesNothing) {
  serve(with_two_trees());
  EXPECT_EQ(run({"stop", "db", "wbe*"}).code, 4);
  EXPECT_TRUE(posts_of(seen()).empty());
}

TEST_F(Commands, AllMeansEveryTree) {
  serve(with_two_trees());
  EXPECT_EQ(run({"stop", "all"}).code, 0);
  EXPECT_EQ(posts_of(seen()),
            (std::vector<std::string>{"POST /v1/services/shop%2Fshop/stop", "POST /v1/services/jobs%2Fjobs/stop"}));
}

TEST_F(Commands, StartAllStartsWhatIsStopped) {
  serve(with_two_trees());
  EXPECT_EQ(run({"start", "all"}).code, 0);
  EXPECT_EQ(posts_of(seen()),
            (std::vector<std::string>{"POST /v1/services/shop%2Fmail/start", "POST /v1/services/jobs%2Fjobs/start"}));
}

/// A tree with everything that a start leaves alone, and a pool that is down as a whole.
const std::string idle_tree = R"({"schema":1,"trees":[
  {"type":"supervisor","tree":"shop","name":"shop","state":"running","children":[
    {"type":"service","tree":"shop","name":"w-mail","state":"stopped"},
    {"type":"service","tree":"shop","name":"w-job","state":"finished","started_by":"schedule"},
    {"type":"service","tree":"shop","name":"w-debug","state":"stopped","started_by":"request"},
    {"type":"service","tree":"shop","name":"w-shell","state":"running","pid":9,"started_by":"request"},
    {"type":"service","tree":"shop","name":"w-done","state":"finished"},
    {"type":"supervisor","tree":"shop","name":"w-api","pool":true,"state":"stopped","children":[
      {"type":"service","tree":"shop","name":"w-api:0","state":"stopped"}]}]}]})";

test::fake_daemon::handler with_idle_tree() {
  return [](const seen_request& r, const fake_connection& c) {
    if (r.target == "/_ping") return c.send(pong);
    c.send(r.method == "GET" ? answer(200, idle_tree) : test::stream({done}));
  };
}

TEST_F(Commands, StartAllLeavesAloneWhatItsTreeWould) {
  serve(with_idle_tree());
  const auto result = run({"start", "all"});
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(posts_of(seen()), (std::vector<std::string>{"POST /v1/services/shop%2Fw-mail/start",
                                                        "POST /v1/services/shop%2Fw-api/start"}));
  EXPECT_NE(result.err.find("w-debug is started by name only: alder start w-debug"), std::string::npos) << result.err;
}

TEST_F(Commands, APatternStartsNeitherScheduledTasksNorWhatStartsOnRequest) {
  serve(with_idle_tree());
  const auto result = run({"start", "w-[jdm]*"});
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(posts_of(seen()), (std::vector<std::string>{"POST /v1/services/shop%2Fw-mail/start"}));
  EXPECT_NE(result.err.find("w-job is left to the schedule; to run it now: alder start w-job"), std::string::npos)
      << result.err;
}

TEST_F(Commands, NamedExactlyTheyAreStarted) {
  serve(with_idle_tree());
  EXPECT_EQ(run({"start", "w-job", "w-debug"}).code, 0);
  EXPECT_EQ(posts_of(seen()),
            (std::vector<std::string>{"POST /v1/services/w-job/start", "POST /v1/services/w-debug/start"}));
}

TEST_F(Commands, ARestartByPatternDoesNotStartThemEither) {
  serve(with_idle_tree());
  EXPECT_EQ(run({"restart", "w-[jds]*"}).code, 0);
  EXPECT_EQ(posts_of(seen()), (std::vector<std::string>{"POST /v1/services/shop%2Fw-shell/restart"}));
}

TEST_F(Commands, WhatHasFinishedRunsAgainByItsExactNameOnly) {
  for (const std::string verb : {"start", "restart"}) {
    for (const auto* words : {"w-don*", "*"}) {
      serve(with_idle_tree());
      const auto result = run({verb, words});
      EXPECT_EQ(result.code, 0);
      const auto posts = posts_of(seen());
      EXPECT_TRUE(std::none_of(posts.begin(), posts.end(),
                               [](const auto& one) { return one.find("w-done") != std::string::npos; }))
          << verb << " " << words;
      EXPECT_NE(result.err.find("w-done has finished; to run it again: alder start w-done"), std::string::npos)
          << result.err;
    }
    serve(with_idle_tree());
    const auto result = run({verb, "w-d*", "w-done"});
    EXPECT_EQ(posts_of(seen()), (std::vector<std::string>{"POST /v1/services/w-done/" + verb})) << result.err;
    EXPECT_EQ(result.err.find("has finished"), std::string::npos) << result.err;
  }
  serve(with_idle_tree());
  EXPECT_NE(run({"start", "all"}).err.find("w-done has finished; to run it again: alder start w-done"),
            std::string::npos);
}

TEST_F(Commands, ASupervisorThatHasFinishedIsLeftAsItIsWithAllBelowIt) {
  serve([](const seen_request& r, const fake_connection& c) {
    if (r.target == "/_ping") return c.send(pong);
    c.send(r.method == "GET" ? answer(200, R"({"schema":1,"trees":[
      {"type":"supervisor","tree":"shop","name":"shop","state":"running","children":[
        {"type":"supervisor","tree":"shop","name":"batch","state":"finished","children":[
          {"type":"service","tree":"shop","name":"step","state":"stopped"}]}]}]})")
                             : test::stream({done}));
  });
  const auto result = run({"start", "all"});
  EXPECT_TRUE(posts_of(seen()).empty());
  EXPECT_NE(result.err.find("batch has finished; to run it again: alder start batch"), std::string::npos);
}

TEST_F(Commands, OneRestartIsOverWhenItIsUpSeveralWhenEachIsStable) {
  serve(pinging(test::stream({done})));
  EXPECT_EQ(run({"restart", "a"}).code, 0);
  EXPECT_EQ(posts_of(seen()), (std::vector<std::string>{"POST /v1/services/a/restart"}));
  serve(with_two_trees());
  EXPECT_EQ(run({"restart", "db", "unknown"}).code, 0);
  EXPECT_EQ(posts_of(seen()), (std::vector<std::string>{"POST /v1/services/db/restart?until=stable",
                                                        "POST /v1/services/unknown/restart?until=stable"}));
}

TEST_F(Commands, WithNoWaitAChangeIsHandedOver) {
  serve(pinging(answer(202, R"({"schema":1,"ok":true,"changed":true})")));
  const auto result = run({"start", "migrate", "--no-wait"});
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(result.out, "accepted; see its progress with: alder events -f\n");
  EXPECT_EQ(seen(), (std::vector<std::string>{"POST /v1/services/migrate/start"}));
  EXPECT_EQ(requests().at(0).head.find("application/x-ndjson"), std::string::npos);
  EXPECT_EQ(run({"-q", "restart", "migrate", "--no-wait"}).out, "");
}

TEST_F(Commands, WithNoWaitWhatTheDaemonRefusesAtOnceFails) {
  serve(pinging(test::problem(404, "no_such_node", "there is no service or supervisor 'migrat'")));
  const auto result = run({"start", "migrat", "--no-wait"});
  EXPECT_EQ(result.code, 4);
  EXPECT_NE(result.err.find("there is no service or supervisor 'migrat'"), std::string::npos);
}

TEST_F(Commands, APatternMatchesThePoolOfAnInstanceToo) {
  serve(with_two_trees());
  EXPECT_EQ(run({"stop", "ap?"}).code, 0);
  EXPECT_EQ(posts_of(seen()), (std::vector<std::string>{"POST /v1/services/shop%2Fapi%3A0/stop",
                                                        "POST /v1/services/shop%2Fapi%3A1/stop"}));
}

TEST_F(Commands, ScaleTakesThePoolsOfAPattern) {
  serve(with_two_trees());
  const auto result = run({"scale", "a*", "3"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(posts_of(seen()), (std::vector<std::string>{"POST /v1/services/shop%2Fapi/scale"}));
  EXPECT_EQ(requests().back().body, R"({"instances":3})");
  EXPECT_EQ(run({"scale", "d*", "3"}).code, 4) << "db is no pool";
  EXPECT_NE(run({"scale", "3", "api"}).err.find("alder scale api 3"), std::string::npos);
}

TEST_F(Commands, DownTakesPatternsAndAll) {
  serve(with_trees(R"({"tree":"shop","file":"/x"},{"tree":"shop-test","file":"/y"},{"tree":"web","file":"/z"})"));
  EXPECT_EQ(run({"down", "shop*"}).code, 0);
  EXPECT_EQ(seen(),
            (std::vector<std::string>{"GET /v1/config", "DELETE /v1/trees/shop", "DELETE /v1/trees/shop-test"}));
  EXPECT_EQ(run({"down", "x*"}).code, 4);
  EXPECT_EQ(run({"down", "all"}).code, 0);
  EXPECT_EQ(seen().back(), "DELETE /v1/trees/web");
}

TEST_F(Commands, AddTakesOneSupervisor) {
  const auto result = run({"add", "w-*", "--", "sleep", "1"});
  EXPECT_EQ(result.code, 2);
  EXPECT_NE(result.err.find("not a pattern"), std::string::npos) << result.err;
}

TEST_F(Commands, RemoveAllIsNotGuessedAt) {
  serve(with_two_trees());
  const auto result = run({"remove", "all"});
  EXPECT_EQ(result.code, 2);
  EXPECT_NE(result.err.find("alder down --all"), std::string::npos);
}

TEST_F(Commands, ASignalGoesToEachOfTheNames) {
  serve(with_two_trees());
  EXPECT_EQ(run({"signal", "db", "api:*", "HUP"}).code, 0);
  EXPECT_EQ(posts_of(seen()),
            (std::vector<std::string>{"POST /v1/services/db/signal", "POST /v1/services/shop%2Fapi%3A0/signal",
                                      "POST /v1/services/shop%2Fapi%3A1/signal"}));
  const auto body = wire::parse_signal_request(daemon_->seen().back().body);
  ASSERT_TRUE(body.ok()) << body.failure().message;
  EXPECT_EQ(*body, SIGHUP);
}

/// shop runs, jobs is down.
test::fake_daemon::handler with_running_services() {
  return [](const seen_request& r, const fake_connection& c) {
    if (r.method == "GET")
      return c.send(answer(200, R"({"schema":1,"trees":[
  {"type":"supervisor","tree":"shop","name":"shop","state":"running","children":[
    {"type":"service","tree":"shop","name":"w-1","state":"running","pid":7},
    {"type":"service","tree":"shop","name":"w-2","state":"stopped"}]},
  {"type":"supervisor","tree":"jobs","name":"jobs","state":"stopped","children":[
    {"type":"service","tree":"jobs","name":"w-3","state":"stopped"}]}]})"));
    c.send(answer(200, R"({"schema":1,"changed":true})"));
  };
}

TEST_F(Commands, ASignalToAllReachesWhatRuns) {
  serve(with_running_services());
  EXPECT_EQ(run({"signal", "all", "USR1"}).code, 0);
  EXPECT_EQ(run({"signal", "w-*", "USR1"}).code, 0);
  EXPECT_EQ(posts_of(seen()),
            (std::vector<std::string>{"POST /v1/services/shop%2Fshop/signal", "POST /v1/services/shop%2Fw-1/signal"}));
  const auto none = run({"signal", "w-[23]", "USR1"});
  EXPECT_EQ(none.code, 1);
  EXPECT_NE(none.err.find("no service that matches 'w-[23]' is running"), std::string::npos) << none.err;
}

TEST_F(Commands, TextAndMessagesGoToThoseOfAPatternThatRun) {
  serve(with_running_services());
  EXPECT_EQ(run({"send", "w-*", "flush", "now"}).code, 0);
  EXPECT_EQ(requests().back().body, "flush now\n");
  EXPECT_EQ(run({"msg", "all", "{}"}).code, 0);
  EXPECT_EQ(posts_of(seen()),
            (std::vector<std::string>{"POST /v1/services/shop%2Fw-1/input", "POST /v1/services/shop%2Fshop/message"}));
}

TEST_F(Commands, ResurrectAlsoWorksWhileTheDaemonRuns) {
  serve([](const seen_request& r, const fake_connection& c) {
    c.send(r.target == "/_ping" ? pong
                                : answer(200, R"({"schema":1,"ok":true,"changed":true,"trees":["shop","web"]})"));
  });
  const auto result = run({"daemon", "start", "--resurrect"});
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(result.out, "the daemon is already running; starting what ran before: shop, web\n");
  EXPECT_EQ(seen(), (std::vector<std::string>{"POST /v1/daemon/resurrect"}));
}

TEST_F(Commands, WhatWasUpIsNamedWithWhatBringsItUpAgain) {
  serve([](const seen_request& r, const fake_connection& c) {
    c.send(r.target == "/_ping" ? pong : answer(200, R"({"schema":1,"ok":true,"changed":true,"trees":["shop"]})"));
  });
  const auto result = run({"daemon", "start"});
  EXPECT_NE(result.err.find("1 tree was running before and is stopped: shop\nto start what was running before: alder "
                            "daemon start --resurrect\n"),
            std::string::npos)
      << result.err;
}

TEST_F(Commands, LogFilesThatWereChangedAreCounted) {
  serve_text(answer(200, R"({"schema":1,"ok":true,"changed":true,"files":3})"));
  EXPECT_EQ(run({"logs", "rotate"}).out, "rotated 3 files\n");
  EXPECT_EQ(run({"logs", "reopen", "w-*"}).out, "reopened 3 files\n");
  EXPECT_EQ(run({"logs", "clear", "api"}).out, "cleared 3 files\n");
  EXPECT_EQ(run({"-q", "logs", "rotate"}).out, "");
  EXPECT_EQ(seen(), (std::vector<std::string>{"POST /v1/logs/rotate?", "POST /v1/logs/reopen?service=w-%2A",
                                              "DELETE /v1/logs?service=api", "POST /v1/logs/rotate?"}));
}

TEST_F(Commands, AWordThatIsNoSignalSendsNothing) {
  serve(with_two_trees());
  const auto swapped = run({"signal", "HUP", "db"});
  EXPECT_EQ(swapped.code, 2);
  EXPECT_NE(swapped.err.find("alder signal db HUP"), std::string::npos) << swapped.err;
  EXPECT_EQ(run({"signal", "db", "HUPP"}).code, 2);
  EXPECT_TRUE(seen().empty());
}

TEST_F(Commands, UpThatKeepsGoingFailsAndNamesWhatIsDown) {
  write("alder.yaml", "name: shop\nchildren: [{service: db, command: sleep 1}]\n");
  serve(pinging(test::stream({starting, start_failed, done})));
  const auto result = run({"up", "--keep-going"});
  EXPECT_EQ(result.code, 1);
  EXPECT_NE(result.err.find("shop/db failed to start; the others are up"), std::string::npos) << result.err;
  const auto all = seen();
  EXPECT_TRUE(std::find(all.begin(), all.end(), "PUT /v1/config?keep_going=1") != all.end());
}

TEST_F(Commands, UpThatKeepsGoingBlamesNobodyWhoStartedAndExited) {
  write("alder.yaml", "name: shop\nchildren: [{service: db, command: /bin/sleep 1}]\n");
  const std::string exited = R"({"kind":"exited","tree":"shop","name":"db","text":"db exited with code 0"})";
  serve(pinging(test::stream({starting, started, exited, done})));
  const auto result = run({"up", "--keep-going"});
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(result.err, "");
}

TEST_F(Commands, AMistypedDaemonCommandGetsASuggestion) {
  const auto result = run({"daemon", "stpo"});
  EXPECT_EQ(result.code, 2);
  EXPECT_NE(result.err.find("did you mean 'alder daemon stop'?"), std::string::npos);
}

} // namespace
} // namespace alder::cli

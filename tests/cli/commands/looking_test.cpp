// The commands that only look: ls, tree, describe, logs, events, info, ping, paths, check, schema, help.
#include "tests/cli/commands/command_fixture.hpp"
#include "tests/cli/screen_fixture.hpp"

#include "runtime/os/caller.hpp"

#include <array>
#include <csignal>
#include <string>

#include <sys/stat.h>
#include <unistd.h>

namespace alder::cli {
namespace {

using test::answer;
using test::Commands;
using test::fake_connection;
using test::seen_request;

TEST_F(Commands, LsWithoutADaemonSaysSoByItsExitCode) {
  const auto text = run({"ls"});
  EXPECT_EQ(text.code, 5);
  EXPECT_EQ(text.out, "");
  EXPECT_NE(text.err.find("no daemon is running"), std::string::npos);
  EXPECT_NE(text.err.find("alder up"), std::string::npos);
  const auto json = run({"ls", "--json"});
  EXPECT_NE(json.out.find("\"exit_code\":5"), std::string::npos);
  EXPECT_EQ(json.err, "");
}

TEST_F(Commands, LsOfANameThatIsNotThereFails) {
  serve_text(answer(200, R"({"schema":1,"services":[]})"));
  const auto result = run({"ls", "cahce"});
  EXPECT_EQ(result.code, 4);
  EXPECT_EQ(result.err, "alder: no service matches 'cahce'\nhelp: list all services: alder ls\n");
  EXPECT_EQ(run({"ls"}).code, 0); // nothing is up, and that is no failure
}

TEST_F(Commands, WhatOnlyLooksStartsNoDaemon) {
  const std::vector<std::vector<std::string>> all{
      {"tree"}, {"describe", "db"},   {"logs"},       {"events"},       {"ping"},
      {"info"}, {"daemon", "status"}, {"stop", "db"}, {"restart", "db"}};
  for (const auto& words : all) {
    const auto result = run(words);
    EXPECT_EQ(result.code, 5) << words.front();
    EXPECT_NE(result.err.find("no daemon is running"), std::string::npos) << words.front();
  }
}

TEST_F(Commands, LsShowsServicesAndPassesThePatternOn) {
  serve_text(answer(200, test::services_json));
  const auto result = run({"ls", "a*"});
  EXPECT_EQ(result.code, 0);
  EXPECT_NE(result.out.find("api:0"), std::string::npos);
  EXPECT_EQ(seen().at(0), "GET /v1/services?usage=1&name=a%2A");
}

TEST_F(Commands, WithJsonTheAnswerIsPassedOnAsItIs) {
  serve_text(answer(200, test::tree_json));
  const auto result = run({"tree", "--json", "--all"});
  EXPECT_EQ(result.out, std::string{test::tree_json} + "\n");
  EXPECT_EQ(seen().at(0), "GET /v1/tree?all=1");
}

TEST_F(Commands, AnUnknownNameHasAnExitCodeOfItsOwnAndHelp) {
  serve_text(test::problem(404, "no_such_node", "there is no 'cahce'", R"(["did you mean 'cache'?"])"));
  const auto text = run({"describe", "cahce"});
  EXPECT_EQ(text.code, 4);
  EXPECT_EQ(text.err, "alder: there is no 'cahce'\nhelp: did you mean 'cache'?\n");
  EXPECT_EQ(text.out, "");
  const auto json = run({"describe", "cahce", "--json"});
  EXPECT_EQ(json.code, 4);
  EXPECT_EQ(json.err, "");
  EXPECT_NE(json.out.find("\"exit_code\":4"), std::string::npos);
}

TEST_F(Commands, ANameInATreeIsOnePartOfThePath) {
  serve_text(answer(200, test::node_json));
  EXPECT_EQ(run({"describe", "shop/api:0"}).code, 0);
  EXPECT_EQ(seen().at(0), "GET /v1/services/shop%2Fapi%3A0");
}

TEST_F(Commands, ADaemonOfAnotherVersionThatIsNotUnderstoodIsNamed) {
  serve([](const seen_request& r, const fake_connection& c) {
    c.send(answer(200, r.target == "/_ping" ? R"({"pong":true,"version":"9.9.9","pid":1})" : R"({"schema":2})"));
  });
  const auto result = run({"ls"});
  EXPECT_EQ(result.code, 1);
  EXPECT_NE(result.err.find("9.9.9"), std::string::npos) << result.err;
}

TEST_F(Commands, AnotherUserIsDenied) {
  serve_text(test::problem(403, "denied", "you are another user"));
  EXPECT_EQ(run({"ls"}).code, 7);
}

TEST_F(Commands, PingSaysWhoAnswers) {
  serve_text(answer(200, R"({"schema":1,"pong":true,"version":"0.1.0","pid":12})"));
  EXPECT_EQ(run({"ping"}).out, "the daemon answers: version 0.1.0, pid 12\n");
  EXPECT_EQ(run({"ping", "-q"}).out, "");
}

TEST_F(Commands, LogsWithoutADaemonNameTheFilesAndWhatReadsThem) {
  const auto log = home_.path() + "/log";
  ASSERT_EQ(::mkdir(log.c_str(), 0700), 0);
  ASSERT_EQ(::mkdir((log + "/shop").c_str(), 0700), 0);
  write("log/shop/db.out.log", "ready\n");
  write("log/shop/db.err.log", "");
  write("log/shop/db.out.log.idx", "x");
  write("log/shop/api:0.out.log", "hello\n");
  write("log/shop/api:0.err.log", "oh\n");

  const auto one = run({"logs", "db", "-n", "50"});
  EXPECT_EQ(one.code, 5);
  EXPECT_NE(one.err.find("no daemon is running"), std::string::npos);
  EXPECT_NE(one.err.find("help: log files are in " + log + "\n"), std::string::npos) << one.err;
  EXPECT_NE(one.err.find(": tail -n 50 " + log + "/shop/db.out.log\n"), std::string::npos) << "not the empty one";

  const auto files = " " + log + "/shop/api:0.out.log " + log + "/shop/api:0.err.log\n";
  for (const auto* words : {"api", "shop/api", "api:0", "ap*"})
    EXPECT_NE(run({"logs", words}).err.find(files), std::string::npos) << words;
  EXPECT_NE(run({"logs", "--err", "api"}).err.find("-n 20 " + log + "/shop/api:0.err.log\n"), std::string::npos);
  for (const auto* words : {"all", "shop"})
    EXPECT_NE(run({"logs", "-f", words}).err.find(log + "/shop/db.out.log"), std::string::npos) << words;
  EXPECT_NE(run({"logs", "path", "db"}).err.find(log + "/shop/db.out.log"), std::string::npos);
  EXPECT_NE(run({"logs"}).err.find(log + "/shop/db.out.log"), std::string::npos);

  const auto none = run({"logs", "dbb"});
  EXPECT_EQ(none.code, 5);
  EXPECT_NE(none.err.find("there is no log file of dbb in " + log), std::string::npos) << none.err;
  const auto json = run({"logs", "db", "--json"});
  EXPECT_NE(json.out.find("/shop/db.out.log"), std::string::npos) << json.out;
  EXPECT_EQ(json.err, "");
}

TEST_F(Commands, LogsStandBelowEachOther) {
  serve([](const seen_request& r, const fake_connection& c) {
    if (r.target.rfind("/v1/services", 0) == 0) return c.send(answer(200, test::services_json));
    c.send(test::stream(
        {R"({"at":"2026-11-22T17:45:09.120Z","tree":"shop","service":"db","stream":"out","line":"ready"})",
         R"({"gap":{"from":"2026-11-22T17:40:00.000Z","to":"2026-11-22T17:45:00.000Z"},"tree":"shop","service":"db","stream":"out"})",
         R"({"at":"2026-11-22T17:45:09.121Z","tree":"shop","service":"api:0","stream":"err","line":"oh"})"}));
  });
  const auto result = run({"logs", "-n", "7", "--err", "api:0", "db"});
  EXPECT_EQ(result.code, 0);
  EXPECT_NE(result.out.find(" db    | ready\n"), std::string::npos) << result.out;
  EXPECT_NE(result.out.find(" api:0 ! oh\n"), std::string::npos) << result.out;
  EXPECT_NE(result.err.find("output of db from "), std::string::npos) << result.err;
  EXPECT_EQ(seen().at(1), "GET /v1/logs?tail=7&stream=err&service=api%3A0&service=db");
}

TEST_F(Commands, LogsAsJsonAreTheLinesAsTheyCame) {
  serve_text(test::stream({R"({"line":"a"})", R"({"gap":3})"}));
  EXPECT_EQ(run({"logs", "--json", "-f"}).out, "{\"line\":\"a\"}\n{\"gap\":3}\n");
  EXPECT_EQ(seen().at(0), "GET /v1/logs?tail=20&follow=1&cursors=1");
}

TEST_F(Commands, AReaderThatGoesEndsAFollowerQuietlyEvenWithoutAnotherLine) {
  os::ignore_broken_pipes();
  serve([](const seen_request& r, const fake_connection& c) {
    if (r.target == "/v1/services") return c.send(answer(200, test::services_json));
    c.send(test::stream_head());
    c.wait_for_close();
  });
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  ASSERT_EQ(::close(ends[0]), 0);
  const unique_fd out{ends[1]};
  const auto result = run_to({"logs", "-f"}, out.get());
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(result.err, "");
  (void)std::signal(SIGPIPE, SIG_DFL);
}

TEST_F(Commands, CtrlCEndsAFollowerQuietly) {
  serve([](const seen_request&, const fake_connection& c) {
    c.send(test::stream_head() + test::chunk("{\"text\":\"db was started\"}\n"));
    ::kill(::getpid(), SIGINT); // the request is there, so the follower listens for signals already
    c.wait_for_close();
  });
  const auto result = run({"events", "-f"});
  EXPECT_EQ(result.code, 130);
  EXPECT_EQ(result.err, "");
}

TEST_F(Commands, WhatLooksTakesPatternsAndAll) {
  serve([](const seen_request& r, const fake_connection& c) {
    if (r.target == "/v1/tree")
      return c.send(answer(200, R"({"schema":1,"trees":[{"type":"supervisor","tree":"t","name":"t","children":[
        {"type":"service","tree":"t","name":"w-1"},{"type":"service","tree":"t","name":"w-2"}]}]})"));
    c.send(r.target.rfind("/v1/services/", 0) == 0
               ? answer(200, R"({"type":"service","tree":"t","name":")" + r.target.substr(r.target.size() - 3) + "\"}")
               : test::stream({}));
  });
  const auto described = run({"describe", "w-*"});
  EXPECT_EQ(described.code, 0) << described.err;
  EXPECT_NE(described.out.find("w-1"), std::string::npos) << described.out;
  EXPECT_NE(described.out.find("w-2"), std::string::npos) << described.out;
  EXPECT_EQ(run({"logs", "w-*"}).code, 0);
  EXPECT_EQ(seen().back(), "GET /v1/logs?tail=20&service=w-%2A");
  EXPECT_EQ(run({"logs", "all"}).code, 0);
  EXPECT_EQ(seen().back(), "GET /v1/logs?tail=20");
  EXPECT_EQ(run({"events", "all"}).code, 0);
  EXPECT_EQ(seen().back(), "GET /v1/events?tail=100");
}

TEST_F(Commands, EventsOfANameThatIsNotThereFail) {
  serve_text(test::problem(404, "no_such_node", "there is no 'x'"));
  EXPECT_EQ(run({"events", "x"}).code, 4);
}

const std::string story_of_api = test::stream(
    {R"({"gap":12})", R"({"seq":13,"at":"2026-11-22T17:30:00.000Z","name":"api","text":"api gave up: too early"})",
     R"({"seq":14,"at":"2026-11-22T17:45:00.000Z","name":"api","text":"api exited with code 1"})",
     R"({"seq":15,"at":"2026-11-22T17:46:00.000Z","name":"api","text":"api gave up: once"})",
     R"({"seq":16,"at":"2026-11-22T17:47:00.000Z","name":"api","text":"api gave up: twice"})"});

TEST_F(Commands, EventsCanBeSearchedByTimeAndText) {
  serve_text(story_of_api);
  const auto result = run({"events", "--since", "2026-11-22T17:40:00Z", "--grep", "gave (up|in): ", "api"});
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(result.out.find("too early"), std::string::npos) << result.out;
  EXPECT_EQ(result.out.find("exited"), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("api gave up: once\n"), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("api gave up: twice\n"), std::string::npos) << result.out;
  EXPECT_EQ(result.err, "") << "what is older than the time asked for does not matter";
  EXPECT_EQ(seen().at(0), "GET /v1/events?since=0&name=api");
}

TEST_F(Commands, ASearchOfEventsSaysWhenOlderOnesAreGone) {
  serve_text(story_of_api);
  EXPECT_EQ(run({"events", "--grep", "once"}).err, "alder: 12 older events are no longer kept\n");
  EXPECT_EQ(run({"events", "--since", "2026-11-22T17:20:00Z"}).err, "alder: 12 older events are no longer kept\n");
  EXPECT_EQ(run({"events", "--since", "2026-11-22T17:20:00Z", "-q"}).err, "");
}

TEST_F(Commands, ASearchOfEventsShowsTheLastOfThoseThatMatch) {
  serve_text(story_of_api);
  const auto text = R"({"seq":15,"at":"2026-11-22T17:46:00.000Z","name":"api","text":"api gave up: once"})"
                    "\n"
                    R"({"seq":16,"at":"2026-11-22T17:47:00.000Z","name":"api","text":"api gave up: twice"})"
                    "\n";
  EXPECT_EQ(run({"events", "--grep", "gave up", "-n", "2", "--json"}).out, text);
  EXPECT_EQ(run({"events", "--grep", "gave up", "-n", "0", "--json"}).out, "");
}

TEST_F(Commands, ASearchOfEventsGoesOnWithThoseThatCome) {
  serve([](const seen_request& r, const fake_connection& c) {
    c.send(r.target.find("follow") == std::string::npos
               ? story_of_api
               : test::stream({R"({"seq":17,"text":"api is running"})", R"({"gap":2})",
                               R"({"seq":20,"text":"api gave up: again"})"}));
  });
  const auto result = run({"events", "-f", "--grep", "gave up", "-n", "1", "api"});
  EXPECT_EQ(result.code, 0) << "without a keeper the end of the stream is the end";
  EXPECT_EQ(result.out.find("once"), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("api gave up: twice\n"), std::string::npos) << result.out;
  EXPECT_EQ(result.out.find("is running"), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("api gave up: again\n"), std::string::npos) << result.out;
  EXPECT_NE(result.err.find("2 events skipped"), std::string::npos) << result.err;
  EXPECT_EQ(seen(),
            (std::vector<std::string>{"GET /v1/events?since=0&name=api", "GET /v1/events?follow=1&name=api&since=16"}));
}

TEST_F(Commands, ASearchOfEventsThatIsNotUnderstoodAsksNothing) {
  serve_text(story_of_api);
  const auto pattern = run({"events", "--grep", "(a"});
  EXPECT_EQ(pattern.code, 2);
  EXPECT_NE(pattern.err.find("--grep is not a valid regular expression: missing )"), std::string::npos) << pattern.err;
  const auto time = run({"events", "--since", "yesterday"});
  EXPECT_EQ(time.code, 2);
  EXPECT_NE(time.err.find("cannot read 'yesterday' as a time"), std::string::npos) << time.err;
  EXPECT_EQ(run({"events", "--since", "1h", "--grep", "\\1"}).code, 2);
  EXPECT_TRUE(seen().empty());
}

TEST_F(Commands, PathsPrintsOneOrAll) {
  EXPECT_EQ(run({"paths", "--socket"}).out, home_.path() + "/run/alder.sock\n");
  EXPECT_NE(run({"paths"}).out.find("state   " + home_.path() + "/state\n"), std::string::npos);
  EXPECT_NE(run({"paths", "--json"}).out.find("\"log\":\"" + home_.path() + "/log\""), std::string::npos);
}

TEST_F(Commands, CheckNeedsNoDaemonAndTellsGoodFromBad) {
  write("good.yaml",
        "name: shop\nchildren: [{service: db, command: /bin/sleep 1}, {service: web, command: /bin/sleep 1}]\n");
  write("bad.yaml", "name: shop\nchildren: [{service: db, comand: sleep 1}]\n");
  const auto good = run({"check", "good.yaml"});
  EXPECT_EQ(good.code, 0);
  EXPECT_EQ(good.out, home_ / "good.yaml" + ": tree shop, 2 services: ok\n");
  const auto bad = run({"check", "bad.yaml"});
  EXPECT_EQ(bad.code, 2);
  EXPECT_NE(bad.out.find("bad.yaml:2:"), std::string::npos) << bad.out;
  const auto json = run({"check", "--json", "bad.yaml"});
  EXPECT_EQ(json.code, 2);
  EXPECT_NE(json.out.find("\"ok\":false"), std::string::npos);
  EXPECT_EQ(run({"check", "none.yaml"}).code, 2);
}

TEST_F(Commands, SchemaHelpAndVersionNeedNoDaemon) {
  EXPECT_EQ(run({"schema"}).out.front(), '{');
  EXPECT_NE(run({"help", "logs"}).out.find("--follow"), std::string::npos);
  EXPECT_NE(run({"logs", "--help"}).out.find("--follow"), std::string::npos);
  EXPECT_EQ(run({"--version"}).out, "alder " ALDER_VERSION "\n");
  const auto unknown = run({"help", "lgos"});
  EXPECT_EQ(unknown.code, 2);
  EXPECT_NE(unknown.err.find("did you mean 'logs'?"), std::string::npos);
}

TEST_F(Commands, TheOverviewNamesEveryCommand) {
  const auto text = run({}).out;
  for (const auto& command : all_commands())
    EXPECT_NE(text.find("  " + std::string{command.name} + " "), std::string::npos) << command.name;
}

} // namespace
} // namespace alder::cli

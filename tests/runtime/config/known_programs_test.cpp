#include "runtime/config/known_programs.hpp"

#include "tests/runtime/config/config_fixture.hpp"

#include <gmock/gmock.h>

#include <csignal>

namespace alder::config {
namespace {

using ::testing::HasSubstr;

std::string advice(std::vector<std::string> command, const stop_spec& stop = {}, bool is_own_signal = false) {
  service_spec service;
  service.command = std::move(command);
  service.stop = stop;
  const auto told = advise_stop(service, is_own_signal);
  return told ? told->message + "; " + told->help : "";
}

stop_spec by(int signal, std::chrono::seconds timeout = std::chrono::seconds{10}) {
  stop_spec stop;
  stop.signal = signal;
  stop.timeout = timeout;
  return stop;
}

TEST(KnownPrograms, WhereTermCutsRequestsTheOtherSignalIsNamed) {
  EXPECT_EQ(
      advice({"/usr/sbin/nginx"}),
      "SIGTERM drops the requests that nginx is serving; write 'stop: { signal: QUIT, scope: main, timeout: 75s }' "
      "(measured with nginx 1.22.1)");
  EXPECT_THAT(advice({"apache2", "-DFOREGROUND"}), HasSubstr("WINCH"));
  EXPECT_THAT(advice({"haproxy", "-W"}), HasSubstr("USR1"));
  EXPECT_THAT(advice({"php8.2", "-S", "127.0.0.1:80"}), HasSubstr("INT"));
  EXPECT_THAT(advice({"php-fpm8.2", "-F"}), HasSubstr("QUIT"));
  EXPECT_EQ(advice({"php", "worker.php"}), "");
  EXPECT_EQ(advice({"nginx-exporter"}), "");
  EXPECT_EQ(advice({"redis-server"}), "");
}

TEST(KnownPrograms, WhoeverNamesASignalHasDecided) {
  EXPECT_EQ(advice({"nginx"}, by(SIGQUIT)), "");
  EXPECT_EQ(advice({"nginx"}, by(SIGTERM), /*is_own_signal=*/true), "");
  EXPECT_NE(advice({"nginx"}, by(SIGTERM, std::chrono::seconds{60})), "") << "another time is no other signal";
  stop_spec asked_first;
  asked_first.steps = {{std::vector<std::string>{"nginx", "-s", "quit"}, milliseconds{20000}}};
  EXPECT_EQ(advice({"nginx"}, asked_first), "");
}

TEST(KnownPrograms, WhatIsNoStopIsSaidWhoeverNamedIt) {
  EXPECT_THAT(advice({"uwsgi", "--ini", "app.ini"}, by(SIGTERM), true), HasSubstr("SIGTERM does not stop uwsgi"));
  EXPECT_EQ(advice({"uwsgi", "--ini", "app.ini"}, by(SIGINT)), "");
  EXPECT_THAT(advice({"uwsgi"}, by(SIGHUP)), HasSubstr("SIGHUP does not stop uwsgi"));
  EXPECT_EQ(advice({"uwsgi", "--exit-on-reload"}, by(SIGHUP)), "");
  EXPECT_THAT(advice({"uwsgi", "--die-on-term"}), HasSubstr("drops"));
  EXPECT_THAT(advice({"/usr/lib/postgresql/15/bin/postgres", "-D", "data"}), HasSubstr("signal: INT"));
}

TEST(KnownPrograms, ATimeThatIsTooShortIsSaid) {
  EXPECT_THAT(advice({"squid", "-N"}), HasSubstr("timeout: 45s"));
  EXPECT_EQ(advice({"squid", "-N"}, by(SIGTERM, std::chrono::seconds{40})), "");
  EXPECT_THAT(advice({"python3", "-m", "gunicorn", "app:app"}), HasSubstr("gunicorn may need longer than 10s"));
  stop_spec endless;
  endless.timeout.reset();
  EXPECT_EQ(advice({"gunicorn", "app:app"}, endless), "");
}

TEST(KnownPrograms, MariadbAsksForTimeWhereItIsHeard) {
  EXPECT_THAT(advice({"mariadbd"}), HasSubstr("notify: true"));
  service_spec heard;
  heard.command = {"mariadbd"};
  heard.ready.check = ready_notify{};
  EXPECT_FALSE(advise_stop(heard, false));
  EXPECT_EQ(advice({"mariadbd"}, by(SIGTERM, std::chrono::seconds{300})), "");
}

TEST(KnownPrograms, AShellThatStaysIsSaidAndATaskIsLeftAlone) {
  EXPECT_EQ(advice({"/bin/sh", "-c", "node server.js"}),
            "a shell remains between Alder and 'node'; write 'exec' before 'node'");
  EXPECT_EQ(advice({"/bin/sh", "-c", "exec node server.js"}), "");
  EXPECT_THAT(advice({"/bin/sh", "-c", "exec nginx"}), HasSubstr("QUIT"));
  service_spec task;
  task.task = true;
  task.command = {"/bin/sh", "-c", "node migrate.js"};
  EXPECT_FALSE(advise_stop(task, false));
}

TEST(KnownPrograms, EachNamesItsSourceAndALineToWrite) {
  for (const auto& one : known_programs()) {
    EXPECT_FALSE(one.names.empty());
    EXPECT_FALSE(one.measured.empty()) << one.names.front();
    EXPECT_FALSE(one.fact.empty()) << one.names.front();
    EXPECT_FALSE(one.line.empty()) << one.names.front();
    // What is written must be valid, and settle it.
    const auto text = "children: [{service: x, command: [" + std::string{one.names.front()} +
                      (one.argument.empty() ? "" : ", " + std::string{one.argument}) + "], " + std::string{one.line} +
                      "}]";
    const auto loaded = load(text);
    ASSERT_TRUE(loaded.tree) << text;
    EXPECT_TRUE(loaded.diagnostics.empty()) << text;
  }
}

TEST(KnownPrograms, TheWarningIsAtTheCommandAndOncePerPool) {
  const auto loaded = load("children:\n  - service: web\n    instances: 3\n    command: nginx\n");
  ASSERT_TRUE(loaded.tree);
  ASSERT_EQ(loaded.diagnostics.size(), 1u);
  EXPECT_EQ(loaded.diagnostics[0].code, "W010");
  EXPECT_EQ(loaded.diagnostics[0].line, 4u);
  EXPECT_EQ(loaded.diagnostics[0].severity, diagnostic::level::warning);
}

} // namespace
} // namespace alder::config

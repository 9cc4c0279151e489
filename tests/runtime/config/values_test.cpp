#include "runtime/config/values.hpp"

#include "tests/runtime/config/config_fixture.hpp"

namespace alder::config {
namespace {

using words = std::vector<std::string>;

/// The one diagnostic of a service with these keys, as "CODE label".
std::string complaint(const std::string& keys) {
  const auto l = load_service("command: x, " + keys);
  EXPECT_EQ(l.diagnostics.size(), 1U) << keys << "\n" << render(l.diagnostics, false);
  return l.diagnostics.empty() ? "" : l.diagnostics[0].code + " " + l.diagnostics[0].label;
}

TEST(Values, WantAUnitForDurations) {
  EXPECT_EQ(complaint("stop: {timeout: 30}"), "E013 a duration needs a unit");
  EXPECT_EQ(load_service("command: x, stop: {timeout: 30}").diagnostics[0].help, (words{"write '30s' or '30ms'"}));
  EXPECT_EQ(complaint("stop: {timeout: 3 weeks}").substr(0, 4), "E013");
  EXPECT_EQ(complaint("stop: {timeout: -1s}").substr(0, 4), "E013");
  EXPECT_EQ(complaint("ready: {after: 1s, timeout: 0}"), "E014 allowed: more than 0");
  EXPECT_EQ(complaint("heartbeat: {interval: 9ms}"), "E014 allowed: at least 10ms");
  EXPECT_EQ(complaint("limits: {memory: 1G, interval: 50ms}"), "E014 allowed: at least 100ms");
  EXPECT_EQ(complaint("schedule: {max_age: 999ms}"), "E014 allowed: at least 1s");
  EXPECT_EQ(complaint("limits: {cpu: 2000000}"), "E014 allowed: more than 0, at most 1000000");
  EXPECT_EQ(complaint("limits: {cpu: 0%}"), "E014 allowed: more than 0%, at most 1000000%");
}

TEST(Values, WantTrueOrFalse) {
  EXPECT_EQ(complaint("shell: yes"), "E011 expected true or false, found 'yes'");
  EXPECT_EQ(complaint("shell: [true]"), "E011 expected true or false, found a list");
  EXPECT_EQ(complaint("shell:"), "E011 expected true or false, found nothing");
}

TEST(Values, WantNumbersInTheirRange) {
  EXPECT_EQ(complaint("instances: many"), "E011 expected a whole number, found 'many'");
  EXPECT_EQ(complaint("instances: 1.5"), "E011 expected a whole number, found '1.5'");
  EXPECT_EQ(complaint("instances: 10001"), "E014 allowed: 1 to 10000");
  EXPECT_EQ(complaint("instances: 99999999999999999999"), "E011 expected a whole number, found '99999999999999999999'");
  EXPECT_EQ(complaint("backoff: {factor: 0.5}"), "E014 allowed: 1 to 1000");
  EXPECT_EQ(complaint("backoff: {factor: inf}").substr(0, 4), "E011");
  EXPECT_EQ(complaint("clean_exit_codes: [256]"), "E014 allowed: 0 to 255");
  EXPECT_EQ(complaint("clean_exit_codes: [x]"), "E011 expected an exit code, found 'x'");
  EXPECT_EQ(complaint("clean_exit_codes: 3"), "E011 expected a list of exit codes, found text");
}

TEST(Values, ReadSharesWithAndWithoutPercent) {
  EXPECT_DOUBLE_EQ(service_with("command: x, backoff: {jitter: 25%}").backoff.jitter, 0.25);
  EXPECT_DOUBLE_EQ(service_with("command: x, backoff: {jitter: 0.25}").backoff.jitter, 0.25);
  EXPECT_EQ(complaint("backoff: {jitter: 10}"), "E014 allowed: 0% to 100%, or 0 to 1");
  EXPECT_EQ(complaint("backoff: {jitter: '%'}").substr(0, 4), "E011");
}

TEST(Values, ReadUmasksAsOctal) {
  EXPECT_EQ(service_with("command: x, umask: 22").umask, 022U);
  EXPECT_EQ(service_with("command: x, umask: '0o077'").umask, 077U);
  EXPECT_EQ(complaint("umask: 18"), "E011 expected an octal number such as 022, found '18'");
  EXPECT_EQ(complaint("umask: 1000"), "E014 allowed: 000 to 777, octal");
}

TEST(Values, SuggestTheNearestWord) {
  const auto l = load_service("command: x, restart: alwyas");
  ASSERT_EQ(l.diagnostics.size(), 1U);
  EXPECT_EQ(l.diagnostics[0].message, "invalid value for 'restart'");
  EXPECT_EQ(l.diagnostics[0].label, "unknown restart policy");
  EXPECT_EQ(l.diagnostics[0].help,
            (words{"did you mean 'always'?", "one of: permanent, transient, temporary, always, on-failure, never"}));
  EXPECT_EQ(complaint("stop: {signal: TRM}"), "E012 unknown signal");
}

TEST(Values, RefuseAddressesThatAreNone) {
  EXPECT_EQ(complaint("ready: {tcp: 'host:0'}"), "E014 ports range from 1 to 65535");
  EXPECT_EQ(complaint("ready: {tcp: 65536}"), "E014 ports range from 1 to 65535");
  EXPECT_EQ(complaint("ready: {tcp: host}"), "E022 not an address");
  EXPECT_EQ(complaint("ready: {tcp: 'host:'}"), "E022 not an address");
  EXPECT_EQ(complaint("ready: {tcp: '::1:80'}"), "E022 not an address");
  EXPECT_EQ(complaint("ready: {tcp: 'host:http'}"), "E022 'http' is not a port");
  EXPECT_EQ(complaint("ready: {http: 'https://a'}"), "E022 a URL starts with http://");
  EXPECT_EQ(complaint("ready: {http: 'http://'}"), "E022 not a host, or not HOST:PORT");
  EXPECT_EQ(complaint("ready: {http: 'http://u@h'}"), "E022 not a host, or not HOST:PORT");
  EXPECT_EQ(complaint("ready: {http: 'http://a/ b'}"), "E022 write blanks and special characters of the path as %XX");
  EXPECT_EQ(complaint("ready: {http: 'http://a:0/'}"), "E014 ports range from 1 to 65535");
}

TEST(Values, PlaceAVariableInsideItsValue) {
  EXPECT_EQ(places(load("children: []\nenv:\n  A: 'it''s ${HOME} ${NOPE}'\n")), (words{"E030 3:21"}));
  EXPECT_EQ(places(load("children: []\nenv:\n  A: |\n    one\n    two ${NOPE}\n")), (words{"E030 5:9"}));
  EXPECT_EQ(places(load("children: []\nenv:\n  A: \"\\x24{NOPE}\"\n")), (words{"E030 3:6"}));
}

TEST(Values, ReportMalformedVariables) {
  EXPECT_EQ(complaint("cwd: '${HOME'"), "E031 not closed or not a name");
  EXPECT_EQ(places(load("name: 'a${INSTANCE}'\nchildren: []")), (words{"E030 1:9"}));
}

TEST(Values, RefuseListsAndEmptyPathsForPaths) {
  EXPECT_EQ(complaint("cwd: ''"), "E011 expected a path, found empty text");
  EXPECT_EQ(complaint("cwd: {}"), "E011 expected a path, found a mapping");
  EXPECT_EQ(complaint("watch: {paths: [[]]}"), "E011 expected text as an element of the list, found a list");
}

} // namespace
} // namespace alder::config

#include "runtime/wire/log_datagram.hpp"

#include <gtest/gtest.h>

namespace alder::wire {
namespace {

using namespace std::chrono_literals;

log_message hello(bool err = false) {
  log_message message;
  message.line = "hello";
  message.err = err;
  message.tag = "web";
  message.tree = "shop";
  message.service = "web:0";
  message.host = "box";
  message.at = std::chrono::sys_days{std::chrono::year{2026} / 11 / 5} + 9h + 1min + 2s + 34ms;
  message.utc_offset = 1h;
  return message;
}

std::string syslog(const log_message& message, syslog_format format, unsigned facility = 3) {
  std::string text = "left over";
  write_syslog(text, message, format, facility);
  return text;
}

TEST(LogDatagram, OldSyslogHasLocalTimeAndNoHost) {
  EXPECT_EQ(syslog(hello(), syslog_format::rfc3164), "<30>Nov  5 10:01:02 web: hello");
  EXPECT_EQ(syslog(hello(/*err=*/true), syslog_format::rfc3164), "<27>Nov  5 10:01:02 web: hello");
  EXPECT_EQ(syslog(hello(), syslog_format::rfc3164, 16), "<134>Nov  5 10:01:02 web: hello");
}

TEST(LogDatagram, NewSyslogHasTheOffsetAndTheHost) {
  EXPECT_EQ(syslog(hello(), syslog_format::rfc5424), "<30>1 2026-11-05T10:01:02.034+01:00 box web - - - hello");
  auto utc = hello();
  utc.utc_offset = 0s;
  utc.host = "";
  EXPECT_EQ(syslog(utc, syslog_format::rfc5424), "<30>1 2026-11-05T09:01:02.034Z - web - - - hello");
}

TEST(LogDatagram, NamesAndNulsCannotEndWhatTheyStandIn) {
  auto message = hello();
  message.tag = "we b:[1]";
  message.line = std::string_view{"a\0b", 3};
  EXPECT_EQ(syslog(message, syslog_format::rfc3164), "<30>Nov  5 10:01:02 we_b__1_: a b");
}

TEST(LogDatagram, TheJournalGetsFields) {
  std::string text;
  write_journal(text, hello(/*err=*/true), 3);
  EXPECT_EQ(text, "MESSAGE=hello\nPRIORITY=3\nSYSLOG_FACILITY=3\nSYSLOG_IDENTIFIER=web\nALDER_TREE=shop\n"
                  "ALDER_SERVICE=web:0\nALDER_STREAM=err\n");
}

TEST(LogDatagram, AFieldWithALineEndHasItsLength) {
  auto message = hello();
  message.line = "a\nb";
  std::string text;
  write_journal(text, message, 3);
  EXPECT_EQ(text.substr(0, 20), std::string("MESSAGE\n\3\0\0\0\0\0\0\0a\nb\n", 20));
}

} // namespace
} // namespace alder::wire

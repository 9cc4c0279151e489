#include "runtime/wire/program_notice.hpp"

#include <gtest/gtest.h>

namespace alder::wire {
namespace {

using notices = std::vector<program_notice>;

TEST(ProgramNotice, ReadsWhatSdNotifySends) {
  EXPECT_EQ(read_notify("READY=1\nSTATUS=up and\tabout\nX=1"), (notices{said_ready{}, said_status{"up and about"}}));
  EXPECT_EQ(read_notify("WATCHDOG=1\n"), (notices{said_alive{}}));
  EXPECT_EQ(read_notify("RELOADING=1"), (notices{said_reloading{}}));
  EXPECT_EQ(read_notify("EXTEND_TIMEOUT_USEC=1500"), (notices{said_more_time{std::chrono::milliseconds{2}}}));
  EXPECT_EQ(read_notify("READY=0\nnonsense\n=\nBARRIER=1"), notices{});
  EXPECT_EQ(read_notify("MAINPID=4711\nREADY=1"), (notices{said_main_process{4711}, said_ready{}}));
  for (const auto* text : {"MAINPID=", "MAINPID=0", "MAINPID=-4", "MAINPID=12x", "MAINPID=99999999999999999999"})
    EXPECT_TRUE(std::holds_alternative<said_nonsense>(read_notify(text).at(0))) << text;
  EXPECT_TRUE(std::holds_alternative<said_unwell>(read_notify("WATCHDOG=trigger").at(0)));
  EXPECT_TRUE(std::holds_alternative<said_nonsense>(read_notify("EXTEND_TIMEOUT_USEC=soon").at(0)));
}

TEST(ProgramNotice, ReadsWhatNodeProgramsSend) {
  const said_ready ready{said_ready::over::ipc};
  EXPECT_EQ(read_ipc_line("\"ready\""), (notices{ready}));
  EXPECT_EQ(read_ipc_line(R"({"type":"ready"})"), (notices{ready}));
  EXPECT_EQ(read_ipc_line(R"({"type":"heartbeat"})"), (notices{said_alive{}}));
  EXPECT_EQ(read_ipc_line(R"({"type":"error","message":"lost the\ndatabase"})"),
            (notices{said_error{"lost the database"}}));
  EXPECT_EQ(read_ipc_line(R"({"type":"metrics","data":{"reqs":42,"lag":{"value":"1.5ms","unit":"ms"},"x":[]}})"),
            (notices{said_metrics{{{"lag", {1.5, "ms"}}, {"reqs", {42, ""}}}}}));
  EXPECT_EQ(read_ipc_line(R"({"type":"axm:monitor","data":{"rps":{"value":7,"unit":"rps"}}})"),
            (notices{said_metrics{{{"rps", {7, "rps"}}}}}));
  EXPECT_EQ(read_ipc_line(R"({"cmd":"NODE_HANDLE_ACK"})"), notices{}) << "Node's own";
  EXPECT_EQ(read_ipc_line(R"({"job":7})"), (notices{said_message{R"({"job":7})"}}));
  EXPECT_EQ(read_ipc_line("42"), (notices{said_message{"42"}}));
}

TEST(ProgramNotice, TellsWhatIsNotJson) {
  for (const std::string line : {"", "{", "\xff\xfe", "{\"a\":}", "ready"})
    EXPECT_TRUE(std::holds_alternative<said_nonsense>(read_ipc_line(line).at(0))) << line;
}

TEST(ProgramNotice, IsBoundedWhateverComes) {
  const auto deep = std::string(100'000, '[') + std::string(100'000, ']');
  EXPECT_EQ(read_ipc_line(deep).size(), 1U);
  const auto big = read_ipc_line("\"" + std::string(500'000, 'x') + "\"");
  EXPECT_LE(std::get<said_message>(big.at(0)).json.size(), max_notice_text);
  std::string metrics = R"({"type":"metrics","data":{)";
  for (int i = 0; i < 1000; ++i)
    metrics += (i > 0 ? ",\"m" : "\"m") + std::to_string(i) + "\":1";
  EXPECT_EQ(std::get<said_metrics>(read_ipc_line(metrics + "}}").at(0)).values.size(), max_metrics);
}

TEST(ProgramNotice, WritesOneLineAMessage) {
  EXPECT_EQ(*ipc_line("{ \"a\" :\n 1 }"), "{\"a\":1}\n");
  EXPECT_EQ(*ipc_line("\"shutdown\""), "\"shutdown\"\n");
  EXPECT_EQ(ipc_line("not json").failure().kind, error_kind::invalid_input);
  EXPECT_EQ(ipc_line("\"" + std::string(40'000, 'x') + "\"").failure().kind, error_kind::too_large);
}

} // namespace
} // namespace alder::wire

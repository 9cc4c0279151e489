#include "cli/common/failure.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

namespace alder::cli {
namespace {

problem answered(unsigned status, const std::string& code) {
  return {.code = code, .detail = "d", .help = {}, .diagnostics = {}, .status = status};
}

TEST(Failure, EveryAnswerOfTheApiHasItsExitCode) {
  const std::vector<std::pair<problem, exit_code>> all{{answered(400, "bad_request"), exit_code::usage},
                                                       {answered(403, "denied"), exit_code::denied},
                                                       {answered(404, "no_such_node"), exit_code::no_such_node},
                                                       {answered(404, "no_such_tree"), exit_code::no_such_node},
                                                       {answered(404, "no_such_route"), exit_code::failed},
                                                       {answered(405, "method_not_allowed"), exit_code::failed},
                                                       {answered(408, "too_slow"), exit_code::timed_out},
                                                       {answered(409, "ambiguous"), exit_code::failed},
                                                       {answered(409, "conflict"), exit_code::failed},
                                                       {answered(413, "too_large"), exit_code::usage},
                                                       {answered(422, "invalid_config"), exit_code::usage},
                                                       {answered(422, "start_failed"), exit_code::failed},
                                                       {answered(503, "stopping"), exit_code::no_daemon},
                                                       {answered(504, "timed_out"), exit_code::timed_out},
                                                       {answered(500, ""), exit_code::failed}};
  for (const auto& [why, code] : all)
    EXPECT_EQ(explain(why).code, code) << why.status << " " << why.code;
}

TEST(Failure, ErrorsOfTheConnectionHaveTheirExitCodes) {
  EXPECT_EQ(explain(error{error_kind::unavailable, "", ENOENT}).code, exit_code::no_daemon);
  EXPECT_TRUE(explain(error{error_kind::unavailable, "", ENOENT}).is_absence);
  EXPECT_FALSE(explain(error{error_kind::unavailable, "", ETIMEDOUT}).is_absence);
  EXPECT_EQ(explain(error{error_kind::denied, "", EACCES}).code, exit_code::denied);
  EXPECT_EQ(explain(error{error_kind::timed_out, "", 0}).code, exit_code::timed_out);
  EXPECT_EQ(explain(error{error_kind::io, "", 0}).code, exit_code::failed);
}

TEST(Failure, IsOneLineAndItsHelp) {
  EXPECT_EQ(failure_text(
                {}, {.code = exit_code::failed, .what = "it broke", .help = {"mend it", "or not"}, .diagnostics = {}}),
            "alder: it broke\nhelp: mend it\nhelp: or not\n");
}

TEST(Failure, OfAConfigurationShowsWhereItIsWrong) {
  config::diagnostic one;
  one.code = "E012";
  one.message = "invalid value for 'restart'";
  one.file = "/a.yaml";
  one.line = 6;
  one.column = 14;
  one.end_column = 20;
  one.snippet = "    restart: alwyas";
  const auto text = failure_text({}, {.code = exit_code::usage, .what = "bad", .help = {}, .diagnostics = {one}});
  EXPECT_NE(text.find("E012"), std::string::npos);
  EXPECT_NE(text.find("^^^^^^"), std::string::npos) << text;
}

} // namespace
} // namespace alder::cli

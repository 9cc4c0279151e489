#include "runtime/wire/problem_json.hpp"

#include <gtest/gtest.h>

namespace alder::wire {
namespace {

TEST(ProblemJson, IsTheObjectOfTheApi) {
  EXPECT_EQ(problem_json({"no_such_node", "there is no 'cahce'", {"did you mean 'cache'?"}, {}}),
            R"({"type":"about:blank","status":404,"title":"Not Found","code":"no_such_node",)"
            R"("detail":"there is no 'cahce'","help":["did you mean 'cache'?"]})");
  EXPECT_EQ(status_title(599), "Error");
  EXPECT_EQ(status_of("needs_restart"), 409U);
  EXPECT_EQ(status_of("head_too_large"), 431U);
  EXPECT_EQ(status_of("no_such_code"), 500U);
}

TEST(ProblemJson, DiagnosticsSayWhere) {
  const diagnostic_entry d{true,
                           "E012",
                           "invalid value for 'restart'",
                           "unknown restart policy",
                           "/a.yaml",
                           6,
                           14,
                           20,
                           "restart: alwyas",
                           {"did you mean 'always'?"}};
  const std::string entry =
      R"({"severity":"error","code":"E012","message":"invalid value for 'restart'","label":"unknown restart policy",)"
      R"("file":"/a.yaml","line":6,"column":14,"end_column":20,"snippet":"restart: alwyas","help":["did you mean 'always'?"]})";
  EXPECT_EQ(validation_json(false, "", {d}), R"({"schema":1,"ok":false,"diagnostics":[)" + entry + "]}");
  EXPECT_NE(problem_json({"invalid_config", "1 error", {}, {d}}).find(R"("diagnostics":[)" + entry + "]}"),
            std::string::npos);
  EXPECT_EQ(validation_json(true, "shop", {}), R"({"schema":1,"ok":true,"tree":"shop","diagnostics":[]})");
}

TEST(OperationJson, SaysHowItEnded) {
  EXPECT_EQ(result_json({true, {}}), R"({"schema":1,"ok":true,"changed":true})");
  EXPECT_EQ(done_json({false, {}}), R"({"done":true,"ok":true,"changed":false,"status":200})");
  EXPECT_EQ(done_json({true, problem{"timed_out", "it goes on", {}, {}}}),
            R"({"done":true,"ok":false,"changed":true,"status":504,"type":"about:blank","title":"Gateway Timeout",)"
            R"("code":"timed_out","detail":"it goes on"})");
}

TEST(ProblemJson, IsReadBackAsItWasWritten) {
  const problem p{
      "invalid_config",
      "2 errors",
      {"look", "again"},
      {{true, "E012", "m", "l", "/a.yaml", 6, 14, 20, "s", {"h"}}, {false, "W001", "w", "", "/b", 0, 0, 0, "", {}}}};
  const auto back = read_problem(422, problem_json(p));
  EXPECT_EQ(back.status, 422U);
  EXPECT_FALSE(back.diagnostics.at(1).is_error);
  EXPECT_EQ(problem_json(back), problem_json(p));
}

TEST(ProblemJson, AnyBodySaysItsStatus) {
  EXPECT_EQ(read_problem(500, "<html>").detail, "the daemon answered with status 500");
  EXPECT_EQ(read_problem(502, R"({"title":"Bad Gateway"})").detail, "Bad Gateway");
  EXPECT_EQ(read_problem(502, R"({"status":503,"detail":""})").status, 503U);
}

TEST(OperationJson, CountsAndNamesAreReadBack) {
  EXPECT_EQ(read_file_count(files_json(3)), 3U);
  EXPECT_EQ(read_file_count(result_json({true, {}})), std::nullopt);
  EXPECT_EQ(read_tree_names(tree_names_json({"a", "b"})), (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(read_tree_names("no JSON").empty());
}

} // namespace
} // namespace alder::wire

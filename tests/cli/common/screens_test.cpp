#include "cli/common/screens.hpp"

#include "tests/cli/screen_fixture.hpp"
#include "tests/support/golden.hpp"

#include <algorithm>
#include <memory>
#include <string>

namespace alder::cli {
namespace {

using test::expect_golden;
using test::now;
using test::Screens;

std::vector<node_view> services() { return read_services(test::services_json)->services; }
tree_view trees() { return *read_tree(test::tree_json); }

std::size_t widest_line(const std::string& text) {
  std::size_t widest = 0;
  for (std::size_t from = 0; from < text.size();) {
    const auto end = text.find('\n', from);
    widest = std::max(widest, columns_of(text.substr(from, end - from)));
    from = end + 1;
  }
  return widest;
}

TEST_F(Screens, TheListOnAPipeHasEveryColumnWhole) {
  expect_golden("cli_list_pipe.txt", list_screen(test::plain, services(), now()));
}

TEST_F(Screens, TheListOnAWideTerminalHasColoursAndCutsTheReason) {
  const auto text = list_screen(test::wide, services(), now());
  expect_golden("cli_list_wide.txt", text);
  EXPECT_LE(widest_line(text), 120U);
}

TEST_F(Screens, TheListOnANarrowTerminalDropsTheLeastImportantColumns) {
  const auto text = list_screen(test::narrow, services(), now());
  expect_golden("cli_list_narrow.txt", text);
  EXPECT_EQ(text.find("REASON"), std::string::npos);
  EXPECT_NE(text.find("STATE"), std::string::npos);
}

TEST_F(Screens, TheRowsOfTheListFitAnyWidth) {
  for (unsigned width = 8; width < 160; ++width) {
    auto on = test::wide;
    on.width = width;
    const auto text = list_screen(on, services(), now());
    const auto rows = text.substr(0, text.rfind('\n', text.size() - 2) + 1); // without the summary, which wraps
    EXPECT_LE(widest_line(rows), width) << width;
  }
}

TEST_F(Screens, TheListInAsciiIsAsciiButForNames) {
  auto list = services();
  list[3].name = "mailer";
  const auto text = list_screen(test::ascii, list, now());
  expect_golden("cli_list_ascii.txt", text);
  EXPECT_TRUE(std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; }));
}

TEST_F(Screens, AnEmptyListSaysHowToStartSomething) {
  EXPECT_NE(list_screen(test::plain, {}, now()).find("alder up"), std::string::npos);
}

TEST_F(Screens, TheTreeOnAPipe) { expect_golden("cli_tree_pipe.txt", tree_screen(test::plain, trees(), now())); }
TEST_F(Screens, TheTreeInColour) { expect_golden("cli_tree_wide.txt", tree_screen(test::wide, trees(), now())); }
TEST_F(Screens, TheTreeInAscii) { expect_golden("cli_tree_ascii.txt", tree_screen(test::ascii, trees(), now())); }

TEST_F(Screens, TheTreeOnANarrowTerminalIsCutToIt) {
  auto on = test::narrow;
  const auto text = tree_screen(on, trees(), now());
  expect_golden("cli_tree_narrow.txt", text);
  EXPECT_LE(widest_line(text.substr(0, text.find("▲ one more"))), 48U);
}

TEST_F(Screens, ASupervisorWithRestartsLeftIsNotAtRisk) {
  auto all = trees();
  all.trees[0].children[1].intensity->left = 1;
  EXPECT_EQ(tree_screen(test::plain, all, now()).find("one more failure"), std::string::npos);
}

TEST_F(Screens, ASupervisorThatAllowsNoRestartIsNotAtRiskFromTheStart) {
  auto all = trees();
  all.trees[0].children[1].intensity =
      intensity_view{.max = 0, .window = milliseconds{5000}, .used = 0, .left = 0, .oldest_expires = {}};
  EXPECT_EQ(tree_screen(test::plain, all, now()).find("one more failure"), std::string::npos);
}

TEST_F(Screens, APoolThatWaitsShowsWhenItTriesAgainAndSoDoItsInstances) {
  auto all = trees();
  auto& pool = all.trees[0].children[1];
  pool.pool = true;
  pool.state = "backoff";
  pool.reason = "waiting to be restarted because it gave up";
  pool.next_attempt = now() + milliseconds{4200};
  const auto text = tree_screen(test::plain, all, now());
  EXPECT_NE(text.find("pool          next try in 4.2s ("), std::string::npos) << text;
  EXPECT_NE(text.find("backoff: waiting to be restarted because it gave up"), std::string::npos) << text;
  EXPECT_NE(describe_screen(test::plain, pool, secrets::hidden, now()).find(", next try in 4.2s"), std::string::npos);

  auto list = services();
  list[4].next_attempt = pool.next_attempt;
  EXPECT_NE(list_screen(test::plain, list, now()).find("stopped, next try in 4.2s"), std::string::npos);
}

TEST_F(Screens, DescribeHidesTheEnvironment) {
  const auto text = describe_screen(test::plain, *read_node(test::node_json), secrets::hidden, now());
  expect_golden("cli_describe.txt", text);
  EXPECT_EQ(text.find("s3cret"), std::string::npos);
}

TEST_F(Screens, DescribeShowsTheEnvironmentOnRequest) {
  expect_golden("cli_describe_env.txt",
                describe_screen(test::ascii, *read_node(test::node_json), secrets::shown, now()));
}

TEST_F(Screens, ALogLineHasTimeNameAndABarThatTellsTheStreams) {
  log_line line{.at = now(), .tree = "shop", .service = "db", .stream = "out", .line = "ready"};
  EXPECT_EQ(log_text(test::plain, line, {.has_prefix = true, .name_width = 5}), "17:45:12.000 db    │ ready\n");
  line.stream = "err";
  EXPECT_EQ(log_text(test::plain, line, {.has_prefix = true, .name_width = 5}), "17:45:12.000 db    ┃ ready\n");
  EXPECT_EQ(log_text(test::ascii, line, {.has_prefix = true, .name_width = 2}), "17:45:12.000 db ! ready\n");
  EXPECT_EQ(log_text(test::plain, line, {.has_prefix = false, .name_width = 5}), "ready\n");
}

TEST_F(Screens, ALogLineIsMadeHarmlessOnATerminalAndLeftAloneOnAPipe) {
  const log_line line{
      .at = now(), .tree = "t", .service = "s", .stream = "out", .line = "a\033[2J\033[31mb\007\tc\xff"};
  EXPECT_EQ(log_text(test::narrow, line, {.has_prefix = false, .name_width = 0}), "a^[[2Jb^G    c\uFFFD\n");
  EXPECT_EQ(log_text(test::plain, line, {.has_prefix = false, .name_width = 0}), "a\033[2J\033[31mb\007\tc\uFFFD\n");
}

TEST_F(Screens, ARawLogLineIsWhatWasWritten) {
  log_line line{.at = now(), .tree = "t", .service = "s", .stream = "out", .line = "a\033[2J?"};
  EXPECT_EQ(log_text(test::narrow, line, {.has_prefix = false, .is_raw = true, .name_width = 0}), "a\033[2J?\n");
  line.line = "a\033[2J\xff";
  EXPECT_EQ(log_text(test::narrow, line, {.has_prefix = false, .is_raw = true, .name_width = 0}), "a\033[2J\xff\n");
  line.partial = true;
  EXPECT_EQ(log_text(test::narrow, line, {.has_prefix = false, .is_raw = true, .name_width = 0}), "a\033[2J\xff");
}

TEST_F(Screens, WordsOfOthersAreHarmlessOnATerminalWhereverTheyStand) {
  auto node = services().front();
  node.state = "failed";
  node.reason = "'./a\033]0;b\007' does not exist";
  node.detail = node_detail{};
  service_spec spec;
  spec.command = {"./a\033[2J\007"};
  spec.cwd = "/d\007";
  spec.ready.check = ready_exec{{"x\007"}};
  node.detail->service = std::make_shared<const service_spec>(spec);
  const auto on = look{.colour = false, .unicode = true, .terminal = true, .width = 200};
  for (const auto& text : {list_screen(on, {node}, now()), tree_screen(on, {.trees = {node}, .daemon = {}}, now()),
                           describe_screen(on, node, secrets::hidden, now())}) {
    EXPECT_EQ(text.find_first_of("\033\007"), std::string::npos) << text;
    EXPECT_NE(text.find("does not exist"), std::string::npos);
  }
}

TEST_F(Screens, ANameHasTheSameColourEveryTime) {
  EXPECT_EQ(paint_name(test::wide, "api:0", "x"), paint_name(test::wide, "api:0", "x"));
  EXPECT_NE(paint_name(test::wide, "api:0", "x"), paint_name(test::wide, "db", "x"));
  EXPECT_EQ(paint_name(test::plain, "api:0", "x"), "x");
}

TEST_F(Screens, AnEventOfAnotherDayHasItsDate) {
  event_view event;
  event.at = now() - std::chrono::hours{48};
  event.name = "db";
  event.text = "db was started";
  EXPECT_EQ(event_text(test::plain, event, now()), "2026-11-20 17:45:12 db         db was started\n");
  event.at = now();
  EXPECT_EQ(event_text(test::plain, event, now()), "17:45:12.000 db         db was started\n");
}

TEST_F(Screens, AGapSaysHowMuchIsMissing) {
  EXPECT_EQ(gap_text(test::ascii, event_gap{.missed = 412}), "-- 412 events skipped: this reader was too slow --\n");
  const auto hour_ago = now() - std::chrono::hours{1};
  EXPECT_EQ(
      gap_text(test::ascii, log_gap{.from = hour_ago, .to = now(), .tree = "shop", .service = "db", .stream = "out"}),
      "-- output of db from " + date_and_clock(hour_ago) + " to " + date_and_clock(now()) +
          " was deleted before it could be shown --\n");
}

TEST_F(Screens, InfoNamesTheProcessesAndPlaces) {
  const auto info = read_info(
      R"({"schema":1,"version":"0.1.0","pid":10,"keeper_pid":9,"started_at":"2026-11-22T17:00:00.000Z","uptime_ms":2712000,
    "epoch":2,"socket":"/run/alder/alder.sock","state_dir":"/var/lib/alder","log_dir":"/var/log/alder","trees":2,"counts":{"running":3,"failed":1,"stopped":0}})");
  ASSERT_TRUE(info.ok());
  expect_golden("cli_info.txt", info_screen(test::plain, *info));
}

} // namespace
} // namespace alder::cli

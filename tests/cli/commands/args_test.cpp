#include "cli/commands/args.hpp"

#include "cli/commands/command_table.hpp"
#include "cli/common/foreign_words.hpp"

#include "runtime/base/text.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace alder::cli {
namespace {

using namespace std::chrono_literals;
using line_words = std::vector<std::string>;

invocation wanted(const line_words& line) {
  auto parsed = parse_command_line(line);
  if (const auto* wrong = std::get_if<failure>(&parsed)) {
    ADD_FAILURE() << wrong->what;
    return {};
  }
  return std::get<invocation>(parsed);
}

failure refused(const line_words& line) {
  auto parsed = parse_command_line(line);
  if (const auto* wrong = std::get_if<failure>(&parsed)) return *wrong;
  ADD_FAILURE() << "was accepted";
  return {};
}

TEST(Arguments, NothingAtAllIsTheOverview) { EXPECT_EQ(wanted({}).command, nullptr); }

TEST(Arguments, EveryCommandIsFoundByItsNameAndItsAliases) {
  for (const auto& command : all_commands()) {
    const line_words needed(command.least_words, "word");
    line_words line{std::string{command.name}};
    line.insert(line.end(), needed.begin(), needed.end());
    if (command.name == "start" || command.name == "add") line.emplace_back("db");
    EXPECT_EQ(wanted(line).command, &command) << command.name;
    for (const auto alias : command.aliases) {
      line[0] = alias;
      EXPECT_EQ(wanted(line).command, &command) << alias;
    }
  }
}

TEST(Arguments, EveryCommandIsListedUnderItsOwnName) {
#define ALDER_NAME(name) #name,
  const line_words listed{ALDER_COMMANDS(ALDER_NAME)};
#undef ALDER_NAME
  line_words named;
  for (const auto& command : all_commands())
    named.emplace_back(command.name);
  EXPECT_EQ(named, listed);
}

TEST(Arguments, NoTwoCommandsShareANameOrAnAlias) {
  auto names = command_names();
  std::sort(names.begin(), names.end());
  EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
}

TEST(Arguments, TheCommandsOfAGroupFollowEachOther) {
  const auto all = all_commands();
  EXPECT_TRUE(std::is_sorted(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.group < b.group; }));
}

TEST(Arguments, EveryCommandShowsItsHelp) {
  for (const auto& command : all_commands()) {
    EXPECT_TRUE(wanted({std::string{command.name}, "--help"}).wants_help) << command.name;
    const auto text = help_for({}, command);
    EXPECT_NE(text.find("alder " + std::string{command.name}), std::string::npos);
    EXPECT_NE(text.find("examples"), std::string::npos) << command.name;
  }
}

TEST(Arguments, CommonOptionsStandOnEitherSideOfTheCommand) {
  EXPECT_TRUE(wanted({"--json", "ls"}).json);
  EXPECT_TRUE(wanted({"ls", "--json"}).json);
  EXPECT_TRUE(wanted({"-q", "up"}).quiet);
  EXPECT_TRUE(wanted({"tree", "--no-color"}).no_colour);
}

TEST(Arguments, LogsTakesNamesBetweenItsOptions) {
  const auto logs = wanted({"logs", "-f", "api", "-n", "5", "--err", "db"});
  EXPECT_TRUE(logs.follow);
  EXPECT_EQ(logs.tail, 5U);
  EXPECT_EQ(logs.stream, "err");
  EXPECT_EQ(logs.words, (line_words{"api", "db"}));
}

TEST(Arguments, BothStreamsAreTheSameAsNeither) { EXPECT_EQ(wanted({"logs", "--err", "--out"}).stream, ""); }

TEST(Arguments, StartTakesAProgramWithOptionsOfItsOwn) {
  const auto start = wanted({"start", "--name", "web", "--restart", "on-failure", "--cwd", "/srv", "--", "node", "-q",
                             "--name", "x", "--", "y"});
  EXPECT_EQ(start.name, "web");
  EXPECT_EQ(start.restart, "transient");
  EXPECT_EQ(start.cwd, "/srv");
  EXPECT_FALSE(start.quiet);
  EXPECT_EQ(start.program, (line_words{"node", "-q", "--name", "x", "--", "y"}));
}

TEST(Arguments, StartTakesNamesOrAProgram) {
  EXPECT_EQ(wanted({"start", "a", "b"}).words, (line_words{"a", "b"}));
  EXPECT_EQ(refused({"start"}).code, exit_code::usage);
  EXPECT_EQ(refused({"start", "web", "--", "node"}).code, exit_code::usage);
}

TEST(Arguments, AfterTwoDashesANameMayLookLikeAnOption) {
  EXPECT_EQ(wanted({"stop", "--", "-f"}).words, (line_words{"-f"}));
}

TEST(Arguments, ATimeoutHasAUnit) {
  EXPECT_EQ(wanted({"up", "--timeout", "1m30s"}).timeout, 90s);
  EXPECT_NE(refused({"up", "--timeout", "90"}).what.find("--timeout"), std::string::npos);
}

TEST(Arguments, AMistypedCommandGetsASuggestion) {
  const auto wrong = refused({"restrat", "db"});
  EXPECT_EQ(wrong.code, exit_code::usage);
  EXPECT_EQ(wrong.what, "unknown command 'restrat'");
  EXPECT_EQ(wrong.help.at(0), "did you mean 'alder restart'?");
}

TEST(Arguments, AMistypedOptionGetsASuggestion) {
  const auto wrong = refused({"ls", "--jsno"});
  EXPECT_EQ(wrong.code, exit_code::usage);
  EXPECT_EQ(wrong.what, "unknown option '--jsno'");
  EXPECT_EQ(wrong.help.at(0), "did you mean '--json'?");
}

TEST(Arguments, AMistypedKindOfRestartGetsASuggestion) {
  EXPECT_EQ(refused({"start", "--restart", "alwyas", "--", "x"}).help.at(0), "did you mean 'always'?");
}

TEST(Arguments, AnOptionOfAnotherCommandIsUnknown) {
  EXPECT_EQ(refused({"ls", "--follow"}).what, "unknown option '--follow'");
}

TEST(Arguments, AnOptionWithoutItsValueIsAMistake) { EXPECT_EQ(refused({"logs", "-n"}).code, exit_code::usage); }

TEST(Arguments, ANumberOfLinesHasALimit) {
  EXPECT_EQ(wanted({"logs", "-n", "100000"}).tail, 100000U);
  EXPECT_EQ(refused({"logs", "-n", "100001"}).code, exit_code::usage);
  EXPECT_EQ(refused({"logs", "-n", "-1"}).code, exit_code::usage);
  EXPECT_EQ(refused({"logs", "-n", "many"}).code, exit_code::usage);
}

TEST(Arguments, MissingAndSurplusWordsAreMistakes) {
  EXPECT_EQ(refused({"stop"}).what, "'alder stop' needs NAME… | PATTERN… | all");
  EXPECT_EQ(refused({"describe"}).code, exit_code::usage);
  EXPECT_EQ(refused({"ls", "a", "b"}).what, "'alder ls' does not take 'b'");
  EXPECT_EQ(refused({"up", "a.yaml", "b.yaml"}).code, exit_code::usage);
}

TEST(Arguments, AConfigurationIsNamedBeforeOrAfterTheCommand) {
  EXPECT_EQ(wanted({"-f", "stack.yaml", "up"}).words, (line_words{"stack.yaml"}));
  EXPECT_EQ(wanted({"--file", "stack.yaml", "up", "-d"}).words, (line_words{"stack.yaml"}));
  EXPECT_EQ(wanted({"up", "-f", "stack.yaml"}).words, (line_words{"stack.yaml"}));
  EXPECT_EQ(wanted({"check", "--file=stack.yaml"}).words, (line_words{"stack.yaml"}));
  EXPECT_EQ(wanted({"-f", "up", "up"}).words, (line_words{"up"})); // a file may be called so
  EXPECT_EQ(refused({"up", "-f", "a.yaml", "b.yaml"}).code, exit_code::usage);
}

TEST(Arguments, AnUnknownOptionBeforeTheCommandIsAMistakeToo) {
  EXPECT_EQ(refused({"--frobnicate", "ls"}).what, "unknown option '--frobnicate'");
  EXPECT_EQ(refused({"--frobnicate=1", "stop", "db"}).what, "unknown option '--frobnicate'");
  EXPECT_EQ(refused({"-x", "up"}).what, "unknown option '-x'");
}

TEST(Arguments, AWordThatIsNoCommandIsNamedWhateverStandsBehindIt) {
  EXPECT_EQ(refused({"db", "stop"}).what, "unknown command 'db'");
}

TEST(Arguments, CommandsOfOthersAreAnsweredWithTheRightLine) {
  const auto help = [](const line_words& line) { return refused(line).help.at(0); };
  EXPECT_EQ(help({"kill", "-s", "HUP", "web"}), "to send a signal: alder signal web HUP");
  EXPECT_EQ(help({"kill", "-9", "web"}), "to send a signal: alder signal web 9");
  EXPECT_EQ(help({"delete", "web", "db"}), "to stop and remove services: alder remove web db");
  EXPECT_EQ(help({"monit"}), "to watch: alder tree --watch; output: alder logs -f");
  EXPECT_EQ(help({"desc"}), "alder describe NAME");
}

TEST(Arguments, OptionsOfOthersAreAnsweredWithTheRightOne) {
  EXPECT_EQ(refused({"logs", "--lines", "5"}).help.at(0), "-n N");
  EXPECT_EQ(refused({"up", "--remove-orphans"}).help.at(0),
            "to stop what is no longer in the file: alder apply --stop-removed");
}

TEST(Arguments, NothingThatIsOursIsCalledForeign) {
  for (const auto& name : command_names())
    EXPECT_FALSE(foreign_command(name, {})) << name;
  for (const auto& command : all_commands()) {
    for (const auto id : command.options)
      for (const auto flag : split(text_of(id).flags, ','))
        EXPECT_FALSE(foreign_option(command.name, flag)) << command.name << " " << flag;
  }
}

TEST(Arguments, PathsNamesOnePart) { EXPECT_EQ(wanted({"paths", "--socket"}).path_part, "socket"); }

} // namespace
} // namespace alder::cli

#include "cli/common/look.hpp"

#include "tests/cli/screen_fixture.hpp"

#include <string>

namespace alder::cli {
namespace {

using environment = std::map<std::string, std::string>;
using test::Screens;

constexpr look_wishes on_terminal{.no_colour = false, .terminal = true, .utf8 = true, .width = 80};
constexpr look_wishes on_pipe{.no_colour = false, .terminal = false, .utf8 = true, .width = 80};

TEST(Look, OnlyATerminalHasColourAndWidth) {
  const auto terminal = choose_look(on_terminal, {{"TERM", "xterm"}});
  EXPECT_TRUE(terminal.colour);
  EXPECT_EQ(terminal.width, 80U);
  const auto pipe = choose_look(on_pipe, {{"TERM", "xterm"}});
  EXPECT_FALSE(pipe.colour);
  EXPECT_FALSE(pipe.terminal);
  EXPECT_EQ(pipe.width, 0U);
}

TEST(Look, VariablesAndTheOptionDecideAboutColour) {
  EXPECT_FALSE(choose_look(on_terminal, {{"NO_COLOR", "1"}}).colour);
  EXPECT_TRUE(choose_look(on_terminal, {{"NO_COLOR", ""}}).colour);
  EXPECT_TRUE(choose_look(on_pipe, {{"CLICOLOR_FORCE", "1"}}).colour);
  EXPECT_FALSE(choose_look(on_pipe, {{"CLICOLOR_FORCE", "0"}}).colour);
  EXPECT_FALSE(choose_look(on_pipe, {{"CLICOLOR_FORCE", "1"}, {"NO_COLOR", "1"}}).colour);
  auto refused = on_pipe;
  refused.no_colour = true;
  EXPECT_FALSE(choose_look(refused, {{"CLICOLOR_FORCE", "1"}}).colour);
}

TEST(Look, ADumbTerminalIsNotRepainted) {
  const auto dumb = choose_look(on_terminal, {{"TERM", "dumb"}});
  EXPECT_FALSE(dumb.colour);
  EXPECT_FALSE(dumb.terminal);
}

TEST_F(Screens, WideCharactersTakeTwoColumnsAndCombiningOnesNone) {
  EXPECT_EQ(columns_of("api"), 3U);
  EXPECT_EQ(columns_of("邮件"), 4U);
  EXPECT_EQ(columns_of("e\xCC\x81"), 1U);
  EXPECT_EQ(columns_of("●│█✗"), 4U);
  EXPECT_EQ(columns_of("\033[31mred\033[0m"), 3U);
  EXPECT_EQ(columns_of("\xff\xfe"), 2U);
}

TEST_F(Screens, TextIsCutAtColumnsNotAtBytes) {
  EXPECT_EQ(cut(test::plain, "邮件服务", 5), "邮件…");
  EXPECT_EQ(cut(test::plain, "邮件服务", 4), "邮…");
  EXPECT_EQ(cut(test::plain, "邮件服务", 8), "邮件服务");
  EXPECT_EQ(cut(test::ascii, "abcdef", 4), "abc~");
  EXPECT_EQ(cut(test::plain, "abc", 0), "");
}

TEST_F(Screens, WhatIsCutEndsItsColour) {
  EXPECT_EQ(cut(test::wide, "\033[31mabcdef\033[0m", 4), "\033[31mabc…\033[0m");
}

TEST_F(Screens, ControlCharactersCannotReachATerminal) {
  for (int c = 0; c < 0x20; ++c) {
    const auto clean = harmless(std::string(1, static_cast<char>(c)));
    for (const char one : clean)
      EXPECT_GE(one, 0x20) << c;
  }
  EXPECT_EQ(harmless("\x7f"), "^?");
  EXPECT_EQ(harmless("\xC2\x9B"
                     "31m"),
            "?31m");
  EXPECT_EQ(harmless("\033]0;title\007"), "^[]0;title^G");
  EXPECT_EQ(harmless("\033[1;31mred\033[0m ok"), "red ok");
  EXPECT_EQ(harmless("\xE0\x80\x80"), "???");
}

} // namespace
} // namespace alder::cli

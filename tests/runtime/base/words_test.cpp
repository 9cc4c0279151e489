#include "runtime/base/words.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>
#include <set>

namespace alder {
namespace {

/// Every value from the first to `last` has a word of its own, and `named` reads it back.
template <class Enum, class Named> void expect_words(Enum last, Named named) {
  std::set<std::string_view> seen;
  for (int value = 0; value <= static_cast<int>(last); ++value) {
    const auto text = word(static_cast<Enum>(value));
    EXPECT_NE(text, "?") << value;
    EXPECT_TRUE(seen.insert(text).second) << text;
    EXPECT_EQ(named(text), static_cast<Enum>(value)) << text;
  }
  EXPECT_EQ(named("?"), std::nullopt);
  EXPECT_EQ(named(""), std::nullopt);
}

TEST(Words, EveryValueReadsBack) {
  expect_words(strategy::rest_for_one, strategy_named);
  expect_words(restart_kind::temporary, restart_named);
  expect_words(auto_shutdown::all_significant, auto_shutdown_named);
  expect_words(node_state::failed, node_state_named);
  expect_words(event_kind::warning, event_kind_named);
  expect_words(cause::kind::file_change, cause_named);
}

TEST(Words, ExitReasonsAreOtps) {
  EXPECT_EQ(word(exit_reason::kind::normal), "normal");
  EXPECT_EQ(word(exit_reason::kind::shutdown), "shutdown");
  EXPECT_EQ(word(exit_reason::kind::shutdown_term), "shutdown_term");
  EXPECT_EQ(word(exit_reason::kind::killed), "killed");
  EXPECT_EQ(word(exit_reason::kind::crash), "crash");
}

TEST(Words, RestartKindsKnowTheirSynonyms) {
  EXPECT_EQ(restart_named("always"), restart_kind::permanent);
  EXPECT_EQ(restart_named("on-failure"), restart_kind::transient);
  EXPECT_EQ(restart_named("never"), restart_kind::temporary);
  EXPECT_EQ(word(restart_kind::permanent), "permanent");
}

TEST(Signals, AreKnownByAllTheirNames) {
  for (const char* name : {"TERM", "SIGTERM", "term", "sigterm", "15"})
    EXPECT_EQ(signal_named(name), SIGTERM) << name;
  for (const char* name : {"", "SIG", "0", "-1", "65", "TERMINATE", "15x", "99999999999"})
    EXPECT_EQ(signal_named(name), std::nullopt) << name;
}

TEST(Signals, HaveNames) {
  EXPECT_EQ(signal_name(SIGSEGV), "SIGSEGV");
  EXPECT_EQ(signal_name(35), "signal 35");
}

TEST(ExitWords, AreBriefForTablesAndLongerInSentences) {
  EXPECT_EQ(brief(exit_status::code(1)), "code 1");
  EXPECT_EQ(brief(exit_status::signal(SIGSEGV)), "SIGSEGV");
  EXPECT_EQ(brief(exit_status{}), "unknown");
  EXPECT_EQ(phrase(exit_status::code(1)), "exited with code 1");
  EXPECT_EQ(phrase(exit_status::signal(SIGKILL)), "was killed by SIGKILL");
  EXPECT_EQ(phrase(exit_status{}), "ended with an unknown exit status");
}

TEST(CauseWords, AreTheRestOfASentence) {
  using kind = cause::kind;
  const auto because = [](kind what, const char* origin, const char* detail, const char* strategy = "") {
    return phrase(cause{what, origin, detail, strategy});
  };
  EXPECT_EQ(because(kind::tree_start, "", ""), "");
  EXPECT_EQ(because(kind::sibling_exit, "cache", "exited with code 1", "rest_for_one"),
            "because sibling cache exited with code 1 (rest_for_one)");
  EXPECT_EQ(because(kind::failed_attempt, "", "refused"), "because its last start failed: refused");
  EXPECT_EQ(because(kind::failed_attempt, "db", "refused"), "because the start of db failed: refused");
  EXPECT_EQ(because(kind::request, "", ""), "on request");
  EXPECT_EQ(because(kind::tree_stop, "", ""), "because its supervisor is stopping");
  EXPECT_EQ(because(kind::gave_up, "db", "too many"), "because its supervisor gave up: too many");
  EXPECT_EQ(because(kind::auto_shutdown, "db", "x"), "because significant child db ended");
  EXPECT_EQ(because(kind::start_unwound, "db", "refused"), "because the start of db failed: refused");
  EXPECT_EQ(because(kind::adopted, "", ""), "it kept running while the daemon was down");
}

TEST(CauseWords, AChildThatEndedByItselfIsCalledIt) {
  EXPECT_EQ(phrase(cause{cause::kind::own_exit, "", "exited with code 1", ""}), "because it exited with code 1");
}

TEST(ErrnoText, HasTheSentenceAndTheName) {
  EXPECT_EQ(errno_text(ENOENT), "no such file or directory (ENOENT)");
  EXPECT_EQ(errno_text(12345), "error 12345");
}

} // namespace
} // namespace alder

#include "runtime/wire/process_note.hpp"

#include <gtest/gtest.h>

namespace alder::wire {
namespace {

using namespace std::chrono_literals;
using phase = process_note::phase;

TEST(ProcessNote, comes_back_as_it_was) {
  for (const auto& note : {process_note{}, process_note{3, phase::none, {}}, process_note{0, phase::waiting, {}},
                           process_note{7, phase::waiting, 81000ms}, process_note{4294967295, phase::stopping, 1ms}})
    EXPECT_EQ(decode_process_note(encode(note)), note) << encode(note);
}

TEST(ProcessNote, is_written_as_former_versions_read_it) {
  EXPECT_EQ(encode({3, phase::none, {}}), "3");
  EXPECT_EQ(encode({3, phase::waiting, {}}), "3 waiting");
  EXPECT_EQ(encode({0, phase::stopping, 4000ms}), "0 stopping 4000");
}

TEST(ProcessNote, counts_what_it_does_not_understand_as_nothing) {
  for (const auto* text : {"", " ", "x", "-1", "99999999999999999999", "waiting"})
    EXPECT_EQ(decode_process_note(text), process_note{}) << text;
  EXPECT_EQ(decode_process_note("2 sleeping 5"), (process_note{2, phase::none, {}}));
  EXPECT_EQ(decode_process_note("2 waiting soon"), (process_note{2, phase::waiting, {}}));
  EXPECT_EQ(decode_process_note("2 waiting 0"), (process_note{2, phase::waiting, {}}));
}

} // namespace
} // namespace alder::wire

#include "runtime/wire/journal_record.hpp"

#include <gtest/gtest.h>

namespace alder::wire {
namespace {

std::string journal(const std::string& records) { return journal_header() + records; }

TEST(JournalRecord, TheChecksumIsTheCommonOne) { EXPECT_EQ(crc32("123456789"), 0xCBF43926U); }

TEST(JournalRecord, TheLastRecordOfAKeyCounts) {
  const auto bytes =
      journal(journal_record("a", "1") + journal_record("b", "2") + journal_record("a", "3") + journal_record("b", ""));
  const auto read = read_journal(bytes);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->values, (std::map<std::string, std::string>{{"a", "3"}}));
  EXPECT_EQ(read->good_bytes, bytes.size());
  EXPECT_EQ(read->damaged, 0u);
}

TEST(JournalRecord, WhereverTheTailIsTornTheRecordsBeforeItCount) {
  const auto whole = journal(journal_record("a", "1"));
  const auto bytes = whole + journal_record("b", R"({"long":"enough to be torn in many places"})");
  for (auto size = whole.size(); size < bytes.size(); ++size) {
    const auto read = read_journal(bytes.substr(0, size));
    ASSERT_TRUE(read) << size;
    EXPECT_EQ(read->values.size(), 1u) << size;
    EXPECT_EQ(read->good_bytes, whole.size());
    EXPECT_EQ(read->torn_bytes, size - whole.size());
  }
  for (std::size_t size = 0; size < journal_header().size(); ++size)
    EXPECT_TRUE(read_journal(bytes.substr(0, size))) << size;
}

TEST(JournalRecord, ADamagedRecordIsSkippedAndCounted) {
  auto bytes = journal(journal_record("a", "1") + journal_record("b", "2") + journal_record("c", "3"));
  bytes[bytes.find("\t2\n") + 1] = '5';
  const auto read = read_journal(bytes);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->values.size(), 2u);
  EXPECT_EQ(read->damaged, 1u);
  EXPECT_EQ(read->torn_bytes, 0u);
}

TEST(JournalRecord, AJournalOfALaterVersionOrAnotherFileIsRefused) {
  EXPECT_EQ(read_journal("alder-journal 2\n").failure().kind, error_kind::conflict);
  EXPECT_EQ(read_journal("something else\n").failure().kind, error_kind::invalid_input);
  EXPECT_EQ(read_journal("x").failure().kind, error_kind::invalid_input);
}

} // namespace
} // namespace alder::wire

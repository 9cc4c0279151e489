#include "runtime/wire/journal_record.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace alder::wire {
namespace {

std::string journal(const std::string& records) { return journal_header() + records; }

TEST(JournalRecord, TheChecksumIsTheCommonOne) { EXPECT_EQ(crc32("123456789"), 0xCBF43926U); }

using values = std::map<std::string, std::string>;

const std::string three = journal_record("a", "1") + journal_record("b", R"({"x":[2]})") + journal_record("c", "3");
const values all_three{{"a", "1"}, {"b", R"({"x":[2]})"}, {"c", "3"}};

journal_contents read(const std::string& bytes) {
  auto found = read_journal(bytes);
  EXPECT_TRUE(found) << found.failure().message;
  return found ? std::move(*found) : journal_contents{};
}

TEST(JournalRecord, TheLastRecordOfAKeyCounts) {
  const auto found = read(journal(journal_record("a", "1") + journal_record("b", "2") + journal_record("a", "3") +
                                  journal_record("b", "")));
  EXPECT_EQ(found.values, (values{{"a", "3"}}));
  EXPECT_EQ(found.records, 4U);
  EXPECT_TRUE(found.is_sound());
}

TEST(JournalRecord, WhereverTheTailIsTornTheRecordsBeforeItCount) {
  const auto whole = journal(journal_record("a", "1"));
  const auto bytes = whole + journal_record("b", R"({"long":"enough to be torn in many places"})");
  for (auto size = whole.size() + 1; size < bytes.size() - 1; ++size) {
    const auto found = read(bytes.substr(0, size));
    EXPECT_EQ(found.values, (values{{"a", "1"}})) << size;
    EXPECT_TRUE(found.is_torn) << size;
    EXPECT_EQ(found.lost_bytes, size - whole.size());
    EXPECT_EQ(found.damaged, 0U);
  }
  const auto without_end = read(bytes.substr(0, bytes.size() - 1));
  EXPECT_EQ(without_end.records, 2U) << "its checksum says that it is whole";
  EXPECT_FALSE(without_end.is_sound()) << "but nothing may be appended to it";
  for (std::size_t size = 1; size < journal_header().size() - 1; ++size)
    EXPECT_TRUE(read(bytes.substr(0, size)).is_torn) << size;
  EXPECT_EQ(read("").records, 0U);
}

TEST(JournalRecord, ADamagedRecordIsSkippedAndTheRestCounts) {
  auto bytes = journal(three);
  bytes[bytes.find("[2]") + 1] = '5';
  const auto found = read(bytes);
  EXPECT_EQ(found.values, (values{{"a", "1"}, {"c", "3"}}));
  EXPECT_EQ(found.damaged, 1U);
  EXPECT_FALSE(found.is_torn);
}

TEST(JournalRecord, EveryByteThatIsChangedCostsOneRecordAtMost) {
  const auto bytes = journal(three);
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (const char c : {'\0', '\n', '\t', '\r', 'x', '\xff'}) {
      if (bytes[at] == c) continue;
      auto changed = bytes;
      changed[at] = c;
      const auto found = read(changed);
      EXPECT_GE(found.records, at < journal_header().size() ? 3U : 2U) << at;
      EXPECT_FALSE(found.is_sound()) << at;
      for (const auto& [key, value] : found.values)
        EXPECT_EQ(all_three.at(key), value) << at;
    }
  }
}

TEST(JournalRecord, RecordsWithoutTheirLineEndsAreRead) {
  for (const auto& end : std::vector<std::string>{"", "\r\n", "\r", "\n\n", " ", "\t", std::string(1, '\0'), "\f"}) {
    auto bytes = journal(three);
    for (auto at = bytes.find('\n'); at != std::string::npos; at = bytes.find('\n', at + end.size()))
      bytes.replace(at, 1, end);
    const auto found = read(bytes);
    EXPECT_EQ(found.values, all_three) << '"' << end << '"';
    EXPECT_EQ(found.is_sound(), end == "\n\n") << '"' << end << '"';
  }
}

TEST(JournalRecord, GarbageInTheMiddleCostsNothingElse) {
  std::string block;
  for (int i = 0; i < 4096; ++i)
    block += static_cast<char>(i * 7919 >> 3);
  const auto first = journal_record("a", "1");
  for (const auto& garbage : {block, std::string(4096, '\0'), std::string(4096, '\t'), std::string(100, 'f')}) {
    const auto found = read(journal(first + garbage + three.substr(first.size())));
    EXPECT_EQ(found.values.count("a"), 1U);
    EXPECT_EQ(found.values.count("c"), 1U);
    EXPECT_EQ(found.damaged, 1U);
    EXPECT_GT(found.lost_bytes, garbage.size() * 9 / 10) << "all but its line ends";
  }
}

TEST(JournalRecord, WithoutItsFirstLineItIsReadAllTheSame) {
  EXPECT_EQ(read(three).values, all_three);
  EXPECT_FALSE(read(three).is_sound());
  EXPECT_EQ(read("something else\n" + three).values, all_three);
  EXPECT_EQ(read("something else\n").records, 0U);
  EXPECT_EQ(read(std::string(5000, '\0')).damaged, 1U);
}

TEST(JournalRecord, AJournalOfALaterVersionIsRefused) {
  for (const auto* first : {"alder-journal 2\n", "alder-journal 2\r\n", "alder-journal 99999999999999999999\n"})
    EXPECT_EQ(read_journal(first + three).failure().kind, error_kind::conflict);
}

} // namespace
} // namespace alder::wire

#include "runtime/store/journal.hpp"

#include "tests/support/journal_disk.hpp"
#include "tests/support/temporary_directory.hpp"

#include "runtime/os/damaged_file.hpp"
#include "runtime/os/files.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include <sys/stat.h>

namespace alder::store {
namespace {

using test::disk_state;
using test::fake_disk;

std::map<std::string, std::string> reread(disk_state& state) {
  journal again{std::make_unique<fake_disk>(state)};
  (void)again.open();
  return again.values();
}

TEST(Journal, WhatWasWrittenIsThereAgain) {
  disk_state disk;
  journal j{std::make_unique<fake_disk>(disk)};
  EXPECT_TRUE(j.open().is_first);
  j.set("a", "1");
  j.set("b", "2");
  ASSERT_TRUE(j.write());
  j.forget("a");
  ASSERT_TRUE(j.write());
  EXPECT_EQ(reread(disk), (std::map<std::string, std::string>{{"b", "2"}}));
}

TEST(Journal, NothingIsWrittenForWhatIsKnown) {
  disk_state disk;
  journal j{std::make_unique<fake_disk>(disk)};
  (void)j.open();
  j.set("a", "1");
  (void)j.write();
  const auto before = disk.bytes;
  j.set("a", "1");
  (void)j.write();
  EXPECT_EQ(disk.bytes, before);
}

TEST(Journal, OnAFullDiskItFallsBehindAndCatchesUp) {
  disk_state disk;
  journal j{std::make_unique<fake_disk>(disk)};
  (void)j.open();
  j.set("a", "1");
  ASSERT_TRUE(j.write());
  disk.room = disk.bytes.size() + 5;
  j.set("b", "2");
  EXPECT_FALSE(j.write());
  EXPECT_EQ(reread(disk), (std::map<std::string, std::string>{{"a", "1"}})); // and nothing half written stays
  j.set("c", "3");
  EXPECT_FALSE(j.write());
  disk.room = 1'000'000;
  EXPECT_TRUE(j.write());
  EXPECT_EQ(reread(disk), j.values());
}

TEST(Journal, WhicheverCallFailsNothingOlderIsLostAndTheNextWriteMendsIt) {
  for (int call = 1; call <= 4; ++call) {
    disk_state disk;
    journal j{std::make_unique<fake_disk>(disk)};
    (void)j.open();
    j.set("a", "1");
    ASSERT_TRUE(j.write());
    disk.fail_call = call;
    j.set("b", "2");
    (void)j.write(journal::durable::machine);
    EXPECT_EQ(reread(disk).at("a"), "1") << call;
    disk.fail_call = 0;
    j.set("c", "3");
    EXPECT_TRUE(j.write()) << call;
    EXPECT_EQ(reread(disk), j.values()) << call;
  }
  disk_state disk; // the append fails and what it left cannot even be cut off
  journal j{std::make_unique<fake_disk>(disk)};
  (void)j.open();
  j.set("a", "1");
  (void)j.write();
  disk.room = disk.bytes.size() + 5;
  disk.fail_call = 2;
  j.set("b", "2");
  EXPECT_FALSE(j.write());
  EXPECT_EQ(reread(disk).at("a"), "1");
  disk.room = 1'000'000;
  EXPECT_TRUE(j.write());
  EXPECT_EQ(reread(disk), j.values());
}

const std::string good = wire::journal_header() + wire::journal_record("a", "1") + wire::journal_record("b", "2");
const std::map<std::string, std::string> both{{"a", "1"}, {"b", "2"}};

/// Opens what is on the disk, and looks at what the next one finds after a write.
struct reopened {
  explicit reopened(disk_state& disk) {
    const auto before = disk.bytes;
    journal j{std::make_unique<fake_disk>(disk)};
    found = j.open();
    values = j.values();
    EXPECT_EQ(disk.bytes, before) << "until it is written anew, what is there stays";
    EXPECT_EQ(j.has_changes(), !found.is_sound()) << "the next write mends it";
    j.set("new", "9");
    EXPECT_TRUE(j.write());
    EXPECT_FALSE(j.has_changes());
    auto expected = values;
    expected["new"] = "9";
    EXPECT_EQ(reread(disk), expected);
    journal next{std::make_unique<fake_disk>(disk)};
    EXPECT_TRUE(next.open().is_sound());
  }
  journal::opened found;
  std::map<std::string, std::string> values;
};

TEST(Journal, AFirstStartIsNotOneWhoseJournalIsEmpty) {
  disk_state none;
  const reopened first{none};
  EXPECT_TRUE(first.found.is_first);
  EXPECT_TRUE(first.found.is_sound());
  EXPECT_TRUE(none.kept.empty());
  for (const auto& bytes : {std::string{}, std::string(4096, '\0'), wire::journal_header(), std::string{"alder-jo"}}) {
    disk_state disk{bytes};
    disk.is_there = true;
    const reopened again{disk};
    EXPECT_FALSE(again.found.is_first);
    EXPECT_FALSE(again.found.is_sound()) << bytes;
    EXPECT_EQ(again.found.records, 0U);
    EXPECT_EQ(disk.kept, std::vector{bytes});
  }
}

TEST(Journal, WhatCanBeReadCountsAndTheWholeIsKept) {
  auto garbled = good;
  garbled.insert(good.find(wire::journal_record("b", "2")), "\x01garbage\n\xff\xfe");
  auto joined = good;
  joined.erase(std::remove(joined.begin(), joined.end(), '\n'), joined.end());
  for (const auto& bytes :
       {good + "deadbeef\tc\t{\"half", good + "deadbeef\tc\t3\n", garbled, joined, good + std::string(100, '\0')}) {
    disk_state disk{bytes};
    const reopened again{disk};
    EXPECT_EQ(again.values, both) << bytes;
    EXPECT_EQ(again.found.records, 2U) << bytes;
    EXPECT_FALSE(again.found.problem.empty()) << bytes;
    EXPECT_EQ(again.found.kept, "journal.damaged.1");
    EXPECT_EQ(disk.kept, std::vector{bytes});
  }
}

TEST(Journal, OneThatCannotBeReadAtAllIsKept) {
  disk_state denied{good};
  denied.is_readable = false;
  const reopened unreadable{denied};
  EXPECT_NE(unreadable.found.problem.find("permission denied"), std::string::npos);
  disk_state newer{"alder-journal 7\n" + wire::journal_record("a", "1")};
  const reopened later{newer};
  EXPECT_NE(later.found.problem.find("newer version"), std::string::npos);
  EXPECT_TRUE(later.values.empty());
  EXPECT_EQ(newer.kept.size(), 1U);
  disk_state enormous{good};
  enormous.more = std::uint64_t{1} << 40U;
  const reopened large{enormous};
  EXPECT_EQ(large.values, both);
  EXPECT_NE(large.found.problem.find("larger"), std::string::npos);
}

TEST(Journal, OneThatCannotBePutAsideIsNeverWrittenTo) {
  disk_state disk{good + "garbage\n"};
  const auto before = disk.bytes;
  disk.can_keep = false;
  journal j{std::make_unique<fake_disk>(disk)};
  const auto found = j.open();
  EXPECT_TRUE(found.kept.empty());
  EXPECT_NE(found.problem.find("read-only"), std::string::npos);
  j.set("c", "3");
  EXPECT_FALSE(j.write());
  EXPECT_EQ(disk.bytes, before);
  disk.can_keep = true;
  EXPECT_TRUE(j.write());
  EXPECT_EQ(disk.kept, std::vector{before});
  EXPECT_EQ(reread(disk), j.values());
}

TEST(Journal, OneThatCannotBeMendedYetIsMendedLater) {
  disk_state disk{good + "garbage\n"};
  const auto before = disk.bytes;
  journal j{std::make_unique<fake_disk>(disk)};
  (void)j.open();
  disk.room = 0;
  EXPECT_FALSE(j.write());
  EXPECT_EQ(disk.bytes, before);
  EXPECT_TRUE(j.has_changes());
  disk.room = 1'000'000;
  EXPECT_TRUE(j.write());
  EXPECT_EQ(reread(disk), both);
  EXPECT_EQ(disk.kept.size(), 1U);
}

class JournalFile : public ::testing::Test {
protected:
  test::temporary_directory dir;
  std::string path = dir / "journal";
  /// What is on disk is read, and then a record is written.
  journal::opened reopen(std::map<std::string, std::string>& values) {
    journal j{journal_file(path)};
    auto found = j.open();
    values = j.values();
    j.set("new", "9");
    EXPECT_TRUE(j.write());
    EXPECT_TRUE(journal{journal_file(path)}.open().is_sound());
    return found;
  }
};

TEST_F(JournalFile, CanBeADirectoryALinkToNothingAFifoOrADevice) {
  std::map<std::string, std::string> values;
  const auto is_put_aside = [&] {
    const auto found = reopen(values);
    EXPECT_FALSE(found.is_first);
    EXPECT_NE(found.problem.find("cannot be read"), std::string::npos) << found.problem;
    EXPECT_TRUE(os::is_taken(found.kept)) << found.kept;
    std::filesystem::remove(path);
  };
  std::filesystem::create_directory(path);
  is_put_aside();
  std::filesystem::create_symlink("/nowhere/at/all", path);
  is_put_aside();
  std::filesystem::create_symlink("/dev/zero", path);
  is_put_aside();
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  is_put_aside();
  EXPECT_EQ(os::damaged_files(dir.path()).size(), 4U);
  EXPECT_TRUE(reopen(values).is_first);
}

TEST_F(JournalFile, CanBeEnormous) {
  std::map<std::string, std::string> values;
  ASSERT_TRUE(os::write_file_atomically(path, good));
  std::filesystem::resize_file(path, std::uintmax_t{1} << 40U); // with nothing in it
  const auto found = reopen(values);
  EXPECT_EQ(values, both);
  EXPECT_FALSE(found.is_sound());
  EXPECT_EQ(std::filesystem::file_size(found.kept), std::uintmax_t{1} << 40U);
}

TEST(Journal, IsCompactedBeforeItGrowsWithoutEnd) {
  disk_state disk;
  disk.room = 100'000'000;
  journal j{std::make_unique<fake_disk>(disk)};
  (void)j.open();
  for (int i = 0; i < 20'000; ++i) {
    j.set("a", std::to_string(i) + std::string(100, '0'));
    ASSERT_TRUE(j.write());
    j.compact();
  }
  EXPECT_GT(disk.replaced, 1);
  EXPECT_LT(disk.bytes.size(), 300'000u);
  EXPECT_EQ(reread(disk), j.values());
}

TEST(Journal, IsNeverCompactedWhileSomebodyWaitsForAWrite) {
  disk_state disk;
  disk.room = 100'000'000;
  journal j{std::make_unique<fake_disk>(disk)};
  (void)j.open();
  for (int i = 0; i < 5000; ++i) {
    j.set("a", std::to_string(i) + std::string(100, '0'));
    ASSERT_TRUE(j.write());
  }
  EXPECT_EQ(disk.replaced, 1); // the first write makes it
  EXPECT_TRUE(j.wants_compaction());
  j.set("b", "not written yet");
  j.compact();
  EXPECT_FALSE(j.wants_compaction());
  EXPECT_FALSE(j.has_changes());
  EXPECT_EQ(reread(disk), j.values());
}

TEST(Journal, ADurableWriteIsSynced) {
  disk_state disk;
  journal j{std::make_unique<fake_disk>(disk)};
  (void)j.open();
  j.set("a", "1");
  (void)j.write();
  j.set("a", "2");
  (void)j.write(journal::durable::machine);
  EXPECT_EQ(disk.synced, 1);
}

} // namespace
} // namespace alder::store

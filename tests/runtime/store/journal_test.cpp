#include "runtime/store/journal.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace alder::store {
namespace {

/// A disk in memory with room for so many bytes; what does not fit is written in part, as the kernel does.
struct disk_state {
  std::string bytes;
  std::size_t room = 1'000'000;
  int replaced = 0;
  int synced = 0;
  int fail_call = 0; ///< the n-th call from now fails, whatever it is; 0: none
};

class fake_disk final : public journal_disk {
public:
  explicit fake_disk(disk_state& s) : state_(s) {}
  result<std::string> read() override { return state_.bytes; }
  outcome append(std::string_view bytes) override {
    const auto fits = fails() ? bytes.size() / 2 : std::min(bytes.size(), state_.room - state_.bytes.size());
    state_.bytes += bytes.substr(0, fits);
    return fits == bytes.size() ? success() : full();
  }
  outcome cut(std::size_t size) override {
    if (fails()) return full();
    state_.bytes.resize(std::min(size, state_.bytes.size()));
    return success();
  }
  outcome replace(std::string_view bytes) override {
    if (fails() || bytes.size() > state_.room) return full();
    state_.bytes = bytes;
    ++state_.replaced;
    return success();
  }
  outcome sync() override {
    if (fails()) return full();
    ++state_.synced;
    return success();
  }

private:
  static outcome full() { return error{error_kind::io, "no space left on device", 28}; }
  bool fails() { return state_.fail_call > 0 && --state_.fail_call == 0; }
  disk_state& state_;
};

std::map<std::string, std::string> reread(disk_state& state) {
  journal again{std::make_unique<fake_disk>(state)};
  EXPECT_TRUE(again.open());
  return again.values();
}

TEST(Journal, WhatWasWrittenIsThereAgain) {
  disk_state disk;
  journal j{std::make_unique<fake_disk>(disk)};
  ASSERT_TRUE(j.open());
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
  EXPECT_TRUE(j.is_behind());
  EXPECT_EQ(reread(disk), (std::map<std::string, std::string>{{"a", "1"}})); // and nothing half written stays
  j.set("c", "3");
  EXPECT_FALSE(j.write());
  disk.room = 1'000'000;
  EXPECT_TRUE(j.write());
  EXPECT_FALSE(j.is_behind());
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

TEST(Journal, ATornTailIsCutOffAndTold) {
  disk_state disk;
  disk.bytes = wire::journal_header() + wire::journal_record("a", "1");
  const auto good = disk.bytes;
  disk.bytes += "deadbeef\tb\t{\"half";
  journal j{std::make_unique<fake_disk>(disk)};
  const auto opened = j.open();
  ASSERT_TRUE(opened);
  EXPECT_TRUE(opened->torn);
  EXPECT_EQ(disk.bytes, good);
  j.set("c", "3");
  (void)j.write();
  EXPECT_EQ(reread(disk).size(), 2u);
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

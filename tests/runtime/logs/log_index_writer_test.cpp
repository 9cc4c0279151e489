#include "runtime/logs/log_index_writer.hpp"

#include "tests/support/append.hpp"
#include "tests/support/temporary_directory.hpp"

#include "runtime/os/files.hpp"
#include "runtime/wire/log_archive_name.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

namespace alder::logs {
namespace {

using namespace std::chrono_literals;
using written_records = std::vector<wire::log_index_record>;

constexpr wire::log_index_record record_one{0, 1'000};
constexpr wire::log_index_record record_two{10, 2'000};

struct LogIndexWriter : ::testing::Test {
  [[nodiscard]] log_index_writer writer() const { return {file_, 1s, log_access{log_spec{}}}; }
  [[nodiscard]] written_records written() const {
    const auto bytes = os::read_file(index_, 1 << 20);
    written_records all;
    for (std::size_t at = 0; bytes && at + wire::log_index_record_size <= bytes->size();
         at += wire::log_index_record_size)
      all.push_back(wire::decode_log_index(bytes->data() + at));
    return all;
  }
  static log_index_writer::steady_time at(std::chrono::milliseconds since) {
    return log_index_writer::steady_time{1h} + since;
  }
  test::temporary_directory dir_;
  std::string file_ = dir_ / "deep/out.log";
  std::string index_ = wire::log_index_path(file_);
};

TEST_F(LogIndexWriter, MakesTheFileWithTheFirstRecord) {
  auto index = writer();
  EXPECT_FALSE(std::filesystem::exists(index_));
  index.add(record_one, at(0s));
  index.add(record_two, at(0s));
  EXPECT_EQ(written(), (written_records{record_one, record_two}));
}

TEST_F(LogIndexWriter, BeginsAnewWhenTheFileWasCutOff) {
  auto index = writer();
  index.add(record_one, at(0s));
  index.add(record_two, at(0s));
  index.add({5, 3'000}, at(0s));
  EXPECT_EQ(written(), (written_records{{5, 3'000}}));
}

TEST_F(LogIndexWriter, GoesOnWhereAFormerOneEnded) {
  writer().add(record_two, at(0s));
  ASSERT_TRUE(test::append(index_, "half a record"));
  writer().add({10, 3'000}, at(0s));
  EXPECT_EQ(written(), (written_records{record_two, {10, 3'000}})) << "what was cut in two is cut off";
  writer().add({5, 4'000}, at(0s));
  EXPECT_EQ(written(), (written_records{{5, 4'000}})) << "it knows the last place";
}

TEST_F(LogIndexWriter, TriesAgainAfterAWhile) {
  ASSERT_TRUE(test::append(dir_ / "deep", "in the way"));
  auto index = writer();
  index.add(record_one, at(0s));
  std::filesystem::remove(dir_ / "deep");
  index.add(record_one, at(999ms));
  EXPECT_FALSE(std::filesystem::exists(index_));
  index.add(record_two, at(1s));
  EXPECT_EQ(written(), (written_records{record_two}));
}

TEST_F(LogIndexWriter, ForgettingOpensAgainAtOnce) {
  auto index = writer();
  index.add(record_one, at(0s));
  std::filesystem::rename(index_, dir_ / "moved");
  index.forget();
  index.add(record_two, at(1ms));
  EXPECT_EQ(written(), (written_records{record_two}));
}

TEST_F(LogIndexWriter, KeepsWhatIsNoIndexAndSaysWhereOnce) {
  std::filesystem::create_directories(dir_ / "deep");
  const std::string garbage(wire::log_index_record_size, '\xff');
  ASSERT_TRUE(test::append(index_, garbage));
  auto index = writer();
  index.add(record_one, at(0s));
  EXPECT_EQ(written(), (written_records{record_one}));
  const auto kept = index.take_kept();
  EXPECT_EQ(*os::read_file(kept, 1000), garbage);
  EXPECT_EQ(index.take_kept(), "");
}

TEST_F(LogIndexWriter, KnowsWhenTheFileBeganAndWhatItFollows) {
  EXPECT_EQ(writer().first_moment(), std::nullopt);
  EXPECT_EQ(writer().predecessor(), wire::archive_time{});
  writer().add(wire::log_index_record::behind_archive(7'000), at(0s));
  EXPECT_EQ(writer().first_moment(), std::nullopt) << "nothing is written yet";
  writer().add({0, 9'000}, at(0s));
  EXPECT_EQ(writer().first_moment(), os::file_time{9'000ns});
  EXPECT_EQ(writer().predecessor(), wire::archive_time{7us});
}

} // namespace
} // namespace alder::logs

#include "runtime/config/zone_file.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

namespace alder::config {
namespace {

std::string number(std::int64_t value, int size) {
  std::string bytes;
  for (int shift = (size - 1) * 8; shift >= 0; shift -= 8)
    bytes += static_cast<char>(static_cast<std::uint64_t>(value) >> static_cast<unsigned>(shift) & 0xFFU);
  return bytes;
}

struct change {
  std::int64_t at;
  int type;
};

/// A file of version 2 whose first part is empty, as `zic -b slim` writes it.
std::string file(const std::vector<std::int32_t>& offsets, const std::vector<change>& changes,
                 const std::string& footer) {
  const auto header = [](std::size_t times, std::size_t types, std::size_t letters) {
    std::string bytes = "TZif2" + std::string(15, '\0');
    for (const auto n : {std::size_t{0}, std::size_t{0}, std::size_t{0}, times, types, letters})
      bytes += number(static_cast<std::int64_t>(n), 4);
    return bytes;
  };
  auto bytes = header(0, 1, 1) + std::string(7, '\0') + header(changes.size(), offsets.size(), 4);
  for (const auto& one : changes)
    bytes += number(one.at, 8);
  for (const auto& one : changes)
    bytes += static_cast<char>(one.type);
  for (const auto offset : offsets)
    bytes += number(offset, 4) + std::string(2, '\0');
  return bytes + std::string("ABC\0", 4) + "\n" + footer + "\n";
}

TEST(ZoneFile, HasChangesAndWhatHoldsBeforeThem) {
  const auto zone = parse_zone_file(file({-600, 3600, -7200}, {{-5'000'000'000, 1}, {100, 2}}, ""), "X/Y");
  ASSERT_TRUE(zone) << zone.failure().message;
  EXPECT_EQ(zone->name, "X/Y");
  EXPECT_EQ(zone->first, -600);
  EXPECT_EQ(zone->changes, (std::vector<time_zone::change>{{-5'000'000'000, 3600}, {100, -7200}}));
  EXPECT_FALSE(zone->yearly);
}

TEST(ZoneFile, YearlyRules) {
  const auto zone = parse_zone_file(file({3600}, {}, "CET-1CEST,M3.5.0,M10.5.0/3"), "");
  ASSERT_TRUE(zone && zone->yearly);
  EXPECT_EQ((*zone->yearly)[0], (time_zone::yearly_rule{3, 5, 0, 7200, 7200}));
  EXPECT_EQ((*zone->yearly)[1], (time_zone::yearly_rule{10, 5, 0, 10800, 3600}));
}

TEST(ZoneFile, YearlyRulesWithNamesInBracketsAndTimesBelowZero) {
  const auto zone = parse_zone_file(file({0}, {}, "<-02>2<-01>,M3.5.0/-1,M10.5.0/0"), "America/Nuuk");
  ASSERT_TRUE(zone && zone->yearly);
  EXPECT_EQ((*zone->yearly)[0], (time_zone::yearly_rule{3, 5, 0, -3600, -3600}));
  EXPECT_EQ((*zone->yearly)[1], (time_zone::yearly_rule{10, 5, 0, 0, -7200}));
  const auto howe = parse_zone_file(file({0}, {}, "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0"), "");
  ASSERT_TRUE(howe && howe->yearly);
  EXPECT_EQ((*howe->yearly)[1].offset, 37800);
}

TEST(ZoneFile, AZoneWithoutSummerTimeHasNone) {
  const auto zone = parse_zone_file(file({19800}, {}, "IST-5:30"), "");
  ASSERT_TRUE(zone);
  EXPECT_FALSE(zone->yearly);
}

TEST(ZoneFile, OtherFilesAreRefused) {
  EXPECT_EQ(parse_zone_file("", "").failure().message, "is not a time zone file of version 2 or later");
  EXPECT_EQ(parse_zone_file("root:x:0:0:", "").failure().message, "is not a time zone file of version 2 or later");
  EXPECT_EQ(parse_zone_file(file({0}, {}, "CET-1CEST,J60,J300"), "").failure().message,
            "has yearly rules of an unknown kind");
  EXPECT_FALSE(parse_zone_file(file({0}, {{5, 0}, {5, 0}}, ""), "")) << "moments that do not grow";
  EXPECT_FALSE(parse_zone_file(file({0}, {{5, 1}}, ""), "")) << "a type that is not there";
}

TEST(ZoneFile, WhateverIsCutOffIsDamaged) {
  const auto whole = file({3600, 7200}, {{5, 1}, {6, 0}}, "CET-1CEST,M3.5.0,M10.5.0/3");
  ASSERT_TRUE(parse_zone_file(whole, ""));
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(parse_zone_file(whole.substr(0, size), "")) << size;
}

TEST(ZoneFile, NamesStayInTheDatabase) {
  for (const auto* name : {"UTC", "Europe/Berlin", "America/Port-au-Prince", "Etc/GMT+5"})
    EXPECT_TRUE(is_zone_name(name)) << name;
  for (const auto* name : {"", "/etc/passwd", "../../etc/passwd", "Europe/Ber lin", "a.b"})
    EXPECT_FALSE(is_zone_name(name)) << name;
}

} // namespace
} // namespace alder::config

#include "runtime/config/places.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string_view>

namespace alder::config {
namespace {

TEST(Places, HaveEachANameAndAPhraseOfTheirOwn) {
  std::set<std::string_view> names;
  std::set<std::string_view> phrases;
  for (const auto& [where, name, its_phrase] : all_places) {
    EXPECT_EQ(entry_of(where).name, name);
    EXPECT_EQ(phrase(where), its_phrase);
    names.insert(name);
    phrases.insert(its_phrase);
  }
  EXPECT_EQ(names.size(), all_places.size());
  EXPECT_EQ(phrases.size(), all_places.size());
}

TEST(Places, AreInASetEachByItself) {
  for (const auto& [one, name, its_phrase] : all_places) {
    const place_set alone = one;
    EXPECT_EQ(alone.size(), 1U) << name;
    for (const auto& [other, its_name, other_phrase] : all_places)
      EXPECT_EQ(alone.has(other), one == other) << name << ", " << its_name;
  }
  const auto both = place::root | place::hooks;
  EXPECT_EQ(both.size(), 2U);
  EXPECT_TRUE(both.has(place::root) && both.has(place::hooks) && !both.has(place::watch));
  EXPECT_EQ(both | place::hooks, both);
}

TEST(Places, LeaveRoomForManyMore) {
  const place_set last = static_cast<place>(63);
  EXPECT_TRUE(last.has(static_cast<place>(63)));
  EXPECT_FALSE(last.has(place::root));
}

} // namespace
} // namespace alder::config

#include "runtime/wire/json_value.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <limits>

namespace alder::wire {
namespace {

using namespace std::chrono_literals;

json_value object(std::string_view text) { return *parse_answer(text); }

TEST(JsonValue, AnAnswerIsAnObject) {
  EXPECT_TRUE(parse_answer("{}"));
  for (const auto* text : {"", "{", "[]", "null", "7", "<html>", "\xff\xfe", "{\"a\":\"\xff\"}"})
    EXPECT_EQ(parse_answer(text).failure().kind, error_kind::io) << text;
}

TEST(JsonValue, NumbersThatDoNotFitAreNone) {
  const auto value = object(R"({"big":4294967296,"small":-1,"half":1.5,"text":"1","port":65536})");
  unsigned number = 7;
  EXPECT_FALSE(take(value, "big", number));
  EXPECT_FALSE(take(value, "small", number));
  EXPECT_FALSE(take(value, "half", number));
  EXPECT_FALSE(take(value, "text", number));
  EXPECT_FALSE(take(value, "absent", number));
  EXPECT_EQ(number, 7U);
  std::uint16_t port = 1;
  EXPECT_FALSE(take(value, "port", port));
  int negative = 0;
  EXPECT_TRUE(take(value, "small", negative));
  EXPECT_EQ(negative, -1);
  std::uint64_t large = 0;
  EXPECT_TRUE(take(value, "big", large));
  EXPECT_EQ(large, 4294967296U);
  std::uint64_t unsigned_one = 0;
  EXPECT_FALSE(take(value, "small", unsigned_one));
  double half = 0;
  EXPECT_TRUE(take(value, "half", half));
  EXPECT_EQ(half, 1.5);
}

TEST(JsonValue, WhatIsOfAnotherTypeLeavesTheFieldAsItWas) {
  const auto value = object(R"({"a":7,"list":["x",1,"y"],"numbers":[1,"2",3],"map":{"A":"1","B":2},"at":"yesterday"})");
  std::string text = "kept";
  EXPECT_FALSE(take(value, "a", text));
  EXPECT_EQ(text, "kept");
  std::optional<std::string> none;
  EXPECT_FALSE(take(value, "a", none));
  EXPECT_FALSE(none);
  std::vector<std::string> list;
  EXPECT_TRUE(take(value, "list", list));
  EXPECT_EQ(list, (std::vector<std::string>{"x", "y"}));
  std::vector<int> numbers;
  EXPECT_TRUE(take(value, "numbers", numbers));
  EXPECT_EQ(numbers, (std::vector<int>{1, 3}));
  std::map<std::string, std::string> map;
  EXPECT_TRUE(take(value, "map", map));
  EXPECT_EQ(map, (std::map<std::string, std::string>{{"A", "1"}}));
  std::optional<wall_time> at;
  EXPECT_FALSE(take(value, "at", at));
  milliseconds period{5};
  EXPECT_TRUE(take(value, "a", period));
  EXPECT_EQ(period, 7ms);
  EXPECT_EQ(object_in(value, "list"), nullptr);
  EXPECT_NE(object_in(value, "map"), nullptr);
}

TEST(JsonValue, BytesThatAreNotUtf8AreShownAsReadersFindThem) {
  const std::string bytes = "a\xff"
                            "b\xe2\x82";
  const auto value = object(written({{"line", bytes}}));
  EXPECT_EQ(value["line"].get<std::string>(), shown_text(bytes));
  EXPECT_EQ(shown_text("\u20ac"), "\u20ac");
}

TEST(JsonValue, NumbersHaveTheirShortestDigits) {
  EXPECT_EQ(number_text(42), "42.0");
  EXPECT_EQ(number_text(0.1), "0.1");
}

} // namespace
} // namespace alder::wire

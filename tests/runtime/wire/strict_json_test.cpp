#include "runtime/wire/strict_json.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>

namespace alder::wire {
namespace {

TEST(StrictJson, SaysWhereItIsNotJson) {
  EXPECT_EQ(parse_strictly("[1]").failure().message, "expected a JSON object, got array");
  EXPECT_EQ(parse_strictly("{").failure().message.rfind("not JSON: parse error at line 1, column 2", 0), 0U);
}

TEST(StrictJson, NestingIsCapped) {
  const auto nested = [](std::size_t depth) {
    return R"({"x":)" + std::string(depth, '[') + std::string(depth, ']') + "}";
  };
  EXPECT_TRUE(parse_strictly(nested(31)));
  EXPECT_FALSE(parse_strictly(nested(32)));
  EXPECT_FALSE(parse_strictly(std::string(1'000'000, '[')));
}

TEST(StrictJson, NumbersAreInTheirRange) {
  const auto object = *parse_strictly(R"({"a":2147483648,"b":-1,"c":"1","schema":1})");
  EXPECT_FALSE(read_number<int>(object, "a", 0));
  EXPECT_EQ(*read_number<std::uint32_t>(object, "a", 0), 2147483648U);
  EXPECT_EQ(read_number<int>(object, "b", 0).failure().message,
            "'b': expected a whole number from 0 to 2147483647, got number");
  EXPECT_FALSE(read_number<std::uint64_t>(object, "c", 0));
  EXPECT_EQ(*read_number<std::int64_t>(object, "d", 7), 7);
}

TEST(StrictJson, UnknownFieldsAreRefused) {
  const auto object = *parse_strictly(R"({"fil":"/a","schema":1})");
  EXPECT_EQ(check_fields(object, {"file"}).failure().message, "'fil' is not a known field: did you mean 'file'?");
  EXPECT_TRUE(check_fields(object, {"fil"}));
  EXPECT_EQ(read_text(object, "file").failure().message, "'file' is missing: expected a string");
  EXPECT_EQ(text_or_empty(object, "schema"), "");
}

} // namespace
} // namespace alder::wire

#include "runtime/wire/process_record.hpp"

#include <gtest/gtest.h>

namespace alder::wire {
namespace {

TEST(ProcessRecord, AProcessIsReadAsItWasWritten) {
  for (const auto& process : {noted_process{{}, 7, 4711, 987654321987, 55, 56, 1'700'000'000'123, "3 waiting"},
                              noted_process{{}, 1, 2, 3, 0, 0, 4, {}, 99}}) {
    const auto read = parse_process_value(process_value(process));
    ASSERT_TRUE(read) << read.failure().message;
    EXPECT_EQ(*read, process);
  }
}

TEST(ProcessRecord, FieldsOfALaterVersionAreIgnoredAndWhatIsNoneIsRefused) {
  EXPECT_TRUE(parse_process_value(R"({"generation":1,"pid":2,"start":3,"started":4,"colour":"red"})"));
  for (const auto* text :
       {R"({"generation":1,"pid":2})", "", "[", R"({"generation":"1","pid":2,"start":3,"started":4})"})
    EXPECT_EQ(parse_process_value(text).failure().kind, error_kind::invalid_input) << text;
}

} // namespace
} // namespace alder::wire

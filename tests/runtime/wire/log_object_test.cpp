#include "runtime/wire/log_object.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace alder::wire {
namespace {

std::string object_of(std::string_view line, bool partial = false) {
  std::string text;
  add_log_object(text, {.time = "now", .stream = "err", .line = line, .partial = partial});
  return text;
}

TEST(LogObject, IsOneLine) {
  EXPECT_EQ(object_of("hello"), "{\"time\":\"now\",\"stream\":\"err\",\"line\":\"hello\"}\n");
  EXPECT_EQ(object_of("hel", true), "{\"time\":\"now\",\"stream\":\"err\",\"line\":\"hel\",\"partial\":true}\n");
}

TEST(LogObject, EveryTextComesBack) {
  std::string every;
  for (int c = 0; c < 0x80; ++c)
    every += static_cast<char>(c);
  every += "\xc3\xa4 \xe2\x82\xac";
  const auto text = object_of(every);
  EXPECT_EQ(text.find('\n'), text.size() - 1);
  EXPECT_EQ(nlohmann::json::parse(text)["line"], every);
}

TEST(LogObject, WhatIsNoTextIsReplaced) {
  EXPECT_EQ(nlohmann::json::parse(object_of("a\xff\xfe b\xc3"))["line"], "a\xef\xbf\xbd\xef\xbf\xbd b\xef\xbf\xbd");
}

} // namespace
} // namespace alder::wire

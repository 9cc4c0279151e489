#include "runtime/base/known_by.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace alder {
namespace {

struct answer {
  check_spec check;
  check_source source = check_source::none;
  std::optional<ready_channel> channel = {};
  std::optional<check_address> address = {};
};

TEST(KnownBy, EachKindOfCheckHasAnAnswer) {
  const std::vector<answer> all{
      {{}, check_source::none},
      {ready_after{milliseconds{5}}, check_source::timed},
      {ready_tcp{"127.0.0.1", 80}, check_source::polled, {}, check_address{"127.0.0.1", 80}},
      {ready_http{"::1", 81}, check_source::polled, {}, check_address{"::1", 81}},
      {ready_exec{{"true"}}, check_source::polled},
      {ready_file{"/run/x"}, check_source::polled},
      {ready_notify{}, check_source::told, ready_channel::notify},
      {ready_message{}, check_source::told, ready_channel::ipc},
      {ready_descriptor{3}, check_source::told, ready_channel::descriptor},
      {ready_log{"up"}, check_source::told, ready_channel::log},
  };
  ASSERT_EQ(all.size(), std::variant_size_v<check_spec>);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto& [check, source, channel, address] = all[i];
    EXPECT_EQ(check.index(), i);
    EXPECT_EQ(known_by(check), source) << i;
    EXPECT_EQ(told_over(check), channel) << i;
    EXPECT_EQ(address_of(check), address) << i;
  }
}

TEST(KnownBy, WhatIsToldHasAChannelAndNothingElseHas) {
  for (const check_spec& check : {check_spec{ready_after{}}, check_spec{ready_tcp{}}, check_spec{ready_log{}},
                                  check_spec{ready_notify{}}, check_spec{}})
    EXPECT_EQ(told_over(check).has_value(), known_by(check) == check_source::told);
}

} // namespace
} // namespace alder

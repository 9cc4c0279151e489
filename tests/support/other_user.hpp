// Tests that play two users: root, whose daemon it is, and another one who attacks.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include <sys/stat.h>
#include <unistd.h>

namespace alder::test {

/// `nobody`, on every system that these tests run on.
inline constexpr unsigned other_uid = 65534;

/// Gives a file, directory or link to that user.
inline void give_away(const std::string& path, unsigned uid = other_uid) {
  ASSERT_EQ(::lchown(path.c_str(), uid, uid), 0) << path;
}

/// This process acts as that user while it lives.
class as_other_user {
public:
  explicit as_other_user(unsigned uid = other_uid) { EXPECT_EQ(::seteuid(uid), 0); }
  ~as_other_user() { EXPECT_EQ(::seteuid(0), 0); }
  as_other_user(const as_other_user&) = delete;
  as_other_user& operator=(const as_other_user&) = delete;
};

} // namespace alder::test

/// At the beginning of a test.
#define ALDER_NEEDS_ROOT                                                                                               \
  if (::geteuid() != 0) GTEST_SKIP() << "only root can play two users"

#include "actors/host/secret_reader.hpp"

#include "tests/support/temporary_directory.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <optional>

namespace alder::actors {
namespace {

class SecretReader : public ::testing::Test {
protected:
  /// The variables, or the error, of a service with the secret TOKEN in `file`.
  result<secret_reader::environment> read(const std::string& file) {
    service_spec spec;
    spec.environment = {{"A", "1"}, {"TOKEN", "of the environment"}};
    if (!file.empty()) spec.secrets = {{"TOKEN", file}};
    std::optional<result<secret_reader::environment>> got;
    reader.read("shop/web", spec, [&](result<secret_reader::environment> variables) { got = std::move(variables); });
    loop.restart();
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
    while (!got && std::chrono::steady_clock::now() < deadline)
      (void)loop.run_one_for(std::chrono::milliseconds{100});
    return got ? *got : result<secret_reader::environment>{error{error_kind::timed_out, "no answer"}};
  }
  std::string file(const std::string& content) {
    std::ofstream{dir / "token"} << content;
    return dir / "token";
  }

  test::temporary_directory dir;
  boost::asio::io_context loop;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> stays{loop.get_executor()};
  os::off_loop threads{loop};
  secret_reader reader{threads};
};

TEST_F(SecretReader, IsAnsweredAtOnceWithoutSecrets) {
  const auto got = read("");
  ASSERT_TRUE(got.ok());
  EXPECT_EQ(got->at("TOKEN"), "of the environment");
}

TEST_F(SecretReader, AFileTakesThePlaceOfAVariable) {
  const auto got = read(file("s3cret\n"));
  ASSERT_TRUE(got.ok()) << got.failure().message;
  EXPECT_EQ(got->at("TOKEN"), "s3cret") << "without the last line end";
  EXPECT_EQ(got->at("A"), "1");
  EXPECT_EQ(read(file("two\nlines\n\n"))->at("TOKEN"), "two\nlines\n") << "and only that";
}

TEST_F(SecretReader, WhatCannotBeReadIsNamed) {
  const auto missing = read(dir / "nothing");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.failure().message.rfind("the secret TOKEN cannot be read: ", 0), 0u) << missing.failure().message;
  const auto nul = read(file(std::string("a\0b", 3)));
  ASSERT_FALSE(nul.ok());
  EXPECT_NE(nul.failure().message.find("holds a NUL byte"), std::string::npos) << nul.failure().message;
}

} // namespace
} // namespace alder::actors

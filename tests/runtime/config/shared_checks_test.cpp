#include "runtime/config/shared_checks.hpp"

#include "tests/runtime/config/config_fixture.hpp"

#include <gmock/gmock.h>

namespace alder::config {
namespace {

TEST(SharedChecks, AnAddressOrAFileIsAPlaceThatOneProcessCanHave) {
  EXPECT_EQ(shared_place(ready_tcp{"127.0.0.1", 80}, ready_tcp{"127.0.0.1", 80}), "127.0.0.1:80");
  EXPECT_EQ(shared_place(ready_tcp{"127.0.0.1", 80}, ready_http{"127.0.0.1", 80, "/a"}), "127.0.0.1:80");
  EXPECT_EQ(shared_place(ready_file{"/run/x"}, ready_file{"/run/x"}), "the file /run/x");
  EXPECT_EQ(shared_place(ready_tcp{"127.0.0.1", 80}, ready_tcp{"127.0.0.1", 81}), std::nullopt);
  EXPECT_EQ(shared_place(ready_notify{}, ready_notify{}), std::nullopt);
  EXPECT_EQ(shared_place({}, {}), std::nullopt);
}

std::vector<std::string> warnings(const std::string& service) {
  std::vector<std::string> all;
  for (const auto& one :
       load_tree({"/srv/alder.yaml", "children:\n  - {service: web, command: run, " + service + "}\n"}).diagnostics)
    all.push_back(one.code + " " + one.message);
  return all;
}

TEST(SharedChecks, APoolWhoseInstancesShareOneIsWarnedAbout) {
  using ::testing::ElementsAre;
  using ::testing::HasSubstr;
  using ::testing::IsEmpty;
  EXPECT_THAT(warnings("instances: 2, ready: {tcp: 8080}"), ElementsAre(HasSubstr("W011 all 2 instances of 'web'")));
  EXPECT_THAT(warnings("instances: 2, ready: {http: 'http://localhost:80/up'}"),
              ElementsAre(HasSubstr("localhost:80")));
  EXPECT_THAT(warnings("instances: 2, ready: {file: up}"), ElementsAre(HasSubstr("/srv/up")));
  EXPECT_THAT(warnings("instances: 2, health: {tcp: 8080}"), ElementsAre(HasSubstr("W011 all 2 instances")));
  EXPECT_THAT(warnings("instances: 2, ready: {tcp: '808${INSTANCE}'}"), IsEmpty());
  EXPECT_THAT(warnings("instances: 1, ready: {tcp: 8080}"), IsEmpty());
  EXPECT_THAT(warnings("ready: {tcp: 8080}, health: {tcp: 8080}"), IsEmpty());
}

} // namespace
} // namespace alder::config

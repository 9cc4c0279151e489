#include "actors/host/checks.hpp"

#include "tests/actors/support/host_bed.hpp"
#include "tests/support/node_literal.hpp"
#include "tests/support/temporary_directory.hpp"

#include "runtime/os/clock.hpp"

#include <gmock/gmock.h>

#include <fstream>

#include <netinet/in.h>
#include <sys/socket.h>

namespace alder::actors::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// Somebody who listens on a port of 127.0.0.1.
class listener {
public:
  listener() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* where = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(socket_.get(), where, size), 0);
    EXPECT_EQ(::listen(socket_.get(), 1), 0);
    EXPECT_EQ(::getsockname(socket_.get(), where, &size), 0);
    port_ = ntohs(address.sin_port);
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }

private:
  unique_fd socket_;
  std::uint16_t port_ = 0;
};

class Checks : public host_bed {
protected:
  void SetUp() override {
    host_bed::SetUp();
    run(web, 77);
  }
  std::size_t left = 1000; ///< descriptors
  os::work_thread matching{loop, "matching"};
  os::descriptor_budget budget{16, [this] { return os::descriptor_count{0, left + 16}; }};
  checks all{loop, table, commands, matching, budget};
  test::temporary_directory dir;
};

TEST_F(Checks, APortThatAnswersIsReady) {
  const listener somebody;
  spec.ready.check = ready_tcp{"127.0.0.1", somebody.port()};
  all.ready(web, spec);
  std::vector<std::string> told;
  ASSERT_TRUE(run_until([&] { return !(told = owner->take()).empty(); }));
  EXPECT_THAT(told, ElementsAre("ready"));
}

TEST_F(Checks, ACommandIsAnsweredByItsEndWithTheTokenOfTheQuestion) {
  spec.health = health_spec{ready_exec{{"true"}}};
  all.health(web, spec, 7);
  const auto started = keeper.starts();
  ASSERT_EQ(started.size(), 1u);
  EXPECT_THAT(owner->take(), IsEmpty());
  (void)commands.on_exited({started[0].id, started[0].generation}, exit_status::code(2));
  EXPECT_THAT(owner->take(), ElementsAre("health 7: its command true exited with code 2"));
}

TEST_F(Checks, ThatNoDescriptorIsLeftSaysNothingAboutTheService) {
  left = 0;
  spec.ready.check = ready_exec{{"true"}};
  all.ready(web, spec);
  EXPECT_THAT(keeper.starts(), IsEmpty());
  EXPECT_THAT(owner->take(), IsEmpty());
  left = 1000;
  EXPECT_TRUE(run_until([&] { return !keeper.starts().empty(); })) << "it is asked again";
}

TEST_F(Checks, AFileCountsWhenItIsNotTheOneThatWasThereBeforeTheStart) {
  const auto path = dir / "up";
  spec.ready.check = ready_file{path};
  all.ready(web, spec);
  EXPECT_THAT(owner->take(), ElementsAre("not ready: " + path + " does not exist"));
  std::ofstream{path} << "1";
  auto& process = *table.find(web);
  process.knows_former_file = true;
  process.former_file = *os::facts_of(path);
  all.ready(web, spec);
  EXPECT_THAT(owner->take(), ElementsAre("not ready: " + path + " is older than the process"));
  std::ofstream{path} << "23";
  all.ready(web, spec);
  EXPECT_THAT(owner->take(), ElementsAre("ready"));
}

TEST_F(Checks, WhatTheProgramSaysIsNotAskedFor) {
  for (const auto& check : {check_spec{}, check_spec{ready_notify{}}, check_spec{ready_message{}}}) {
    spec.ready.check = check;
    all.ready(web, spec);
  }
  all.ready({"shop/gone"_node, 1}, spec);
  EXPECT_THAT(owner->take(), IsEmpty());
  EXPECT_THAT(keeper.starts(), IsEmpty());
}

TEST_F(Checks, APortIsTakenByStrangersOnly) {
  const listener somebody;
  EXPECT_FALSE(taken_port(spec, members)) << "it asks no port";
  spec.ready.check = ready_tcp{"127.0.0.1", somebody.port()};
  const auto why = taken_port(spec, members);
  ASSERT_TRUE(why);
  EXPECT_EQ(
      why->rfind("port " + std::to_string(somebody.port()) + ", used by its readiness check, is already taken", 0), 0u)
      << *why;
  run({"shop/other"_node, 1}, ::getpid()); // now it is one of ours that listens
  EXPECT_FALSE(taken_port(spec, members));
}

} // namespace
} // namespace alder::actors::testing

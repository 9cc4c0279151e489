// What the classes of the host share, with the keeper played by the test.
#pragma once

#include "tests/actors/support/played_keeper.hpp"
#include "tests/support/node_literal.hpp"

#include "actors/host/keeper_channel.hpp"
#include "actors/host/process_members.hpp"
#include "actors/host/process_table.hpp"
#include "actors/host/secret_reader.hpp"
#include "actors/host/side_commands.hpp"

#include "runtime/os/off_loop.hpp"
#include "runtime/os/pidfd.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace alder::actors::testing {

class host_bed : public ::testing::Test {
protected:
  void SetUp() override {
    auto client = keeper.attach_with({});
    ASSERT_TRUE(client.ok());
    channel.attach(std::move(*client));
    members.begin();
    (void)keeper.heard();
    spec.name = "web";
    spec.cwd = "/";
  }
  /// Enters a process of the service, with an owner that listens.
  held_process& run(const process_id& id, int pid) {
    auto& process = table.enter(id);
    process.pid = pid;
    process.alive = true;
    process.owner = owner;
    table.note_generation(id);
    members.add(id, os::member_table::since::now);
    members.set_main(id, pid);
    return process;
  }
  /// Runs the loop until `done`; false when it was not after a minute.
  template <class Done> [[nodiscard]] bool run_until(Done done) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes{1};
    bool is_done = done();
    for (; !is_done && std::chrono::steady_clock::now() < deadline; is_done = done()) {
      loop.restart();
      (void)loop.run_for(std::chrono::milliseconds{10});
    }
    return is_done;
  }

  played_keeper keeper;
  boost::asio::io_context loop;
  os::off_loop threads{loop};
  secret_reader secrets{threads};
  process_table table;
  keeper_channel channel{loop};
  std::vector<process_id> gone; ///< of members that were waited for
  process_members members{loop, table, channel.gate(), [this](const process_id& id) { gone.push_back(id); }};
  side_commands commands{table, members, channel, secrets};
  std::shared_ptr<listening_owner> owner = std::make_shared<listening_owner>();
  service_spec spec;
  const process_id web{"shop/web"_node, 1};
};

} // namespace alder::actors::testing

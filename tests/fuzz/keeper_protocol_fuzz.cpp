#include "tests/fuzz/driver.hpp"
#include "tests/support/node_literal.hpp"

#include "runtime/base/assert.hpp"
#include "runtime/wire/keeper_protocol.hpp"

namespace wire = alder::wire;
using alder::operator""_node;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(data, data + size);
  if (const auto frame = wire::decode_to_keeper(bytes)) ALDER_ASSERT(wire::encode(*frame) == bytes);
  if (const auto frame = wire::decode_to_daemon(bytes)) ALDER_ASSERT(wire::encode(*frame) == bytes);
  return 0;
}

std::vector<std::string> fuzz_seeds() {
  return {wire::encode(wire::to_keeper{wire::hello_frame{.pid = 1}}),
          wire::encode(wire::to_keeper{wire::spawn_frame{.id = "a/b"_node,
                                                         .generation = 1,
                                                         .program = "/bin/sh",
                                                         .start = {.command = {"sh", "-c", "exit"},
                                                                   .environment = {{"A", "1"}, {"B", "2"}},
                                                                   .cwd = "/",
                                                                   .stdin_file = "/dev/zero",
                                                                   .umask = 022,
                                                                   .attributes = {}},
                                                         .capture = true,
                                                         .note = "note"}}),
          wire::encode(wire::to_keeper{wire::note_frame{"a/b"_node, 1, "text"}}),
          wire::encode(wire::to_keeper{wire::main_frame{"a/b"_node, 1, 2, 3}}),
          wire::encode(wire::to_daemon{wire::welcome_frame{.epoch = 2, .keeper_pid = 3}}),
          wire::encode(wire::to_daemon{wire::child_frame{"a/b"_node, 1, 2, "note", 3, alder::exit_status::code(4)}}),
          wire::encode(wire::to_daemon{wire::exited_frame{"a/b"_node, 1, 2, alder::exit_status::signal(9), true}})};
}

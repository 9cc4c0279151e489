// What a keeper hands to the program that takes its place (exec in place): lines of text, so that versions before and
// after can read each other. What a reader does not know it ignores; descriptors it passes on.
//
//   alder-keeper-state 1
//   epoch 3
//   fd lock 4
//   child shop%2Fdb
//   generation 2
//   fd pidfd 9
#pragma once

#include "alder/cause.hpp"
#include "alder/error.hpp"
#include "alder/exit_status.hpp"
#include "alder/node_id.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace alder::wire {

/// Numbers of open descriptors by what they are: "pidfd", "out", "err", "lock" …
using named_descriptors = std::map<std::string, int>;

struct held_child {
  node_id id;
  alder::generation generation = 0;
  int pid = 0;
  std::int64_t started_ms = 0;
  std::string note;
  std::optional<exit_status> exited;
  bool adrift = false; ///< it is no child of the keeper
  named_descriptors fds;

  bool operator==(const held_child&) const = default;
};

struct keeper_state {
  std::uint32_t epoch = 0;
  std::int64_t started_ms = 0;
  std::string mark;   ///< how ALDER_MEMBER of all its processes begins
  std::string daemon; ///< path of the daemon's program
  std::vector<std::string> daemon_arguments;
  std::string former_daemon; ///< of an upgrade on trial: the path of the one before
  std::string news;          ///< for the next daemon: what people should know
  bool on_trial = false;     ///< an upgrade: if the next daemon does not serve, the former programs come back
  std::optional<std::int64_t> file_limit_soft; ///< RLIMIT_NOFILE that services get
  named_descriptors fds;
  std::vector<held_child> children;

  bool operator==(const keeper_state&) const = default;
};

[[nodiscard]] std::string encode(const keeper_state& state);
/// Errors (invalid_input): it is no such text, or a number in it is none.
[[nodiscard]] result<keeper_state> decode_keeper_state(std::string_view text);

} // namespace alder::wire

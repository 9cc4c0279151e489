// What the daemon says of itself and of its configurations.
#pragma once

#include "runtime/wire/json_value.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace alder::wire {

// Errors of reading (io): not what docs/api.md promises.

/// The answer to GET /_ping.
struct ping_answer {
  std::string version;
  int pid = 0;
};
[[nodiscard]] std::string ping_json(const ping_answer& answer);
[[nodiscard]] result<ping_answer> read_pong(std::string_view text);

/// The answer to GET /v1/info.
struct daemon_info {
  std::string version;
  int pid = 0;
  int keeper_pid = 0;
  std::optional<wall_time> started_at;
  milliseconds uptime{0};
  unsigned epoch = 1;
  std::string socket;
  std::string state_dir;
  std::string log_dir;
  std::size_t trees = 0;
  std::map<std::string, std::size_t> counts; ///< services by state; a state without any may be left out
  std::vector<std::string> notices;          ///< warnings for everyone who looks; usually none
};
[[nodiscard]] std::string info_json(const daemon_info& info);
[[nodiscard]] result<daemon_info> read_info(std::string_view text);

/// One of the answer to GET /v1/config.
struct tree_config {
  std::string tree;
  std::string file;
  std::string text;
  std::optional<wall_time> up_since;
};
[[nodiscard]] std::string configs_json(const std::vector<tree_config>& trees);
[[nodiscard]] result<std::vector<tree_config>> read_configs(std::string_view text);

} // namespace alder::wire

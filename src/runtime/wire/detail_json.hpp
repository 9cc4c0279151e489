// What `detail` of a node says beyond the node itself.
#pragma once

#include "runtime/wire/event_json.hpp"
#include "runtime/wire/log_json.hpp"
#include "runtime/wire/node_parts.hpp"

#include "alder/spec.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace alder::wire {

struct process_entry {
  int pid = 0;
  int ppid = 0;
  std::string command;
};

struct node_detail {
  service_ptr service;           ///< its specification; null for a supervisor, or when a reader does not understand it
  std::vector<std::string> path; ///< names from the root to it
  std::string strategy;          ///< of its supervisor; empty for a root
  std::optional<intensity_view> intensity; ///< likewise
  std::vector<process_entry> processes;    ///< the main process first
  std::vector<std::string> pending;        ///< settings that take effect at the next start of its process
  std::string log_out;
  std::string log_err;
  struct output {
    std::uint64_t written = 0; ///< bytes
    std::uint64_t lost = 0;    ///< bytes
    std::uint64_t lost_lines = 0;
    std::uint64_t rotations = 0;
    std::uint64_t waiting = 0; ///< bytes, in another directory, until the file can be written
  };
  std::optional<output> logged; ///< both streams, since the daemon started
  std::vector<event_view> events;
  std::vector<log_line> log;
};
/// With what docs/api.md has as texts, too.
void to_json(json_value& value, const node_detail& detail);
void from_json(const json_value& value, node_detail& detail);
[[nodiscard]] std::string detail_json(const node_detail& detail);

} // namespace alder::wire

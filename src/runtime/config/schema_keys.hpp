// The parts of the one table of configuration keys.
#pragma once

#include "runtime/config/schema.hpp"

#include <vector>

namespace alder::config {

constexpr unsigned bit(place p) { return static_cast<unsigned>(p); }

constexpr unsigned on_root = bit(place::root);
constexpr unsigned on_supervisor = bit(place::supervisor);
constexpr unsigned on_service = bit(place::service);
constexpr unsigned on_both_supervisors = on_root | on_supervisor;
constexpr unsigned on_children = on_supervisor | on_service;
constexpr unsigned on_all = on_root | on_supervisor | on_service;

/// What a tree, a supervisor and any child can have.
[[nodiscard]] std::vector<key_entry> tree_keys();
/// What a process is started and stopped with.
[[nodiscard]] std::vector<key_entry> process_keys();
/// Those of the mappings a service can have: stop, ready, health and so on.
[[nodiscard]] std::vector<key_entry> group_keys();
[[nodiscard]] std::vector<key_entry> log_keys();

} // namespace alder::config

// The parts of the one table of configuration keys.
#pragma once

#include "runtime/config/schema.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace alder::config {

constexpr place_set on_root = place::root;
constexpr place_set on_supervisor = place::supervisor;
constexpr place_set on_service = place::service;
constexpr place_set on_both_supervisors = on_root | on_supervisor;
constexpr place_set on_children = on_supervisor | on_service;
constexpr place_set on_all = on_root | on_supervisor | on_service;

/// Defaults, as people write them. They are printed from the values that readers start with, never written a second
/// time.
[[nodiscard]] std::string shown(std::chrono::milliseconds time);
[[nodiscard]] std::string shown(bool value);
[[nodiscard]] std::string shown(unsigned number);
[[nodiscard]] std::string shown_number(double number);
[[nodiscard]] std::string shown_size(std::uint64_t bytes);
[[nodiscard]] std::string shown_share(double share);
[[nodiscard]] std::string shown_octal(unsigned mode);
[[nodiscard]] std::string shown_signal(int signal);
[[nodiscard]] std::string shown_list(const std::vector<std::string>& items);

/// What a tree, a supervisor and any child can have.
[[nodiscard]] std::vector<key_entry> tree_keys();
/// What a process is started and stopped with.
[[nodiscard]] std::vector<key_entry> process_keys();
/// Those of the mappings a service can have: stop, ready, health and so on.
[[nodiscard]] std::vector<key_entry> group_keys();
[[nodiscard]] std::vector<key_entry> log_keys();

} // namespace alder::config

// What the readers of one configuration share: its surroundings, its mistakes, and what was seen so far.
#pragma once

#include "runtime/config/env_file.hpp"
#include "runtime/config/load_tree.hpp"
#include "runtime/config/report.hpp"

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace alder::config {

constexpr std::size_t max_services = 20'000;        ///< processes of a tree
constexpr std::size_t max_spec_bytes = 256U << 20U; ///< of all values of a tree's services
constexpr std::size_t max_read_bytes = 64U << 20U;  ///< of the values of one service or supervisor: aliases multiply

/// An `after` as it was read, until the siblings are known.
struct dependency {
  std::string child;
  std::string on;
  bool completed = false; ///< `on` must be a task
  span where;
};

/// An env file that was read; its mistakes are reported.
struct known_env_file {
  explicit known_env_file(std::string content) : text(std::move(content)), map(text), parsed(parse_env_file(text)) {}
  known_env_file(const known_env_file&) = delete;
  known_env_file& operator=(const known_env_file&) = delete;
  const std::string text;
  const text_map map;
  const env_file parsed;
};

struct context {
  explicit context(const source& s)
      : from(s), mistakes(s.file, s.text), directory(s.file.substr(0, s.file.rfind('/') + 1)) {}

  const source& from;
  report mistakes;
  std::string directory;                                                  ///< of the file, ends in '/'
  std::map<std::string, span> names;                                      ///< of supervisors and services so far
  std::map<std::string, std::shared_ptr<const known_env_file>> env_files; ///< by path; null: not readable, reported
  std::vector<dependency> dependencies; ///< of the supervisors being read, outermost first
  std::vector<named_extension> extensions;
  std::vector<named_actor> actors;
  std::set<std::pair<std::string, std::size_t>> good_patterns; ///< instances have them again and again
  std::size_t services = 0;
  std::size_t spec_bytes = 0;
  std::size_t read_bytes = 0; ///< since `begin_node`; once it is too much nothing is read any more

  /// Values of another service or supervisor follow.
  void begin_node() {
    if (read_bytes <= max_read_bytes) read_bytes = 0;
  }
};

/// Which process of a service values are read for: gives ${INSTANCE} and ${INSTANCES} their meaning. Without one they
/// have none.
struct instance {
  unsigned index = 0;
  unsigned count = 1;
};
using instance_scope = std::optional<instance>;

/// `path` as an absolute one without "." and ".." (taken away as text), starting at the directory of the file; with
/// them when that is reached through a link.
[[nodiscard]] std::string absolute_path(const context& in, std::string_view path);

/// Makes a valid node name out of any text: other characters become '-'; "tree" when nothing is left.
[[nodiscard]] std::string made_valid(std::string_view name);

/// Checks a node's name and that it is new; reports what is wrong.
void check_name(context& in, const std::string& name, span where);

} // namespace alder::config

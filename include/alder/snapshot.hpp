// What list, tree and describe show of a node: immutable values that actors publish.
#pragma once

#include "alder/cause.hpp"
#include "alder/event.hpp"
#include "alder/node_id.hpp"
#include "alder/spec.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace alder {

enum class node_state : std::uint8_t {
  stopped,  ///< down because it was asked to stop, or never started
  starting, ///< starting, or waiting for readiness
  running,
  stopping,
  backoff,  ///< waiting for its next restart attempt
  finished, ///< ended and is not to be restarted
  failed,   ///< the tree or supervisor gave up, or it could not start
};

struct last_exit {
  exit_status status;
  wall_time at{}; ///< zero: nobody knows
  bool operator==(const last_exit&) const = default;
};

/// A number a program reports over its channel.
struct program_metric {
  double value = 0;
  std::string unit;
  bool operator==(const program_metric&) const = default;
};

/// Why a service is being stopped that nobody asked to stop: it does not work.
struct forced_end {
  std::string why;
  bool is_final = false; ///< it is not to be restarted
  bool operator==(const forced_end&) const = default;
};

/// What a former daemon last knew of a node. What is taken over continues as that.
struct former_state {
  node_state state = node_state::stopped;
  wall_time since{};
  std::string reason;
  cause why;
  alder::generation generation = 0;
  bool operator==(const former_state&) const = default;
};

/// What all processes of a service use together.
struct usage_snapshot {
  double cpu = 0;           ///< processors: 1 is one
  std::uint64_t memory = 0; ///< bytes, resident; pages that are shared count in each process
  unsigned processes = 0;
  unsigned threads = 0;
  std::optional<unsigned> descriptors;              ///< open files
  std::optional<std::uint64_t> proportional_memory; ///< bytes; pages that are shared are divided (PSS)
};

/// One node of a tree at one moment.
struct node_snapshot {
  std::string tree;
  std::string name;
  std::string parent; ///< name of its supervisor; empty for a root
  enum class kind : std::uint8_t { service, supervisor, actor } what = kind::service;
  node_state state = node_state::stopped;
  wall_time since{};    ///< when it entered this state
  bool settled = false; ///< it stays in this state until somebody asks for another: stopped on request, ended for good
  std::string reason;   ///< why it is in this state, one sentence
  cause why;            ///< what the sentence was made from, if from a cause
  std::optional<former_state> former; ///< until it is known what became of it
  restart_kind restart = restart_kind::permanent;
  unsigned restarts = 0; ///< automatic restarts since it was first started
  alder::generation generation = 0;

  // services
  int pid = 0; ///< 0: no process
  std::optional<alder::last_exit> last_exit;
  std::string status;                            ///< what the program says of itself (STATUS=)
  bool reloading = false;                        ///< it says that it reloads its configuration
  std::string health;                            ///< why it is not well; empty: nothing is known against it
  std::map<std::string, std::string> complaints; ///< what was reported and still holds, by what is watched
  std::optional<forced_end> forced;              ///< it is being ended for this reason
  std::map<std::string, program_metric> metrics; ///< what the program measures itself
  std::optional<wall_time> next_attempt;         ///< in state backoff
  std::optional<wall_time> next_run;             ///< when its schedule runs or restarts it
  service_ptr service;
  std::optional<usage_snapshot> usage; ///< filled in on request

  // supervisors
  alder::strategy strategy = strategy::one_for_one;
  alder::intensity intensity;
  std::vector<wall_time> counted; ///< restarts that counted when this was published, newest first
  unsigned restarts_used = 0;     ///< restarts that count at the moment of reading
  std::optional<std::chrono::milliseconds>
      oldest_expires; ///< until the oldest of them no longer counts, from the moment of reading
  bool pool = false;
  std::vector<std::string> children; ///< names, in start order; filled in on request

  [[nodiscard]] node_id id() const { return {tree, name}; }
};

} // namespace alder

// What a new process does between clone and exec: async-signal-safe calls only, no allocation, in the parent's memory.
#pragma once

#include "runtime/os/start_book.hpp"
#include "runtime/wire/keeper_protocol.hpp"

#include <optional>
#include <span>

#include <sys/resource.h>
#include <sys/types.h>

namespace alder::os {

/// Everything the child needs, made ready by the parent, which waits until the child has executed or ended.
struct child_plan {
  const program_start& start;
  const char* program = nullptr;      ///< absolute path
  char* const* arguments = nullptr;   ///< of start
  char* const* environment = nullptr; ///< of start
  int out = -1;                       ///< becomes 1; above 2
  int err = -1;                       ///< becomes 2; above 2
  int passed = -1;                    ///< stays open under its number over exec; -1: none
  std::optional<rlimit> file_limit;   ///< RLIMIT_NOFILE, before that of the attributes
  std::optional<rlim_t> lock_limit;   ///< soft RLIMIT_LOCKS, when the hard one allows it
  int input = -1;                     ///< becomes 0 instead of its stdin_file; above all targets
  bool is_terminal = false;           ///< `input` becomes the controlling terminal
  /// Descriptors the program finds under other numbers; those they have now are above all targets.
  struct moved {
    int from = -1; ///< -1: nothing
    int to = -1;   ///< 3 to 255
  };
  std::span<const moved> moves;
  const char* cgroup_file = nullptr; ///< cgroup.procs of its control group; null: ours
  start_ticket ticket{};             ///< with one, it ends when its parent does before exec
};

/// Where the child leaves its failure: it shares the parent's memory until it executes.
struct child_failure {
  bool happened = false;
  wire::spawn_stage stage = wire::spawn_stage::process;
  int os_errno = 0;
};

/// Runs in the child; returns only when a step failed, which `failure` then names. New session; default signal
/// dispositions; control group; standard input, output and error, or the terminal; other descriptors; limits,
/// priorities and processors, as long as it may; mounts; limit of open files, when nothing is opened any more; user and
/// groups; privileges; umask; directory, as that user; empty signal mask; the claim of its start; exec. A directory,
/// program or stdin_file on a file system that does not answer makes the parent wait as well.
void set_up_and_exec(const child_plan& plan, child_failure& failure);

} // namespace alder::os

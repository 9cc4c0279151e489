// What the benches of whole programs share: a directory of their own, a daemon in it, a bare loop to compare with, and
// how to read time stamps, counters and quantiles. Every failure ends the bench with a sentence and status 1.
#pragma once

#include "cli/common/client.hpp"

#include "runtime/base/unique_fd.hpp"
#include "runtime/os/paths.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "stamp.hpp"

namespace alder::bench {

/// Ends the bench with `why` on stderr unless `holds`. It throws, so that the destructors on the way end what was
/// started.
void require(bool holds, const std::string& why);

/// Runs `body` and turns a failed `require` into exit status 1.
int guarded(const std::function<void()>& body);

/// CLOCK_MONOTONIC, which time stamps use too.
[[nodiscard]] std::int64_t now_ns();

/// `share` from 0 to 1; `values` must not be empty.
[[nodiscard]] double quantile(std::vector<double> values, double share);

/// The file beside this program.
[[nodiscard]] std::string beside(const std::string& name);

/// The value of `--name N` among the arguments.
[[nodiscard]] int number_argument(int argc, char** argv, const std::string& name, int otherwise);

/// A directory with the FIFO that processes started in it write to.
class stamp_pipe {
public:
  /// Makes `directory`.
  explicit stamp_pipe(std::string directory);
  [[nodiscard]] const std::string& directory() const { return directory_; }
  /// Waits at most 60 s.
  [[nodiscard]] stamp next();
  [[nodiscard]] std::vector<stamp> next(int count);

private:
  std::string directory_;
  unique_fd fifo_;
};

/// A directory in $TMPDIR or /tmp that is removed with everything in it.
class workshop {
public:
  workshop();
  ~workshop();
  workshop(const workshop&) = delete;
  workshop& operator=(const workshop&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

private:
  std::string path_;
};

struct service {
  std::string name;
  std::string program;
  std::string directory; ///< where it runs
};
/// `count` services s0, s1, …
[[nodiscard]] std::vector<service> alike(int count, const std::string& program, const std::string& directory);

/// A keeper and a daemon at home in `directory`, ended by the destructor, and by themselves if the bench is killed.
class alder_daemon {
public:
  explicit alder_daemon(const std::string& directory);
  ~alder_daemon();
  alder_daemon(const alder_daemon&) = delete;
  alder_daemon& operator=(const alder_daemon&) = delete;

  /// Brings up the tree `name`, in which no number of restarts is too many; returns when all of it runs.
  void up(const std::string& name, const std::vector<service>& services);
  /// Stops the tree; returns when nothing of it runs.
  void down(const std::string& name);
  [[nodiscard]] int daemon_pid() const { return daemon_pid_; }
  [[nodiscard]] int keeper_pid() const { return keeper_pid_; }

private:
  void request(const cli::call& what);

  os::locations home_;
  cli::client client_;
  int daemon_pid_ = 0;
  int keeper_pid_ = 0;
};

/// posix_spawn of `program` with our environment, in our directory.
enum class output { as_ours, thrown_away };
[[nodiscard]] int spawn_bare(const std::string& program, const std::vector<std::string>& arguments = {},
                             output where = output::as_ours);
/// Waits for a child's end; its status as in waitpid.
int await_end(int pid);

/// A process that does nothing but posix_spawn and waitpid, for ever: the least a manager must do.
class bare_loop {
public:
  bare_loop(const std::string& program, const std::string& directory);
  ~bare_loop();
  bare_loop(const bare_loop&) = delete;
  bare_loop& operator=(const bare_loop&) = delete;
  [[nodiscard]] int pid() const { return pid_; }

private:
  int pid_ = 0;
};

/// Processor time of a process' threads since it started.
[[nodiscard]] double cpu_us(int pid);

} // namespace alder::bench

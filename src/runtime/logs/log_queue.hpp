// What the log pump is asked for, on its way to the pump's thread.
#pragma once

#include "runtime/base/line_search.hpp"
#include "runtime/base/unique_fd.hpp"
#include "runtime/logs/file_sight.hpp"
#include "runtime/logs/log_author.hpp"
#include "runtime/logs/log_pump.hpp"

#include "alder/cause.hpp"
#include "alder/error.hpp"
#include "alder/log_spec.hpp"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

namespace alder::logs {

/// One for each call of log_pump.
namespace log_command {
struct open {
  stream_id stream;
  std::string path;
  log_spec rules;
  std::vector<std::string> siblings;
  log_author author;
};
struct attach {
  stream_id stream;
  alder::generation generation;
  unique_fd pipe;
  std::shared_ptr<awaited_line> awaited;
  unique_fd terminal;
};
struct finish {
  stream_id stream;
  alder::generation generation;
};
struct reopen {
  stream_id stream;
};
struct rotate {
  stream_id stream;
};
struct clear {
  stream_id stream;
};
struct close {
  stream_id stream;
};
struct watch {
  stream_id stream;
  std::optional<file_sight> seen; ///< none: stop watching
  std::optional<file_sight> known;
};
struct answer {
  stream_id stream;
  std::uint64_t number;
};
struct stop {};
using any = std::variant<open, attach, finish, reopen, rotate, clear, close, watch, answer, stop>;
} // namespace log_command

/// In order. A bell that can be polled rings while there is something.
class log_queue {
public:
  static constexpr std::size_t most_commands = 65536;

  /// Before anything else. Errors: io (no descriptors left).
  outcome open_bell();
  /// Readable while there are commands.
  [[nodiscard]] int bell() const { return bell_.get(); }

  /// Any thread. Waits for room, but for `reader`, which would wait for itself.
  void push(log_command::any command, std::thread::id reader);
  /// All there are, and the bell is silent.
  [[nodiscard]] std::vector<log_command::any> take();
  /// Sleeps so long; the next command ends it.
  void sleep(std::chrono::nanoseconds time) const;

private:
  unique_fd bell_; ///< eventfd
  std::mutex mutex_;
  std::condition_variable room_;
  std::vector<log_command::any> commands_;
};

} // namespace alder::logs

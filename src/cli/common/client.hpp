// HTTP/1.1 over the daemon's unix socket: single requests with a deadline, and streams of lines, several at a time.
#pragma once

#include "alder/error.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace alder::cli {

/// A daemon that accepted a connection has this long to answer.
inline constexpr std::chrono::milliseconds answer_deadline{10000};
/// No answer and no line of a stream is longer.
inline constexpr std::size_t max_answer = std::size_t{64} * 1024 * 1024;
inline constexpr std::size_t max_stream_line = std::size_t{4} * 1024 * 1024;

/// One request. `target` is already percent-encoded.
struct call {
  std::string method = "GET";
  std::string target;
  std::string body;   ///< JSON; empty: none
  std::string accept; ///< empty: anything
  /// Of a change that may be asked for again with the same key, and is carried out once; empty: it must not be.
  std::string key = {};
  std::uint64_t seen = 0; ///< of one that is asked for again: the last event that has come
};

struct reply {
  unsigned status = 0;
  std::string body;
};

/// A part of a path or a query value.
[[nodiscard]] std::string percent_encoded(std::string_view text);

/// What is done about a daemon that lets a request wait.
struct impatience {
  std::chrono::milliseconds after;   ///< when `ask` is called, and again after as long
  std::function<bool()> ask;         ///< true: somebody looks after the daemon, so it is worth waiting for `longest`
  std::chrono::milliseconds longest; ///< then the deadline of the request
};

/// One connection, opened when first needed and kept between requests.
class client {
public:
  explicit client(std::string socket_path, std::optional<impatience> when_slow = std::nullopt);
  client(client&&) noexcept;
  client& operator=(client&&) noexcept;
  client(const client&) = delete;
  client& operator=(const client&) = delete;
  ~client();

  /// Sends and waits for the whole answer, whatever its status. A GET on a kept connection that turns out to be closed
  /// is sent once more on a new one. Errors: unavailable (no daemon is running: os_errno ENOENT or ECONNREFUSED; it
  /// closed the connection; it does not answer within `deadline`: os_errno ETIMEDOUT), denied (the socket's
  /// permissions), too_large, io (it does not speak HTTP).
  [[nodiscard]] result<reply> send(const call& what, std::chrono::milliseconds deadline = answer_deadline);

  [[nodiscard]] const std::string& socket_path() const { return socket_path_; }

private:
  class connection;
  std::string socket_path_;
  std::optional<impatience> when_slow_;
  std::unique_ptr<connection> kept_;
};

/// Whether no daemon was there to hear the request.
[[nodiscard]] bool never_reached(const error& why);

enum class flow { go_on, stop };

/// The handlers of one stream. Each may open and close streams and stop the loop.
struct stream_handlers {
  std::function<flow(std::string_view line)>
      on_line; ///< without its line end; `stop` closes the stream, on_end is not called
  std::function<void(const result<reply>&)>
      on_end; ///< body: what was no stream (an error's text); errors as client::send
};

/// Streams, a timer and signals, waited for together in one thread.
class stream_loop {
public:
  explicit stream_loop(std::string socket_path);
  stream_loop(const stream_loop&) = delete;
  stream_loop& operator=(const stream_loop&) = delete;
  ~stream_loop();

  /// Sends `what`; a 200 answer is a stream of lines, which may take any time. The head must arrive within
  /// answer_deadline; with look_after(), which does more about it, within its `longest`.
  void open(const call& what, stream_handlers handlers);
  /// Asks the daemon whether it is there when no stream has had a line for `period`; when it lets the question wait,
  /// calls `when_slow.ask`. At most once, and before open().
  void look_after(std::chrono::milliseconds period, impatience when_slow);
  /// Calls `on_tick` every `period` until the loop ends. At most one.
  void every(std::chrono::milliseconds period, std::function<void()> on_tick);
  /// From now on SIGINT and SIGTERM (and SIGCHLD, when asked for) come here instead of ending the program.
  void on_signals(bool with_children, std::function<void(int)> on_signal);
  /// Returns after stop(), or when no stream is open.
  void run();
  /// Like run(), but continues without streams until stop().
  void run_until_stopped();
  void stop();

private:
  class state;
  std::unique_ptr<state> state_;
};

} // namespace alder::cli

// One attempt to reach something that should be listening: TCP connect, HTTP GET. Asynchronous, on the caller's
// io_context.
#pragma once

#include "alder/spec.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <string>

namespace alder::os {

class work_thread;

/// Nothing: it answered as it should. Otherwise why not, as the rest of a sentence: "127.0.0.1:6400 refused the
/// connection".
using probe_answer = std::optional<std::string>;
using probe_handler = std::function<void(const probe_answer&)>;

/// Calls `answer` once, at the latest after `patience`, never from inside this call. The time does not run while this
/// process has no descriptor to ask with.
void probe_tcp(boost::asio::io_context& loop, const ready_tcp& target, std::chrono::milliseconds patience,
               probe_handler answer);
/// Likewise; what is wanted of status and body is in the target. The body counts as far as it is in the first 64 KiB;
/// it is looked at by `matching`, which must outlive the attempt.
void probe_http(boost::asio::io_context& loop, work_thread& matching, const ready_http& target,
                std::chrono::milliseconds patience, probe_handler answer);

/// Whether somebody listens on this TCP port of a numeric loopback or wildcard-reachable address: a connection is taken
/// within `patience` (at most 100 ms are waited). Blocking, but the kernel answers at once for addresses of this
/// machine.
[[nodiscard]] bool is_listening(const std::string& host, std::uint16_t port);

/// The pid that listens on TCP `port`, 0 when it cannot be found (another user's process, or none).
[[nodiscard]] int listener_pid(std::uint16_t port);

} // namespace alder::os

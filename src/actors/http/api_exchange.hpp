// A request as routes see it, and how they answer: what lies between a connection and those who serve it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace alder::wire {
struct problem;
}

namespace alder::actors {

/// A request as routes see it.
struct api_request {
  std::string method;
  std::vector<std::string> path;                          ///< decoded segments: {"v1", "services", "shop/api:0"}
  std::vector<std::pair<std::string, std::string>> query; ///< decoded
  std::string body;
  bool wants_ndjson = false; ///< Accept: application/x-ndjson
  bool wants_events = false; ///< Accept: text/event-stream
  std::string last_event_id;
  std::string idempotency_key;

  [[nodiscard]] std::string value(const std::string& key, const std::string& otherwise = {}) const;
  [[nodiscard]] std::vector<std::string> values(const std::string& key) const;
};

/// A stream under way. `push` never blocks.
class api_stream {
public:
  /// Objects that wait for a slow reader; what may be lost is dropped beyond that, and counted in a gap.
  static constexpr std::size_t most_waiting = 1024;
  enum class loss : std::uint8_t { never, allowed };

  api_stream() = default;
  api_stream(const api_stream&) = delete;
  api_stream& operator=(const api_stream&) = delete;
  virtual ~api_stream() = default;
  /// One JSON object; `kind` and `id` are for server-sent events, an empty id is left out.
  virtual void push(const std::string& kind, const std::string& id, const std::string& json, loss may_be_lost) = 0;
  /// Whether anybody wants to have ids.
  [[nodiscard]] virtual bool has_ids() const = 0;
  /// How many objects wait to be written.
  [[nodiscard]] virtual std::size_t waiting() const = 0;
  /// Ends the stream when everything is written.
  virtual void end() = 0;
  /// Called once when the reader is gone or the stream has ended.
  std::function<void()> on_closed;
  /// Called whenever nothing waits any more.
  std::function<void()> on_drained;
};

/// How a route answers; exactly one of the calls, at once or later.
class api_responder {
public:
  api_responder() = default;
  api_responder(const api_responder&) = delete;
  api_responder& operator=(const api_responder&) = delete;
  virtual ~api_responder() = default;
  virtual void answer(unsigned status, std::string json) = 0;
  virtual void refuse(const wire::problem& problem) = 0;
  [[nodiscard]] virtual std::shared_ptr<api_stream> stream() = 0;
};

} // namespace alder::actors

// The channel to the keeper on the loop: reads when something comes, and writes when there is room. Loop thread only.
#pragma once

#include "actors/host/keeper_gate.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <memory>

namespace alder::actors {

class keeper_channel {
public:
  explicit keeper_channel(boost::asio::io_context& loop) : socket_(loop) {}
  ~keeper_channel() { let_go(); }
  keeper_channel(const keeper_channel&) = delete;
  keeper_channel& operator=(const keeper_channel&) = delete;

  [[nodiscard]] keeper_gate& gate() { return gate_; }
  /// To look at.
  [[nodiscard]] const keeper::client& keeper() const { return *gate_; }
  [[nodiscard]] bool is_there() const { return static_cast<bool>(gate_); }
  /// To be asked for something, which is written down first; flush() then.
  [[nodiscard]] keeper::client& act() { return gate_.act(); }

  /// This is the keeper from now on; watch() then.
  void attach(std::unique_ptr<keeper::client> client) { gate_.attach(std::move(client)); }
  /// Reads what it says from now on.
  void watch();
  /// It is lost: nothing is read or written any more.
  void let_go();
  /// Sends what is queued.
  void flush();

private:
  void wait_readable();

  keeper_gate gate_;
  boost::asio::posix::stream_descriptor socket_; ///< the client owns the descriptor
  bool writing_ = false;
};

} // namespace alder::actors

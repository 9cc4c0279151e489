// Talks to Alder over the channel that NODE_CHANNEL_FD names; needs `ipc: true`. Header only, C++17. Without a channel
// nothing is sent.
#pragma once

#include <cstdlib>
#include <string>

#include <sys/socket.h>

namespace alder_ipc {

/// The descriptor of the channel; -1 without one.
inline int channel() {
  const char* number = std::getenv("NODE_CHANNEL_FD");
  return number == nullptr ? -1 : std::atoi(number);
}

/// Sends one JSON document, which holds no line break. False: there is no channel, or nobody reads it.
inline bool send(std::string json) {
  json += '\n';
  for (std::size_t sent = 0; sent < json.size();) {
    const auto count = ::send(channel(), json.data() + sent, json.size() - sent, MSG_NOSIGNAL);
    if (count <= 0) return false;
    sent += static_cast<std::size_t>(count);
  }
  return true;
}

inline bool ready() { return send(R"({"type":"ready"})"); }
inline bool heartbeat() { return send(R"({"type":"heartbeat"})"); }
inline bool metric(const std::string& name, double value) {
  return send(R"({"type":"metrics","data":{")" + name + "\":" + std::to_string(value) + "}}");
}

/// Waits for the next message and takes it, without its line break; empty when the channel is closed.
inline std::string receive() {
  std::string line;
  for (char c = 0; ::recv(channel(), &c, 1, 0) == 1 && c != '\n';)
    line += c;
  return line;
}

} // namespace alder_ipc

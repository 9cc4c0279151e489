// The daemon's own socket: bound with the right permissions, and who is at the other end of a connection.
#pragma once

#include "alder/error.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <optional>
#include <string>

namespace alder::os {

/// Binds and listens on `path`, mode 0600; a stale socket file is replaced (the keeper's lock says that no other daemon
/// lives). Errors: denied, io; the message names the path and the remedy.
[[nodiscard]] result<boost::asio::local::stream_protocol::acceptor> listen_on(boost::asio::io_context& loop,
                                                                              const std::string& path);

/// The user at the other end; nothing when the kernel does not say.
[[nodiscard]] std::optional<unsigned> peer_user(boost::asio::local::stream_protocol::socket& socket);

/// This process's effective user.
[[nodiscard]] unsigned own_user();

} // namespace alder::os

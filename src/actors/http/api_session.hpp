// One connection to the API: reads requests, writes answers and streams. The only place that knows HTTP.
#pragma once

#include "actors/http/api_exchange.hpp"

#include <boost/asio/local/stream_protocol.hpp>

#include <functional>
#include <memory>

namespace alder::actors {

class open_streams;

/// Answers a request through `out`, at once or when it is done.
using serve_request = std::function<void(const api_request&, const std::shared_ptr<api_responder>& out)>;

/// Serves the connection until one side closes it. A peer of another user is refused. `streams` must outlive it.
void start_session(boost::asio::local::stream_protocol::socket socket, open_streams& streams, serve_request serve);

} // namespace alder::actors

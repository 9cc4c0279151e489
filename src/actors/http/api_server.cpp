#include "actors/http/api_server.hpp"

#include "actors/base/part.hpp"
#include "actors/http/api_context.hpp"
#include "actors/http/api_routes.hpp"
#include "actors/http/api_session.hpp"

#include "runtime/os/local_socket.hpp"

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <utility>

namespace alder::actors {
namespace {

using local = boost::asio::local::stream_protocol;
using boost::system::error_code;

constexpr std::chrono::milliseconds accept_pause{100};

} // namespace

api_server::api_server(caf::actor_config& config, boost::asio::io_context& loop, api_context& context,
                       parent_actor parent)
    : actor_base(config), loop_(loop), context_(context), parent_(std::move(parent)) {}

api_server::behavior_type api_server::make_behavior() {
  return {
      [this](const start_order& order) { on_start(order); },
      [](const abort_order&) {},
      [this](const stop_order&) {
        send(parent_, part_ended("api", generation_));
        quit();
      },
  };
}

void api_server::on_exit() {
  error_code ignored; // it is given up either way
  if (acceptor_) acceptor_->close(ignored);
  parent_ = nullptr;
}

void api_server::on_start(const start_order& order) {
  generation_ = order.generation;
  auto listening = os::listen_on(loop_, context_.home.socket);
  if (!listening) {
    send(parent_, child_started{{"api", generation_, policy::start_result::how::failed, listening.failure().message}});
    quit();
    return;
  }
  acceptor_ = std::make_shared<local::acceptor>(std::move(*listening));
  accept();
  send(parent_, part_started("api", generation_));
}

void api_server::accept() {
  acceptor_->async_accept([this, acceptor = acceptor_, alive = caf::actor_cast<caf::strong_actor_ptr>(self())](
                              const error_code& failed, local::socket socket) {
    if (!acceptor->is_open()) return;
    if (failed) return accept_later(); // no descriptors left: not at once again
    start_session(std::move(socket), context_.streams,
                  [&context = context_](const api_request& request, const std::shared_ptr<api_responder>& out) {
                    route(request, out, context);
                  });
    accept();
  });
}

void api_server::accept_later() {
  auto timer = std::make_shared<boost::asio::steady_timer>(loop_, accept_pause);
  timer->async_wait([this, timer, acceptor = acceptor_,
                     alive = caf::actor_cast<caf::strong_actor_ptr>(self())](const error_code& failed) {
    if (!failed && acceptor->is_open()) accept();
  });
}

} // namespace alder::actors

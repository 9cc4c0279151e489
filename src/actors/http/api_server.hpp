// The actor that listens on the daemon's socket and serves the API there.
#pragma once

#include "actors/base/actor_base.hpp"
#include "actors/base/messages.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <memory>

namespace alder::actors {

struct api_context;

class api_server final : public actor_base<child_actor> {
public:
  api_server(caf::actor_config& config, boost::asio::io_context& loop, api_context& context, parent_actor parent);
  const char* name() const override { return "api_server"; }
  behavior_type make_behavior() override;
  void on_exit() override;

private:
  void on_start(const start_order& order);
  void accept();
  void accept_later();

  boost::asio::io_context& loop_;
  api_context& context_;
  parent_actor parent_;
  std::shared_ptr<boost::asio::local::stream_protocol::acceptor> acceptor_;
  alder::generation generation_ = 0;
};

} // namespace alder::actors

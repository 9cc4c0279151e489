#include "actors/host/keeper_channel.hpp"

namespace alder::actors {

void keeper_channel::watch() {
  socket_.assign(gate_->fd());
  writing_ = false;
  wait_readable();
}

void keeper_channel::let_go() {
  if (socket_.is_open()) (void)socket_.release();
}

void keeper_channel::wait_readable() {
  socket_.async_wait(boost::asio::posix::stream_descriptor::wait_read, [this](const boost::system::error_code& failed) {
    if (failed) return;
    gate_.on_readable();
    flush();
    wait_readable();
  });
}

void keeper_channel::flush() {
  if (gate_->wants_write()) gate_.on_writable();
  if (writing_ || !gate_->wants_write()) return;
  writing_ = true;
  socket_.async_wait(boost::asio::posix::stream_descriptor::wait_write,
                     [this](const boost::system::error_code& failed) {
                       writing_ = false;
                       if (!failed) flush();
                     });
}

} // namespace alder::actors

// A timer for looks at what nobody reports: of those that are asked for the earliest counts.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <utility>

namespace alder::actors {

class look_again {
public:
  look_again(boost::asio::io_context& loop, std::function<void()> look) : timer_(loop), look_(std::move(look)) {}

  void in(std::chrono::milliseconds time) {
    if (armed_ && *armed_ <= time) return;
    armed_ = time;
    timer_.expires_after(time); // a later look that was planned is not needed any more
    timer_.async_wait([this](const boost::system::error_code& failed) {
      if (failed) return;
      armed_.reset();
      look_();
    });
  }

private:
  boost::asio::steady_timer timer_;
  std::function<void()> look_;
  std::optional<std::chrono::milliseconds> armed_; ///< for when; none: it is not
};

} // namespace alder::actors

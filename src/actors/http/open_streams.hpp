// The streams without an end of their own. The daemon ends them in order when it shuts down.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>

namespace alder::actors {

/// Loop thread only.
class open_streams {
public:
  using stream_id = std::uint64_t;

  static constexpr std::chrono::milliseconds usual_patience{2000};

  /// `finish` lets the stream give what there still is, and end itself. It is called once, when the daemon goes down;
  /// then the stream is waited for until nothing has moved for `patience`.
  stream_id add(std::function<void()> finish, std::chrono::milliseconds patience = usual_patience);
  void remove(stream_id id) { open_.erase(id); }
  /// One of them has got something across.
  void note_progress() { ++progress_; }

  /// Finishes all streams, also those that begin later; calls `then` when none is left that is waited for. `is_ready`:
  /// what they wait for first, for the usual time at most. Once.
  void finish_all(boost::asio::io_context& loop, std::function<bool()> is_ready, std::function<void()> then);

private:
  struct stream {
    std::function<void()> finish; ///< empty: it has been called
    std::chrono::milliseconds patience{};
  };
  struct ending {
    explicit ending(boost::asio::io_context& loop) : timer(loop) {}
    boost::asio::steady_timer timer;
    std::function<bool()> is_ready;
    std::function<void()> then;
    std::chrono::milliseconds idle{}; ///< since anything has moved
    std::uint64_t seen = 0;           ///< progress
    bool has_begun = false;
  };
  void look(const std::shared_ptr<ending>& end);

  [[nodiscard]] bool is_waited_for(std::chrono::milliseconds idle) const;

  std::map<stream_id, stream> open_;
  stream_id last_ = 0;
  std::uint64_t progress_ = 0;
};

} // namespace alder::actors

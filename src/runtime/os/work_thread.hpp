// Work that takes long, on a thread beside the loop.
#pragma once

#include <boost/asio/io_context.hpp>

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace alder::os {

/// Does one piece of work after the other, in the order they came. The thread begins with the first of them and sleeps
/// while there is nothing. Each who hands over work waits for it before the next, so that there are never more pieces
/// than there are of those.
class work_thread {
public:
  /// `name`: at most 15 letters, for people. `loop` must outlive this.
  work_thread(boost::asio::io_context& loop, const char* name);
  /// Work that waits is not done any more; what is being done is waited for.
  ~work_thread();
  work_thread(const work_thread&) = delete;
  work_thread& operator=(const work_thread&) = delete;

  /// Calls `work` on the thread, then `then` on the loop. What `work` holds must be good to be destroyed on the thread.
  /// Loop thread only.
  void run(std::function<void()> work, std::function<void()> then);

private:
  struct piece {
    std::function<void()> work;
    std::function<void()> then;
  };
  void serve();

  boost::asio::io_context& loop_;
  const char* name_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<piece> waiting_;
  bool stopping_ = false;
  std::thread thread_;
};

} // namespace alder::os

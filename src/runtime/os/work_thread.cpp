#include "runtime/os/work_thread.hpp"

#include "runtime/os/quiet_thread.hpp"

#include <boost/asio/post.hpp>

#include <utility>

namespace alder::os {

work_thread::work_thread(boost::asio::io_context& loop, const char* name) : loop_(loop), name_(name) {}

work_thread::~work_thread() {
  {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void work_thread::run(std::function<void()> work, std::function<void()> then) {
  {
    const std::lock_guard lock{mutex_};
    waiting_.push_back({std::move(work), std::move(then)});
  }
  if (!thread_.joinable()) thread_ = start_quiet_thread(name_, [this] { serve(); });
  changed_.notify_all();
}

void work_thread::serve() {
  std::unique_lock lock{mutex_};
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (stopping_) return; // what waits is destroyed by the loop's thread
    auto next = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    next.work();
    next.work = nullptr;
    boost::asio::post(loop_, std::move(next.then));
    lock.lock();
  }
}

} // namespace alder::os

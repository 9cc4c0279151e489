#include "runtime/os/off_loop.hpp"

#include "runtime/os/quiet_thread.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <system_error>

namespace alder::os {
namespace {

constexpr unsigned most_threads = 32;

} // namespace

/// The threads hold it, so that one that is stuck finds it when it comes back.
struct off_loop::desk {
  struct job {
    std::uint64_t id;
    std::function<void()> work;
  };
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<job> jobs;
  unsigned threads = 0;
  unsigned idle = 0;
  std::function<void(std::uint64_t)> done; ///< none: nobody wants to know any more

  void serve() {
    std::unique_lock lock{mutex};
    for (;;) {
      ++idle;
      changed.wait(lock, [this] { return !jobs.empty() || !done; });
      --idle;
      if (!done) return;
      auto next = std::move(jobs.front());
      jobs.pop_front();
      lock.unlock();
      next.work();
      next.work = nullptr; // what it holds goes before anybody hears of its end
      lock.lock();
      if (done) done(next.id);
    }
  }
};

/// On the loop's side.
struct off_loop::waiting {
  struct entry {
    std::string key;
    boost::asio::steady_timer timer;
    std::function<void(bool)> then;
    bool has_work = true; ///< else an earlier work hangs
  };
  std::map<std::uint64_t, entry> entries;
  std::map<std::uint64_t, std::string> overdue; ///< keys of what still hangs
  std::uint64_t last = 0;
};

off_loop::off_loop(boost::asio::io_context& loop)
    : loop_(loop), desk_(std::make_shared<desk>()), waiting_(std::make_shared<waiting>()) {
  // Called while the desk is locked, so never after the destructor.
  desk_->done = [this, seen = std::weak_ptr<waiting>{waiting_}](std::uint64_t id) {
    boost::asio::post(loop_, [this, seen, id] {
      if (!seen.expired()) finish(id, true);
    });
  };
}

off_loop::~off_loop() {
  {
    const std::lock_guard lock{desk_->mutex};
    desk_->done = nullptr;
    desk_->jobs.clear();
  }
  desk_->changed.notify_all();
}

void off_loop::run(const std::string& key, std::function<void()> work, std::chrono::milliseconds patience,
                   std::function<void(bool)> then) {
  const auto id = ++waiting_->last;
  const bool still_hangs = std::any_of(waiting_->overdue.begin(), waiting_->overdue.end(),
                                       [&](const auto& one) { return one.second == key; });
  auto& entry =
      waiting_->entries
          .emplace(id, waiting::entry{key, boost::asio::steady_timer{loop_, patience}, std::move(then), !still_hangs})
          .first->second;
  if (still_hangs) entry.timer.expires_after(std::chrono::milliseconds{0});
  entry.timer.async_wait([this, seen = std::weak_ptr<waiting>{waiting_}, id](const boost::system::error_code& failed) {
    if (!failed && !seen.expired()) finish(id, false);
  });
  if (still_hangs) return;
  const std::lock_guard lock{desk_->mutex};
  desk_->jobs.push_back({id, std::move(work)});
  if (desk_->idle < desk_->jobs.size() && desk_->threads < most_threads) {
    try {
      start_quiet_thread("files", [desk = desk_] { desk->serve(); }).detach();
      ++desk_->threads;
    } catch (const std::system_error&) {
      // There can be no more threads at the moment: those that are there come to it, or it is given up in time.
    }
  }
  desk_->changed.notify_one();
}

void off_loop::finish(std::uint64_t id, bool done) {
  waiting_->overdue.erase(id);
  auto found = waiting_->entries.extract(id);
  if (found.empty()) return; // it was given up
  if (!done && found.mapped().has_work) {
    const std::lock_guard lock{desk_->mutex};
    const bool has_begun = std::erase_if(desk_->jobs, [&](const auto& job) { return job.id == id; }) == 0;
    if (has_begun) waiting_->overdue[id] = found.mapped().key;
  }
  found.mapped().then(done);
}

} // namespace alder::os

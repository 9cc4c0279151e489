// CAF's scheduler and clock on the daemon's one io_context: actors, timers and sockets share a thread that sleeps when
// nothing happens. (CAF's own schedulers poll or need threads of their own: docs/decisions/0001-one-loop.md.)
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/detail/simple_actor_clock.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>

#include <chrono>
#include <cstdint>
#include <deque>

namespace alder::actors {

/// The configuration of an actor system that lives on `loop`, which must outlive it.
class loop_config : public caf::actor_system_config {
public:
  explicit loop_config(boost::asio::io_context& loop);
  boost::asio::io_context& loop;
};

/// Loop thread only: everything that talks to actors runs there, other threads post to the io_context.
class loop_scheduler final : public caf::scheduler::abstract_coordinator {
public:
  explicit loop_scheduler(caf::actor_system& system);
  static caf::actor_system::module* make(caf::actor_system& system, caf::detail::type_list<>);

  caf::actor_clock& clock() noexcept override { return clock_; }
  bool detaches_utility_actors() const override { return false; }
  void enqueue(caf::resumable* job) override;

protected:
  void start() override;
  void stop() override;

private:
  /// CAF's timeouts; tells the scheduler when the earliest one may have changed.
  class loop_clock final : public caf::detail::simple_actor_clock {
  public:
    explicit loop_clock(loop_scheduler& owner) : owner_(owner) {}
    void set_ordinary_timeout(time_point t, caf::abstract_actor* self, caf::atom_value type, std::uint64_t id) override;
    void set_multi_timeout(time_point t, caf::abstract_actor* self, caf::atom_value type, std::uint64_t id) override;
    void set_request_timeout(time_point t, caf::abstract_actor* self, caf::message_id id) override;
    void schedule_message(time_point t, caf::strong_actor_ptr receiver, caf::mailbox_element_ptr content) override;
    void fire();
    [[nodiscard]] bool empty() const { return schedule_.empty(); }
    [[nodiscard]] time_point next() const { return schedule_.begin()->first; }

  private:
    loop_scheduler& owner_;
  };
  class unit final : public caf::execution_unit {
  public:
    explicit unit(loop_scheduler& owner);
    void exec_later(caf::resumable* job) override { owner_.enqueue(job); }

  private:
    loop_scheduler& owner_;
  };
  class printer;

  void run_some();
  bool run_one();
  void arm();

  boost::asio::io_context& loop_;
  boost::asio::steady_timer timer_;
  std::chrono::steady_clock::time_point armed_for_ = std::chrono::steady_clock::time_point::max();
  std::deque<caf::resumable*> jobs_;
  bool scheduled_ = false; ///< run_some is in the io_context's queue
  bool running_ = false;   ///< in run_some, which arms the timer at its end: most timeouts are cancelled before
  loop_clock clock_;
  unit unit_;
};

} // namespace alder::actors

#include "actors/base/loop_scheduler.hpp"

#include <boost/asio/post.hpp>
#include <caf/all.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <utility>

namespace alder::actors {
namespace {

constexpr int jobs_per_turn = 64;             // then sockets have their turn
constexpr std::size_t messages_per_job = 100; // an actor with a long mailbox lets others through

} // namespace

loop_config::loop_config(boost::asio::io_context& io) : loop(io) {
  load<loop_scheduler>();
  set("scheduler.max-throughput", messages_per_job);
  set("logger.verbosity", caf::atom("quiet"));
}

// What CAF prints by itself goes to stderr, which is the daemon's log.
class loop_scheduler::printer final : public caf::monitorable_actor {
public:
  explicit printer(caf::actor_config& config) : caf::monitorable_actor(config) {}
  void enqueue(caf::mailbox_element_ptr element, caf::execution_unit*) override {
    auto& content = element->content();
    for (std::size_t i = 0; i < content.size(); ++i) {
      if (content.match_element<std::string>(i)) (void)std::fputs(content.get_as<std::string>(i).c_str(), stderr);
    }
  }
};

loop_scheduler::unit::unit(loop_scheduler& owner) : execution_unit(&owner.system()), owner_(owner) {}

loop_scheduler::loop_scheduler(caf::actor_system& system)
    : abstract_coordinator(system), loop_(dynamic_cast<const loop_config&>(system.config()).loop), timer_(loop_),
      clock_(*this), unit_(*this) {}

caf::actor_system::module* loop_scheduler::make(caf::actor_system& system, caf::detail::type_list<>) {
  return new loop_scheduler(system); // NOLINT(cppcoreguidelines-owning-memory): CAF owns its modules
}

void loop_scheduler::start() {
  caf::actor_config config{&unit_};
  utility_actors_[printer_id] =
      caf::make_actor<printer, caf::actor>(system().next_actor_id(), system().node(), &system(), config);
}

void loop_scheduler::stop() {
  while (run_one()) {
  }
  clock_.cancel_all();
  timer_.cancel();
  utility_actors_[printer_id] = nullptr;
}

void loop_scheduler::enqueue(caf::resumable* job) {
  jobs_.push_back(job);
  if (scheduled_) return;
  scheduled_ = true;
  boost::asio::post(loop_, [this] { run_some(); });
}

void loop_scheduler::run_some() {
  scheduled_ = false;
  running_ = true;
  for (int i = 0; i < jobs_per_turn && run_one(); ++i) {
  }
  running_ = false;
  arm();
  if (jobs_.empty() || scheduled_) return;
  scheduled_ = true;
  boost::asio::post(loop_, [this] { run_some(); });
}

bool loop_scheduler::run_one() {
  if (jobs_.empty()) return false;
  auto* job = jobs_.front();
  jobs_.pop_front();
  switch (job->resume(&unit_, max_throughput())) {
  case caf::resumable::resume_later: jobs_.push_back(job); break;
  case caf::resumable::done:
  case caf::resumable::awaiting_message: caf::intrusive_ptr_release(job); break;
  case caf::resumable::shutdown_execution_unit: break;
  }
  return true;
}

/// Arms the timer for CAF's earliest timeout. A timeout that is cancelled leaves it armed: at worst one wakeup for
/// nothing.
void loop_scheduler::arm() {
  if (running_ || clock_.empty() || clock_.next() >= armed_for_) return;
  armed_for_ = clock_.next();
  timer_.expires_at(armed_for_);
  timer_.async_wait([this](const boost::system::error_code& failed) {
    if (failed) return; // armed anew, or shutting down
    armed_for_ = std::chrono::steady_clock::time_point::max();
    clock_.fire();
    arm();
  });
}

void loop_scheduler::loop_clock::set_ordinary_timeout(time_point t, caf::abstract_actor* self, caf::atom_value type,
                                                      std::uint64_t id) {
  simple_actor_clock::set_ordinary_timeout(t, self, type, id);
  owner_.arm();
}
void loop_scheduler::loop_clock::set_multi_timeout(time_point t, caf::abstract_actor* self, caf::atom_value type,
                                                   std::uint64_t id) {
  simple_actor_clock::set_multi_timeout(t, self, type, id);
  owner_.arm();
}
void loop_scheduler::loop_clock::set_request_timeout(time_point t, caf::abstract_actor* self, caf::message_id id) {
  simple_actor_clock::set_request_timeout(t, self, id);
  owner_.arm();
}
void loop_scheduler::loop_clock::schedule_message(time_point t, caf::strong_actor_ptr receiver,
                                                  caf::mailbox_element_ptr content) {
  simple_actor_clock::schedule_message(t, std::move(receiver), std::move(content));
  owner_.arm();
}
void loop_scheduler::loop_clock::fire() { trigger_expired_timeouts(); }

} // namespace alder::actors

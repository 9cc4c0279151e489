#include "actors/tree/caretaker.hpp"

#include <utility>

namespace alder::actors {

caretaker::caretaker(caf::actor_config& config, runtime& shared, std::string tree, service_ptr spec,
                     supervisor_actor parent)
    : actor_base(config), shared_(shared), tree_(std::move(tree)), spec_(std::move(spec)), parent_(std::move(parent)),
      random_(static_cast<std::minstd_rand::result_type>(id() + 1)), upkeep_(*spec_, [this] {
        return std::uniform_real_distribution<double>{0.0, 1.0}(random_);
      }) {}

caretaker::behavior_type caretaker::make_behavior() {
  if (spec_->schedule.any()) {
    upkeep_.plan(shared_.wall_now());
    publish_plan();
    wait();
  }
  if (spec_->watch.any() && shared_.watch_files)
    watch_ = shared_.watch_files(spec_->watch, [who = caretaker_actor{self()}](const std::string& path) {
      caf::anon_send(who, files_changed{path});
    });
  return {[this](const clock_due& due) { on_clock(due.token); },
          [this](const files_changed& files) { on_files(files.path); }};
}

void caretaker::on_exit() {
  watch_ = nullptr; // it holds a handle of this actor
  parent_ = nullptr;
}

void caretaker::on_files(const std::string& path) {
  const auto answer = policy::upkeep::on_files(path, shared_.nodes.find(tree_, spec_->name).get());
  if (answer.wanted) ask(*answer.wanted);
  if (answer.again) delayed_send(this, *answer.again, files_changed{path});
}

void caretaker::publish_plan() {
  shared_.nodes.update(tree_, spec_->name, [this](node_snapshot& node) { node.next_run = upkeep_.next(); });
}

void caretaker::wait() {
  const auto node = shared_.nodes.find(tree_, spec_->name);
  delayed_send(this, upkeep_.time_to_look({shared_.wall_now(), shared_.steady_now()}, node.get()),
               clock_due{++last_token_});
}

void caretaker::on_clock(std::uint64_t token) {
  if (token != last_token_) return;
  const auto node = shared_.nodes.find(tree_, spec_->name);
  const auto answer = upkeep_.on_clock({shared_.wall_now(), shared_.steady_now()}, node.get());
  if (answer.wanted) ask(*answer.wanted);
  if (!answer.warning.empty()) warn(answer.warning);
  if (answer.is_planned) publish_plan();
  wait();
}

void caretaker::ask(const policy::upkeep_wish& wish) {
  const bool restarts = wish.what == policy::upkeep_wish::op::restart;
  node_call call{restarts ? node_call::op::restart : node_call::op::start, spec_->name, nullptr, wish.why, {}};
  // What comes of it is seen in the state of the service.
  request(parent_, caf::infinite, std::move(call)).then([](const call_outcome&) {}, [](const caf::error&) {});
}

void caretaker::warn(const std::string& text) {
  shared_.announce({.kind = event_kind::warning, .tree = tree_, .name = spec_->name, .cause = {.detail = text}});
}

} // namespace alder::actors

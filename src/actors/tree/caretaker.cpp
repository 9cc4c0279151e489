#include "actors/tree/caretaker.hpp"

#include "runtime/base/units.hpp"
#include "runtime/policy/cron.hpp"

#include <algorithm>
#include <utility>

namespace alder::actors {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// The clock is looked at once a minute at least: that of the schedule may be set, and timers sleep with the machine.
constexpr milliseconds longest_wait{60'000};
/// A service that is being started or stopped is restarted a bit later.
constexpr milliseconds busy_wait{250};

cause by_rule(const std::string& rule) { return {cause::kind::schedule, {}, rule, {}}; }

} // namespace

caretaker::caretaker(caf::actor_config& config, runtime& shared, std::string tree, service_ptr spec,
                     supervisor_actor parent)
    : actor_base(config), shared_(shared), tree_(std::move(tree)), spec_(std::move(spec)), parent_(std::move(parent)),
      random_(static_cast<std::minstd_rand::result_type>(id() + 1)) {}

caretaker::behavior_type caretaker::make_behavior() {
  if (spec_->schedule.any()) {
    plan();
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

/// What runs is restarted, and what has ended by itself is tried again; what was stopped by hand stays down.
void caretaker::on_files(const std::string& path) {
  const auto node = shared_.nodes.find(tree_, spec_->name);
  if (!node) return;
  switch (node->state) {
  case node_state::running: return ask(node_call::op::restart, {cause::kind::file_change, {}, path, {}});
  case node_state::backoff:
  case node_state::finished:
  case node_state::failed: return ask(node_call::op::start, {cause::kind::file_change, {}, path, {}});
  case node_state::starting:
  case node_state::stopping: return delayed_send(this, busy_wait, files_changed{path});
  case node_state::stopped: return;
  }
}

/// When the expression comes true next; what it said while nobody looked is not made up for.
void caretaker::plan() {
  next_.reset();
  if (spec_->schedule.cron) {
    const auto now = std::chrono::floor<seconds>(shared_.wall_now());
    next_ = policy::next_time(*spec_->schedule.cron, spec_->schedule.zone, now);
  }
  shared_.nodes.update(tree_, spec_->name, [this](node_snapshot& node) { node.next_run = next_; });
}

/// How long the process that runs now may live on; 0 or less: it is too old.
std::optional<milliseconds> caretaker::life_left() {
  const auto node = shared_.nodes.find(tree_, spec_->name);
  if (spec_->schedule.max_age.count() == 0 || !node || node->state != node_state::running) return std::nullopt;
  if (renewed_ == node->generation) return std::nullopt;
  if (std::exchange(aging_, node->generation) != node->generation)
    limit_ = policy::age_limit(spec_->schedule, std::uniform_real_distribution<double>{0.0, 1.0}(random_));
  return node->since + limit_ - shared_.steady_now();
}

void caretaker::wait() {
  const auto age = spec_->schedule.max_age;
  auto time = age.count() > 0 ? std::min(age, longest_wait) : longest_wait; // a process may start meanwhile
  if (next_) time = std::min(time, *next_ - shared_.wall_now());
  if (const auto left = life_left()) time = std::min(time, *left);
  delayed_send(this, std::max(time, milliseconds{1}), clock_due{++last_token_});
}

void caretaker::on_clock(std::uint64_t token) {
  if (token != last_token_) return;
  const auto now = shared_.wall_now();
  if (next_ && *next_ <= now) {
    come_round();
    plan();
  } else if (const auto left = life_left(); left && left->count() <= 0) {
    renewed_ = aging_;
    ask(node_call::op::restart, by_rule("max_age " + format_duration(spec_->schedule.max_age)));
  } else if (next_ && *next_ - now > longest_wait) {
    plan(); // the clock may have been set back
  }
  wait();
}

/// A task is run unless somebody stopped it or it still runs; another service is restarted if it runs.
void caretaker::come_round() {
  const auto node = shared_.nodes.find(tree_, spec_->name);
  if (!node) return;
  const auto rule = "cron " + spec_->schedule.cron->text;
  const bool is_up = node->state == node_state::running;
  if (!spec_->task) return is_up ? ask(node_call::op::restart, by_rule(rule)) : void();
  if (is_up || node->state == node_state::starting || node->state == node_state::stopping)
    return warn("is still running at the time of its next run (" + rule + "), which is skipped");
  const bool was_stopped = node->state == node_state::stopped && node->settled;
  if (!was_stopped) ask(node_call::op::start, by_rule(rule));
}

void caretaker::ask(node_call::op what, const cause& why) {
  node_call call{what, spec_->name, nullptr, why, {}};
  // What comes of it is seen in the state of the service.
  request(parent_, caf::infinite, std::move(call)).then([](const call_outcome&) {}, [](const caf::error&) {});
}

void caretaker::warn(const std::string& text) {
  shared_.announce({.kind = event_kind::warning, .tree = tree_, .name = spec_->name, .cause = {.detail = text}});
}

} // namespace alder::actors

#include "actors/tree/process.hpp"

#include "runtime/base/overloaded.hpp"
#include "runtime/base/text.hpp"
#include "runtime/base/units.hpp"
#include "runtime/base/words.hpp"
#include "runtime/policy/start_terms.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace alder::actors {
namespace {

constexpr unsigned most_messages = 10; // events of one program in a period; what else it says is counted only
/// It doubles for a program that says more than that, so that a flood leaves about a hundred events a day.
constexpr auto message_period = std::chrono::seconds{1};
constexpr auto longest_message_period = std::chrono::hours{1};

} // namespace

void process_ear::tell(process_news news) {
  std::visit([this](auto& one) { caf::anon_send(to_, std::move(one)); }, news);
}

process::process(caf::actor_config& config, runtime& shared, std::string tree, service_ptr spec, parent_actor parent)
    : actor_base(config), shared_(shared), tree_(std::move(tree)), spec_(std::move(spec)), parent_(std::move(parent)),
      machine_(*spec_) {}

process::behavior_type process::make_behavior() {
  return {
      [this](const start_order& order) { on_start(order); },
      [this](const abort_order&) {
        handle(policy::stop_requested{/*cut_short=*/true, {}});
      },
      [this](const stop_order& order) { on_stop(order); },
      [this](const process_launched& launched) { on_launched(launched); },
      [this](const process_refused& refused) { handle(policy::launch_refused{refused.detail}); },
      [this](const process_ignored& ignored) { handle(policy::launch_ignored{ignored.detail}); },
      [this](const process_exited& exited) { on_exited(exited); },
      [this](const process_members_gone&) { handle(policy::members_gone{}); },
      [this](const readiness_answered& answer) {
        handle(policy::check_answered{answer.ready, answer.detail});
      },
      [this](const process_timer& timer) { handle(policy::timer_due{timer.token}); },
      [this](const health_check_answered& answer) {
        handle(policy::health_answered{answer.token, answer.good, answer.detail});
      },
      [this](const program_said& said) { on_said(said.what); },
      [this](const hook_ended& hook) {
        handle(policy::hook_done{hook.token, hook.failure});
      },
  };
}

/// An actor that ends without its program having ended leaves it to the next actor of this child.
void process::on_exit() {
  if (const auto ear = ear_.lock(); ear && !reported_ && id_.generation != 0) shared_.os.abandon(id_, ear.get());
  parent_ = nullptr;
}

/// Held by the host alone, for it holds this actor.
process_owner_ptr process::ear() {
  auto ear = ear_.lock();
  if (!ear) ear_ = ear = std::make_shared<process_ear>(self());
  return ear;
}

void process::on_start(const start_order& order) {
  id_ = {id_of(tree_, spec_->name), order.generation};
  const auto before = shared_.nodes.find(tree_, spec_->name);
  publish([&](node_snapshot& node) { node.generation = order.generation; });
  note_.restarts = order.restarts;
  const bool on_demand = policy::is_on_demand(order.why);
  const auto left = order.resume ? note_left_behind() : std::nullopt;
  const auto idle = left ? std::nullopt : policy::idle_because(*spec_, order.why, order.was_up);
  if (idle) {
    reported_ = true;
    answer_start(policy::start_result::how::ignored, *idle);
    return quit();
  }
  using phase = wire::process_note::phase;
  if (policy::awaits_more(*spec_, on_demand)) note_.now = phase::waiting;
  if (left && left->now == phase::stopping && left->due) stop_until_ = shared_.boot + *left->due;
  policy::launch_asked asked{on_demand, left.has_value(), left && order.only_running};
  if (left && before && before->generation == order.generation) asked.forced = before->forced;
  handle(asked);
}

void process::on_stop(const stop_order& order) {
  handle(policy::stop_requested{/*cut_short=*/false, order.how});
  const auto more = stop_until_ - shared_.steady_now(); // of a stop that a former daemon began
  if (more.count() > 0) handle(policy::more_time{std::min(more, policy::longest_extension)});
}

/// The note of the process that is to be taken over; none: there is no such process.
std::optional<wire::process_note> process::note_left_behind() {
  for (const auto& one : shared_.os.left_behind(id_.node))
    if (one.generation == id_.generation) return one.note;
  return std::nullopt;
}

void process::on_launched(const process_launched& launched) {
  pid_ = launched.pid;
  kept_ = launched.adopted && !launched.waiting;
  policy::launched event{launched.pid, launched.adopted, launched.waiting};
  if (launched.waiting) event.left = policy::time_left(*spec_, launched.since, launched.due, shared_.steady_now());
  publish([&](node_snapshot& node) {
    node.pid = launched.pid;
    if (!launched.adopted) {
      node.status.clear();
      node.health.clear();
      node.complaints.clear();
      node.forced.reset();
      node.metrics.clear();
      node.reloading = false;
    }
    event.known = node.complaints;
    reloading_ = node.reloading;
    if (!node.status.empty()) status_ = node.status;
    if (kept_) node.since = launched.since;
  });
  has_been_ready_ = kept_;
  handle(event);
}

void process::on_exited(const process_exited& exited) {
  publish([&](node_snapshot& node) {
    node.pid = 0;
    node.last_exit = last_exit{exited.status, shared_.wall_now()};
  });
  handle(policy::main_exited{exited.status, shared_.os.has_members(id_), exited.kernel_words});
}

void process::handle(const policy::process_event& e) {
  using phase = policy::process_machine::phase;
  const bool was_up = machine_.now_in() == phase::running;
  const auto effects = machine_.handle(e, clock().now());
  const auto now = machine_.now_in();
  if (was_up && now != phase::running && now != phase::gone) show_ending();
  for (const auto& effect : effects)
    carry_out(effect);
}

/// It ends without being asked to, or is ended because it is not well: its supervisor hears of it when all is over.
void process::show_ending() {
  publish([&](node_snapshot& node) {
    if (node.state == node_state::stopping) return; // by its supervisor
    node.state = node_state::stopping;
    node.since = shared_.steady_now();
    node.forced = machine_.forced();
    node.reason = machine_.unwell().value_or(machine_.status() ? phrase(*machine_.status()) : node.reason);
  });
}

void process::carry_out(const policy::process_effect& effect) {
  using how = policy::start_result::how;
  std::visit(overloaded{
                 [&](const policy::do_launch&) { shared_.os.launch(id_, *spec_, note_, ear()); },
                 [&](const policy::check_ready&) { shared_.os.check_ready(id_, *spec_); },
                 [&](const policy::arm_timer& timer) { delayed_send(this, timer.after, process_timer{timer.token}); },
                 [&](const policy::signal_all& s) { shared_.os.signal_all(id_, s.signal, s.main_only); },
                 [&](const policy::check_health& check) { shared_.os.check_health(id_, *spec_, check.token); },
                 [&](const policy::cancel_health&) { shared_.os.cancel_health(id_); },
                 [&](const policy::sample_usage&) { sample(); },
                 [&](const policy::run_stop_command& run) { shared_.os.run_command(id_, *spec_, run.command); },
                 [&](const policy::ask_to_shut_down&) {
                   const auto sent = shared_.os.send_message(id_, "\"shutdown\"");
                   if (!sent)
                     announce(event_kind::warning, "could not be asked to shut down: " + sent.failure().message);
                 },
                 [&](const policy::health_changed& health) {
                   publish([&](node_snapshot& node) {
                     node.health = health.why;
                     node.complaints = health.reported;
                   });
                 },
                 [&](const policy::kill_all&) { shared_.os.kill_all(id_); },
                 [&](const policy::await_members&) { shared_.os.await_members(id_); },
                 [&](const policy::start_succeeded&) {
                   note_ready();
                   if (machine_.now_in() == policy::process_machine::phase::gone) pid_ = 0; // a task that is complete
                   answer_start(how::ok, {});
                 },
                 [&](const policy::start_failed& failed) {
                   reported_ = true;
                   shared_.os.release(id_);
                   answer_start(how::failed, failed.detail);
                   quit();
                 },
                 [&](const policy::start_ignored& ignored) {
                   reported_ = true;
                   shared_.os.release(id_);
                   answer_start(how::ignored, ignored.detail);
                   quit();
                 },
                 [&](const policy::process_gone& gone) {
                   reported_ = true;
                   shared_.os.release(id_);
                   send(parent_, child_ended{{spec_->name, id_.generation, gone.reason}});
                   quit();
                 },
                 [&](const policy::run_hook& hook) { run_hook(hook); },
                 [&](const policy::cancel_hook& hook) { shared_.os.cancel_hook(id_, hook.token); },
                 [&](const policy::warn& warning) { announce(event_kind::warning, warning.text); },
             },
             effect);
}

void process::run_hook(const policy::run_hook& hook) {
  process_host::hook_run run{hook.token, policy::command_of(spec_->hooks, hook.when), {}};
  run.environment["ALDER_HOOK"] = std::string{policy::word(hook.when)};
  if (pid_ > 0) run.environment["ALDER_PID"] = std::to_string(pid_);
  if (const auto& status = machine_.status()) {
    const bool exited = status->kind == exit_status::how::exited;
    if (exited) run.environment["ALDER_EXIT_CODE"] = std::to_string(status->value);
    if (status->kind == exit_status::how::signaled) run.environment["ALDER_EXIT_SIGNAL"] = signal_name(status->value);
    run.environment["ALDER_EXIT_REASON"] = machine_.last_words();
  }
  shared_.os.run_hook(id_, *spec_, run, ear());
}

/// The next daemon then does not wait for its readiness again.
void process::note_ready() {
  if (!note_.is_waiting()) return;
  note_ = {note_.restarts};
  shared_.os.set_note(id_, note_);
}

/// The next daemon then gives it that time too.
void process::note_more_time(std::chrono::milliseconds time) {
  const bool stops = machine_.now_in() == policy::process_machine::phase::stopping;
  const auto now = stops ? wire::process_note::phase::stopping : wire::process_note::phase::waiting;
  const bool is_noted = note_.now == now;
  // In whole seconds: a program that asks again and again must not have each of its wishes written down.
  const auto due = std::chrono::ceil<std::chrono::seconds>(shared_.steady_now() + time - shared_.boot);
  if (is_noted ? note_.due && due <= *note_.due : !stops) return;
  note_ = {note_.restarts, now, due};
  shared_.os.set_note(id_, note_);
}

// -- what the program says

void process::on_said(const wire::program_notice& said) {
  std::visit(overloaded{
                 [&](const wire::said_ready& ready) {
                   if (ready.channel == ready_channel::notify) has_been_ready_ = true;
                   show_reloading(false);
                   if (policy::counts_as_ready(spec_->ready.check, ready.channel)) handle(policy::declared_ready{});
                 },
                 [&](const wire::said_alive&) { on_heartbeat(); },
                 [&](const wire::said_status& status) {
                   if (status_ == status.text) return;
                   status_ = status.text;
                   publish([&](node_snapshot& node) { node.status = status.text; });
                 },
                 // Before it was ready for the first time it means that it starts (caddy, haproxy).
                 [&](const wire::said_reloading&) { show_reloading(has_been_ready_); },
                 [&](const wire::said_more_time& more) {
                   note_more_time(more.time);
                   handle(policy::more_time{more.time});
                 },
                 [&](const wire::said_unwell& unwell) { handle(policy::declared_unwell{unwell.text}); },
                 [&](const wire::said_error& error) { on_message("error: " + error.text); },
                 [&](const wire::said_metrics& metrics) {
                   publish([&](node_snapshot& node) {
                     for (const auto& [name, metric] : metrics.values)
                       if (node.metrics.size() < wire::max_metrics || node.metrics.count(name) > 0)
                         node.metrics[name] = metric;
                   });
                 },
                 [&](const wire::said_message& message) { on_message(message.json); },
                 [&](const wire::said_main_process& main) { on_main_process(main.pid); },
                 [&](const wire::said_nonsense& nonsense) { on_message("(" + nonsense.why + ")"); },
             },
             said);
}

/// Some say every few seconds that they are ready: only a change is news.
void process::show_reloading(bool reloading) {
  if (std::exchange(reloading_, reloading) == reloading) return;
  publish([&](node_snapshot& node) { node.reloading = reloading; });
}

/// What happens to that one happens to the service from now on.
void process::on_main_process(int pid) {
  if (std::exchange(pid_, pid) == pid) return;
  publish([&](node_snapshot& node) { node.pid = pid; });
  on_message("its main process is now " + std::to_string(pid) + " (MAINPID)");
}

/// A program that beats without pause would fill the clock with timers: beats close to another are the same beat.
void process::on_heartbeat() {
  const auto now = clock().now();
  if (spec_->heartbeat && now - last_beat_ < spec_->heartbeat->interval / 8) return;
  last_beat_ = now;
  handle(policy::heartbeat{});
}

/// What programs say is told as events, as far as it does not bury the others: ten in a period, and what is said again
/// within it once.
void process::on_message(const std::string& text) {
  const auto now = clock().now();
  if (now - messages_since_ >= period_of_messages_) {
    const auto length = std::chrono::duration_cast<std::chrono::milliseconds>(period_of_messages_);
    if (untold_ > 0)
      announce(event_kind::message,
               "(" + counted(untold_, "more message") + " within " + format_duration(length) + ")");
    const bool is_flood = messages_ >= most_messages && untold_ > 0;
    period_of_messages_ =
        is_flood ? std::min<caf::actor_clock::duration_type>(period_of_messages_ * 2, longest_message_period)
                 : message_period;
    messages_since_ = now;
    messages_ = 0;
    untold_ = 0;
    last_message_.clear();
  }
  if (text == last_message_ || messages_ >= most_messages) {
    ++untold_;
    return;
  }
  ++messages_;
  last_message_ = text;
  announce(event_kind::message, text);
}

void process::sample() {
  const auto used = shared_.os.sample(id_);
  const auto now = clock().now();
  const auto elapsed = std::chrono::duration<double>(now - sampled_at_).count();
  const auto worked = std::chrono::duration<double>(used.cpu_time - sampled_cpu_).count();
  const bool is_first = sampled_at_ == caf::actor_clock::time_point{};
  sampled_at_ = now;
  sampled_cpu_ = used.cpu_time;
  // Processes that have ended take their time with them, so it can become less.
  const double cpu = is_first || elapsed <= 0 ? 0 : std::max(0.0, worked / elapsed);
  handle(policy::usage_sampled{used.memory, cpu});
}

void process::answer_start(policy::start_result::how how, const std::string& detail) {
  send(parent_, child_started{{spec_->name, id_.generation, how, detail}, pid_, kept_});
}

void process::publish(const std::function<void(node_snapshot&)>& change) {
  shared_.nodes.update(tree_, spec_->name, change);
}

void process::announce(event_kind kind, const std::string& detail) {
  shared_.announce(
      {.kind = kind, .tree = tree_, .name = spec_->name, .generation = id_.generation, .cause = {.detail = detail}});
}

} // namespace alder::actors

#include "actors/tree/process.hpp"

#include "runtime/base/overloaded.hpp"

namespace alder::actors {

process::process(caf::actor_config& config, runtime& shared, std::string tree, std::shared_ptr<const service_spec> spec,
                 parent_actor parent)
    : actor_base(config), shared_(shared), tree_(std::move(tree)), spec_(std::move(spec)), parent_(std::move(parent)),
      machine_(*spec_) {
  // A process belongs to its supervisor: when that actor is gone, its successor takes the program over.
  watch(parent_, [this](const caf::error&) { quit(); });
}

process::behavior_type process::make_behavior() {
  return {
      [this](const start_order& order) { on_start(order); },
      [this](const abort_order&) {
        handle(policy::stop_requested{/*cut_short=*/true, {}});
      },
      [this](const stop_order& order) {
        handle(policy::stop_requested{/*cut_short=*/false, order.how});
      },
      [this](const process_launched& launched) { on_launched(launched); },
      [this](const process_refused& refused) { handle(policy::launch_refused{refused.detail}); },
      [this](const process_ignored& ignored) { handle(policy::launch_ignored{ignored.detail}); },
      [this](const process_exited& exited) { on_exited(exited); },
      [this](const process_members_gone&) { handle(policy::members_gone{}); },
      [this](const readiness_answered& answer) {
        handle(policy::check_answered{answer.ready, answer.detail});
      },
      [this](const process_timer& timer) { handle(policy::timer_due{timer.token}); },
  };
}

/// An actor that ends without its program having ended leaves it to the next actor of this child.
void process::on_exit() {
  if (!reported_ && id_.generation != 0) shared_.os.abandon(id_, address());
  if (parent_) unwatch(parent_); // or what CAF keeps of this actor stays as long as the supervisor lives
  parent_ = nullptr;
}

void process::on_start(const start_order& order) {
  id_ = {id_of(tree_, spec_->name), order.generation};
  publish([&](node_snapshot& node) { node.generation = order.generation; });
  restarts_note_ = std::to_string(order.restarts);
  handle(policy::launch_asked{});
}

void process::on_launched(const process_launched& launched) {
  pid_ = launched.pid;
  publish([&](node_snapshot& node) {
    node.pid = launched.pid;
    if (launched.adopted) node.since = launched.since;
  });
  handle(policy::launched{launched.pid, launched.adopted});
}

void process::on_exited(const process_exited& exited) {
  publish([&](node_snapshot& node) {
    node.pid = 0;
    node.last_exit = last_exit{exited.status, shared_.wall_now()};
  });
  handle(policy::main_exited{exited.status, shared_.os.has_members(id_)});
}

void process::handle(const policy::process_event& e) {
  for (const auto& effect : machine_.handle(e))
    carry_out(effect);
}

void process::carry_out(const policy::process_effect& effect) {
  using how = policy::start_result::how;
  std::visit(overloaded{
                 [&](const policy::do_launch&) { shared_.os.launch(id_, *spec_, restarts_note_, self()); },
                 [&](const policy::check_ready&) { shared_.os.check_ready(id_, *spec_); },
                 [&](const policy::arm_timer& timer) { delayed_send(this, timer.after, process_timer{timer.token}); },
                 [&](const policy::signal_all& s) { shared_.os.signal_all(id_, s.signal); },
                 [&](const policy::kill_all&) { shared_.os.kill_all(id_); },
                 [&](const policy::await_members&) { shared_.os.await_members(id_); },
                 [&](const policy::start_succeeded&) { answer_start(how::ok, {}); },
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
                 [&](const policy::warn& warning) { announce(event_kind::warning, warning.text); },
             },
             effect);
}

void process::answer_start(policy::start_result::how how, const std::string& detail) {
  send(parent_, child_started{{spec_->name, id_.generation, how, detail}, pid_});
}

void process::publish(const std::function<void(node_snapshot&)>& change) {
  shared_.nodes.update(tree_, spec_->name, change);
}

void process::announce(event_kind kind, const std::string& detail) {
  event e;
  e.at = shared_.wall_now();
  e.kind = kind;
  e.tree = tree_;
  e.name = spec_->name;
  e.generation = id_.generation;
  e.cause.detail = detail;
  if (shared_.events) send(shared_.events, announcement{std::move(e)});
}

} // namespace alder::actors

#include "actors/tree/kind_service.hpp"

#include "actors/tree/caretaker.hpp"
#include "actors/tree/process.hpp"

#include "runtime/base/known_by.hpp"

#include <algorithm>
#include <csignal>
#include <utility>

namespace alder::actors {
namespace {

class kind_service final : public child_kind {
public:
  explicit kind_service(service_ptr spec) : spec_(std::move(spec)) {}

  policy::child_rules rules() const override {
    policy::child_rules rules;
    rules.significant = spec_->significant;
    rules.after = spec_->after;
    rules.brutal_kill = spec_->stop.signal == SIGKILL;
    rules.backoff = spec_->backoff;
    rules.restart_limit = spec_->restart_limit;
    return rules;
  }

  void show(node_snapshot& node) const override {
    node.what = node_snapshot::kind::service;
    node.service = spec_;
  }

  child_actor spawn(const child_place& at, const start_order& /*order*/) const override {
    return at.host->spawn<process>(at.shared, at.tree, spec_, parent_actor{at.supervisor});
  }

  /// One with a schedule or a watch has somebody who looks at the clock and the files.
  caretaker_actor appoint_caretaker(const child_place& at) const override {
    if (!spec_->schedule.any() && !spec_->watch.any()) return {};
    return at.host->spawn<caretaker>(at.shared, at.tree, spec_, at.supervisor);
  }

  std::optional<stop_spec> stop() const override { return spec_->stop; }

  std::shared_ptr<const child_kind> with_terms(restart_kind restart,
                                               const std::optional<stop_spec>& stop) const override {
    auto spec = *spec_;
    spec.restart = restart;
    if (stop) spec.stop = *stop;
    return std::make_shared<const kind_service>(std::make_shared<const service_spec>(std::move(spec)));
  }

  bool checks_readiness() const override {
    if (spec_->waits_for_schedule()) return false;
    return spec_->task || known_by(spec_->ready.check) != check_source::none;
  }

  std::optional<event_kind> start_event(const child_started& message, bool was_up_before) const override {
    if (spec_->task && message.pid == 0) return std::nullopt; // complete: its exit is announced instead
    return child_kind::start_event(message, was_up_before);
  }

  bool is_alive(const child_place& at, alder::generation generation, bool /*has_actor*/) const override {
    return at.shared.os.is_alive({at.id(), generation});
  }

  alder::generation counted(const node_snapshot& node) const override { return node.generation; }

  recalled_child recall(const child_place& /*at*/, const child_past& past) const override {
    std::vector<policy::held_process> held;
    if (past.resumes) {
      for (const auto& one : past.left)
        held.push_back({one.generation, one.alive});
    }
    recalled_child recalled{policy::adopt(past.known, std::move(held)), std::nullopt};
    if (recalled.decided.what != policy::adoption::action::take_over) return recalled;
    const auto& process = *std::find_if(past.left.begin(), past.left.end(),
                                        [&](const auto& one) { return one.generation == recalled.decided.generation; });
    recalled.taken = {.generation = process.generation,
                      .started = process.started,
                      .starting = process.alive && process.note.is_waiting(),
                      .may_have_ended = true,
                      .restarts = process.note.restarts};
    return recalled;
  }

private:
  service_ptr spec_;
};

} // namespace

child_entry entry_of_service(const service_ptr& spec) {
  return {spec->name, spec->restart, std::make_shared<const kind_service>(spec), {}};
}

} // namespace alder::actors

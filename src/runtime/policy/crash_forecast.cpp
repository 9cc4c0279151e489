#include "runtime/policy/crash_forecast.hpp"

#include "runtime/base/overloaded.hpp"
#include "runtime/policy/supervision.hpp"

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <utility>

namespace alder::policy {
namespace {

using std::chrono::duration_cast;

constexpr std::size_t most_events = 200'000; // without a delay and with a huge intensity time does not pass
constexpr std::chrono::hours quiet_time{100};

child_rules rules_of(const child_spec& child) {
  child_rules rules;
  rules.id = name_of(child);
  std::visit(overloaded{[&](const service_ptr& s) {
                          rules.restart = s->restart;
                          rules.significant = s->significant;
                          rules.brutal_kill = s->stop.signal == SIGKILL;
                          rules.backoff = s->backoff;
                          rules.restart_limit = s->restart_limit;
                        },
                        [&](const supervisor_ptr& s) {
                          rules.restart = s->restart;
                          rules.significant = s->significant;
                          rules.supervisor = true;
                          rules.backoff = s->backoff;
                        }},
             child);
  return rules;
}

supervision machine_of(const supervisor_spec& spec) {
  const supervisor_rules rules{spec.strategy,    spec.intensity,     spec.auto_shutdown,
                               spec.sticky_stop, spec.finish_starts, spec.parallel_start};
  std::vector<child_rules> children;
  for (const auto& child : spec.children)
    children.push_back(rules_of(child));
  std::optional<child_rules> pool;
  if (spec.pool && !children.empty()) {
    pool = children.front();
    pool->id = spec.name;
  }
  return {rules, std::move(children), std::move(pool)};
}

/// Below it, in start order; a pool once.
void add_services(const supervisor_spec& of, std::vector<std::string>& to) {
  if (of.pool) return to.push_back(of.name);
  for (const auto& child : of.children) {
    if (const auto* below = std::get_if<supervisor_ptr>(&child))
      add_services(**below, to);
    else
      to.push_back(name_of(child));
  }
}

/// The supervisors from the root to the one of the service; the others are played as children that do nothing.
using path = std::vector<const supervisor_spec*>;

class play {
public:
  /// The first of `services`, which crash together, is the one whose delays are told.
  /// `random` as of restart_request.
  play(path supervisors, std::vector<std::string> services, double random = 0.5)
      : path_(std::move(supervisors)), services_(std::move(services)), random_(random) {
    for (const auto& service : services_)
      generations_[service] = 0;
  }

  crash_forecast run(milliseconds horizon = forecast_horizon) {
    begin(0, 0);
    settle(time_point::max());
    now_ += quiet_time;
    first_crash_ = last_crash_ = now_;
    crashing_ = true;
    for (const auto& service : services_)
      answer(path_.size() - 1, crash_of(service));
    settle(now_ + horizon);
    told_.goes_on = !told_.tree_fails && told_.stays_down.empty();
    return std::move(told_);
  }

private:
  [[nodiscard]] child_gone crash_of(const std::string& service) const {
    return {service, generations_.at(service), {exit_reason::kind::crash, exit_status::code(1), "crashed"}};
  }

  struct life {
    std::unique_ptr<supervision> machine; ///< null: it is down
    std::uint64_t number = 0;             ///< what is meant for an earlier one is dropped
    generation as_child = 0;
  };
  struct letter {
    std::size_t to = 0;
    std::uint64_t number = 0;
    event what;
  };

  void begin(std::size_t depth, generation as_child) {
    auto& one = lives_[depth];
    one = {std::make_unique<supervision>(machine_of(*path_[depth])), ++last_number_, as_child};
    post(now_, one.number, depth, policy::begin{});
  }

  void post(time_point at, std::uint64_t number, std::size_t to, event what) {
    letters_.emplace(std::pair{at, ++last_letter_}, letter{to, number, std::move(what)});
  }

  void settle(time_point until) {
    for (std::size_t handled = 0; !letters_.empty() && handled < most_events; ++handled) {
      auto next = letters_.extract(letters_.begin());
      if (next.key().first > until) return;
      now_ = next.key().first;
      auto& mail = next.mapped();
      auto& one = lives_[mail.to];
      if (one.machine == nullptr || one.number != mail.number) continue;
      for (const auto& effect : one.machine->handle(std::move(mail.what), now_, random_))
        carry_out(mail.to, effect);
    }
  }

  [[nodiscard]] bool is_on_path(std::size_t depth, const std::string& child) const {
    return depth + 1 < path_.size() && path_[depth + 1]->name == child;
  }
  void answer(std::size_t depth, event what) { post(now_, lives_[depth].number, depth, std::move(what)); }

  void carry_out(std::size_t depth, const effect& what) {
    std::visit(
        overloaded{
            [&](const start_child& order) { start(depth, order); },
            [&](const stop_child& order) { stop(depth, order); },
            [&](const ask_decider& question) { decide_on(depth, question.request); },
            [&](const schedule_retry& retry) { post(now_ + retry.delay, lives_[depth].number, depth, retry.what); },
            [&](const child_settled& settled) {
              if (settled.finished) told_.stays_down.push_back(settled.id);
            },
            [&](const supervisor_started&) {
              if (depth == 0) return;
              answer(depth - 1, start_result{path_[depth]->name, lives_[depth].as_child, start_result::how::ok, {}});
            },
            [&](const supervisor_ended& ended) { end(depth, ended.reason); }, [](const auto&) {}},
        what);
  }

  void start(std::size_t depth, const start_child& order) {
    if (is_on_path(depth, order.id)) return begin(depth + 1, order.generation);
    answer(depth, start_result{order.id, order.generation, start_result::how::ok, {}});
    const auto known = generations_.find(order.id);
    if (depth + 1 != path_.size() || known == generations_.end()) return;
    known->second = order.generation;
    if (!crashing_) return;
    note_restart(order.id);
    answer(depth, crash_of(order.id));
  }

  void stop(std::size_t depth, const stop_child& order) {
    if (is_on_path(depth, order.id)) return answer(depth + 1, stop_asked{order.why});
    answer(depth, child_gone{order.id, order.generation, {exit_reason::kind::shutdown, {}, {}}});
  }

  void decide_on(std::size_t depth, const restart_request& request) {
    auto verdict = decide(request);
    const bool is_first_life = told_.losses.empty();
    const bool is_alone = services_.size() == 1; // else nobody knows of whom this is
    if (depth + 1 == path_.size() && is_first_life && is_alone && verdict.what == restart_verdict::action::restart)
      told_.delays.push_back(verdict.delay);
    answer(depth, verdict_given{std::move(verdict)});
  }

  /// One of several that crash together has started again.
  void note_restart(const std::string& service) {
    if (services_.size() == 1 || service != services_.front() || !told_.losses.empty()) return;
    told_.delays.push_back(duration_cast<milliseconds>(now_ - last_crash_));
    last_crash_ = now_; // it crashes at once
  }

  void end(std::size_t depth, const exit_reason& reason) {
    const auto& spec = *path_[depth];
    const auto number = lives_[depth].as_child;
    lives_[depth].machine = nullptr;
    const bool is_its_own = reason.gave_up || reason.detail.rfind("shut itself down", 0) == 0;
    const bool is_known = std::any_of(told_.losses.begin(), told_.losses.end(),
                                      [&](const auto& loss) { return loss.supervisor == spec.name; });
    if (is_its_own && !is_known) {
      supervisor_loss loss{spec.name, duration_cast<milliseconds>(now_ - first_crash_), reason.gave_up, {}};
      add_services(spec, loss.services);
      told_.losses.push_back(std::move(loss));
    }
    if (depth == 0) {
      told_.tree_fails = true;
      letters_.clear();
    } else {
      answer(depth - 1, child_gone{spec.name, number, reason});
    }
  }

  path path_;
  std::vector<std::string> services_;
  double random_;
  std::map<std::size_t, life> lives_; ///< by depth
  std::map<std::pair<time_point, std::uint64_t>, letter> letters_;
  time_point now_{};
  time_point first_crash_{};
  time_point last_crash_{}; ///< of the first of several
  bool crashing_ = false;
  std::map<std::string, generation> generations_; ///< of the services
  std::uint64_t last_letter_ = 0;
  std::uint64_t last_number_ = 0;
  crash_forecast told_;
};

/// Which services a restart of the one at `place` takes along.
std::vector<std::string> taken_along(const supervisor_spec& of, std::size_t place) {
  std::vector<std::string> names;
  if (of.pool || of.strategy == strategy::one_for_one || of.strategy == strategy::simple_one_for_one) return names;
  const std::size_t first = of.strategy == strategy::one_for_all ? 0 : place + 1;
  for (std::size_t i = first; i < of.children.size(); ++i) {
    if (i == place) continue;
    if (const auto* below = std::get_if<supervisor_ptr>(&of.children[i]))
      add_services(**below, names);
    else
      names.push_back(name_of(of.children[i]));
  }
  return names;
}

class forecaster {
public:
  explicit forecaster(std::string only) : only_(std::move(only)) {}

  void look_at(const supervisor_spec& spec, path above, bool is_wanted) {
    is_wanted = is_wanted || spec.name == only_;
    above.push_back(&spec);
    for (std::size_t place = 0; place < spec.children.size(); ++place) {
      const auto& child = spec.children[place];
      const auto* service = std::visit(overloaded{[](const service_ptr& leaf) { return leaf.get(); },
                                                  [&](const supervisor_ptr& below) -> const service_spec* {
                                                    look_at(*below, above, is_wanted);
                                                    return nullptr;
                                                  }},
                                       child);
      if (service == nullptr || service->task || !(is_wanted || only_ == service->name)) continue;
      told.push_back(of_service(above, child));
      told.back().service = spec.pool ? spec.name : service->name;
      told.back().supervisor = spec.name;
      told.back().along = taken_along(spec, place);
      if (!spec.pool) continue;
      if (spec.children.size() > 1) add_all_of_pool(above);
      return; // its instances are alike
    }
  }

  std::vector<crash_forecast> told;

private:
  /// Siblings that are alike are played once.
  const crash_forecast& of_service(const path& above, const child_spec& service) {
    auto rules = rules_of(service);
    rules.id.clear();
    auto& of_this = played_[above.back()];
    const auto found =
        std::find_if(of_this.begin(), of_this.end(), [&](const auto& one) { return one.first == rules; });
    if (found != of_this.end()) return found->second;
    return of_this.emplace_back(rules, play{above, {name_of(service)}}.run()).second;
  }

  /// All instances of the pool that `above` ends with, behind what was told of one of them.
  void add_all_of_pool(const path& above) {
    const auto& pool = *above.back();
    std::vector<std::string> instances;
    for (const auto& child : pool.children)
      instances.push_back(name_of(child));
    auto all = play{above, instances}.run();
    all.service = all.supervisor = pool.name;
    // How often, if it did not give up: no instance does anything about another.
    auto patient = pool;
    patient.children.resize(1);
    patient.intensity = {std::numeric_limits<unsigned>::max(), milliseconds{1}};
    const auto within = std::min<milliseconds>(pool.intensity.within, forecast_horizon);
    const auto of_one = play{{&patient}, {instances.front()}, /*random=*/0}.run(within); // the shortest delays
    const auto restarts = of_one.delays.size();
    all.at_once = {static_cast<unsigned>(instances.size()),
                   restarts < most_events / 4 ? std::optional{instances.size() * restarts} : std::nullopt,
                   pool.intensity.max_restarts, pool.intensity.within};
    told.push_back(std::move(all));
  }

  std::string only_;
  std::map<const supervisor_spec*, std::vector<std::pair<child_rules, crash_forecast>>> played_;
};

} // namespace

std::vector<crash_forecast> forecast_crashes(const supervisor_spec& root, const std::string& only) {
  forecaster all{only};
  all.look_at(root, {}, only.empty());
  return std::move(all.told);
}

} // namespace alder::policy

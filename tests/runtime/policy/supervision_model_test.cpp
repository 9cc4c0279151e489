// Random trees, random deaths, calls and delays, answers in random order: what must hold whatever happens.
#include "tests/runtime/policy/supervision_double.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace alder::policy {
namespace {

using testing::child_script;
using testing::supervision_double;
using testing::supervisor_life;
using testing::trace_line;
using phase = child_state::phase;
using kind = exit_reason::kind;
using std::chrono::milliseconds;

constexpr unsigned trees = 20000;
constexpr unsigned most_actions = 40;
constexpr unsigned deepest = 3;

/// Numbers from a seed, the same on every machine.
class dice {
public:
  explicit dice(unsigned seed) : engine_(seed) {}
  unsigned below(std::size_t n) { return static_cast<unsigned>(engine_() % n); }
  bool one_in(unsigned n) { return below(n) == 0; }
  template <class Value> Value any_of(std::initializer_list<Value> values) {
    return *(values.begin() + below(values.size()));
  }

private:
  std::mt19937 engine_;
};

/// Makes up children with ids of their own.
class inventor {
public:
  explicit inventor(dice& d) : dice_(d) {}

  child_script supervisor(const std::string& id, unsigned depth) {
    child_script script = child(id);
    script.rules.supervisor = true;
    script.supervisor = rules();
    if (depth > 1 && dice_.one_in(4)) {
      script.supervisor.strategy = strategy::simple_one_for_one;
      script.children = {child(next("t"))};
      return script;
    }
    for (unsigned left = dice_.below(5); left > 0; --left) {
      const bool nested = depth < deepest && dice_.one_in(4);
      script.children.push_back(nested ? supervisor(next("s"), depth + 1) : child(next("w")));
    }
    if (script.supervisor.parallel_start) wait_for_each_other(script.children);
    for (auto& one : script.children)
      one.rules.significant = one.rules.significant && script.supervisor.auto_shutdown != auto_shutdown::never;
    return script;
  }

  supervisor_rules rules() {
    supervisor_rules made;
    made.strategy = dice_.any_of({strategy::one_for_one, strategy::one_for_all, strategy::rest_for_one});
    made.intensity = {dice_.below(5), milliseconds{1000 * (1 + dice_.below(5))}};
    made.auto_shutdown = dice_.any_of(
        {auto_shutdown::never, auto_shutdown::never, auto_shutdown::any_significant, auto_shutdown::all_significant});
    made.parallel_start = dice_.one_in(3);
    return made;
  }

  /// Some children wait for earlier ones, as the order of a configuration has it.
  void wait_for_each_other(std::vector<child_script>& children) {
    for (std::size_t i = 1; i < children.size(); ++i)
      if (dice_.one_in(2)) children[i].rules.after.push_back(children[dice_.below(i)].rules.id);
  }

  child_script child(const std::string& id) {
    child_script script;
    script.rules.id = id;
    script.rules.restart = dice_.any_of({restart_kind::permanent, restart_kind::transient, restart_kind::temporary});
    script.rules.significant = script.rules.restart != restart_kind::permanent && dice_.one_in(3);
    script.rules.brutal_kill = dice_.one_in(8);
    if (dice_.one_in(3)) script.rules.backoff.min = milliseconds{10 * (1 + dice_.below(50))};
    for (unsigned attempt = 1; attempt < 12; ++attempt) {
      if (dice_.one_in(attempt == 1 ? 40 : 6)) script.fail_starts.insert(attempt);
      if (dice_.one_in(20)) script.ignore_starts.insert(attempt);
    }
    script.on_stop = dice_.any_of({testing::stop_habit::clean, testing::stop_habit::clean, testing::stop_habit::hang,
                                   testing::stop_habit::normal, testing::stop_habit::crash});
    return script;
  }

  child_script newcomer() { return child(next("n")); }

private:
  std::string next(const char* letter) { return letter + std::to_string(++last_); }

  dice& dice_;
  unsigned last_ = 0;
};

/// Plays one tree and keeps an account of what its supervisors do, apart from theirs.
class model {
public:
  explicit model(unsigned seed)
      : dice_(seed), inventor_(dice_),
        tree_(inventor_.supervisor("root", 1),
              {[this](const trace_line& line) { on_trace(line); },
               [this](const supervisor_life& life, const effect& e) { on_effect(life, e); },
               [this](const supervisor_life& life, const restart_request& asked, const restart_verdict& given) {
                 on_verdict(life, asked, given);
               }},
              [this](std::size_t n) { return dice_.below(n); }) {}

  void play() {
    tree_.start();
    for (unsigned actions = dice_.below(most_actions); actions > 0; --actions) {
      for (unsigned steps = dice_.below(12); steps > 0 && tree_.step(); --steps) {
      }
      act();
      if (!dice_.one_in(4)) continue;
      tree_.run();
      check_rest();
    }
    tree_.stop();
    tree_.run();
    check_end();
  }

  [[nodiscard]] const std::vector<std::string>& mistakes() const { return mistakes_; }
  [[nodiscard]] unsigned restarts() const { return restarts_; }
  [[nodiscard]] unsigned cuts() const { return cuts_; }
  [[nodiscard]] unsigned upgrades() const { return upgrades_; }

private:
  struct account {
    std::vector<time_point> granted; ///< restarts that may still count, oldest first
    unsigned restarts = 0;           ///< granted in all
    unsigned automatic = 0;          ///< restarts that moved one child alone
    std::set<std::string> open;      ///< the children that are being started, or the one that is being stopped
  };

  void wrong(const std::string& what) { mistakes_.push_back(what); }

  void act() {
    const auto alive = tree_.alive();
    switch (dice_.below(8)) {
    case 0: return tree_.advance(milliseconds{dice_.below(3000)});
    case 1: return dice_.one_in(4) ? upgrade() : call();
    case 2:
      if (dice_.one_in(10)) tree_.stop();
      return;
    default:
      for (unsigned deaths = 1 + dice_.below(3); deaths > 0 && !alive.empty(); --deaths)
        (void)tree_.exit(alive[dice_.below(alive.size())], // false when it was drawn twice
                         dice_.any_of({kind::crash, kind::crash, kind::killed, kind::normal, kind::shutdown}));
    }
  }

  void call() {
    if (tree_.running().empty()) return;
    const auto target = std::next(tree_.running().begin(), dice_.below(tree_.running().size()));
    const auto& children = target->second->machine.children();
    const auto what = dice_.any_of(
        {call::op::terminate_child, call::op::restart_child, call::op::delete_child, call::op::start_child});
    child_script subject = inventor_.newcomer();
    if (what != call::op::start_child && !children.empty())
      subject.rules.id = std::next(children.begin(), dice_.below(children.size()))->rules.id;
    calls_.insert(tree_.call(target->first, what, subject));
  }

  /// Some children leave, the others change places and rules, and new ones come.
  void upgrade() {
    if (tree_.running().empty()) return;
    const auto target = std::next(tree_.running().begin(), dice_.below(tree_.running().size()));
    const auto& life = *target->second;
    auto rules = inventor_.rules();
    std::vector<child_script> children;
    if (is_pool(life)) {
      rules.strategy = strategy::simple_one_for_one;
      children = {inventor_.newcomer()};
    } else {
      for (const auto& child : life.machine.children()) {
        const auto script = life.scripts.find(child.rules.id);
        if (script != life.scripts.end() && !dice_.one_in(4)) children.push_back(script->second);
      }
      for (auto at = children.size(); at > 1; --at)
        std::swap(children[at - 1], children[dice_.below(at)]);
      if (dice_.one_in(2)) children.push_back(inventor_.newcomer());
      if (dice_.one_in(10) && !children.empty()) children.push_back(children.front()); // which is refused
    }
    calls_.insert(tree_.upgrade(target->first, rules, std::move(children)));
    ++upgrades_;
  }

  static bool is_pool(const supervisor_life& life) {
    return life.machine.rules().strategy == strategy::simple_one_for_one;
  }

  void on_trace(const trace_line& line) {
    for (auto& [life, kept] : accounts_) {
      if (line.kind != trace_line::what::init && line.kind != trace_line::what::report) kept.open.erase(line.id);
    }
  }

  void on_effect(const supervisor_life& life, const effect& e) {
    auto& kept = accounts_[&life];
    if (std::holds_alternative<abort_start>(e)) ++cuts_;
    if (const auto* start = std::get_if<start_child>(&e)) {
      const bool parallel = life.machine.rules().parallel_start;
      if (!kept.open.empty() && !parallel)
        wrong(life.id + " starts " + start->id + " while it waits for " + *kept.open.begin());
      for (const auto& other : life.machine.find_child(start->id)->rules.after)
        if (kept.open.count(other) > 0) wrong(start->id + " is started before " + other + " is up");
      kept.open.insert(start->id);
      const bool alone = life.machine.rules().strategy == strategy::one_for_one || is_pool(life);
      kept.automatic += start->automatic && alone ? 1 : 0;
      const bool in_order = start->why.what == cause::kind::tree_start || (start->automatic && !alone);
      if (in_order && !parallel && later_alive(life, start->id))
        wrong(start->id + " is started while a later sibling is alive");
      if (alone && kept.automatic > kept.restarts) wrong(start->id + " is restarted without leave");
    }
    if (const auto* stop = std::get_if<stop_child>(&e); stop != nullptr && !is_pool(life)) {
      if (!kept.open.empty()) wrong(life.id + " stops " + stop->id + " while it waits for " + *kept.open.begin());
      if (life.processes.at(stop->id).alive) kept.open.insert(stop->id);
      if (stop->why.what != cause::kind::request && later_alive(life, stop->id))
        wrong(stop->id + " is stopped before a later sibling");
    }
    const bool over = std::holds_alternative<supervisor_ended>(e) || std::holds_alternative<supervisor_start_failed>(e);
    if (over && any_alive(life)) wrong(life.id + " ends before its children");
  }

  void on_verdict(const supervisor_life& life, const restart_request& asked, const restart_verdict& given) {
    if (given.what != restart_verdict::action::restart) return;
    ++restarts_;
    auto& kept = accounts_[&life];
    ++kept.restarts;
    auto& granted = kept.granted;
    std::erase_if(granted, [&](time_point at) { return asked.now - at > asked.intensity.within; });
    granted.push_back(asked.now);
    if (granted.size() > asked.intensity.max_restarts) wrong(life.id + " restarts more often than it may");
  }

  static bool later_alive(const supervisor_life& life, const std::string& id) {
    bool later = false;
    for (const auto& child : life.machine.children()) {
      const auto process = life.processes.find(child.rules.id);
      if (later && process != life.processes.end() && process->second.alive) return true;
      later = later || child.rules.id == id;
    }
    return false;
  }

  static bool any_alive(const supervisor_life& life) {
    return std::any_of(life.processes.begin(), life.processes.end(), [](const auto& p) { return p.second.alive; });
  }

  /// Nothing moves: then nobody waits, but for the timer of a delayed restart.
  void check_rest() {
    std::size_t restarting = 0;
    for (const auto& [id, life] : tree_.running()) {
      if (life->machine.busy() || !life->mailbox.empty()) wrong(id + " still has work to do");
      for (const auto& child : life->machine.children()) {
        const auto process = life->processes.find(child.rules.id);
        const bool alive = process != life->processes.end() && process->second.alive;
        if (alive != (child.what == phase::running)) wrong(child.rules.id + " is not what its supervisor thinks");
        restarting += child.what == phase::restarting ? 1 : 0;
      }
    }
    if (restarting > tree_.pending_timers()) wrong("a child waits for a retry that will not come");
    for (const auto token : calls_) {
      if (tree_.answers().count(token) == 0) wrong("a call was not answered");
    }
  }

  void check_end() {
    check_rest();
    if (!tree_.running().empty()) wrong(tree_.running().begin()->first + " is still there after the end");
    if (!tree_.alive().empty()) wrong(tree_.alive().front() + " is alive after the end");
    mistakes_.insert(mistakes_.end(), tree_.violations().begin(), tree_.violations().end());
  }

  dice dice_;
  inventor inventor_;
  std::map<const supervisor_life*, account> accounts_;
  std::set<call_token> calls_;
  std::vector<std::string> mistakes_;
  unsigned restarts_ = 0;
  unsigned cuts_ = 0;
  unsigned upgrades_ = 0;
  supervision_double tree_;
};

TEST(SupervisionModel, KeepsItsPromisesWhateverHappensInWhateverOrder) {
  unsigned restarts = 0;
  unsigned cuts = 0;
  unsigned upgrades = 0;
  for (unsigned seed = 0; seed < trees; ++seed) {
    model m{seed};
    m.play();
    ASSERT_TRUE(m.mistakes().empty()) << "seed " << seed << ": " << m.mistakes().front();
    restarts += m.restarts();
    cuts += m.cuts();
    upgrades += m.upgrades();
  }
  EXPECT_GT(restarts, trees) << "too little happens to prove anything";
  EXPECT_GT(upgrades, trees / 10) << "specifications hardly ever change";
  EXPECT_GT(cuts, trees / 100) << "stops hardly ever meet a start";
}

} // namespace
} // namespace alder::policy

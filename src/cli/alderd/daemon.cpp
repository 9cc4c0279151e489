#include "cli/alderd/daemon.hpp"

#include "cli/alderd/log.hpp"

#include "actors/base/event_bus.hpp"
#include "actors/http/api_server.hpp"
#include "actors/logs/log_writer.hpp"
#include "actors/office/forest.hpp"
#include "actors/office/office.hpp"
#include "actors/office/requests.hpp"
#include "actors/tree/kind_part.hpp"

#include "runtime/base/words.hpp"
#include "runtime/os/caller.hpp"
#include "runtime/os/clock.hpp"
#include "runtime/os/keeper_home.hpp"
#include "runtime/os/shared_library.hpp"
#include "runtime/os/start_book.hpp"
#include "runtime/policy/recall.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <csignal>
#include <cstdlib>

namespace alder::daemon {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t events_taken_up = 1000;
constexpr auto lock_patience = 10s;     // for the end of a daemon that was killed
constexpr auto first_tree_look = 100ms; // while a change waits for its tree to be up again; then twice as long
constexpr auto longest_tree_look = 60s;
constexpr intensity own_patience{10, 10s}; // for the daemon's own parts; beyond it the keeper starts a new daemon

constexpr const char* doubtful_counts =
    "restart counts may be too low: a daemon exited while its journal could not be written, or running services were "
    "started by a version that did not record starts";

std::string journal_trouble(const std::string& trouble, const std::string& directory) {
  return "the journal cannot be written (" + trouble +
         "): services keep running, but if the daemon were restarted now, it would not know the latest changes; free "
         "disk space in " +
         directory;
}

/// Receives what the daemon's own root supervisor says.
class root_parent final : public actors::actor_base<actors::parent_actor> {
public:
  root_parent(caf::actor_config& config, std::function<void(const policy::start_result&)> started,
              std::function<void()> ended)
      : actor_base(config), started_(std::move(started)), ended_(std::move(ended)) {}
  const char* name() const override { return "root_parent"; }
  behavior_type make_behavior() override {
    return {[this](const actors::child_started& message) { started_(message.result); },
            [this](const actors::child_ended&) { ended_(); }};
  }

private:
  std::function<void(const policy::start_result&)> started_;
  std::function<void()> ended_;
};

} // namespace

daemon::daemon(options given)
    : options_(std::move(given)), logs_(loop_, options_.home.log_dir),
      host_(loop_, logs_,
            {[this](int signal) { on_stop_requested(signal); }, [this] { stop_serving(); },
             [this](const std::string& how) { announce(event_kind::warning, how); }}),
      files_(loop_, [this](const std::string& what) { announce(event_kind::warning, what); }), shared_{host_,
                                                                                                       {},
                                                                                                       os::wall_now,
                                                                                                       {},
                                                                                                       {}},
      extensions_(os::load_symbol), journal_(loop_, options_.home.state_dir), processes_(journal_),
      trees_(shared_, journal_, extensions_), api_{{shared_, trees_, journal_, processes_, extensions_, feed_, logs_},
                                                   host_,
                                                   options_.home,
                                                   os::steady_now()} {
  shared_.steady_clock = os::steady_now;
  shared_.boot = os::boot_moment();
  logs_.shared = &shared_;
  logs_.guests().offered = &extensions_;
  shared_.watch_files = [this](const watch_spec& what, os::file_watcher::changed then) {
    return files_.watch(what, std::move(then));
  };
  reopen_.async_wait([this](const boost::system::error_code& failed, int) { on_reopen(failed); });
  api_.on_replaced = [this] {
    operations_ = journal_.operations();
    finish_operations();
  };
  api_.on_trees_stopped = [this] { // whoever follows gets the answers and the last events first
    boost::asio::post(loop_, [this] {
      api_.streams.finish_all(
          loop_, [this] { return !logs_.is_draining(); }, [this] { stop_keeper(); });
    });
  };
  host_.before_acting([this] { journal_.write(); });
  host_.may_forget = [this](const actors::process_id& id) { return trees_.may_forget(id.node, id.generation); };
  host_.on_released = [this](const actors::process_id& id) { processes_.forget(id.node, id.generation); };
  logs_.on_index_kept = [this](const std::string& path) {
    announce(event_kind::warning, journal_.take_note_of_kept_file(path));
  };
  journal_.on_written = [this] { host_.acknowledge_drained(); };
  journal_.on_trouble = [this](const std::string& trouble) {
    notes_->set_behind(!trouble.empty());
    announce(event_kind::warning,
             trouble.empty() ? "the journal is up to date again" : journal_trouble(trouble, options_.home.state_dir));
  };
}

void daemon::stop_keeper() {
  finished_ = true;
  host_.expect_end();
  host_.act().shutdown(); // it ends what is left, and then closes the channel
  host_.flush();
}

/// What logrotate sends when it has moved the files.
void daemon::on_reopen(const boost::system::error_code& failed) {
  if (failed) return;
  if (root_) logs_.reopen_all(); // before that nothing is open
  reopen_.async_wait([this](const boost::system::error_code& again, int) { on_reopen(again); });
}

int daemon::run() {
  if (const auto prepared = prepare(); !prepared) {
    log_error(prepared.failure().message);
    return 1;
  }
  actors::loop_config config(loop_);
  caf::actor_system system(config);
  start_tree(system);
  loop_.run();
  log_info("alderd exits");
  // The services belong to the keeper and the state is on disk: nothing is left to put in order actor by actor.
  std::_Exit(exit_code_);
}

outcome daemon::prepare() {
  host_.note_cgroups_in(wire::cgroup_list(options_.home.run_dir));
  host_.find_starts_in(os::start_book_in(options_.home.run_dir));
  if (auto attached = host_.attach(unique_fd{options_.keeper_fd}); !attached) return attached;
  // Before anything of a former life is read: a daemon that has lost its keeper may still write it, and read output.
  auto lock = os::take_daemon_lock(options_.home.run_dir + "/daemon.lock", lock_patience);
  if (!lock) {
    host_.act().failed(lock.failure().message);
    return lock.failure();
  }
  lock_ = std::move(*lock);
  notes_.emplace(lock_.get());
  if (auto started = logs_.start(host_.take_log_stage()); !started) return started;
  if (const auto own = os::own_program(); own && !options_.foreground) host_.replace_lost_keeper(options_.home, *own);
  if (const auto& news = host_.keeper().news(); !news.empty() && !was_upgraded()) complaints_.push_back(news);
  api_.notices = [this] {
    auto all = journal_.notices();
    if (!journal_.trouble().empty()) all.push_back(journal_trouble(journal_.trouble(), options_.home.state_dir));
    if (notes_->is_in_doubt()) all.emplace_back(doubtful_counts);
    if (const auto& news = host_.keeper().news(); !news.empty() && !was_upgraded()) all.push_back(news);
    return all;
  };
  const auto& home = options_.home;
  for (const auto& directory : {home.run_dir, home.state_dir, home.log_dir}) {
    const auto what = directory == home.log_dir ? os::directory_role::logs : os::directory_role::state;
    if (auto made = os::claim_directory(directory, what); !made) {
      host_.act().failed(made.failure().message);
      return made;
    }
  }
  auto log = store::event_log::open(options_.home.state_dir, events_taken_up);
  if (log) {
    event_log_ = std::move(*log);
    feed_.restore(event_log_.recent());
    complaints_.insert(complaints_.end(), event_log_.problems().begin(), event_log_.problems().end());
  } else {
    complaints_.push_back("events cannot be saved: " + log.failure().message);
  }
  feed_.store = [this](event& e) {
    (void)event_log_.append(e);
  }; // on a full disk events are still told to those who listen
  using ended = policy::what_ended;
  const auto with_keeper = options_.resurrect ? ended::reboot : ended::keeper;
  const auto past = event_log_.recent().empty() ? actors::archive::history::none : actors::archive::history::known;
  for (auto& complaint : journal_.open(host_.keeper().member_prefix(), past))
    complaints_.push_back(std::move(complaint));
  processes_.take_up();
  const auto of_keeper = journal_.take_note_of_kept(options_.home.run_dir);
  if (host_.keeper().epoch() == 1) complaints_.insert(complaints_.end(), of_keeper.begin(), of_keeper.end());
  if (auto enough = host_.has_descriptors_for_orphans(processes_.all()); !enough) {
    host_.act().failed(enough.failure().message);
    return enough;
  }
  const auto before = find_processes() ? ended::daemon : with_keeper;
  for (auto& complaint : trees_.restore(before))
    complaints_.push_back(std::move(complaint));
  operations_ = journal_.operations(); // before anybody can begin new ones
  for (const auto& complaint : complaints_)
    log_warning(complaint);
  return success();
}

/// Whether there is a former life to continue: this keeper's, or one of a keeper that was killed with its daemon.
bool daemon::find_processes() {
  const auto noted = processes_.all();
  bool goes_on = host_.keeper().epoch() > 1;
  if (!goes_on && options_.foreground) {
    host_.end_orphans(noted);
    goes_on = !host_.unclaimed().empty(); // of a daemon that did not come to serve
  } else if (!goes_on) {
    auto found = host_.adopt_orphans(noted, os::steady_now());
    // Trees without a running process at that moment continue too, except those that were about to be stopped.
    const bool is_stopping = journal_.operations().count(std::string{store::shutdown_key}) > 0;
    if (!found.goes_on && journal_.goes_on() && !is_stopping)
      found = {true, "the keeper and the daemon were killed together; no service was running at that time"};
    goes_on = found.goes_on;
    const auto book = os::start_book_in(options_.home.run_dir);
    if (goes_on && !os::start_book::read(book, host_.keeper().member_prefix())) notes_->set_doubt(true);
    if (!found.news.empty()) complaints_.push_back(std::move(found.news));
  }
  if (!goes_on) notes_->set_doubt(false); // all are counted anew
  host_.clear_cgroups();
  for (const auto& process : noted)
    if (!host_.is_alive({process.id, process.generation})) processes_.forget(process.id, process.generation);
  host_.tell_of_held([this](const store::noted_process& process) { processes_.note(process); });
  return goes_on;
}

void daemon::start_tree(caf::actor_system& system) {
  const auto parent =
      system.spawn<root_parent>([this](const policy::start_result& result) { on_tree_started(result); },
                                [this] {
                                  log_error("the daemon's own supervisor gave up; the keeper will start a new daemon");
                                  exit_code_ = 1;
                                  loop_.stop();
                                });
  root_ = system.spawn<actors::supervisor>(shared_, own_branch(), actors::parent_actor{parent});
  // Everything that a former daemon left running is taken over, in the order of the trees.
  caf::anon_send(root_, actors::start_order{1, {cause::kind::tree_start, {}, {}, {}}, /*resume=*/true, 0});
}

actors::supervisor_plan daemon::own_branch() {
  actors::supervisor_plan plan{"", "alderd", {strategy::rest_for_one, own_patience, auto_shutdown::never}, false, {}};
  plan.children = {events_part(), logs_part(), trees_part(), office_part(), api_part()};
  return plan;
}

actors::child_entry daemon::events_part() {
  return actors::entry_of_part(
      "events", [this](caf::scheduled_actor* host, const actors::parent_actor& parent) -> actors::child_actor {
        return host->spawn<actors::event_bus>(shared_, feed_, parent);
      });
}

actors::child_entry daemon::logs_part() {
  return actors::entry_of_part(
      "logs", [this](caf::scheduled_actor* host, const actors::parent_actor& parent) -> actors::child_actor {
        actors::supervisor_plan plan{
            "", "logs", {strategy::one_for_one, own_patience, auto_shutdown::never}, false, logs_.writers()};
        logs_.supervisor = host->spawn<actors::supervisor>(shared_, std::move(plan), parent);
        return logs_.supervisor;
      });
}

actors::child_entry daemon::trees_part() {
  return actors::entry_of_part(
      "trees", [this](caf::scheduled_actor* host, const actors::parent_actor& parent) -> actors::child_actor {
        api_.forest = host->spawn<actors::forest>(shared_, trees_, parent);
        return api_.forest;
      });
}

actors::child_entry daemon::office_part() {
  return actors::entry_of_part(
      "office", [this](caf::scheduled_actor* host, const actors::parent_actor& parent) -> actors::child_actor {
        return host->spawn<actors::office>(api_, parent);
      });
}

actors::child_entry daemon::api_part() {
  return actors::entry_of_part(
      "api", [this](caf::scheduled_actor* host, const actors::parent_actor& parent) -> actors::child_actor {
        return host->spawn<actors::api_server>(loop_, api_, parent);
      });
}

void daemon::on_tree_started(const policy::start_result& result) {
  if (result.what == policy::start_result::how::failed) {
    log_error(result.detail);
    host_.act().failed(result.detail);
    host_.flush();
    exit_code_ = 1;
    return loop_.stop();
  }
  shared_.nodes.update("", "alderd", [](node_snapshot& node) {
    node.state = node_state::running;
    node.since = os::steady_now();
    node.reason = "started by its keeper";
  });
  sort_out_unclaimed();
  const char* unexpected = "it had exited unexpectedly and was restarted by its keeper";
  announce(event_kind::daemon_started, was_upgraded()               ? wire::upgraded_news
                                       : host_.keeper().epoch() > 1 ? unexpected
                                                                    : "");
  for (const auto& complaint : complaints_)
    announce(event_kind::warning, complaint);
  log_info("alderd listens on " + options_.home.socket);
  host_.act().ready();
  host_.flush();
  finish_operations();
  if (stop_requested_ != 0) on_stop_requested(stop_requested_);
}

/// What the former daemon was asked for and did not live to finish.
void daemon::finish_operations() {
  if (operations_.count(std::string{store::shutdown_key}) > 0)
    return api_.submit({actors::shut_down{"to complete a shutdown that was interrupted"}, nullptr});
  ++rounds_;
  std::map<std::string, unfinished> by_tree;
  for (const auto& [key, detail] : operations_) {
    if (key.rfind(store::down_key, 0) == 0) {
      take_down(key.substr(store::down_key.size()), detail);
    } else if (key.rfind(store::act_key, 0) == 0) {
      const auto act = store::parse_act_value(detail);
      if (act)
        by_tree[act->tree].acts.emplace_back(key, *act);
      else
        journal_.end_operation(key);
    } else if (key.rfind(store::change_key, 0) == 0) {
      if (const auto what = store::parse_change_value(detail))
        by_tree[key.substr(store::change_key.size())].change = *what;
    } else if (key.rfind(store::wait_key, 0) == 0) {
      if (const auto what = store::parse_wait_value(detail))
        by_tree[what->tree].waiting.emplace(key, *what);
      else
        journal_.end_operation(key);
    }
  }
  for (auto& [tree, left] : by_tree)
    finish(tree, std::move(left), first_tree_look, rounds_);
}

void daemon::take_down(const std::string& tree, const std::string& detail) {
  const auto asked = store::parse_down_value(detail);
  const auto mark = asked ? *asked : store::request_mark{};
  if (trees_.find(tree) == nullptr) {
    journal_.end_operation(std::string{store::down_key} + tree);
    return note_answer(journal_, mark, "down", tree, tree, {/*changed=*/true, std::nullopt});
  }
  api_.submit({actors::take_down{tree, mark, /*is_resumed=*/true}, [this, tree](const wire::operation_result& done) {
                 if (!done.failure) announce(event_kind::resumed, "removal", tree);
               }});
}

/// Each once its supervisor is there again: acts in their order, then the change, for which the whole tree has to be
/// there. Until then its supervisors do not know all their children.
void daemon::finish(const std::string& tree, unfinished left, std::chrono::milliseconds wait, unsigned round) {
  if (!api_.submit || api_.stopping || round != rounds_) return; // an office that comes back finds them again
  const auto root = shared_.nodes.find(tree, tree);
  const bool comes = root && (root->state == node_state::starting || root->state == node_state::backoff ||
                              (root->state == node_state::stopped && !root->settled));
  while (!left.acts.empty()) {
    const auto& [key, act] = left.acts.front();
    if (comes && shared_.parents.count(actors::id_of(tree, act.name)) == 0) break;
    finish_act(key, act);
    left.acts.pop_front();
  }
  if (left.change && !comes) finish_change(tree, *std::exchange(left.change, std::nullopt));
  if (!comes)
    for (const auto& [key, what] : std::exchange(left.waiting, {}))
      begin_change(key, what);
  if (left.acts.empty() && !left.change && left.waiting.empty()) return;
  const auto timer = std::make_shared<boost::asio::steady_timer>(loop_, wait);
  timer->async_wait([this, timer, tree, left = std::move(left), wait, round](const boost::system::error_code& failed) {
    if (!failed) finish(tree, left, std::min<std::chrono::milliseconds>(wait * 2, longest_tree_look), round);
  });
}

void daemon::finish_act(const std::string& key, const store::act_under_way& act) {
  using kind = store::act_under_way::kind;
  using op = actors::node_call::op;
  const auto what = act.what == kind::start     ? op::start
                    : act.what == kind::restart ? op::restart
                    : act.what == kind::remove  ? op::remove
                                                : op::stop;
  const auto goal = actors::start_goal_named(act.until).value_or(actors::start_goal::started);
  api_.submit({actors::act_on_node{act.tree, act.name, what, goal, act.seen, key, act.asked},
               [this, act](const wire::operation_result& done) {
                 if (!done.failure || api_.stopping || done.failure->code == "no_such_node") return;
                 announce(event_kind::warning,
                          "the " + std::string{store::word(act.what)} + " of " + act.name +
                              ", interrupted when the daemon exited, could not be completed: " + done.failure->detail,
                          act.tree);
               }});
}

void daemon::finish_change(const std::string& tree, const store::change_under_way& what) {
  const auto key = std::string{store::change_key} + tree;
  const auto noted = journal_.operations();
  const auto known = noted.find(key);
  if (known == noted.end() || known->second != store::change_value(what)) return; // another change has taken its place
  for (const auto& process : host_.unclaimed()) { // of a child that became something else
    const auto node = shared_.nodes.find(process.id.node);
    const bool is_its_own = node && node->what == node_snapshot::kind::service; // which is about to be claimed
    if (process.alive && process.id.node.tree == tree && !is_its_own) host_.discard(process.id);
  }
  api_.submit({actors::finish_change{tree, what, {}}, [this, tree](const wire::operation_result& done) {
                 if (api_.stopping) return; // the rest is done when everything has ended
                 journal_.end_operation(std::string{store::change_key} + tree); // also of a tree that is gone
                 tell_of_change(tree, done);
               }});
}

/// It has been waiting for the one before it.
void daemon::begin_change(const std::string& key, const store::waiting_change& what) {
  if (journal_.operations().count(key) == 0) return; // it has begun
  const auto tell = [this, tree = what.tree](const wire::operation_result& done) {
    if (!api_.stopping) tell_of_change(tree, done);
  };
  if (what.pending.empty())
    return api_.submit(
        {actors::scale_service{what.tree, what.service, what.instances, what.at_any_price, {}, key, what.asked}, tell});
  api_.submit({actors::finish_change{what.tree, {what.options, {}, {}, {}, what.pending, {}, what.asked}, key}, tell});
}

void daemon::tell_of_change(const std::string& tree, const wire::operation_result& done) {
  if (!done.failure) return announce(event_kind::resumed, "change", tree);
  announce(event_kind::warning,
           "the configuration change that was interrupted when the daemon exited could not be completed: " +
               done.failure->detail,
           tree);
}

bool daemon::was_upgraded() { return host_.keeper().news() == wire::upgraded_news; }

void daemon::on_stop_requested(int signal) {
  log_info("stopping on " + signal_name(signal));
  if (!api_.submit) { // too early: when the office is there
    stop_requested_ = signal;
    return;
  }
  api_.submit({actors::shut_down{"on " + signal_name(signal)}, nullptr});
}

/// Exits of nodes that stay down are settled; a process of no known tree keeps running and is reported.
void daemon::sort_out_unclaimed() {
  for (const auto& process : host_.unclaimed()) {
    const auto& tree = process.id.node.tree;
    const auto node = shared_.nodes.find(process.id.node);
    if (!process.alive && node && node->settled) host_.release(process.id); // others are about to be claimed
    if (process.alive && (trees_.find(tree) == nullptr || !node)) {
      complaints_.push_back(process.id.node.text() + " (pid " + std::to_string(process.pid) + ") is running, but " +
                            (trees_.find(tree) == nullptr ? "its tree" : "it") +
                            " is no longer known and nothing supervises it; stop it with kill " +
                            std::to_string(process.pid) + " or 'alder daemon stop'");
    }
  }
}

/// The keeper closed the channel: after a shutdown because all is done, else because it is gone or has a newer daemon.
void daemon::stop_serving() {
  if (!finished_) log_error("the keeper is gone");
  exit_code_ = finished_ ? 0 : 1;
  loop_.stop();
}

void daemon::announce(event_kind kind, const std::string& detail, const std::string& tree) {
  shared_.announce({.kind = kind, .tree = tree, .name = tree, .cause = {.detail = detail}});
}

} // namespace alder::daemon

#include "cli/commands/foreground_run.hpp"

#include "cli/commands/follow.hpp"
#include "cli/common/launch.hpp"
#include "cli/common/resumption.hpp"
#include "cli/common/run_verdict.hpp"
#include "cli/common/screens.hpp"

#include "runtime/base/overloaded.hpp"
#include "runtime/base/units.hpp"
#include "runtime/os/background.hpp"
#include "runtime/os/caller.hpp"

#include "alder/node_id.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <map>
#include <memory>
#include <optional>

namespace alder::cli {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds tick_period{250};
/// When nothing has been said for this long the daemon is asked whether it is there.
constexpr milliseconds look_period{10000};
/// After the second signal the keeper kills everything; a keeper that has not ended then is killed itself.
constexpr milliseconds kill_deadline{10000};
constexpr milliseconds removal_deadline{30000};

bool is_worth_knowing(std::string_view kind) {
  constexpr std::array<std::string_view, 8> kinds{"exited",  "restart_planned", "start_failed", "gave_up",
                                                  "warning", "tree_failed",     "adopted",      "finished"};
  return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

bool may_end_the_run(std::string_view kind) {
  return kind == "finished" || kind == "stopped" || kind == "gave_up" || kind == "tree_failed" || kind == "exited";
}

struct own_keeper {
  os::locations where;
  int pid = 0;
  bool is_private = false; ///< the usual home is taken
};

/// Starts a keeper of our own: in the usual home, or, when a daemon has that, in a fresh one.
result<own_keeper> start_keeper(session& s) {
  const auto own = os::own_directory();
  const auto found = find_programs(own ? *own : std::string{}, s.setup().around);
  if (!found) return found.failure();
  own_keeper keeper{.where = s.setup().where, .pid = 0, .is_private = false};
  while (true) {
    const auto started =
        os::start_in_background(keeper_command(*found, keeper.where, keeper_mode::foreground), os::attachment::child);
    if (!started) return started.failure();
    keeper.pid = started->pid;
    daemon_watch watch{keeper.where.run_dir, [&s](std::string_view text) { s.note(text); }};
    const auto said = hear(*started, keeper.where, watch);
    if (said && *said == keeper_word::ready) return keeper;
    os::send_signal(keeper.pid, SIGTERM);
    if (os::wait_until_gone(keeper.pid, kill_deadline)) (void)os::reap_child(keeper.pid); // it had nothing to run yet
    if (!said) return said.failure();
    if (keeper.is_private)
      return error{error_kind::conflict, "the private home " + keeper.where.run_dir + " is already in use", 0};
    auto fresh = os::private_locations(s.setup().where, os::process_id());
    if (!fresh) return fresh.failure();
    os::remove_private_home(*fresh); // of an earlier run with the same number
    keeper.where = std::move(*fresh);
    keeper.is_private = true;
    s.note("alder: a daemon is already running in " + s.setup().where.run_dir + "; this run uses its own home, " +
           keeper.where.run_dir + "\n");
  }
}

class foreground_run {
public:
  foreground_run(session& s, const project& file, own_keeper keeper)
      : s_{s}, file_{file}, tree_{file.loaded.tree->root.name}, keeper_{std::move(keeper)}, logs_{resumption()},
        watch_{keeper_.where.run_dir, [this](std::string_view text) { s_.note(text); }}, asking_{keeper_.where.socket},
        loop_{keeper_.where.socket} {
    note_shows(file_.loaded.tree->root);
  }

  exit_code run() {
    loop_.on_signals(/*with_children=*/true, [this](int signal) { on_signal(signal); });
    loop_.every(tick_period, [this] { on_tick(); });
    loop_.look_after(look_period, {slow_after, [this] { return watch_.ask_keeper(); }, replacement_patience});
    forget_earlier_run();
    follow_events();
    follow_logs(); // and then it is brought up
    loop_.run_until_stopped();
    if (keeper_.is_private) os::remove_private_home(keeper_.where);
    if (signal_ != 0) return code_of_signal(signal_);
    const auto& result =
        result_.value_or(run_result{.code = exit_code::failed, .reason = "the run ended unexpectedly"});
    if (!result.reason.empty())
      return s_.fail({.code = result.code, .what = result.reason, .help = {}, .diagnostics = {}});
    return s_.end_code() == exit_code::ok ? result.code : s_.end_code();
  }

private:
  /// A run that was killed has left its tree in the home, perhaps with another configuration.
  void forget_earlier_run() {
    const auto target = tree_target() + "?wait=" + format_duration(removal_deadline);
    // Mostly there is none, and then nothing is to be done; what goes wrong shows when the tree is brought up.
    (void)asking_.send({.method = "DELETE", .target = target, .body = {}, .accept = {}},
                       removal_deadline + answer_deadline);
    logs_ = resumption();
    note_latest_event();
  }

  /// Told by number, not by time: the end of an earlier run may be of the same millisecond as our beginning.
  void note_latest_event() {
    const auto latest = asking_.send({.method = "GET", .target = "/v1/events?tail=1", .body = {}, .accept = {}});
    if (!latest || latest->status != 200) return; // the daemon has just died: the next one is asked
    const auto event = read_event_item(latest->body);
    const auto* last = event ? std::get_if<event_view>(&*event) : nullptr;
    last_event_ = last == nullptr ? 0 : last->seq;
  }

  /// Of services that there are when we begin nothing is shown but what comes; of those that come later everything.
  /// When the daemon dies before it has said where their output begins, their earlier runs are told by time.
  static log_resumption resumption() {
    // What the services have said is shown to its end, however slowly it is read.
    const std::string target = "/v1/logs?follow=1&patience=24h";
    return {target + "&tail=0", target + "&since=" + std::to_string(session::now().time_since_epoch().count())};
  }

  void bring_up() {
    is_asked_for_ = true;
    open(
        {.method = "PUT",
         .target = "/v1/config",
         .body = config_body({file_.file, file_.text, s_.setup().around.environment}),
         .accept = "application/x-ndjson"},
        [this](std::string_view line) {
          const auto read = read_event_item(line);
          const auto* done = read ? std::get_if<operation_result>(&*read) : nullptr;
          if (done == nullptr) return flow::go_on; // events come by their own stream
          is_up_ = true;
          done->failure ? fail_start(*done->failure) : check_verdict();
          return flow::go_on;
        },
        [this](const result<reply>& how) {
          if (how && how->status != 200) fail_start(read_problem(how->status, how->body));
          // A daemon that died over it has been started again, and its journal may know the tree.
          is_asked_for_ = is_up_ = is_up_ || how.ok();
          check_verdict();
        });
  }

  void fail_start(const problem& why) {
    const auto told = explain(why);
    if (!told.diagnostics.empty()) s_.note(config::render(told.diagnostics, s_.err().colour));
    finish({.code = told.code, .reason = told.what});
  }

  void follow_events() {
    if (!last_event_) note_latest_event();
    if (!last_event_) return; // the next tick asks again
    has_events_ = true;
    const auto target = "/v1/events?follow=1&since=" + std::to_string(*last_event_);
    open(
        {.method = "GET", .target = target, .body = {}, .accept = "application/x-ndjson"},
        [this](std::string_view line) { return on_event_line(line); },
        [this](const result<reply>&) { has_events_ = false; });
  }

  flow on_event_line(std::string_view line) {
    const auto read = read_event_item(line);
    const auto* event = read ? std::get_if<event_view>(&*read) : nullptr;
    if (event == nullptr) return flow::go_on; // a gap: the tree itself says what counts
    last_event_ = event->seq;
    if (event->tree != tree_) return flow::go_on;
    if (is_worth_knowing(event->kind) && !s_.wanted().json) s_.note(event_text(s_.err(), *event, session::now()));
    if (event->kind == "tree_removed") finish({});
    if (may_end_the_run(event->kind)) check_verdict();
    return flow::go_on;
  }

  void follow_logs() {
    has_logs_ = true;
    open(
        logs_.next(), [this](std::string_view line) { return on_log_line(line); },
        [this](const result<reply>& how) {
          has_logs_ = false;
          is_all_shown_ = how && how->status == 200;
        });
  }

  flow on_log_line(std::string_view text) {
    const auto read = read_log_item(text);
    if (!read) return flow::go_on;
    logs_.note(*read);
    if (!std::exchange(has_begun_, true)) look_for_tree();
    if (const auto* gap = std::get_if<log_gap>(&*read)) s_.note(gap_text(s_.err(), *gap));
    const auto* line = std::get_if<log_line>(&*read);
    if (line == nullptr || line->tree != tree_) return flow::go_on;
    if (!show_line(*line, text)) finish({});
    return flow::go_on;
  }

  /// False: nobody reads it any more.
  bool show_line(const log_line& line, std::string_view text) {
    if (s_.wanted().json) return s_.print(std::string{text} + "\n");
    switch (show_of(line.service)) {
    case log_show::none: return true;
    case log_show::raw: {
      const auto bytes = log_text(s_.out(), line, {.is_raw = true});
      return line.is_err() ? s_.print_error(bytes) : s_.print(bytes);
    }
    case log_show::prefixed: break;
    }
    widest_ = std::max(widest_, columns_of(line.service));
    return s_.print(log_text(s_.out(), line, {.has_prefix = !s_.wanted().no_prefix, .name_width = widest_}));
  }

  /// The command line has the last word. Instances that are added later are shown as the others.
  [[nodiscard]] log_show show_of(const std::string& service) const {
    const auto& wanted = s_.wanted().show;
    if (!wanted.empty())
      return wanted == "raw" ? log_show::raw : wanted == "none" ? log_show::none : log_show::prefixed;
    const auto found = shows_.find(pool_of(service));
    return found == shows_.end() ? log_show::prefixed : found->second;
  }

  void note_shows(const supervisor_spec& of) {
    for (const auto& child : of.children) {
      std::visit(overloaded{[&](const service_ptr& service) {
                              shows_[std::string{pool_of(service->name)}] = service->log.show;
                            },
                            [&](const supervisor_ptr& nested) { note_shows(*nested); }},
                 child);
    }
  }

  /// Opens a stream that is counted, so that the end is noticed.
  void open(const call& what, std::function<flow(std::string_view)> on_line,
            std::function<void(const result<reply>&)> on_end) {
    ++streams_;
    loop_.open(what,
               {.on_line = std::move(on_line), .on_end = [this, on_end = std::move(on_end)](const result<reply>& how) {
                  --streams_;
                  on_end(how);
                  end_if_over();
                }});
  }

  /// Brings the tree up, unless it is known already.
  void look_for_tree() {
    if (result_) return;
    const auto answer = asking_.send({.method = "GET", .target = "/v1/tree", .body = {}, .accept = {}});
    const auto trees = answer && answer->status == 200 ? read_tree(answer->body)
                                                       : result<tree_view>{error{error_kind::unavailable, {}, 0}};
    if (!trees) return; // the daemon is away; the next tick asks again
    is_asked_for_ = is_up_ = std::any_of(trees->trees.begin(), trees->trees.end(),
                                         [&](const node_view& root) { return root.tree == tree_; });
    is_up_ ? check_verdict() : bring_up();
  }

  void check_verdict() {
    if (!is_up_ || result_) return;
    const auto answer = asking_.send({.method = "GET", .target = "/v1/tree", .body = {}, .accept = {}});
    if (!answer || answer->status != 200) return; // the daemon is away; the next tick asks again
    const auto trees = read_tree(answer->body);
    if (!trees) return;
    for (const auto& root : trees->trees) {
      if (root.tree != tree_) continue;
      if (auto over = verdict(root, s_.wanted().exit_code_from)) finish(*over);
    }
  }

  /// Ends the run: the tree is stopped and forgotten, then the daemon stops itself and its keeper, and we hear of the
  /// keeper's end.
  void finish(run_result with) {
    if (result_) return;
    result_ = std::move(with);
    open(
        {.method = "DELETE", .target = tree_target(), .body = {}, .accept = "application/x-ndjson"},
        [](std::string_view) { return flow::go_on; }, [this](const result<reply>&) { ask_for_shutdown(); });
  }

  /// Whatever came of the removal: it may have been removed before, and the shutdown stops what is left.
  void ask_for_shutdown() {
    open(
        {.method = "POST", .target = "/v1/daemon/shutdown", .body = {}, .accept = {}},
        [](std::string_view) { return flow::go_on; },
        [this](const result<reply>& how) {
          // Without a daemon to ask, the keeper is asked: it does the same with what is there.
          if (!how && !is_keeper_gone_) os::send_signal(keeper_.pid, SIGTERM);
        });
  }

  [[nodiscard]] std::string tree_target() const { return "/v1/trees/" + percent_encoded(tree_); }

  void on_signal(int signal) {
    if (signal == SIGCHLD) return on_child();
    if (signal_ != 0) {
      // Twice, so that it does not wait for the daemon.
      os::send_signal(keeper_.pid, SIGTERM);
      os::send_signal(keeper_.pid, SIGINT);
      kill_at_ = session::steady_now() + kill_deadline;
      return;
    }
    signal_ = signal;
    s_.note("alder: stopping; press Ctrl-C again to kill\n");
    finish({.code = code_of_signal(signal), .reason = {}});
  }

  void on_child() {
    if (const auto status = os::reap_child(keeper_.pid)) {
      is_keeper_gone_ = true;
      if (!result_) {
        result_ =
            run_result{.code = exit_code::failed,
                       .reason = "the keeper exited unexpectedly; see " + keeper_.where.state_dir + "/keeper.log"};
      }
    }
    if (os::process_id() == 1) os::reap_orphans(keeper_.pid);
    end_if_over();
  }

  void on_tick() {
    if (kill_at_ && session::steady_now() >= *kill_at_) os::send_signal(keeper_.pid, SIGKILL);
    if (is_keeper_gone_) return;
    look_after_absent_daemon();
    // A daemon that died is started again by its keeper: continue where it was.
    if (!has_logs_ && !is_all_shown_) follow_logs();
    if (result_) return;
    if (has_begun_ && !is_asked_for_) look_for_tree();
    if (has_events_) return;
    follow_events();
    check_verdict();
  }

  /// The next one may hang before it serves.
  void look_after_absent_daemon() {
    if (has_events_ || has_logs_) return absent_since_.reset();
    const auto now = session::steady_now();
    if (!absent_since_) absent_since_ = now;
    if (now - *absent_since_ < slow_after) return;
    absent_since_ = now;
    (void)watch_.ask_keeper(); // the next ticks show what comes of it
  }

  void end_if_over() {
    if (is_keeper_gone_ && streams_ == 0) loop_.stop();
  }

  session& s_;
  const project& file_;
  std::string tree_;
  own_keeper keeper_;
  log_resumption logs_;
  std::optional<std::uint64_t> last_event_; ///< none: not known yet
  std::size_t widest_ = 0;
  std::map<std::string, log_show, std::less<>> shows_; ///< by the name of the service or pool
  unsigned streams_ = 0;
  bool has_events_ = false;
  bool has_logs_ = false;
  bool is_all_shown_ = false; ///< a daemon that went down has given the last line
  bool has_begun_ = false;    ///< its output cannot be missed any more
  bool is_asked_for_ = false; ///< the tree is being brought up, or has been
  bool is_up_ = false;        ///< the tree has been brought up, or has failed to
  bool is_keeper_gone_ = false;
  int signal_ = 0; ///< the first that asked us to end
  std::optional<wall_time> kill_at_;
  std::optional<run_result> result_;
  std::optional<wall_time> absent_since_; ///< or since its keeper was asked about it
  daemon_watch watch_;
  client asking_;
  stream_loop loop_;
};

} // namespace

exit_code run_in_foreground(session& s, const project& file) {
  auto keeper = start_keeper(s);
  if (!keeper) return s.fail(explain(keeper.failure()));
  return foreground_run{s, file, std::move(*keeper)}.run();
}

} // namespace alder::cli

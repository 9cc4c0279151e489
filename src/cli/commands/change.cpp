#include "cli/commands/change.hpp"

#include "cli/commands/follow.hpp"
#include "cli/common/screens.hpp"

#include "runtime/base/overloaded.hpp"
#include "runtime/base/text.hpp"
#include "runtime/base/units.hpp"

#include <cerrno>
#include <optional>
#include <variant>

namespace alder::cli {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds spinner_period{120};
constexpr unsigned shown_log_lines = 5;
constexpr unsigned most_attempts = 20; // daemons that are asked to carry out one change
/// When nothing has been said for this long the daemon is asked whether it is there.
constexpr milliseconds look_at_daemon_period{5000};

/// One change under way.
class watcher {
public:
  watcher(session& s, const change& what)
      : s_{s}, what_{what}, progress_{s.out(), s.setup().rows, what.words, session::steady_now()},
        begin_{session::steady_now()}, loop_{s.setup().where.socket} {}

  exit_code run() {
    loop_.on_signals(/*with_children=*/false, [this](int signal) { interrupt(signal); });
    loop_.every(spinner_period, [this] { on_tick(); });
    loop_.look_after(look_at_daemon_period, s_.when_slow());
    loop_.open({.method = what_.method, .target = what_.target, .body = what_.body, .accept = "application/x-ndjson"},
               {.on_line = [this](std::string_view line) { return on_line(line); },
                .on_end = [this](const result<reply>& how) { on_end(how); }});
    loop_.run();
    if (code_) return *code_;
    if (lost_) return exit_code::no_daemon;
    return done_ ? conclude()
                 : s_.fail({.code = exit_code::no_daemon,
                            .what = "the daemon exited before the operation finished",
                            .help = {"see what was done with: alder tree"},
                            .diagnostics = {}});
  }

  /// How the daemon was lost before it had answered; another may be asked.
  [[nodiscard]] const std::optional<error>& lost() const { return lost_; }

private:
  void interrupt(int signal) {
    s_.note("the daemon continues the operation; see its progress with: alder tree\n");
    code_ = code_of_signal(signal);
    loop_.stop();
  }

  void on_tick() {
    show(progress_.on_tick(session::steady_now()));
    if (!s_.wanted().timeout || session::steady_now() < begin_ + *s_.wanted().timeout) return;
    code_ = s_.fail({.code = exit_code::timed_out,
                     .what = "not finished within " + format_duration(*s_.wanted().timeout),
                     .help = {"the daemon continues the operation; see its progress with: alder tree"},
                     .diagnostics = {}});
    loop_.stop();
  }

  flow on_line(std::string_view line) {
    const auto read = read_event_item(line);
    if (!read) {
      code_ = s_.fail(explain(read.failure()));
      return flow::stop;
    }
    if (s_.wanted().json && !s_.print(std::string{line} + "\n")) return stop_reading();
    std::visit(overloaded{[&](const event_view& event) { show(progress_.on_event(event, session::steady_now())); },
                          [](const event_gap&) {}, [&](const operation_result& done) { done_ = done; }},
               *read);
    if (is_unread_) return stop_reading();
    return done_ ? flow::stop : flow::go_on;
  }

  flow stop_reading() {
    code_ = s_.end_code();
    return flow::stop;
  }

  void on_end(const result<reply>& how) {
    if (!how) {
      const bool is_cut_off = how.failure().os_errno == ECONNRESET;
      if (never_reached(how.failure()) || (is_cut_off && !what_.again.empty())) {
        lost_ = how.failure();
        return;
      }
      auto told = s_.explain_no_answer(how.failure());
      if (is_cut_off) told.help.push_back(what_.when_lost);
      code_ = s_.fail(told);
    } else if (how->status != 200) {
      code_ = s_.fail(explain(read_problem(how->status, how->body)));
    }
  }

  void show(const std::string& text) {
    if (text.empty() || s_.wanted().json || s_.wanted().quiet || is_unread_) return;
    is_unread_ = !s_.print(text);
  }

  exit_code conclude() {
    if (done_->failure) {
      const auto told = explain(*done_->failure);
      // With --json the last line of the stream has said it.
      if (s_.wanted().json) return told.code;
      (void)s_.fail(told);
      show_logs();
      return told.code;
    }
    // A start that somebody else had begun is waited for: then there was something to do, only not for us.
    const bool has_news = done_->changed || progress_.has_counted();
    show((has_news ? progress_.summary(session::steady_now()) : what_.nothing_to_do) + "\n");
    return s_.wanted().keep_going ? report_failed() : s_.end_code();
  }

  /// What was left down so that the others could come up.
  exit_code report_failed() {
    const auto names = progress_.failed_to_start();
    if (names.empty()) return s_.end_code();
    const auto code = s_.wanted().json ? exit_code::failed
                                       : s_.fail({.code = exit_code::failed,
                                                  .what = join(names, ", ") + " failed to start; the others are up",
                                                  .help = {"after fixing the problem: alder start " + names.front()},
                                                  .diagnostics = {}});
    if (!s_.wanted().json) show_logs();
    return code;
  }

  /// The last words of what failed, of this attempt: an earlier run's would mislead.
  void show_logs() {
    for (const auto& name : progress_.failed()) {
      const auto target = "/v1/logs?tail=" + std::to_string(shown_log_lines) +
                          "&since=" + std::to_string(asked_at_.time_since_epoch().count()) +
                          "&service=" + percent_encoded(name);
      const auto answer =
          s_.try_request({.method = "GET", .target = target, .body = {}, .accept = "application/x-ndjson"});
      const auto* text = std::get_if<std::string>(&answer);
      if (text == nullptr) continue; // the failure itself has been told; without logs it is still complete
      std::size_t from = 0;
      for (auto end = text->find('\n'); end != std::string::npos; end = text->find('\n', from)) {
        const auto line = read_log_item(std::string_view{*text}.substr(from, end - from));
        from = end + 1;
        if (!line) continue;
        if (const auto* log = std::get_if<log_line>(&*line))
          s_.note(log_text(s_.err(), *log, {.has_prefix = true, .name_width = 0}));
      }
    }
  }

  session& s_;
  const change& what_;
  progress progress_;
  wall_time begin_;                     ///< by a clock that nobody sets
  wall_time asked_at_ = session::now(); ///< as the times of log lines are
  stream_loop loop_;
  std::optional<operation_result> done_;
  std::optional<exit_code> code_;
  bool is_unread_ = false; ///< nobody reads standard output any more
  std::optional<error> lost_;
};

/// The daemon refuses at once what it can tell at once.
exit_code hand_over(session& s, const change& what) {
  const auto answer =
      s.try_request({.method = what.method, .target = what.target, .body = what.body, .accept = "application/json"});
  if (const auto* refused = std::get_if<failure>(&answer)) return s.fail(*refused);
  if (s.wanted().json)
    (void)s.print(std::get<std::string>(answer) + "\n");
  else if (!s.wanted().quiet)
    (void)s.print("accepted; see its progress with: alder events -f\n");
  return s.end_code();
}

} // namespace

exit_code carry_out(session& s, const change& what) {
  if (s.wanted().no_wait) return hand_over(s, what);
  if (const auto unreachable = s.rouse()) return s.fail(*unreachable);
  auto now = what;
  for (unsigned times = 1;; ++times) {
    watcher one{s, now};
    const auto code = one.run();
    if (!one.lost()) return code;
    if (times == most_attempts) return s.fail(s.explain_no_answer(*one.lost()));
    if (times == 1 && !s.wanted().json) s.note("the daemon exited; waiting for the daemon that replaces it\n");
    (void)s.await_daemon(); // of one that does not come the next says more
    if (const auto unreachable = s.rouse()) return s.fail(*unreachable);
    if (!never_reached(*one.lost())) now.target = what.again;
  }
}

} // namespace alder::cli

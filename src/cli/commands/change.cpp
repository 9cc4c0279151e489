#include "cli/commands/change.hpp"

#include "cli/commands/follow.hpp"
#include "cli/common/screens.hpp"

#include "runtime/base/text.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <iomanip>
#include <optional>
#include <random>
#include <sstream>
#include <utility>
#include <variant>

namespace alder::cli {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds spinner_period{120};
constexpr unsigned shown_log_lines = 5;
constexpr unsigned most_attempts = 20; // daemons that are asked to carry out one change
/// When nothing has been said for this long the daemon is asked whether it is there.
constexpr milliseconds look_at_daemon_period{5000};

/// Nobody else has it.
std::string new_key() {
  std::random_device random;
  std::ostringstream key;
  for (int words = 0; words < 4; ++words)
    key << std::hex << std::setw(8) << std::setfill('0') << random();
  return key.str();
}

/// One change under way, also over several daemons: when one is lost the next is waited for.
class watcher {
public:
  watcher(session& s, const change& what)
      : s_{s}, what_{what}, target_{what.target}, key_{what.again.empty() ? std::string{} : new_key()},
        progress_{s.out(), s.setup().rows, what.words, session::steady_now()}, loop_{s.setup().where.socket} {}

  exit_code run() {
    if (const auto distrusted = s_.distrust()) return s_.fail(*distrusted);
    loop_.on_signals(/*with_children=*/false, [this](int signal) { interrupt(signal); });
    loop_.every(spinner_period, [this] { on_tick(); });
    loop_.look_after(look_at_daemon_period, s_.when_slow());
    look_for_daemon();
    if (!code_) loop_.run_until_stopped();
    return code_.value_or(exit_code::failed);
  }

private:
  void end(exit_code code) {
    code_ = code;
    loop_.stop();
  }

  /// What becomes of the change when nobody waits for it.
  [[nodiscard]] std::string what_goes_on() const {
    if (!was_asked_) return "the daemon had not been asked yet; nothing was changed";
    return awaited_ ? what_.when_lost : "the daemon continues the operation; see its progress with: alder tree";
  }

  void interrupt(int signal) {
    s_.note(what_goes_on() + "\n");
    end(code_of_signal(signal));
  }

  void on_tick() {
    show(progress_.on_tick(session::steady_now()));
    if (s_.is_late()) return end(s_.fail(s_.too_late({what_goes_on()})));
    if (awaited_) look_for_daemon();
  }

  /// What changes something goes only to a daemon that has just answered.
  void look_for_daemon() {
    if (!awaited_) awaited_.emplace(s_);
    const auto found = awaited_->look();
    if (found == session::arrival::state::awaited) return;
    awaited_.reset();
    // Of one that does not come the attempt to reach it says more.
    is_last_ = found == session::arrival::state::in_vain || ++attempts_ > most_attempts;
    loop_.open({.method = "GET", .target = "/_ping", .body = {}, .accept = {}},
               {.on_line = [](std::string_view) { return flow::go_on; },
                .on_end = [this](const result<reply>& how) { how ? ask() : on_absent(how.failure()); }});
  }

  void ask() {
    loop_.open({.method = what_.method,
                .target = target_,
                .body = what_.body,
                .accept = "application/x-ndjson",
                .key = key_,
                .seen = seen_},
               {.on_line = [this](std::string_view line) { return on_line(line); },
                .on_end = [this](const result<reply>& how) { on_end(how); }});
  }

  void on_absent(const error& why) {
    const bool may_come = never_reached(why) || why.os_errno == ECONNRESET;
    if (is_last_ || !may_come) return end(s_.fail(s_.explain_no_answer(why)));
    awaited_.emplace(s_); // the next tick looks for it
  }

  flow on_line(std::string_view line) {
    was_asked_ = true;
    const auto read = read_event_item(line);
    if (!read) {
      end(s_.fail(explain(read.failure())));
      return flow::stop;
    }
    const auto* event = std::get_if<event_view>(&*read);
    // Whoever asks again is told from the beginning.
    if (event != nullptr && event->seq > 0 && event->seq <= std::exchange(seen_, std::max(seen_, event->seq)))
      return flow::go_on;
    if (s_.wanted().json && !s_.print(std::string{line} + "\n")) return stop_reading();
    if (event != nullptr) show(progress_.on_event(*event, session::steady_now()));
    if (is_unread_) return stop_reading();
    const auto* done = std::get_if<operation_result>(&*read);
    if (done == nullptr) return flow::go_on;
    done_ = *done;
    end(conclude());
    return flow::stop;
  }

  flow stop_reading() {
    end(s_.end_code());
    return flow::stop;
  }

  void on_end(const result<reply>& how) {
    if (how && how->status != 200) return end(s_.fail(explain(read_problem(how->status, how->body))));
    if (how) {
      return end(s_.fail({.code = exit_code::no_daemon,
                          .what = "the daemon exited before the operation finished",
                          .help = {"see what was done with: alder tree"},
                          .diagnostics = {}}));
    }
    const auto& why = how.failure();
    const bool is_cut_off = why.os_errno == ECONNRESET;
    was_asked_ = was_asked_ || is_cut_off;
    if (!never_reached(why) && !(is_cut_off && !what_.again.empty())) {
      auto told = s_.explain_no_answer(why);
      if (is_cut_off) told.help.push_back(what_.when_lost);
      return end(s_.fail(told));
    }
    if (is_cut_off) target_ = what_.again;
    if (!std::exchange(was_told_of_loss_, true) && !s_.wanted().json)
      s_.note("the daemon exited; waiting for the daemon that replaces it\n");
    on_absent(why);
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
  std::string target_; ///< of the next request
  std::string key_;    ///< of all of them
  progress progress_;
  wall_time asked_at_ = session::now(); ///< as the times of log lines are
  stream_loop loop_;
  std::optional<session::arrival> awaited_; ///< there is no daemon
  unsigned attempts_ = 0;                   ///< daemons that were looked for
  bool is_last_ = false;                    ///< no other is waited for
  bool was_asked_ = false;                  ///< one may have heard of it
  bool was_told_of_loss_ = false;
  std::uint64_t seen_ = 0; ///< the last event
  std::optional<operation_result> done_;
  std::optional<exit_code> code_;
  bool is_unread_ = false; ///< nobody reads standard output any more
};

/// The daemon refuses at once what it can tell at once.
exit_code hand_over(session& s, const change& what) {
  const auto answer = s.try_request({.method = what.method,
                                     .target = what.target,
                                     .body = what.body,
                                     .accept = "application/json",
                                     .key = what.again.empty() ? std::string{} : new_key()});
  if (const auto* refused = std::get_if<failure>(&answer)) return s.fail(*refused);
  if (s.wanted().json)
    (void)s.print(std::get<std::string>(answer) + "\n");
  else if (!s.wanted().quiet)
    (void)s.print("accepted; see its progress with: alder events -f\n");
  return s.end_code();
}

} // namespace

exit_code carry_out(session& s, const change& what) {
  return s.wanted().no_wait ? hand_over(s, what) : watcher{s, what}.run();
}

} // namespace alder::cli

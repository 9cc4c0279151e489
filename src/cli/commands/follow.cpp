#include "cli/commands/follow.hpp"

#include "runtime/os/background.hpp"
#include "runtime/os/caller.hpp"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <optional>
#include <utility>

namespace alder::cli {

exit_code code_of_signal(int signal) { return signal == SIGTERM ? exit_code::terminated : exit_code::interrupted; }

namespace {

constexpr std::chrono::milliseconds follow_tick{250};
/// A follower of what says nothing for this long asks whether the daemon is there.
constexpr std::chrono::milliseconds follow_period{10000};

/// One command that reads a stream.
class line_reader {
public:
  line_reader(session& s, const line_source& from) : s_{s}, from_{from}, loop_{s.setup().where.socket} {}

  exit_code run() {
    loop_.look_after(follow_period, s_.when_slow());
    loop_.on_signals(/*with_children=*/false, [&](int signal) {
      code_ = code_of_signal(signal);
      loop_.stop();
    });
    loop_.every(follow_tick, [&] { on_tick(); });
    open();
    loop_.run_until_stopped();
    return code_ == exit_code::ok ? s_.end_code() : code_;
  }

private:
  void open() {
    is_open_ = true;
    loop_.open(from_.next(), {.on_line = [this](std::string_view line) { return on_line(line); },
                              .on_end = [this](const result<reply>& how) { on_end(how); }});
  }

  flow on_line(std::string_view line) {
    has_begun_ = true;
    has_shown_ = true;
    away_since_.reset();
    if (from_.on_line(line)) return flow::go_on;
    loop_.stop();
    return flow::stop;
  }

  void on_end(const result<reply>& how) {
    is_open_ = false;
    has_begun_ = has_begun_ || (!how && how.failure().os_errno == ECONNRESET);
    if (!how && may_come_again()) {
      // One that does not answer is looked after when its keeper hears of it.
      if (how.failure().os_errno == ETIMEDOUT) (void)s_.explain_no_answer(how.failure());
      if (!std::exchange(is_away_, true))
        s_.note("alder: lost the connection to the daemon; waiting for it to restart\n");
      if (!away_since_) away_since_ = std::chrono::steady_clock::now();
      return; // the next tick asks
    }
    if (!how) {
      code_ = s_.fail(s_.explain_no_answer(how.failure()));
    } else if (how->status == starting_up && may_come_again()) {
      return;
    } else if (how->status != 200) {
      code_ = s_.fail(explain(read_problem(how->status, how->body)));
    }
    loop_.stop();
  }

  /// A keeper starts the daemon again that has died.
  [[nodiscard]] bool may_come_again() const {
    // Of a daemon that had shown nothing yet the next one is asked the same.
    return has_begun_ && (from_.goes_on || !has_shown_) && os::living_keeper(s_.setup().where.run_dir) != 0;
  }

  void on_tick() {
    // A reader that goes while no line comes would otherwise be noticed only with the next one.
    if (os::reader_is_gone(s_.setup().out_fd)) return loop_.stop();
    if (is_open_) return;
    if (away_since_ && std::chrono::steady_clock::now() - *away_since_ >= slow_after) { // the next one may hang too
      away_since_ = std::chrono::steady_clock::now();
      (void)s_.watch().ask_keeper(); // the next ticks show what comes of it
    }
    open();
  }

  static constexpr unsigned starting_up = 503;

  session& s_;
  const line_source& from_;
  stream_loop loop_;
  exit_code code_ = exit_code::ok;
  bool is_open_ = false;
  bool has_begun_ = false; ///< a daemon was there
  bool has_shown_ = false; ///< a line has come
  bool is_away_ = false;
  std::optional<std::chrono::steady_clock::time_point> away_since_; ///< or since its keeper was asked about it
};

} // namespace

exit_code follow_lines(session& s, const line_source& from) {
  auto trusted = os::check_private_directory(s.setup().where.run_dir);
  if (!trusted) return s.fail(explain(trusted.failure()));
  return line_reader{s, from}.run();
}

std::string stream_query(const invocation& wanted, const std::vector<std::string>& names, std::string_view name_key,
                         unsigned default_tail, stream_past past) {
  const bool is_search = !wanted.since.empty() || !wanted.until.empty() || !wanted.grep.empty() || wanted.previous;
  // What a search finds is shown as a whole.
  const bool is_limited = past == stream_past::shown && (wanted.tail || !is_search);
  auto query = is_limited ? "?tail=" + std::to_string(wanted.tail.value_or(default_tail)) : "?all=1";
  if (wanted.follow) query += "&follow=1";
  if (!wanted.stream.empty()) query += "&stream=" + wanted.stream;
  for (const auto& name : names)
    query += "&" + std::string{name_key} + "=" + percent_encoded(name);
  return query;
}

} // namespace alder::cli

#include "cli/commands/follow.hpp"

#include "runtime/os/background.hpp"
#include "runtime/os/caller.hpp"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <optional>
#include <utility>

namespace alder::cli {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds tick_period{500};
/// A follower of what says nothing for this long asks whether the daemon is there.
constexpr std::chrono::milliseconds look_period{10000};

/// One stream that is followed, with what comes after it when the daemon is replaced.
class follower {
public:
  follower(session& s, std::string target, const std::function<bool(std::string_view)>& on_line,
           const resumption& resume)
      : s_{s}, target_{std::move(target)}, on_line_{on_line}, resume_{resume}, loop_{s.setup().where.socket} {}

  exit_code run() {
    loop_.look_after(look_period, s_.when_slow());
    loop_.on_signals(/*with_children=*/false, [this](int signal) {
      code_ = code_of_signal(signal);
      loop_.stop();
    });
    loop_.every(tick_period, [this] { on_tick(); });
    open(target_);
    loop_.run_until_stopped();
    return code_ == exit_code::ok ? s_.end_code() : code_;
  }

private:
  void open(const std::string& target) {
    const auto on_line = [this](std::string_view line) {
      has_begun_ = true;
      if (on_line_(line)) return flow::go_on;
      loop_.stop();
      return flow::stop;
    };
    loop_.open({.method = "GET", .target = target, .body = {}, .accept = "application/x-ndjson"},
               {.on_line = on_line, .on_end = [this](const result<reply>& how) { on_end(how); }});
  }

  void on_end(const result<reply>& how) {
    const bool was_lost = !how && how.failure().os_errno == ECONNRESET;
    // Of a daemon that had said nothing yet the next one is asked the same.
    if (was_lost && (resume_ || !has_begun_) && os::living_keeper(s_.setup().where.run_dir) != 0) {
      lost_at_ = steady_clock::now();
      return;
    }
    if (!how) {
      code_ = s_.fail(s_.explain_no_answer(how.failure()));
    } else if (how->status != 200) {
      code_ = s_.fail(explain(read_problem(how->status, how->body)));
    }
    loop_.stop();
  }

  void on_tick() {
    // A reader that goes while no line comes would otherwise be noticed only with the next one.
    if (os::reader_is_gone(s_.setup().out_fd)) return loop_.stop();
    if (!lost_at_) return;
    const auto& where = s_.setup().where;
    if (os::is_served(where.socket)) {
      lost_at_.reset();
      return open(has_begun_ ? resume_() : target_);
    }
    const auto waited = steady_clock::now() - *lost_at_;
    if (waited > slow_after) (void)s_.watch().ask_keeper(); // of what comes of it the next tick hears
    if (os::living_keeper(where.run_dir) != 0 && waited < replacement_patience) return;
    code_ =
        s_.fail(s_.explain_no_answer(error{error_kind::unavailable, "the daemon closed the connection", ECONNRESET}));
    loop_.stop();
  }

  session& s_;
  std::string target_;
  const std::function<bool(std::string_view)>& on_line_;
  const resumption& resume_;
  stream_loop loop_;
  exit_code code_ = exit_code::ok;
  bool has_begun_ = false;                          ///< a line has come
  std::optional<steady_clock::time_point> lost_at_; ///< its daemon ended, and the next is not there yet
};

} // namespace

exit_code code_of_signal(int signal) { return signal == SIGTERM ? exit_code::terminated : exit_code::interrupted; }

exit_code follow_lines(session& s, const std::string& target, const std::function<bool(std::string_view)>& on_line,
                       const resumption& resume) {
  auto trusted = os::check_private_directory(s.setup().where.run_dir);
  if (!trusted) return s.fail(explain(trusted.failure()));
  return follower{s, target, on_line, resume}.run();
}

std::string stream_query(const invocation& wanted, std::string_view name_key, unsigned default_tail) {
  const bool is_search = !wanted.since.empty() || !wanted.until.empty() || !wanted.grep.empty() || wanted.previous;
  // What a search finds is shown as a whole.
  auto query = wanted.tail || !is_search ? "?tail=" + std::to_string(wanted.tail.value_or(default_tail)) : "?all=1";
  if (wanted.follow) query += "&follow=1";
  if (!wanted.stream.empty()) query += "&stream=" + wanted.stream;
  for (const auto& word : wanted.words)
    query += "&" + std::string{name_key} + "=" + percent_encoded(word);
  return query;
}

} // namespace alder::cli

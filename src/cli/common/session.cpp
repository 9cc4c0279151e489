#include "cli/common/session.hpp"

#include "runtime/base/units.hpp"
#include "runtime/os/background.hpp"
#include "runtime/os/clock.hpp"
#include "runtime/os/files.hpp"
#include "runtime/os/lost_processes.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

namespace alder::cli {
namespace {

constexpr std::size_t largest_trouble = 8192;
constexpr std::chrono::milliseconds longest_respawn{12000};
constexpr std::chrono::milliseconds soon{500};

} // namespace

session::session(session_setup setup)
    : setup_{std::move(setup)}, watch_{setup_.where.run_dir, [this](std::string_view text) { note(text); }},
      client_{setup_.where.socket, when_slow()} {}

impatience session::when_slow() {
  const auto& given = setup_.wanted.timeout;
  const auto longest = given ? std::clamp(*given, answer_deadline, replacement_patience) : replacement_patience;
  return {.after = slow_after, .ask = [this] { return watch_.ask_keeper(); }, .longest = longest};
}

wall_time session::now() { return os::wall_now(); }
wall_time session::steady_now() { return os::steady_now(); }

bool session::print(std::string_view text) { return write(setup_.out_fd, text); }
bool session::print_error(std::string_view text) { return write(setup_.err_fd, text); }

bool session::write(int fd, std::string_view text) {
  const auto written = os::write_all(fd, text);
  if (written) return true;
  // `alder logs | head` is no mistake.
  if (written.failure().os_errno == EPIPE) return false;
  code_ = exit_code::failed;
  (void)os::write_all(setup_.err_fd, "alder: " + written.failure().message + "\n"); // there is nowhere left to complain
  return false;
}

void session::note(std::string_view text) const {
  if (!setup_.wanted.quiet) (void)os::write_all(setup_.err_fd, text); // remarks may be lost
}

exit_code session::fail(const failure& why) {
  code_ = why.code;
  if (setup_.wanted.json) {
    (void)print(complaint_json(why.what, why.help, static_cast<int>(why.code)) + "\n");
  } else {
    (void)os::write_all(setup_.err_fd, failure_text(setup_.err, why)); // there is nowhere left to complain
  }
  code_ = why.code;
  return code_;
}

std::variant<std::string, failure> session::try_request(const call& what, std::chrono::milliseconds deadline) {
  if (auto distrusted = distrust()) return std::move(*distrusted);
  if (what.method != "GET")
    if (auto unreachable = rouse()) return std::move(*unreachable);
  auto answer = ask(what, deadline);
  if (!answer) return is_late() ? too_late({}) : explain_no_answer(answer.failure());
  if (answer->status == 200 || answer->status == 202) return std::move(answer->body);
  return explain(read_problem(answer->status, answer->body));
}

/// A daemon that ended over a question has a successor, which is asked the same. One that is just ending may still take
/// a connection and refuse the next.
result<reply> session::ask(const call& what, std::chrono::milliseconds deadline) {
  constexpr int most_attempts = 5;
  constexpr milliseconds least{1};
  const bool may_be_repeated = what.method == "GET" || !what.key.empty();
  for (int attempt = 1;; ++attempt) {
    const auto& given = setup_.wanted.timeout;
    const auto left = given ? std::clamp(begin_ + *given - steady_now(), least, deadline) : deadline;
    auto answer = client_.send(what, left);
    const bool was_lost = !answer && may_be_repeated && answer.failure().os_errno == ECONNRESET;
    const bool is_unheard = !answer && never_reached(answer.failure());
    if ((!was_lost && !is_unheard) || attempt == most_attempts) return answer;
    if (!await_daemon()) return client_.send(what, left); // which says why there is none
  }
}

std::optional<failure> session::distrust() const {
  const auto trusted = os::check_private_directory(setup_.where.run_dir);
  return trusted ? std::nullopt : std::optional{explain(trusted.failure())};
}

bool session::is_late() const { return setup_.wanted.timeout && steady_now() >= begin_ + *setup_.wanted.timeout; }

failure session::too_late(std::vector<std::string> help) const {
  return {.code = exit_code::timed_out,
          .what = "not finished within " + format_duration(setup_.wanted.timeout.value_or(milliseconds{0})),
          .help = std::move(help),
          .diagnostics = {}};
}

std::optional<failure> session::rouse() {
  if (auto distrusted = distrust()) return distrusted;
  const auto answer = ask({.method = "GET", .target = "/_ping", .body = {}, .accept = {}}, answer_deadline);
  if (!answer) return is_late() ? too_late({}) : explain_no_answer(answer.failure());
  return std::nullopt; // whatever it says: what is asked next says it better
}

// One that keeps ending is told of rather than waited for.
session::arrival::arrival(session& s)
    : s_{s}, end_{begin_ + (keeps_ending(s.setup_.where.run_dir) ? soon : longest_respawn)}, next_ask_{begin_ +
                                                                                                       slow_after} {}

session::arrival::state session::arrival::look() {
  const auto& where = s_.setup_.where;
  if (os::is_served(where.socket)) return state::there;
  const auto now = std::chrono::steady_clock::now();
  if (s_.has_waited_in_vain_ || os::living_keeper(where.run_dir) == 0) return state::in_vain;
  if (now >= end_) {
    s_.has_waited_in_vain_ = true;
    return state::in_vain;
  }
  if (now >= next_ask_) {
    next_ask_ = now + slow_after;
    if (s_.watch_.ask_keeper()) end_ = begin_ + replacement_patience;
  }
  return state::awaited;
}

bool session::await_daemon() {
  constexpr milliseconds between{20};
  arrival awaited{*this};
  auto now = awaited.look();
  for (; now == arrival::state::awaited && !is_late(); now = awaited.look())
    os::pause(between);
  return now == arrival::state::there;
}

std::optional<std::string> session::get(const std::string& target) {
  auto answer = try_request({.method = "GET", .target = target, .body = {}, .accept = {}});
  if (auto* body = std::get_if<std::string>(&answer)) return std::move(*body);
  (void)fail(std::get<failure>(answer));
  return std::nullopt;
}

/// A daemon that does not answer has a keeper, which can say more, and do something about it.
failure session::explain_no_answer(const error& why) const {
  if (why.kind == error_kind::io) return explain_garbage(why);
  auto told = explain(why);
  const int keeper = os::living_keeper(setup_.where.run_dir);
  if (keeper == 0) return told.is_absence ? explain_absence() : told;
  if (told.is_absence) {
    const auto trouble = os::read_file(setup_.where.run_dir + "/daemon.trouble", largest_trouble);
    return no_daemon_but_keeper(keeper, trouble ? *trouble : std::string{}, setup_.where.state_dir);
  }
  if (why.os_errno == ETIMEDOUT) {
    told.help.emplace_back(
        "its keeper (pid " + std::to_string(keeper) +
        ") has been asked to replace it if it hangs, unless ALDER_WATCHDOG=0; services are not affected");
  }
  if (why.os_errno == ECONNRESET && watch_.was_silent())
    told.help.emplace_back("it hung and was replaced; see what it had done with: alder events, alder tree");
  return told;
}

/// After a keeper and a daemon that were killed together, services may still run.
failure session::explain_absence() const {
  const auto left = os::count_lost_services(setup_.where.run_dir, setup_.where.state_dir);
  return left == 0 ? no_daemon_is_running() : services_run_unattended(left);
}

failure session::explain_garbage(const error& why) const {
  auto told = explain(why);
  client fresh{setup_.where.socket};
  const auto answer = fresh.send({.method = "GET", .target = "/_ping", .body = {}, .accept = {}});
  const auto pong = answer ? read_pong(answer->body) : result<ping_answer>{answer.failure()};
  if (pong && pong->version != ALDER_VERSION) {
    told.help = {"the daemon is version " + pong->version +
                 ", this command is " ALDER_VERSION "; to stop the old one: alder daemon stop"};
  }
  return told;
}

std::string service_target(std::string_view name) { return "/v1/services/" + percent_encoded(name); }

} // namespace alder::cli

#include "cli/common/session.hpp"

#include "runtime/os/background.hpp"
#include "runtime/os/clock.hpp"
#include "runtime/os/files.hpp"
#include "runtime/os/lost_processes.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>

namespace alder::cli {
namespace {

constexpr std::size_t largest_trouble = 8192;

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
  auto trusted = os::check_private_directory(setup_.where.run_dir);
  if (!trusted) return explain(trusted.failure());
  if (what.method != "GET")
    if (auto unreachable = rouse()) return std::move(*unreachable);
  auto answer = ask(what, deadline);
  if (!answer) return explain_no_answer(answer.failure());
  if (answer->status == 200 || answer->status == 202) return std::move(answer->body);
  return explain(read_problem(answer->status, answer->body));
}

/// A daemon that ended over a question has a successor, which is asked the same. One that is just ending may still take
/// a connection and refuse the next.
result<reply> session::ask(const call& what, std::chrono::milliseconds deadline) {
  constexpr int most_attempts = 5;
  for (int attempt = 1;; ++attempt) {
    auto answer = client_.send(what, deadline);
    const bool was_lost = !answer && what.method == "GET" && answer.failure().os_errno == ECONNRESET;
    const bool is_unheard = !answer && never_reached(answer.failure());
    if ((!was_lost && !is_unheard) || attempt == most_attempts || !await_daemon()) return answer;
  }
}

std::optional<failure> session::rouse() {
  auto trusted = os::check_private_directory(setup_.where.run_dir);
  if (!trusted) return explain(trusted.failure());
  const auto answer = ask({.method = "GET", .target = "/_ping", .body = {}, .accept = {}}, answer_deadline);
  if (!answer) return explain_no_answer(answer.failure());
  return std::nullopt; // whatever it says: what is asked next says it better
}

bool session::await_daemon() {
  using std::chrono::steady_clock;
  constexpr milliseconds longest_respawn{12000};
  constexpr milliseconds between{20};
  constexpr milliseconds soon{500};
  const auto begin = steady_clock::now();
  // One that keeps ending is told of rather than waited for.
  auto end = begin + (keeps_ending(setup_.where.run_dir) ? soon : longest_respawn);
  auto next_ask = begin + slow_after;
  while (!os::is_served(setup_.where.socket)) {
    const auto now = steady_clock::now();
    if (has_waited_in_vain_ || os::living_keeper(setup_.where.run_dir) == 0) return false;
    if (now >= end) {
      has_waited_in_vain_ = true;
      return false;
    }
    if (now >= next_ask) {
      next_ask = now + slow_after;
      if (watch_.ask_keeper()) end = begin + replacement_patience;
    }
    os::pause(between);
  }
  return true;
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

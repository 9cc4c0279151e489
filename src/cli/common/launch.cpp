#include "cli/common/launch.hpp"

#include "cli/common/answers.hpp"
#include "cli/common/client.hpp"

#include "runtime/base/default_path.hpp"
#include "runtime/os/caller.hpp"
#include "runtime/os/program.hpp"

#include <optional>
#include <utility>

namespace alder::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds probe_pause{20};
/// A keeper that is busy may be one that is just ending: then the next attempt succeeds.
constexpr milliseconds retry_after{1000};

error unavailable(std::string message) { return error{error_kind::unavailable, std::move(message), 0}; }

result<std::string> find_beside(const std::string& name, const std::string& own_directory,
                                const os::surroundings& around) {
  const auto beside = own_directory + "/" + name;
  if (!own_directory.empty() && os::file_exists(beside)) return beside;
  const auto path = around.environment.find("PATH");
  auto found = os::find_program(name, path == around.environment.end() ? default_path : path->second, around.cwd);
  if (found) return found;
  return unavailable(name + " was not found next to this program (" + own_directory + "), and " +
                     found.failure().message);
}

/// Waits for the daemon of a keeper that is there; false when there is none after `patience`, or no keeper any more.
bool wait_for_answer(const os::locations& where, daemon_watch& watch, milliseconds patience) {
  const auto begin = steady_clock::now();
  auto end = begin + patience;
  auto next_ask = begin + slow_after;
  while (!is_answering(where.socket, &watch)) {
    const auto now = steady_clock::now();
    if (now >= end || (os::living_keeper(where.run_dir) == 0 && now >= begin + retry_after)) return false;
    if (now >= next_ask) {
      next_ask = now + slow_after;
      if (watch.ask_keeper()) end = begin + replacement_patience;
    }
    os::pause(probe_pause);
  }
  return true;
}

std::string in_seconds(milliseconds time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(time).count()) + "s";
}

} // namespace

result<programs> find_programs(const std::string& own_directory, const os::surroundings& around) {
  auto keeper = find_beside("alder-keeper", own_directory, around);
  if (!keeper) return keeper.failure();
  auto daemon = find_beside("alderd", own_directory, around);
  if (!daemon) return daemon.failure();
  return programs{.keeper = std::move(*keeper), .daemon = std::move(*daemon)};
}

std::vector<std::string> keeper_command(const programs& found, const os::locations& where, keeper_mode mode,
                                        former_trees trees) {
  std::vector<std::string> command{found.keeper,    "--run-dir", where.run_dir, "--state-dir",
                                   where.state_dir, "--log-dir", where.log_dir};
  if (mode == keeper_mode::foreground) command.emplace_back("--foreground");
  command.insert(command.end(), {"--ready-fd", std::to_string(os::ready_descriptor), "--daemon", found.daemon});
  if (trees == former_trees::up) command.insert(command.end(), {"--", "--resurrect"});
  return command;
}

result<keeper_word> hear(const os::background_program& keeper, const os::locations& where, daemon_watch& watch) {
  auto waited = ready_deadline;
  auto line = os::read_line(keeper.ready.get(), ready_deadline);
  const auto is_late = [&] { return !line && line.failure().kind == error_kind::timed_out; };
  while (is_late() && waited < replacement_patience && watch.ask_keeper()) {
    waited += slow_after;
    line = os::read_line(keeper.ready.get(), slow_after);
  }
  const auto logs = "; see " + where.state_dir + "/keeper.log and daemon.log";
  if (!line) {
    return unavailable((is_late() ? "the daemon did not become ready within " + in_seconds(waited)
                                  : "the daemon could not be started: the keeper exited without an error message") +
                       logs);
  }
  if (*line == "ready") return keeper_word::ready;
  if (*line == "busy") return keeper_word::busy;
  constexpr std::string_view mark = "error: ";
  const auto text = line->rfind(mark, 0) == 0 ? line->substr(mark.size()) : *line;
  return unavailable("the daemon could not be started: " + text);
}

bool is_answering(const std::string& socket, daemon_watch* watch) {
  std::optional<impatience> when_slow;
  if (watch != nullptr) {
    when_slow = {.after = slow_after, .ask = [watch] { return watch->ask_keeper(); }, .longest = replacement_patience};
  }
  client asking{socket, when_slow};
  const auto answer = asking.send({.method = "GET", .target = "/_ping", .body = {}, .accept = {}});
  if (!answer) return false;
  constexpr unsigned overloaded = 503; // it is one; what is asked next says better what is wrong
  return answer->status == overloaded || (answer->status == 200 && read_pong(answer->body).ok());
}

outcome ensure_daemon(const os::locations& where, const os::surroundings& around, daemon_watch& watch,
                      former_trees trees) {
  if (auto trusted = os::check_private_directory(where.run_dir); !trusted) return trusted;
  if (is_answering(where.socket, &watch)) return success();
  if (os::living_keeper(where.run_dir) != 0 && wait_for_answer(where, watch, busy_deadline)) return success();
  const auto own = os::own_directory();
  const auto found = find_programs(own ? *own : std::string{}, around);
  if (!found) return found.failure();
  const auto command = keeper_command(*found, where, keeper_mode::detached, trees);
  const auto end = steady_clock::now() + busy_deadline;
  while (true) {
    const auto started = os::start_in_background(command, os::attachment::detached);
    if (!started) return started.failure();
    const auto said = hear(*started, where, watch);
    if (!said) return said.failure();
    if (*said == keeper_word::ready) return success();
    if (wait_for_answer(where, watch, retry_after)) return success();
    if (steady_clock::now() >= end) {
      return unavailable("another keeper holds " + where.run_dir + ", but no daemon answers at " + where.socket +
                         "; see " + where.state_dir + "/keeper.log");
    }
  }
}

} // namespace alder::cli

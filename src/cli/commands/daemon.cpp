#include "cli/commands/command.hpp"
#include "cli/common/launch.hpp"
#include "cli/common/screens.hpp"

#include "runtime/base/text.hpp"
#include "runtime/base/units.hpp"
#include "runtime/os/background.hpp"
#include "runtime/os/caller.hpp"

#include <algorithm>

namespace alder::cli {
namespace {

using std::chrono::milliseconds;

/// Stopping every tree in order may take long; the keeper itself kills what is left after two minutes.
constexpr milliseconds default_stop_deadline{150000};

exit_code say(session& s, const std::string& text) {
  if (!s.wanted().quiet && !s.wanted().json) (void)s.print(text + "\n");
  return s.end_code();
}

constexpr const char* resurrect_target = "/v1/daemon/resurrect";

/// After a stop the trees are still known, but not running: says how to bring them up again.
void name_stopped_trees(session& s) {
  const auto answer = s.try_request({.method = "GET", .target = resurrect_target, .body = {}, .accept = {}});
  const auto* body = std::get_if<std::string>(&answer);
  const auto names = body == nullptr ? std::vector<std::string>{} : read_tree_names(*body);
  if (names.empty()) return; // also if it did not answer: the next request reports that
  s.note((names.size() == 1 ? "1 tree was running before and is"
                            : std::to_string(names.size()) + " trees were running before and are") +
         " stopped: " + join(names, ", ") + "\nto start what was running before: alder daemon start --resurrect\n");
}

/// Of the daemon that runs already: it may have been started without it, by whatever needed one first.
exit_code resurrect(session& s) {
  const auto answer = s.try_request({.method = "POST", .target = resurrect_target, .body = {}, .accept = {}});
  if (const auto* wrong = std::get_if<failure>(&answer)) return s.fail(*wrong);
  const auto& body = std::get<std::string>(answer);
  if (s.wanted().json) (void)s.print(body + "\n");
  const auto names = read_tree_names(body);
  return say(s, names.empty() ? "the daemon is already running, and so is everything that ran before"
                              : "the daemon is already running; starting what ran before: " + join(names, ", "));
}

exit_code start(session& s) {
  if (is_answering(s.setup().where.socket, &s.watch())) {
    if (s.wanted().resurrect) return resurrect(s);
    const auto code = say(s, "the daemon is already running");
    name_stopped_trees(s);
    return code;
  }
  const auto trees = s.wanted().resurrect ? former_trees::up : former_trees::down;
  if (auto there = ensure_daemon(s.setup().where, s.setup().around, s.watch(), trees); !there)
    return s.fail(explain(there.failure()));
  const auto code = say(s, "the daemon has started");
  if (!s.wanted().resurrect) name_stopped_trees(s);
  return code;
}

/// The daemon may hang while it stops the services: its successor continues.
bool wait_for_keepers_end(session& s, int keeper, milliseconds deadline) {
  constexpr milliseconds between_looks{5000};
  for (auto left = deadline; left.count() > 0; left -= between_looks) {
    if (os::wait_until_gone(keeper, std::min(left, between_looks))) return true;
    s.watch().look(s.setup().where.socket);
  }
  return false;
}

exit_code stop(session& s) {
  auto answer = s.try_request({.method = "GET", .target = "/v1/info", .body = {}, .accept = {}});
  if (const auto* wrong = std::get_if<failure>(&answer)) {
    if (wrong->is_absence) return say(s, wrong->what);
    return s.fail(*wrong);
  }
  const auto info = s.understood(std::get<std::string>(answer), read_info);
  if (!info) return s.end_code();
  const auto asked = s.try_request({.method = "POST", .target = "/v1/daemon/shutdown", .body = {}, .accept = {}});
  // It may be gone before it has answered, and one that is stopping already is as good.
  if (const auto* wrong = std::get_if<failure>(&asked); wrong != nullptr && wrong->code != exit_code::no_daemon)
    return s.fail(*wrong);
  const auto deadline = s.wanted().timeout.value_or(default_stop_deadline);
  // Only when the keeper has gone is its lock free, so that the next 'alder up' starts a new one.
  if (info->keeper_pid > 0 && !wait_for_keepers_end(s, info->keeper_pid, deadline)) {
    return s.fail({.code = exit_code::timed_out,
                   .what = "the daemon did not stop within " + format_duration(deadline),
                   .help = {"it is still stopping; see what it is waiting for with: alder events"},
                   .diagnostics = {}});
  }
  return say(s, "the daemon has stopped");
}

/// Waits until another daemon answers than the one with `pid`.
std::optional<std::string> info_of_successor(session& s, int pid, milliseconds patience) {
  constexpr milliseconds between{50};
  for (milliseconds waited{0}; waited < patience; waited += between) {
    const auto answer = s.try_request({.method = "GET", .target = "/v1/info", .body = {}, .accept = {}});
    if (const auto* body = std::get_if<std::string>(&answer)) {
      const auto info = read_info(*body);
      if (info && info->pid != pid) return *body;
    }
    os::pause(between);
  }
  return std::nullopt;
}

exit_code upgrade(session& s) {
  const auto before = s.get("/v1/info");
  if (!before) return s.end_code();
  const auto old = s.understood(*before, read_info);
  if (!old) return s.end_code();
  const auto own = os::own_directory();
  const auto found = find_programs(own ? *own : std::string{}, s.setup().around);
  if (!found) return s.fail(explain(found.failure()));
  const auto body = upgrade_body({found->keeper, found->daemon});
  const auto asked = s.try_request({.method = "POST", .target = "/v1/daemon/upgrade", .body = body, .accept = {}});
  // Its end may overtake its answer.
  if (const auto* wrong = std::get_if<failure>(&asked); wrong != nullptr && wrong->code != exit_code::no_daemon)
    return s.fail(*wrong);
  const auto deadline = s.wanted().timeout.value_or(milliseconds{60000});
  const auto now = info_of_successor(s, old->pid, deadline);
  if (!now) {
    return s.fail({.code = exit_code::timed_out,
                   .what = "no daemon answered within " + format_duration(deadline) + "; your services keep running",
                   .help = {"see " + old->state_dir + "/keeper.log and daemon.log"},
                   .diagnostics = {}});
  }
  const auto info = s.understood(*now, read_info);
  if (!info) return s.end_code();
  for (const auto& notice : info->notices) {
    if (notice.rfind("the upgrade failed", 0) == 0)
      return s.fail({.code = exit_code::failed, .what = notice, .help = {}, .diagnostics = {}});
  }
  return say(s, "the daemon was upgraded: version " + info->version + " (pid " + std::to_string(info->pid) +
                    "), keeper pid " + std::to_string(info->keeper_pid) + "; no service was restarted");
}

exit_code status(session& s) {
  const auto body = s.get("/v1/info");
  if (!body) return s.end_code();
  if (s.wanted().json) {
    (void)s.print(*body + "\n");
    return s.end_code();
  }
  if (const auto info = s.understood(*body, read_info); info && !s.wanted().quiet)
    (void)s.print("the daemon is running\n" + info_screen(s.out(), *info));
  return s.end_code();
}

exit_code run_daemon(session& s) {
  const auto& what = s.wanted().words.front();
  if (what == "start") return start(s);
  if (what == "stop") return stop(s);
  if (what == "status") return status(s);
  if (what == "upgrade") return upgrade(s);
  std::vector<std::string> help{"one of: alder daemon start, stop, status, upgrade"};
  if (const auto near = nearest(what, {"start", "stop", "status", "upgrade"}))
    help.insert(help.begin(), "did you mean 'alder daemon " + *near + "'?");
  return s.fail({.code = exit_code::usage,
                 .what = "'" + what + "' is not an action of 'alder daemon'",
                 .help = help,
                 .diagnostics = {}});
}

} // namespace

command_info daemon_command() {
  return {.name = "daemon",
          .group = command_group::daemon,
          .usage = "start | stop | status | upgrade",
          .summary = "start, stop, query or upgrade the daemon itself",
          .options = {option::timeout, option::resurrect},
          .least_words = 1,
          .most_words = 1,
          .examples = {"alder daemon start", "alder daemon start --resurrect   # for a boot unit",
                       "alder daemon stop                # stops all trees first",
                       "alder daemon upgrade             # to the installed version; services keep running"},
          .run = run_daemon};
}

} // namespace alder::cli

#include "cli/commands/command.hpp"
#include "cli/common/launch.hpp"
#include "cli/common/screens.hpp"

#include "runtime/base/text.hpp"
#include "runtime/base/units.hpp"
#include "runtime/os/background.hpp"

namespace alder::cli {
namespace {

using std::chrono::milliseconds;

/// Stopping every tree in order may take long; the keeper itself kills what is left after two minutes.
constexpr milliseconds default_stop_deadline{150000};

exit_code say(session& s, const std::string& text) {
  if (!s.wanted().quiet && !s.wanted().json) (void)s.print(text + "\n");
  return s.end_code();
}

exit_code start(session& s) {
  if (is_answering(s.setup().where.socket)) return say(s, "the daemon runs already");
  if (auto there = ensure_daemon(s.setup().where, s.setup().around); !there) return s.fail(explain(there.failure()));
  return say(s, "the daemon is started");
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
  if (info->keeper_pid > 0 && !os::wait_until_gone(info->keeper_pid, deadline)) {
    return s.fail({.code = exit_code::timed_out,
                   .what = "the daemon has not stopped within " + format_duration(deadline),
                   .help = {"it goes on stopping; 'alder events' shows what it waits for"},
                   .diagnostics = {}});
  }
  return say(s, "the daemon is stopped");
}

exit_code status(session& s) {
  const auto body = s.get("/v1/info");
  if (!body) return s.end_code();
  if (s.wanted().json) {
    (void)s.print(*body + "\n");
    return s.end_code();
  }
  if (const auto info = s.understood(*body, read_info); info && !s.wanted().quiet)
    (void)s.print("the daemon runs\n" + info_screen(s.out(), *info));
  return s.end_code();
}

} // namespace

exit_code run_daemon(session& s) {
  const auto& what = s.wanted().words.front();
  if (what == "start") return start(s);
  if (what == "stop") return stop(s);
  if (what == "status") return status(s);
  std::vector<std::string> help{"one of: alder daemon start, stop, status"};
  if (const auto near = nearest(what, {"start", "stop", "status"}))
    help.insert(help.begin(), "did you mean 'alder daemon " + *near + "'?");
  return s.fail({.code = exit_code::usage,
                 .what = "'alder daemon' does not know '" + what + "'",
                 .help = help,
                 .diagnostics = {}});
}

} // namespace alder::cli

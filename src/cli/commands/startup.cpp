#include "cli/commands/command.hpp"
#include "cli/common/launch.hpp"
#include "cli/common/unit_file.hpp"

#include "runtime/base/text.hpp"
#include "runtime/base/words.hpp"
#include "runtime/os/background.hpp"
#include "runtime/os/caller.hpp"
#include "runtime/os/files.hpp"

#include <utility>

namespace alder::cli {
namespace {

/// systemd has made this directory where it is in charge.
constexpr const char* systemd_mark = "/run/systemd/system";

/// What was done and what is left to do, said at the end.
struct report {
  std::vector<std::string> done;
  std::vector<std::string> left;
};

/// Runs `systemctl` when systemd is there; says what has to be run when it is not.
void systemctl(std::vector<std::string> words, bool for_user, report& said) {
  words.insert(words.begin(), "systemctl");
  if (for_user) words.insert(words.begin() + 1, "--user");
  const auto line = join(words, " ");
  if (!os::file_exists(systemd_mark)) return said.left.push_back(line);
  const auto ended = os::run_program(words);
  if (ended && *ended == exit_status::code(0)) return said.done.push_back("ran " + line);
  said.left.push_back(line + "   # failed: " + (ended ? phrase(*ended) : ended.failure().message));
}

exit_code tell(session& s, const report& said) {
  if (s.wanted().json) {
    (void)s.print(strings_json({{"done", join(said.done, "\n")}, {"left", join(said.left, "\n")}}) + "\n");
    return s.end_code();
  }
  if (s.wanted().quiet) return s.end_code();
  std::string text;
  for (const auto& one : said.done)
    text += one + "\n";
  if (!said.left.empty()) text += "still to be done:\n";
  for (const auto& one : said.left)
    text += "    " + one + "\n";
  (void)s.print(text);
  return s.end_code();
}

exit_code run_startup(session& s) {
  const auto& around = s.setup().around;
  const auto place = place_of_unit(around);
  if (!place) return s.fail(explain(place.failure()));
  const auto own = os::own_program();
  if (!own) return s.fail(explain(own.failure()));
  const auto text = unit_text(*own, around);
  if (s.wanted().print) {
    (void)s.print(text);
    return s.end_code();
  }
  constexpr unsigned readable = 0755;
  auto written = os::make_directories(place->directory, readable);
  if (written) written = os::write_file_atomically(place->file, text, 0644);
  if (!written) return s.fail(explain(written.failure()));
  report said;
  said.done.push_back("wrote " + place->file);
  systemctl({"daemon-reload"}, place->for_user, said);
  systemctl({"enable", "alder.service"}, place->for_user, said);
  if (place->for_user)
    said.left.push_back("loginctl enable-linger   # otherwise systemd runs your units only while you are logged in");
  if (!os::file_exists(systemd_mark))
    s.note("this machine was not booted with systemd: the unit was written but not enabled\n");
  return tell(s, said);
}

exit_code run_unstartup(session& s) {
  const auto place = place_of_unit(s.setup().around);
  if (!place) return s.fail(explain(place.failure()));
  report said;
  if (!os::file_exists(place->file)) {
    said.done.push_back(place->file + " does not exist; nothing to do");
    return tell(s, said);
  }
  systemctl({"disable", "alder.service"}, place->for_user, said);
  if (const auto removed = os::remove_file(place->file); !removed) return s.fail(explain(removed.failure()));
  said.done.push_back("removed " + place->file + "; running services keep running");
  systemctl({"daemon-reload"}, place->for_user, said);
  return tell(s, said);
}

} // namespace

command_info startup_command() {
  return {.name = "startup",
          .group = command_group::daemon,
          .summary = "start at boot: write and enable a systemd unit",
          .options = {option::print},
          .examples = {"sudo alder startup            # for root", "alder startup                 # for this user",
                       "alder startup --print         # only show the unit"},
          .run = run_startup};
}

command_info unstartup_command() {
  return {.name = "unstartup",
          .group = command_group::daemon,
          .summary = "remove the systemd unit again",
          .examples = {"alder unstartup"},
          .run = run_unstartup};
}

} // namespace alder::cli

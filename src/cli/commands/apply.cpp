#include "cli/commands/change.hpp"
#include "cli/commands/command.hpp"
#include "cli/common/project.hpp"

#include "runtime/base/text.hpp"
#include "runtime/os/background.hpp"

#include <algorithm>

namespace alder::cli {
namespace {

/// What becomes of one change with the options that were given.
std::string consequence(const change_view& change, const invocation& wanted) {
  if (change.what == "added") return wanted.start_added ? "is started" : "is not started (--start-added)";
  if (change.what == "removed") return wanted.stop_removed ? "is stopped and forgotten" : "runs on (--stop-removed)";
  if (change.what == "replaced")
    return wanted.restart_changed ? "is stopped and started anew" : "refused without --restart-changed";
  if (!change.needs_restart) return "counts at once";
  return wanted.restart_changed ? "is restarted" : "counts from its next start on (--restart-changed)";
}

std::string line_of(const look& on, const change_view& change, const invocation& wanted, std::size_t width) {
  const bool is_new = change.what == "added";
  const bool is_old = change.what == "removed";
  const auto sign = is_new ? "+" : is_old ? "-" : "~";
  const auto colour = is_new ? tone::good : is_old ? tone::bad : tone::warning;
  auto what = change.what == "order" ? std::string{"order of its children"} : join(change.details, ", ");
  if (is_new || is_old) what = std::string{is_new ? "under " : "of "} + change.parent;
  return paint(on, colour, sign) + " " + pad(change.name, width) + "  " + what + ": " + consequence(change, wanted) +
         "\n";
}

std::string options_of(const invocation& wanted) {
  std::string query;
  const auto add = [&](bool is_set, const char* name) {
    if (is_set) query += std::string{query.empty() ? "?" : "&"} + name + "=true";
  };
  add(wanted.start_added, "start_added");
  add(wanted.stop_removed, "stop_removed");
  add(wanted.restart_changed, "restart_changed");
  return query;
}

} // namespace

exit_code run_apply(session& s) {
  const auto& wanted = s.wanted();
  const auto opened = open_project(wanted.words.empty() ? "" : wanted.words.front(), s.setup().around,
                                   os::living_keeper(s.setup().where.run_dir));
  if (const auto* wrong = std::get_if<failure>(&opened)) return s.fail(*wrong);
  const auto& file = std::get<project>(opened);
  if (!file.loaded.tree) {
    return s.fail({.code = exit_code::usage,
                   .what = file.file + " is no valid configuration; nothing was changed",
                   .help = {},
                   .diagnostics = file.loaded.diagnostics});
  }
  s.note(config::render_brief(file.loaded.diagnostics, s.err().colour));
  const auto body = config_body(file.file, file.text, s.setup().around.environment);
  const auto told = s.try_request({.method = "POST", .target = "/v1/config/diff", .body = body, .accept = {}});
  if (const auto* wrong = std::get_if<failure>(&told)) return s.fail(*wrong);
  const auto& text = std::get<std::string>(told);
  const auto changes = s.understood(text, read_changes);
  if (!changes) return s.end_code();
  const auto& name = file.loaded.tree->root.name;
  if (wanted.json && wanted.dry_run) {
    (void)s.print(text + "\n");
    return s.end_code();
  }
  if (!wanted.json && !wanted.quiet) {
    std::size_t width = 0;
    for (const auto& change : *changes)
      width = std::max(width, change.name.size());
    for (const auto& change : *changes)
      (void)s.print(line_of(s.out(), change, wanted, width));
    if (wanted.dry_run)
      (void)s.print(changes->empty() ? name + " is what the file says\n" : "nothing was changed (--dry-run)\n");
  }
  if (wanted.dry_run) return s.end_code();
  return carry_out(s, {.method = "POST",
                       .target = "/v1/config/apply" + options_of(wanted),
                       .body = body,
                       .words = {.done = "changed", .counts_stops = true},
                       .nothing_to_do = name + " is what the file says"});
}

} // namespace alder::cli

#include "cli/commands/change.hpp"
#include "cli/commands/command.hpp"
#include "cli/common/project.hpp"

#include "runtime/base/text.hpp"
#include "runtime/os/background.hpp"

#include <algorithm>
#include <map>
#include <string_view>
#include <vector>

namespace alder::cli {
namespace {

/// What happens to one change, from the daemon's word for it.
std::string consequence(const change_entry& change) {
  static const std::map<std::string_view, std::string_view> phrases{
      {"at_once", "takes effect immediately"},
      {"start", "is started"},
      {"at_its_time", "waits for its schedule, or for 'alder start'"},
      {"not_started", "is not started (--start-added)"},
      {"with_supervisor", "starts with its supervisor, which is down"},
      {"stop", "is stopped and removed"},
      {"left_running", "keeps running (--stop-removed)"},
      {"restart", "is restarted"},
      {"next_start", "takes effect at the next start"},
      {"when_started", "takes effect when it is started"},
      {"replace", "is stopped and replaced"},
      {"replace_down", "is replaced and stays down"},
      {"refuse", "refused without --restart-changed"},
      {"left_scaled", "kept (--sync resets it to the file)"},
      {"left_failed", "stays down (--restart-changed)"},
  };
  const auto found = phrases.find(change.then);
  return found == phrases.end() ? change.then : std::string{found->second};
}

/// "command, environment (FOO added, PATH changed)".
std::string details_of(const change_entry& change) {
  std::vector<std::string> variables;
  for (const auto& variable : change.variables)
    variables.push_back(variable.name + " " + variable.what);
  auto details = change.details;
  for (auto& detail : details)
    if (detail == "environment" && !variables.empty()) detail += " (" + join(variables, ", ") + ")";
  return join(details, ", ");
}

std::string line_of(const look& on, const change_entry& change, const invocation& wanted, std::size_t width) {
  const bool is_new = change.what == "added";
  const bool is_old = change.what == "removed";
  const bool is_failed = change.what == "failed";
  const auto sign = is_new ? "+" : is_old ? "-" : is_failed ? "!" : "~";
  const auto colour = is_new ? tone::good : is_old || is_failed ? tone::bad : tone::warning;
  auto what = change.what == "order" ? std::string{"order of its children"} : details_of(change);
  if (is_new || is_old) what = std::string{is_new ? "under " : "from "} + change.parent;
  if (is_failed) what = "failed" + (what.empty() ? "" : " (" + what + ")");
  if (change.what == "scaled") what = "scaled to " + join(change.details, ", ");
  const bool could_be_now = change.then == "next_start" && !wanted.restart_changed;
  const bool is_scheduled = change.then == "left_failed" && wanted.restart_changed;
  return paint(on, colour, sign) + " " + pad(change.name, width) + "  " + what + ": " +
         (is_scheduled ? "runs again at its next time (now: alder start " + change.name + ")" : consequence(change)) +
         (could_be_now ? " (--restart-changed)" : "") + "\n";
}

std::string options_of(const invocation& wanted) {
  std::string query;
  const auto add = [&](bool is_set, const char* name) {
    if (is_set) query += std::string{query.empty() ? "?" : "&"} + name + "=true";
  };
  add(wanted.start_added, "start_added");
  add(wanted.stop_removed, "stop_removed");
  add(wanted.restart_changed, "restart_changed");
  add(wanted.take_environment, "take_environment");
  return query;
}

/// The answer when there is nothing to apply.
std::string unchanged(const difference& found) {
  const auto text = found.tree + " matches the file";
  if (found.state != "stopped" && found.state != "finished") return text;
  return text + ", but it is stopped: alder start " + found.tree;
}

void show(session& s, const difference& found) {
  std::size_t width = 0;
  for (const auto& change : found.changes)
    width = std::max(width, change.name.size());
  for (const auto& change : found.changes)
    (void)s.print(line_of(s.out(), change, s.wanted(), width));
  if (!s.wanted().dry_run || !found.refusal.empty()) return;
  (void)s.print(found.changes.empty() ? unchanged(found) + "\n" : "nothing was changed (--dry-run)\n");
}

/// Nothing is changed, and nothing would be.
exit_code refuse(session& s, const std::string& why) {
  return s.fail({.code = exit_code::failed,
                 .what = why,
                 .help = {"allow it with: alder apply --restart-changed"},
                 .diagnostics = {}});
}

exit_code run_apply(session& s) {
  const auto& wanted = s.wanted();
  const auto opened = open_project(wanted.words.empty() ? "" : wanted.words.front(), s.setup().around,
                                   os::living_keeper(s.setup().where.run_dir));
  if (const auto* wrong = std::get_if<failure>(&opened)) return s.fail(*wrong);
  const auto& file = std::get<project>(opened);
  // The variables are those of the tree that is up, which only the daemon knows: it is the one to judge, but for these.
  if (!file.loaded.tree && wanted.take_environment) {
    return s.fail({.code = exit_code::usage,
                   .what = file.file + " is not a valid configuration; nothing was changed",
                   .help = {},
                   .diagnostics = file.loaded.diagnostics});
  }
  if (file.loaded.tree) s.note(config::render_brief(file.loaded.diagnostics, s.err().colour));
  const auto body = config_body({file.file, file.text, s.setup().around.environment});
  const auto options = options_of(wanted);
  const auto told =
      s.try_request({.method = "POST", .target = "/v1/config/diff" + options, .body = body, .accept = {}});
  if (const auto* wrong = std::get_if<failure>(&told)) return s.fail(*wrong);
  const auto& text = std::get<std::string>(told);
  const auto found = s.understood(text, read_changes);
  if (!found) return s.end_code();
  if (wanted.json && wanted.dry_run) {
    (void)s.print(text + "\n");
    return found->refusal.empty() ? s.end_code() : exit_code::failed;
  }
  if (!wanted.json && !wanted.quiet) show(s, *found);
  if (wanted.dry_run) return found->refusal.empty() ? s.end_code() : refuse(s, found->refusal);
  return carry_out(s, {.method = "POST",
                       .target = "/v1/config/apply" + options,
                       .body = body,
                       .words = {.done = "changed", .counts_stops = true, .counts_both = true},
                       .nothing_to_do = found->changes.empty() ? unchanged(*found) : "nothing was changed",
                       .again = "/v1/config/apply" + options});
}

} // namespace

command_info apply_command() {
  return {.name = "apply",
          .group = command_group::trees,
          .usage = "[FILE]",
          .summary = "apply a changed configuration to a running tree",
          .options = {option::file, option::dry_run, option::start_added, option::stop_removed, option::restart_changed,
                      option::sync, option::take_environment, option::timeout, option::no_wait},
          .most_words = 1,
          .examples = {"alder apply --dry-run        # what would change", "alder apply --sync shop/alder.yaml"},
          .run = run_apply};
}

} // namespace alder::cli

#include "cli/common/failure.hpp"

#include <cerrno>
#include <utility>

namespace alder::cli {
namespace {

exit_code code_of(error_kind kind) {
  switch (kind) {
  case error_kind::invalid_input: return exit_code::usage;
  case error_kind::denied: return exit_code::denied;
  case error_kind::unavailable: return exit_code::no_daemon;
  case error_kind::timed_out: return exit_code::timed_out;
  case error_kind::not_found:
  case error_kind::conflict:
  case error_kind::too_large:
  case error_kind::io: return exit_code::failed;
  }
  return exit_code::failed;
}

exit_code code_of(const problem& why) {
  if (why.code == "no_such_node" || why.code == "no_such_tree") return exit_code::no_such_node;
  if (why.code == "start_failed") return exit_code::failed;
  switch (why.status) {
  case 400:
  case 413:
  case 422: return exit_code::usage;
  case 403: return exit_code::denied;
  case 408:
  case 504: return exit_code::timed_out;
  case 503: return exit_code::no_daemon;
  default: return exit_code::failed;
  }
}

config::diagnostic diagnostic_of(const wire::diagnostic_entry& entry) {
  return {.severity = entry.is_error ? config::diagnostic::level::error : config::diagnostic::level::warning,
          .code = entry.code,
          .message = entry.message,
          .label = entry.label,
          .file = entry.file,
          .line = entry.line,
          .column = entry.column,
          .end_column = entry.end_column,
          .snippet = entry.snippet,
          .help = entry.help};
}

} // namespace

failure misuse(std::string what, std::vector<std::string> help) {
  return {.code = exit_code::usage, .what = std::move(what), .help = std::move(help), .diagnostics = {}};
}

std::string help_hint(std::string_view command) { return "see: alder " + std::string{command} + " --help"; }

failure no_daemon_is_running() {
  return {.code = exit_code::no_daemon,
          .what = "no daemon is running",
          .help = {"start one with 'alder up FILE' or 'alder start -- COMMAND'"},
          .diagnostics = {},
          .is_absence = true};
}

failure services_run_unattended(std::size_t services) {
  const auto counted = services == 1 ? std::string{"1 service is"} : std::to_string(services) + " services are";
  return {.code = exit_code::no_daemon,
          .what = "no daemon is running, but " + counted + " still running, unsupervised",
          .help = {"to find and supervise them again: alder daemon start"},
          .diagnostics = {}};
}

failure no_daemon_but_keeper(int keeper_pid, const std::string& trouble, const std::string& state_dir) {
  const auto line_end = trouble.find('\n');
  const auto times = trouble.substr(0, line_end);
  auto last = line_end == std::string::npos ? std::string{} : trouble.substr(line_end + 1);
  while (!last.empty() && last.back() == '\n')
    last.pop_back();
  failure told{.code = exit_code::no_daemon,
               .what = "the daemon is not running, but your services are: their keeper (pid " +
                       std::to_string(keeper_pid) + ") owns them and is restarting the daemon",
               .help = {},
               .diagnostics = {}};
  if (!last.empty()) {
    told.what = "the daemon keeps exiting (" + times +
                " times in a row); your services keep running: their keeper (pid " + std::to_string(keeper_pid) +
                ") owns them and retries at least every 10s";
    told.help.push_back("last error: " + last);
  }
  told.help.push_back("see " + state_dir + "/daemon.log and " + state_dir + "/keeper.log");
  told.help.push_back("once the cause is fixed, the keeper starts the daemon by itself");
  return told;
}

failure explain(const error& why) {
  if (never_reached(why)) return no_daemon_is_running();
  failure told{.code = code_of(why.kind), .what = why.message, .help = {}, .diagnostics = {}};
  if (why.os_errno == ETIMEDOUT)
    told.help = {"it may be suspended or overloaded; see daemon.log in the directory printed by 'alder paths --state'"};
  if (why.kind == error_kind::denied)
    told.help = {"the daemon answers only its own user and root; 'alder paths' shows which daemon this is"};
  return told;
}

failure explain(const problem& why) {
  failure told{.code = code_of(why), .what = why.detail, .help = why.help, .diagnostics = {}};
  for (const auto& one : why.diagnostics)
    told.diagnostics.push_back(diagnostic_of(one));
  if (why.code == "no_such_route")
    told.help.emplace_back("the daemon may be a different version from this command; check with: alder info");
  return told;
}

std::string notice_text(const look& on, const std::string& notice) {
  return paint(on, tone::warning, "notice:") + " " + notice + "\n";
}

std::string failure_text(const look& on, const failure& why) {
  if (!why.diagnostics.empty()) return config::render(why.diagnostics, on.colour);
  auto text = paint(on, tone::bad, "alder:") + " " + why.what + "\n";
  for (const auto& help : why.help)
    text += paint(on, tone::dim, "help:") + " " + help + "\n";
  return text;
}

} // namespace alder::cli

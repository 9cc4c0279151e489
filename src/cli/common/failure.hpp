// What a command says when it cannot do what it was asked: a sentence, help, an exit code.
#pragma once

#include "cli/common/answers.hpp"
#include "cli/common/exit_code.hpp"
#include "cli/common/look.hpp"

#include "runtime/config/diagnostic.hpp"

#include "alder/error.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace alder::cli {

struct failure {
  exit_code code = exit_code::failed;
  std::string what; ///< one sentence, no full stop
  std::vector<std::string> help;
  std::vector<config::diagnostic> diagnostics; ///< of a configuration; then they are shown instead of `what`
  bool is_absence = false;                     ///< no daemon is running
};

/// Of a command line that is wrong.
[[nodiscard]] failure misuse(std::string what, std::vector<std::string> help);
/// "see: alder COMMAND --help".
[[nodiscard]] std::string help_hint(std::string_view command);
/// Of talking to the daemon.
[[nodiscard]] failure explain(const error& why);
/// Of what the daemon answered.
[[nodiscard]] failure explain(const problem& why);

/// Something to know that is no failure, as text for standard error.
[[nodiscard]] std::string notice_text(const look& on, const std::string& notice);
/// "alder: WHAT" and "help: …" lines, or the diagnostics.
[[nodiscard]] std::string failure_text(const look& on, const failure& why);

/// No daemon is running, and this command does not start one.
[[nodiscard]] failure no_daemon_is_running();
/// Keeper and daemon were killed together, and `services` of them (at least 1) kept running, unsupervised.
[[nodiscard]] failure services_run_unattended(std::size_t services);
/// There is a keeper and no daemon. `trouble` is what the keeper wrote about it: how often the daemon ended young, and
/// on the next line how the last time; empty when it wrote nothing.
[[nodiscard]] failure no_daemon_but_keeper(int keeper_pid, const std::string& trouble, const std::string& state_dir);

} // namespace alder::cli

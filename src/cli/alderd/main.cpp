// alderd: the daemon. Everything it does hangs in the tree that daemon.cpp puts together.

#include "cli/alderd/daemon.hpp"
#include "cli/alderd/log.hpp"
#include "cli/alderd/options.hpp"

#include "runtime/os/caller.hpp"
#include "runtime/os/descriptors.hpp"
#include "runtime/os/keeper_home.hpp"

int main(int argc, char** argv) {
  // stderr is the daemon's log file, opened by the keeper; stdout is never written to.
  alder::daemon::open_log();
  alder::os::ignore_broken_pipes();
  alder::os::name_process("alderd");
  if (const auto raised = alder::os::raise_file_limit(); !raised) alder::daemon::log_warning(raised.failure().message);
  alder::os::keep_spare_descriptors();

  auto options = alder::daemon::parse_options(argc, argv);
  if (!options) {
    alder::daemon::log_error(options.failure().message);
    return 2;
  }
  return alder::daemon::daemon{std::move(*options)}.run();
}

// alderd: the daemon. Everything it does hangs in the tree that daemon.cpp puts together.
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <csignal>

#include "daemon.hpp"
#include "options.hpp"

int main(int argc, char** argv) {
  // stderr is the daemon's log file, opened by the keeper; stdout is never written to.
  spdlog::set_default_logger(spdlog::stderr_logger_st("alderd"));
  spdlog::flush_on(spdlog::level::info);
  (void)std::signal(SIGPIPE, SIG_IGN); // a reader that leaves is noticed where it is written to

  auto options = alder::daemon::parse_options(argc, argv);
  if (!options) {
    spdlog::error("{}", options.failure().message);
    return 2;
  }
  return alder::daemon::daemon{std::move(*options)}.run();
}

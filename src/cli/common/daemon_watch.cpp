#include "cli/common/daemon_watch.hpp"

#include "cli/common/client.hpp"

#include "runtime/os/background.hpp"
#include "runtime/os/files.hpp"

#include <cerrno>
#include <charconv>
#include <csignal>
#include <utility>

namespace alder::cli {

daemon_watch::daemon_watch(std::string run_dir, std::function<void(std::string_view)> note)
    : run_dir_{std::move(run_dir)}, note_{std::move(note)} {}

bool daemon_watch::ask_keeper() {
  const int keeper = os::living_keeper(run_dir_);
  if (keeper == 0) return false;
  os::send_signal(keeper, SIGUSR1);
  if (keeps_ending(run_dir_)) return false;
  if (!std::exchange(was_silent_, true)) {
    note_("alder: the daemon does not answer; its keeper (pid " + std::to_string(keeper) +
          ") replaces it if it hangs; services are not affected\n");
  }
  return true;
}

void daemon_watch::look(const std::string& socket) {
  client asking{socket};
  const auto answer = asking.send({.method = "GET", .target = "/_ping", .body = {}, .accept = {}}, slow_after);
  if (!answer && answer.failure().os_errno == ETIMEDOUT) (void)ask_keeper(); // the caller waits in any case
}

bool keeps_ending(const std::string& run_dir) {
  constexpr std::size_t largest = 8192;
  constexpr unsigned one_may_end = 1;
  const auto trouble = os::read_file(run_dir + "/daemon.trouble", largest);
  unsigned in_a_row = 0;
  if (trouble) (void)std::from_chars(trouble->data(), trouble->data() + trouble->size(), in_a_row);
  return in_a_row > one_may_end;
}

} // namespace alder::cli

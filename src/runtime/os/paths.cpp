#include "runtime/os/paths.hpp"

#include "runtime/os/safe_open.hpp"

#include <cerrno>
#include <filesystem>
#include <system_error>

namespace alder::os {
namespace {

std::string variable(const surroundings& from, const std::string& name) {
  const auto found = from.environment.find(name);
  return found == from.environment.end() ? std::string{} : found->second;
}

std::string absolute_variable(const surroundings& from, const std::string& name) {
  auto value = variable(from, name);
  return !value.empty() && value.front() == '/' ? value : std::string{};
}

std::string without_trailing_slashes(std::string path) {
  while (path.size() > 1 && path.back() == '/')
    path.pop_back();
  return path;
}

result<locations> with_socket(locations found) {
  found.socket = found.run_dir + "/alder.sock";
  if (found.socket.size() <= max_socket_path) return found;
  return error{error_kind::invalid_input, "the path of the socket is too long: " + found.socket + " has " +
                                              std::to_string(found.socket.size()) + " bytes, at most " +
                                              std::to_string(max_socket_path) +
                                              " are possible; set ALDER_HOME to a shorter directory"};
}

} // namespace

result<locations> locate(const surroundings& from) {
  if (auto home = variable(from, "ALDER_HOME"); !home.empty()) {
    if (home.front() != '/') home = from.cwd + "/" + home;
    home = without_trailing_slashes(home);
    return with_socket(
        {.run_dir = home + "/run", .state_dir = home + "/state", .log_dir = home + "/log", .socket = {}});
  }
  if (from.uid == 0) {
    return with_socket(
        {.run_dir = "/run/alder", .state_dir = "/var/lib/alder", .log_dir = "/var/log/alder", .socket = {}});
  }

  const auto runtime = without_trailing_slashes(absolute_variable(from, "XDG_RUNTIME_DIR"));
  auto state = without_trailing_slashes(absolute_variable(from, "XDG_STATE_HOME"));
  if (state.empty()) {
    const auto home = without_trailing_slashes(absolute_variable(from, "HOME"));
    if (home.empty()) {
      return error{error_kind::invalid_input,
                   "cannot choose a state directory: none of ALDER_HOME, XDG_STATE_HOME and HOME is set"};
    }
    state = home + "/.local/state";
  }
  return with_socket({.run_dir = runtime.empty() ? "/tmp/alder-" + std::to_string(from.uid) : runtime + "/alder",
                      .state_dir = state + "/alder",
                      .log_dir = state + "/alder/log",
                      .socket = {}});
}

result<locations> private_locations(const locations& base, int pid) {
  const auto name = "/run-" + std::to_string(pid);
  return with_socket({.run_dir = base.run_dir + name,
                      .state_dir = base.state_dir + name,
                      .log_dir = base.log_dir + name,
                      .socket = {}});
}

void remove_private_home(const locations& home) {
  for (const auto& path : {home.run_dir, home.state_dir, home.log_dir}) {
    if (path.rfind("/run-") != path.rfind('/')) continue;
    std::error_code ignored; // what cannot be removed is left; nobody waits for it
    std::filesystem::remove_all(path, ignored);
  }
}

outcome check_private_directory(const std::string& path) {
  auto fit = check_own_directory(path);
  // Whatever else stops us from looking will stop us from connecting too, with a better error.
  const bool is_refused =
      !fit && (fit.failure().kind == error_kind::denied || fit.failure().kind == error_kind::invalid_input);
  return is_refused && fit.failure().os_errno != EACCES ? fit : success();
}

} // namespace alder::os

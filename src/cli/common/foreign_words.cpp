#include "cli/common/foreign_words.hpp"

#include "runtime/base/text.hpp"

#include <algorithm>
#include <array>
#include <iterator>

namespace alder::cli {
namespace {

struct foreign_word {
  std::string_view word;
  std::string_view instead; ///< "NAMES" stands for the names that were typed
};

constexpr std::array<foreign_word, 49> their_commands{{
    {"attach", "to follow its output: alder logs -f NAMES; to write to its standard input: alder send NAMES TEXT"},
    {"avail", "to check a configuration: alder check; to list what is running: alder ls"},
    {"build", "Alder does not build anything; a task (task: true) can run before a service"},
    {"cat", "to see the configuration of a service: alder describe NAMES"},
    {"clear", "to empty log files: alder logs clear NAMES"},
    {"config", "to check a configuration: alder check"},
    {"daemon-reload", "after changing the configuration: alder apply --dry-run, then alder apply --sync"},
    {"delete", "to stop and remove services: alder remove NAMES"},
    {"del", "to stop and remove services: alder remove NAMES"},
    {"desc", "alder describe NAMES"},
    {"disable", "to stop starting at boot: alder unstartup; to keep services stopped: alder stop NAMES"},
    {"dump", "no need to save: Alder remembers what is up; to start it at boot: alder startup"},
    {"enable", "to start at boot what was up before: alder startup"},
    {"exec", "Alder does not enter services; 'alder describe NAMES' shows process IDs, directory and environment"},
    {"fg", "to run a tree in the foreground: alder run; to follow the output of one service: alder logs -f NAMES"},
    {"flush", "to empty log files: alder logs clear NAMES"},
    {"halt", "to stop the daemon and everything it runs: alder daemon stop"},
    {"inspect", "alder describe NAMES"},
    {"is-active", "alder ls --json NAMES, or alder describe NAMES"},
    {"is-failed", "alder ls --json NAMES, or alder describe NAMES"},
    {"jlist", "alder ls --json"},
    {"journalctl", "alder logs NAMES, alder events NAMES"},
    {"maintail", "the daemon's own log is daemon.log in the directory that 'alder paths --state' prints"},
    {"monit", "to watch: alder tree --watch; output: alder logs -f"},
    {"pause", "to stop a process for a while: alder signal NAMES STOP; afterwards: alder signal NAMES CONT"},
    {"pid", "to see process IDs: alder ls --json NAMES, or alder describe NAMES"},
    {"prettylist", "alder ls --json"},
    {"pull", "Alder does not fetch programs; install them, then: alder restart NAMES"},
    {"reload",
     "to apply a changed configuration: alder apply; to make a program reload its own: alder signal NAMES HUP"},
    {"reload-or-restart",
     "alder restart NAMES, or, if the program reloads its configuration on SIGHUP: alder signal NAMES HUP"},
    {"reloadLogs", "to reopen log files after they were moved: alder logs reopen"},
    {"reread", "to see what a changed configuration would do: alder apply --dry-run"},
    {"reset-failed", "to reset restart counters: alder reset NAMES"},
    {"resurrect", "to start again what was up: alder daemon start --resurrect"},
    {"save", "no need to save: Alder remembers what is up; to start it at boot: alder startup"},
    {"sendSignal", "to send a signal: alder signal NAME SIGNAL"},
    {"serve", "to serve a directory: alder start --name NAME -- python3 -m http.server --directory DIR"},
    {"shutdown", "to stop the daemon and everything it runs: alder daemon stop"},
    {"startOrReload", "alder up FILE, or, if it is already up: alder apply --sync FILE"},
    {"startOrRestart", "alder up FILE, or, if it is already up: alder restart NAME"},
    {"stats", "CPU and memory usage: alder ls; details: alder describe NAMES"},
    {"tail", "alder logs -f NAMES"},
    {"top", "CPU and memory usage of services: alder ls; live states: alder tree --watch"},
    {"unmask", "to start a service that was stopped: alder start NAMES"},
    {"unpause", "to continue a stopped process: alder signal NAMES CONT"},
    {"update",
     "to apply a changed configuration: alder apply --sync; to switch to a new version: alder daemon upgrade"},
    {"upgrade", "to switch to the installed version: alder daemon upgrade"},
    {"version", "alder --version; the daemon's: alder info"},
    {"wait", "'alder up' and 'alder start' wait until services are ready and tasks have finished; limit the wait with "
             "--timeout 30s"},
}};

struct foreign_flag {
  std::string_view command; ///< of ours; empty: every one
  std::string_view flag;
  std::string_view instead;
};

constexpr std::array<foreign_flag, 36> flags{{
    {"up", "--abort-on-container-exit", "to run a tree in the foreground until its services exit: alder run"},
    {"up", "--build", "Alder does not build anything; a task (task: true) can run before a service"},
    {"up", "--force-recreate", "to restart everything that is up: alder restart all"},
    {"up", "--remove-orphans", "to stop what is no longer in the file: alder apply --stop-removed"},
    {"up", "--scale", "to change the number of instances: alder scale NAME N"},
    {"up", "--wait", "'alder up' waits until everything is ready; limit the wait with --timeout 30s"},
    {"up", "--no-daemon", "to stay in the foreground: alder run"},
    {"start", "--no-daemon", "to stay in the foreground: alder run FILE"},
    {"start", "--attach", "to follow the output: alder logs -f NAME"},
    {"start", "-i", "for identical instances: 'instances: N' in alder.yaml, or alder scale NAME N"},
    {"start", "--instances", "for identical instances: 'instances: N' in alder.yaml, or alder scale NAME N"},
    {"start", "--watch", "to restart when files change: 'watch:' in alder.yaml"},
    {"start", "--cron-restart", "to restart on a schedule: 'schedule:' in alder.yaml"},
    {"start", "--max-memory-restart", "to limit memory: 'limits: { memory: 300M }' in alder.yaml"},
    {"start", "--interpreter", "write the interpreter before the script: alder start -- python3 app.py"},
    {"start", "--env", "the caller's variables are passed on: NAME=value alder start -- COMMAND"},
    {"start", "--no-autorestart", "--restart temporary"},
    {"start", "-n", "--name NAME"},
    {"restart", "--update-env", "to apply changed variables: alder apply, or alder down and alder up"},
    {"stop", "-t",
     "--timeout limits how long the command waits; the time a program has to stop is set by 'stop:' in alder.yaml"},
    {"stop", "--time",
     "--timeout limits how long the command waits; the time a program has to stop is set by 'stop:' in alder.yaml"},
    {"stop", "-s",
     "to send a signal: alder signal NAME SIGNAL; the signal that stops a program is set by 'stop:' in alder.yaml"},
    {"stop", "--signal",
     "to send a signal: alder signal NAME SIGNAL; the signal that stops a program is set by 'stop:' in alder.yaml"},
    {"down", "-v", "Alder keeps log files and has no other volumes; to empty them: alder logs clear"},
    {"down", "--volumes", "Alder keeps log files and has no other volumes; to empty them: alder logs clear"},
    {"down", "--remove-orphans", "every service of the tree is stopped anyway"},
    {"logs", "--lines", "-n N"},
    {"logs", "-u", "name the service: alder logs NAME"},
    {"logs", "--unit", "name the service: alder logs NAME"},
    {"logs", "--nostream", "not needed: 'alder logs' only follows with -f"},
    {"logs", "--timestamps", "times are always shown; to hide them: --no-prefix"},
    {"", "--user", "not needed: each user has their own daemon; 'alder paths' shows where it is"},
    {"", "--no-pager", "Alder never starts a pager"},
    {"", "--no-block", "to return at once: --no-wait"},
    {"start", "--wait",
     "'alder start' waits until it is ready, and for the end of a task; limit the wait with --timeout 30s"},
    {"restart", "--wait", "'alder restart' waits until it is ready; limit the wait with --timeout 30s"},
}};

std::string with_names(std::string_view instead, const std::vector<std::string>& after) {
  std::vector<std::string> names;
  std::copy_if(after.begin(), after.end(), std::back_inserter(names),
               [](const std::string& word) { return word.empty() || word.front() != '-'; });
  const auto shown = names.empty() ? std::string{"NAME"} : shell_quote(names);
  constexpr std::string_view place{"NAMES"};
  std::string text{instead};
  for (auto at = text.find(place); at != std::string::npos; at = text.find(place, at + shown.size()))
    text.replace(at, place.size(), shown);
  return text;
}

/// kill(1) and docker name the signal first, by an option; PM2's `kill` ends its daemon.
std::string instead_of_kill(const std::vector<std::string>& after) {
  std::string signal;
  std::vector<std::string> names;
  for (auto word = after.begin(); word != after.end(); ++word) {
    if ((*word == "-s" || *word == "--signal") && word + 1 != after.end()) {
      signal = *++word;
    } else if (word->rfind("--signal=", 0) == 0) {
      signal = word->substr(std::string_view{"--signal="}.size());
    } else if (word->size() > 1 && word->front() == '-') {
      signal = word->substr(1); // -HUP, -9
    } else {
      names.push_back(*word);
    }
  }
  if (names.empty() && signal.empty())
    return "to stop the daemon and everything it runs: alder daemon stop; to send a signal: alder signal NAME SIGNAL";
  const auto whom = names.empty() ? std::string{"NAME"} : shell_quote(names);
  return "to send a signal: alder signal " + whom + " " + (signal.empty() ? "KILL" : signal);
}

} // namespace

std::optional<std::string> foreign_command(std::string_view name, const std::vector<std::string>& after) {
  if (name == "kill") return instead_of_kill(after);
  const auto found =
      std::find_if(their_commands.begin(), their_commands.end(), [&](const auto& one) { return one.word == name; });
  return found == their_commands.end() ? std::nullopt : std::optional{with_names(found->instead, after)};
}

std::optional<std::string> foreign_option(std::string_view command, std::string_view flag) {
  const auto found = std::find_if(flags.begin(), flags.end(), [&](const auto& one) {
    return one.flag == flag && (one.command.empty() || one.command == command);
  });
  return found == flags.end() ? std::nullopt : std::optional{std::string{found->instead}};
}

} // namespace alder::cli

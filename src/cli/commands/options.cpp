#include "cli/commands/options.hpp"

#include "runtime/base/assert.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace alder::cli {
namespace {

constexpr std::array<std::pair<option, option_text>, 38> options{
    {{option::follow, {"-f,--follow", "", "keep printing new ones as they arrive, until Ctrl-C"}},
     {option::file, {"-f,--file", "FILE", "the configuration file; same as the FILE argument"}},
     {option::detach, {"-d,--detach", "", "has no effect: this is the default; 'alder run' stays in the foreground"}},
     {option::keep_going, {"--keep-going", "", "if a service fails to start, keep the others up"}},
     {option::exit_code_from, {"--exit-code-from", "NAME", "exit with the exit code of this service"}},
     {option::all_trees, {"--all", "", "all trees"}},
     {option::tail, {"-n,--tail", "N", "start with the last N (at most 100000)"}},
     {option::out, {"--out", "", "standard output only"}},
     {option::err, {"--err", "", "standard error only"}},
     {option::all, {"--all", "", "include the daemon's own actors"}},
     {option::watch, {"--watch", "", "refresh whenever something changes, until Ctrl-C"}},
     {option::show_env, {"--show-env", "", "show the values of environment variables"}},
     {option::no_prefix, {"--no-prefix", "", "print the lines only, without time and name"}},
     {option::raw, {"--raw", "", "like --no-prefix, and print control characters unchanged even on a terminal"}},
     {option::show,
      {"--show", "HOW",
       "how to show output: prefixed, raw (keeps the two streams apart) or none; default: 'show' in the service's "
       "'log'"}},
     {option::since, {"--since", "TIME", "only from this time on: 10m (ago), 14:30, 2026-11-28, 2026-11-28T14:30:05Z"}},
     {option::until, {"--until", "TIME", "only up to this time"}},
     {option::grep, {"--grep", "REGEX", "only what matches (RE2 syntax); searches everything that is kept"}},
     {option::previous, {"--previous", "", "output of the previous run, up to the last exit"}},
     {option::name, {"--name", "NAME", "name of the service (default: name of the program)"}},
     {option::cwd, {"--cwd", "DIR", "working directory (default: the current one)"}},
     {option::restart, {"--restart", "KIND", "restart policy: permanent (default), transient or temporary"}},
     {option::timeout, {"--timeout", "TIME", "stop waiting after this time, e.g. 30s (exit code 6)"}},
     {option::no_wait, {"--no-wait", "", "return as soon as the daemon has accepted the request"}},
     {option::socket, {"--socket", "", "print only the path of the socket"}},
     {option::run_dir, {"--run", "", "print only the directory of the socket and lock"}},
     {option::state_dir, {"--state", "", "print only the directory of the journal"}},
     {option::log_dir, {"--log", "", "print only the directory of the logs"}},
     {option::resurrect, {"--resurrect", "", "start the trees that were up before the machine went down"}},
     {option::print, {"--print", "", "print the unit and change nothing"}},
     {option::dry_run, {"--dry-run", "", "print the differences and change nothing"}},
     {option::start_added, {"--start-added", "", "start what is new in the file"}},
     {option::stop_removed, {"--stop-removed", "", "stop and remove what is no longer in the file"}},
     {option::restart_changed, {"--restart-changed", "", "restart what is running with outdated settings"}},
     {option::sync,
      {"--sync", "",
       "make the tree match the file: start new and failed services, stop removed ones, restart changed ones"}},
     {option::take_environment, {"--env", "", "use the current environment instead of that of 'alder up'"}},
     {option::force,
      {"--force", "", "scale even if running processes are stopped or instances share the address of a check"}},
     {option::explain, {"--explain", "", "explain what the tree does if a service keeps crashing"}}}};

constexpr std::array<option_text, 4> common{{{"-h,--help", "", "show this help"},
                                             {"--json", "", "print JSON on standard output and nothing else"},
                                             {"-q,--quiet", "", "print nothing but errors"},
                                             {"--no-color", "", "do not use colours (also: NO_COLOR=1)"}}};

} // namespace

std::span<const option_text> common_options() { return common; }

const option_text& text_of(option id) {
  const auto* found = std::find_if(options.begin(), options.end(), [&](const auto& one) { return one.first == id; });
  ALDER_ASSERT(found != options.end());
  return found->second;
}

} // namespace alder::cli

// The command line `alder`: reads what is wanted, finds the daemon's place, runs one command.
#include "cli/commands/args.hpp"
#include "cli/commands/command_table.hpp"

#include "runtime/os/caller.hpp"
#include "runtime/os/files.hpp"

#include <string>
#include <variant>
#include <vector>

namespace alder::cli {
namespace {

constexpr int out_fd = 1;
constexpr int err_fd = 2;

look look_of(int fd, bool no_colour, bool utf8, const os::surroundings& around) {
  return choose_look({.no_colour = no_colour,
                      .terminal = os::is_terminal(fd),
                      .utf8 = utf8,
                      .width = os::size_of_terminal(fd).columns},
                     around.environment);
}

exit_code refuse(const failure& why, const look& on) {
  (void)os::write_all(err_fd, failure_text(on, why)); // there is nowhere left to complain
  return why.code;
}

exit_code run(const std::vector<std::string>& words) {
  os::ignore_broken_pipes();
  const bool utf8 = os::use_locale();
  const auto around = os::current_surroundings();
  auto parsed = parse_command_line(words);
  if (const auto* wrong = std::get_if<failure>(&parsed)) return refuse(*wrong, look_of(err_fd, false, utf8, around));
  const auto& wanted = std::get<invocation>(parsed);
  const auto err = look_of(err_fd, wanted.no_colour, utf8, around);

  const auto where = os::locate(around);
  if (!where) return refuse(explain(where.failure()), err);
  session s{{.wanted = wanted,
             .around = around,
             .where = *where,
             .out_fd = out_fd,
             .err_fd = err_fd,
             .out = look_of(out_fd, wanted.no_colour, utf8, around),
             .err = err,
             .rows = os::size_of_terminal(out_fd).rows}};
  s.await_daemon();
  return run_wanted(s);
}

} // namespace
} // namespace alder::cli

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
  return static_cast<int>(alder::cli::run(words));
}

#include "runtime/keeper/options.hpp"

#include <charconv>
#include <initializer_list>
#include <string_view>
#include <utility>

namespace alder::keeper {
namespace {

error wrong(std::string message) { return {error_kind::invalid_input, std::move(message), 0}; }

/// A number of at least `least`.
template <class Number>
outcome read_number(std::string_view name, const std::string& text, Number least, Number& into) {
  const auto* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, into);
  if (parsed.ec == std::errc{} && parsed.ptr == end && into >= least) return success();
  return wrong(std::string{name} + " needs a number from " + std::to_string(least) + ", not '" + text + "'");
}

/// What the options that take a number say.
struct numbers {
  std::string ready_fd, resume_fd, adopt_fd, daemon_pid, epoch, watchdog;
};

outcome read_numbers(const numbers& given, options& into) {
  if (!given.ready_fd.empty()) {
    const auto* const end = given.ready_fd.data() + given.ready_fd.size();
    const auto parsed = std::from_chars(given.ready_fd.data(), end, into.ready_fd);
    if (parsed.ec != std::errc{} || parsed.ptr != end || into.ready_fd < 3)
      return wrong("--ready-fd needs a descriptor number from 3, not '" + given.ready_fd + "'");
  }
  long long seconds = into.watchdog.count();
  for (const auto& read :
       {given.resume_fd.empty() ? success() : read_number("--resume-fd", given.resume_fd, 3, into.resume_fd),
        given.adopt_fd.empty() ? success() : read_number("--adopt-fd", given.adopt_fd, 3, into.adopt_fd),
        given.daemon_pid.empty() ? success() : read_number("--daemon-pid", given.daemon_pid, 1, into.daemon_pid),
        given.epoch.empty() ? success() : read_number("--epoch", given.epoch, 0U, into.epoch),
        given.watchdog.empty() ? success() : read_number("--watchdog", given.watchdog, 0LL, seconds)}) {
    if (!read) return read;
  }
  into.watchdog = std::chrono::seconds{seconds};
  return success();
}

} // namespace

result<options> parse_options(std::span<char* const> arguments) {
  options read;
  numbers given;
  const std::initializer_list<std::pair<std::string_view, std::string*>> with_value = {{"--run-dir", &read.run_dir},
                                                                                       {"--state-dir", &read.state_dir},
                                                                                       {"--log-dir", &read.log_dir},
                                                                                       {"--daemon", &read.daemon}};
  const std::initializer_list<std::pair<std::string_view, std::string*>> optional = {
      {"--ready-fd", &given.ready_fd}, {"--resume-fd", &given.resume_fd},
      {"--adopt-fd", &given.adopt_fd}, {"--daemon-pid", &given.daemon_pid},
      {"--epoch", &given.epoch},       {"--watchdog", &given.watchdog},
      {"--mark", &read.mark}};
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view word{arguments[i]};
    if (word == "--") {
      read.daemon_arguments.assign(arguments.begin() + static_cast<std::ptrdiff_t>(i) + 1, arguments.end());
      break;
    }
    if (word == "--foreground") {
      read.foreground = true;
      continue;
    }
    std::string* target = nullptr;
    for (const auto& list : {with_value, optional})
      for (const auto& [name, value] : list)
        if (name == word) target = value;
    if (target == nullptr) return wrong("unknown option '" + std::string{word} + "'");
    if (++i == arguments.size()) return wrong(std::string{word} + " needs a value");
    *target = arguments[i];
  }
  for (const auto& [name, value] : with_value) {
    if (value->empty()) return wrong(std::string{name} + " is missing");
    if (value->front() != '/') return wrong(std::string{name} + " needs an absolute path, not '" + *value + "'");
  }
  if (auto numbered = read_numbers(given, read); !numbered) return numbered.failure();
  return read;
}

} // namespace alder::keeper

#include "runtime/keeper/options.hpp"

#include <charconv>
#include <initializer_list>
#include <string_view>
#include <utility>

namespace alder::keeper {
namespace {

error wrong(std::string message) { return {error_kind::invalid_input, std::move(message), 0}; }

} // namespace

result<options> parse_options(std::span<char* const> arguments) {
  options read;
  std::string ready_fd;
  const std::initializer_list<std::pair<std::string_view, std::string*>> with_value = {{"--run-dir", &read.run_dir},
                                                                                       {"--state-dir", &read.state_dir},
                                                                                       {"--log-dir", &read.log_dir},
                                                                                       {"--daemon", &read.daemon},
                                                                                       {"--ready-fd", &ready_fd}};
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
    for (const auto& [name, value] : with_value)
      if (name == word) target = value;
    if (target == nullptr) return wrong("unknown option '" + std::string{word} + "'");
    if (++i == arguments.size()) return wrong(std::string{word} + " needs a value");
    *target = arguments[i];
  }
  for (const auto& [name, value] : with_value) {
    if (value == &ready_fd) continue;
    if (value->empty()) return wrong(std::string{name} + " is missing");
    if (value->front() != '/') return wrong(std::string{name} + " needs an absolute path, not '" + *value + "'");
  }
  if (!ready_fd.empty()) {
    const auto* const end = ready_fd.data() + ready_fd.size();
    const auto parsed = std::from_chars(ready_fd.data(), end, read.ready_fd);
    if (parsed.ec != std::errc{} || parsed.ptr != end || read.ready_fd < 3)
      return wrong("--ready-fd needs a descriptor number from 3, not '" + ready_fd + "'");
  }
  return read;
}

} // namespace alder::keeper

#include "cli/alderd/options.hpp"

#include <charconv>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>

namespace alder::daemon {
namespace {

error wrong(std::string what) { return {error_kind::invalid_input, std::move(what)}; }

} // namespace

result<options> parse_options(int argc, char** argv) {
  options parsed;
  const std::map<std::string_view, std::string*> known{{"--run-dir", &parsed.home.run_dir},
                                                       {"--state-dir", &parsed.home.state_dir},
                                                       {"--log-dir", &parsed.home.log_dir}};
  for (int i = 1; i < argc; ++i) {
    const std::string_view word{argv[i]};
    if (word == "--foreground" || word == "--resurrect") {
      (word == "--foreground" ? parsed.foreground : parsed.resurrect) = true;
      continue;
    }
    const auto option = known.find(word);
    if (option == known.end()) return wrong("unknown argument '" + std::string{argv[i]} + "'");
    if (i + 1 == argc) return wrong("'" + std::string{argv[i]} + "' needs a directory");
    *option->second = argv[++i];
  }
  const char* channel = std::getenv("ALDER_KEEPER_FD"); // NOLINT(concurrency-mt-unsafe): there is one thread yet
  if (channel == nullptr || parsed.home.run_dir.empty() || parsed.home.state_dir.empty() || parsed.home.log_dir.empty())
    return wrong("alderd is started by alder-keeper; start it with: alder daemon start");
  const std::string_view number{channel};
  const auto read = std::from_chars(number.data(), number.data() + number.size(), parsed.keeper_fd);
  if (read.ec != std::errc{} || parsed.keeper_fd < 0) return wrong("ALDER_KEEPER_FD is not a descriptor");
  parsed.home.socket = parsed.home.run_dir + "/alder.sock";
  return parsed;
}

} // namespace alder::daemon

#include "runtime/keeper/log.hpp"

#include <array>
#include <cstddef>
#include <ctime>

#include <unistd.h>

namespace alder::keeper {

void say(const std::string& text) {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  (void)::gmtime_r(&now, &utc); // fails only for years an int cannot hold
  std::array<char, 32> stamp{};
  const std::size_t length = std::strftime(stamp.data(), stamp.size(), "%Y-%m-%dT%H:%M:%SZ", &utc);
  constexpr std::size_t longest = 2000;
  const auto line = std::string{stamp.data(), length} + " alder-keeper[" + std::to_string(::getpid()) + "] " +
                    text.substr(0, longest) + "\n";
  (void)!::write(STDERR_FILENO, line.data(), line.size()); // there is nowhere to say that saying failed
}

} // namespace alder::keeper

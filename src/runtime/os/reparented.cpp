#include "runtime/os/reparented.hpp"

#include "runtime/base/number.hpp"
#include "runtime/base/text.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <string>
#include <string_view>
#include <thread>

#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

namespace alder::os {
namespace {

constexpr std::size_t most_told = std::size_t{16} << 10; // bytes
constexpr int most_readings = 5;

/// What one read gives; nothing when it fails, or there is more than fits.
std::optional<std::string_view> read_once(int file, std::array<char, most_told>& into) {
  const auto got = ::pread(file, into.data(), into.size(), 0);
  if (got < 0 || static_cast<std::size_t>(got) == into.size()) return std::nullopt;
  return std::string_view{into.data(), static_cast<std::size_t>(got)};
}

std::vector<int> pids_of(std::string_view text) {
  std::vector<int> pids;
  for (const auto word : split(text, ' '))
    if (const auto pid = parse_number<int>(word)) pids.push_back(*pid);
  return pids;
}

} // namespace

int run_beside_first_thread(std::function<int()> rest) {
  (void)::mallopt(M_ARENA_MAX, 1); // one thread at a time: a second arena would only cost memory
  int status = 0;
  std::thread{[&] { status = rest(); }}.join();
  return status;
}

bool group_is_empty(int group) { return ::kill(-group, 0) != 0 && errno == ESRCH; }

reparented::reparented() {
  const auto self = std::to_string(::getpid());
  file_.reset(::open(("/proc/" + self + "/task/" + self + "/children").c_str(), O_RDONLY | O_CLOEXEC));
}

/// A list that changes while it is read can lack one, unless it is found empty: that is a look at a single moment.
std::optional<std::vector<int>> reparented::list() const {
  if (!file_) return std::nullopt;
  std::array<char, most_told> buffer; // not initialised: untouched pages cost nothing
  std::string before;
  for (int reading = 0; reading < most_readings; ++reading) {
    const auto text = read_once(file_.get(), buffer);
    if (!text) return std::nullopt;
    if (text->empty() || *text == before) return pids_of(*text);
    before = *text;
  }
  return std::nullopt;
}

} // namespace alder::os

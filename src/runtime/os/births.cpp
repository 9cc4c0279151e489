#include "runtime/os/births.hpp"

#include "runtime/os/files.hpp"
#include "runtime/os/proc.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <string_view>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace alder::os {
namespace {

using std::chrono::steady_clock;

/// No machine makes more processes in a second.
constexpr int fastest_forks = 100'000;
/// Beyond this many numbers the list of processes is read instead of asking for each.
constexpr int most_asked = 2048;
/// The last of those are asked for all the same: one may be in the making.
constexpr int asked_behind_list = 256;
constexpr std::chrono::seconds longest_making{2};
constexpr std::size_t most_missing = 4096;
constexpr std::chrono::seconds forks_are_good_for{1};
constexpr int usual_limit = 32768;

/// Whether `number` comes after `after` and not after `last`, counting in a circle.
bool is_between(int after, int number, int last) {
  return after <= last ? number > after && number <= last : number > after || number <= last;
}

/// The beginning of a file that is kept open; its text is made anew at each reading.
class open_file {
public:
  explicit open_file(const char* path) : file_(::open(path, O_RDONLY | O_CLOEXEC)) {}

  template <std::size_t Size> std::string_view read(std::array<char, Size>& into) const {
    const auto got = file_ ? ::pread(file_.get(), into.data(), into.size(), 0) : 0;
    return {into.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0))};
  }

private:
  unique_fd file_;
};

template <class Number> std::optional<Number> number_in(std::string_view text) {
  Number value = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc{}) return std::nullopt;
  return value;
}

std::optional<int> last_number(const open_file& loadavg) {
  std::array<char, 128> buffer{};
  const auto text = loadavg.read(buffer);
  const auto blank = text.rfind(' ');
  return blank == std::string_view::npos ? std::nullopt : number_in<int>(text.substr(blank + 1));
}

int number_limit() {
  std::array<char, 32> buffer{};
  return number_in<int>(open_file{"/proc/sys/kernel/pid_max"}.read(buffer)).value_or(usual_limit);
}

std::optional<std::uint64_t> forks_so_far() {
  constexpr std::size_t largest_stat = std::size_t{4} << 20; // it has a number for each interrupt of each processor
  constexpr std::string_view name = "\nprocesses ";
  const auto text = read_kernel_file("/proc/stat", largest_stat);
  const auto line = text ? text->find(name) : std::string::npos;
  if (line == std::string::npos) return std::nullopt;
  return number_in<std::uint64_t>(std::string_view{*text}.substr(line + name.size()));
}

/// A thread takes a number as a process does.
bool follows_births(const open_file& loadavg) {
  const auto before = last_number(loadavg);
  int born = 0;
  std::thread{[&born] { born = static_cast<int>(::syscall(SYS_gettid)); }}.join();
  const auto after = last_number(loadavg);
  return before && after && *before != *after && is_between(*before, born, *after);
}

} // namespace

number_source system_numbers() {
  const auto loadavg = std::make_shared<open_file>("/proc/loadavg");
  number_source source{{}, number_limit, forks_so_far, all_pids, steady_clock::now};
  if (follows_births(*loadavg)) source.last = [loadavg] { return last_number(*loadavg); };
  return source;
}

/// So many that numbers may have been given a second time.
bool births::may_have_wrapped(const look& now) {
  const auto limit = from_.limit();
  const std::chrono::duration<double> elapsed = now.at - former_->at;
  const bool is_long = elapsed.count() > static_cast<double>(limit) / 2 / fastest_forks;
  if (!is_long && now.at - forks_at_ < forks_are_good_for) return false;
  const auto before = std::exchange(forks_, from_.forks());
  forks_at_ = now.at;
  return is_long && (!before || !forks_ || *forks_ - *before >= static_cast<std::uint64_t>(limit - limit / 8));
}

void births::append_range(int after, int last, int limit, std::vector<int>& numbers) const {
  const int count = last >= after ? last - after : last + limit - after;
  int asked_after = after;
  if (count > most_asked) {
    asked_after = last >= asked_behind_list ? last - asked_behind_list : last + limit - asked_behind_list;
    std::vector<int> listed;
    for (const int pid : from_.all())
      if (is_between(after, pid, asked_after)) listed.push_back(pid);
    const auto place = [&](int number) { return number > after ? number : number + limit; };
    std::sort(listed.begin(), listed.end(), [&](int a, int b) { return place(a) < place(b); });
    numbers.insert(numbers.end(), listed.begin(), listed.end());
  }
  for (int number = asked_after; number != last;) {
    number = number + 1 >= limit ? 1 : number + 1;
    numbers.push_back(number);
  }
}

/// Everything is looked at next; what is in the making at this moment may not be on that list.
void births::begin(const look& now) {
  former_ = now;
  missing_.clear();
  for (int back = 0; back < asked_behind_list && now.last > back; ++back)
    (void)absent(now.last - back);
}

std::optional<std::vector<int>> births::take() {
  const auto last = from_.last ? from_.last() : std::nullopt;
  if (!last) {
    former_.reset();
    return std::nullopt;
  }
  const look now{*last, from_.now()};
  if (!former_) {
    forks_ = from_.forks();
    forks_at_ = now.at;
  }
  if (!former_ || may_have_wrapped(now)) {
    begin(now);
    return std::nullopt;
  }
  std::vector<int> numbers;
  std::erase_if(missing_, [&](const auto& one) { return one.second < now.at; });
  for (const auto& [number, until] : missing_)
    numbers.push_back(number);
  const auto after = std::exchange(former_, now)->last;
  if (after != now.last) append_range(after, now.last, std::max({from_.limit(), after + 1, now.last + 1}), numbers);
  return numbers;
}

bool births::absent(int number) {
  if (!former_ || missing_.size() >= most_missing) return true;
  return missing_.emplace(number, former_->at + longest_making).second;
}

} // namespace alder::os

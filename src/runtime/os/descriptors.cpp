#include "runtime/os/descriptors.hpp"

#include "runtime/base/text.hpp"
#include "runtime/base/unique_fd.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <mutex>

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace alder::os {
namespace {

/// Two, because a look at one thing may need a look at another (a process while its pidfd is open).
struct spare_descriptors {
  struct place {
    unique_fd kept;
    bool is_lent = false;
  };
  std::mutex lock; // the loop and the log pump look at files of /proc
  std::array<place, 2> places;
};

spare_descriptors& spares() {
  static spare_descriptors all;
  return all;
}

void fill(spare_descriptors::place& one) {
  if (!one.kept) one.kept.reset(::open("/dev/null", O_RDONLY | O_CLOEXEC)); // else the next look does without
}

std::size_t counted_one_by_one() {
  brief_descriptor folder{[] { return ::open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC); }};
  if (!folder) return 0;
  const std::unique_ptr<DIR, int (*)(DIR*)> open{::fdopendir(folder.release()), ::closedir};
  std::size_t found = 0;
  while (open != nullptr && ::readdir(open.get()) != nullptr)
    ++found;
  constexpr std::size_t not_counted = 3; // ".", ".." and the look itself
  return found > not_counted ? found - not_counted : 0;
}

} // namespace

bool is_shortage(int number) { return number == EMFILE || number == ENFILE || number == ENOMEM; }

descriptor_count count_descriptors() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return {0, SIZE_MAX};
  const std::size_t most = limit.rlim_cur == RLIM_INFINITY ? SIZE_MAX : static_cast<std::size_t>(limit.rlim_cur);
  struct stat facts {};
  if (::stat("/proc/self/fd", &facts) == 0 && facts.st_size > 0) return {static_cast<std::size_t>(facts.st_size), most};
  return {counted_one_by_one(), most};
}

void keep_spare_descriptors() {
  auto& all = spares();
  const std::lock_guard hold{all.lock};
  for (auto& one : all.places)
    if (!one.is_lent) fill(one);
}

brief_descriptor::brief_descriptor(const std::function<int()>& open) : fd_(open()) {
  if (fd_ >= 0 || (errno != EMFILE && errno != ENFILE)) return;
  int problem = errno;
  auto& all = spares();
  const std::lock_guard hold{all.lock};
  const auto found =
      std::find_if(all.places.begin(), all.places.end(), [](const auto& one) { return one.kept.valid(); });
  if (found != all.places.end()) {
    found->kept.reset();
    fd_ = open();
    problem = errno;
    if (fd_ >= 0) {
      place_ = static_cast<int>(found - all.places.begin());
      found->is_lent = true;
    } else {
      fill(*found);
    }
  }
  errno = problem;
}

int brief_descriptor::release() { return std::exchange(fd_, -1); }

brief_descriptor::~brief_descriptor() {
  const int kept_errno = errno;     // of what was looked at
  if (fd_ >= 0) (void)::close(fd_); // it was only looked at
  if (place_ >= 0) {
    auto& all = spares();
    const std::lock_guard hold{all.lock};
    auto& mine = all.places.at(static_cast<std::size_t>(place_));
    mine.is_lent = false;
    fill(mine);
  }
  errno = kept_errno;
}

std::optional<descriptor_count> descriptor_budget::refuse(std::size_t needed, std::size_t more) {
  const auto wanted = needed + more + reserve_;
  if (++uncounted_ >= most_uncounted || surely_left_ < wanted) {
    const auto now = count_();
    uncounted_ = 0;
    surely_left_ = now.left();
    if (surely_left_ < wanted) return now;
  }
  surely_left_ -= needed;
  return std::nullopt;
}

error too_few_descriptors(const std::string& what, std::size_t needed, const descriptor_count& have,
                          std::size_t reserve) {
  return {error_kind::unavailable,
          what + " needs " + counted(needed, "file descriptor") + ", but only " + std::to_string(have.left()) + " of " +
              std::to_string(have.limit) + " are free, and " + std::to_string(reserve) +
              " of those are reserved for what is already running: raise the hard limit of open files (ulimit -Hn, "
              "LimitNOFILE= in the unit) and restart Alder, or run fewer services",
          EMFILE};
}

} // namespace alder::os

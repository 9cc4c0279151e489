// How many file descriptors are left, two that are kept back for short looks, and what is refused when too few are
// left.
#pragma once

#include "alder/error.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <utility>

namespace alder::os {

/// EMFILE, ENFILE or ENOMEM: the machine or this process has no more to give, so the call says nothing about what it
/// was about.
[[nodiscard]] bool is_shortage(int number);

struct descriptor_count {
  std::size_t used = 0;
  std::size_t limit = 0; ///< the soft limit (RLIMIT_NOFILE)
  [[nodiscard]] std::size_t left() const { return limit > used ? limit - used : 0; }
};
/// Of this process, now. Costs one system call since Linux 6.2, before that a walk through /proc/self/fd.
[[nodiscard]] descriptor_count count_descriptors();

/// Opens the two that brief_descriptor uses when no other is left; when a program starts.
void keep_spare_descriptors();

/// A descriptor that is opened, looked at and closed at once. When no other is left it takes the place of a spare one,
/// so that a look at /proc does not fail for want of a descriptor. Two at a time can do so.
class brief_descriptor {
public:
  /// `open` as open(2): a descriptor, or -1 with errno set.
  explicit brief_descriptor(const std::function<int()>& open);
  brief_descriptor(const brief_descriptor&) = delete;
  brief_descriptor& operator=(const brief_descriptor&) = delete;
  ~brief_descriptor();

  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool valid() const { return fd_ >= 0; }
  explicit operator bool() const { return valid(); }
  /// For who closes it before this object ends.
  [[nodiscard]] int release();

private:
  int fd_ = -1;
  int place_ = -1; ///< of the spare one whose place it takes
};

/// What a program keeps for itself: below it nothing new is begun that needs descriptors for long.
class descriptor_budget {
public:
  using counter = std::function<descriptor_count()>;
  /// `reserve` descriptors stay free.
  explicit descriptor_budget(std::size_t reserve, counter count = count_descriptors)
      : reserve_(reserve), count_(std::move(count)) {}

  /// Whether `needed` more may be taken, so that `more` are left beside the reserve; then they count as taken until the
  /// next count. When not: the numbers.
  [[nodiscard]] std::optional<descriptor_count> refuse(std::size_t needed, std::size_t more = 0);
  [[nodiscard]] std::size_t reserve() const { return reserve_; }

private:
  static constexpr unsigned most_uncounted = 32; // requests between two counts, however much is left

  std::size_t reserve_;
  counter count_;
  std::size_t surely_left_ = 0;
  unsigned uncounted_ = 0;
};

/// Why `what` ("a start") was refused, with the numbers and the remedy.
[[nodiscard]] error too_few_descriptors(const std::string& what, std::size_t needed, const descriptor_count& have,
                                        std::size_t reserve);

} // namespace alder::os

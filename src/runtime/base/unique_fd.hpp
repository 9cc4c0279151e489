// Owns one file descriptor and closes it.
#pragma once

#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace alder {

class unique_fd {
public:
  unique_fd() = default;
  explicit unique_fd(int fd) : fd_(fd) {}
  unique_fd(unique_fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  unique_fd& operator=(unique_fd&& other) noexcept {
    reset(std::exchange(other.fd_, -1));
    return *this;
  }
  unique_fd(const unique_fd&) = delete;
  unique_fd& operator=(const unique_fd&) = delete;
  ~unique_fd() { reset(); }

  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool valid() const { return fd_ >= 0; }
  explicit operator bool() const { return valid(); }
  /// Gives the descriptor away without closing it.
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }
  /// Another descriptor for the same, close-on-exec; invalid when this one is, or none is left.
  [[nodiscard]] unique_fd duplicate() const { return unique_fd{fd_ < 0 ? -1 : ::fcntl(fd_, F_DUPFD_CLOEXEC, 3)}; }
  void reset(int fd = -1) {
    if (fd_ >= 0)
      (void)::close(fd_); // nothing can be done about a failed close of a descriptor that is gone either way
    fd_ = fd;
  }

private:
  int fd_ = -1;
};

} // namespace alder

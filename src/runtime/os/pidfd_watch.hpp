// Many processes at once, watched for their end through their pidfds.
#pragma once

#include "runtime/base/unique_fd.hpp"

#include <vector>

namespace alder::os {

class pidfd_watch {
public:
  /// False: there was no descriptor or memory for it.
  [[nodiscard]] bool add(int pidfd, int pid);
  /// One that take() gave is not watched any more.
  void remove(int pidfd);
  /// Readable when one of them has ended; -1: none was added yet.
  [[nodiscard]] int fd() const { return watch_.get(); }
  /// The pids of those that have ended since the last call, a part of them if they are many.
  [[nodiscard]] std::vector<int> take();

private:
  unique_fd watch_;
};

} // namespace alder::os

// One daemon at a time serves a home. The keeper sees to that while it lives; a daemon that has outlived its keeper may
// not have noticed yet, or hang.
#pragma once

#include "runtime/base/unique_fd.hpp"

#include "alder/error.hpp"

#include <chrono>
#include <string>

namespace alder::os {

/// Takes the lock file, creating it. A process that holds it is of a keeper that is gone, for the caller was started by
/// the one that is: it is killed. The lock lasts as long as this process, or until any descriptor of the file is closed
/// in it. Errors: timed_out (somebody else did not end within `patience`), denied, io.
[[nodiscard]] result<unique_fd> take_daemon_lock(const std::string& path, std::chrono::milliseconds patience);

/// What a daemon tells its successors in the lock file. The bytes are there from the start, so that a full disk does
/// not keep it from telling.
class daemon_notes {
public:
  /// `lock`: the file that was taken, which stays the caller's. When the former daemon ended with its journal behind,
  /// counts are in doubt.
  explicit daemon_notes(int lock);

  /// The journal does not hold what was decided last.
  void set_behind(bool is_behind);
  /// Restarts may have happened that no journal tells of.
  void set_doubt(bool is_in_doubt);
  [[nodiscard]] bool is_in_doubt() const { return is_in_doubt_; }

private:
  void write(int place, bool value) const;

  int lock_;
  bool is_in_doubt_ = false;
};

} // namespace alder::os

#include "runtime/logs/log_access.hpp"

#include <unistd.h>

namespace alder::logs {

os::write_access log_access::to(os::write_access::sort what) const {
  os::write_access how{.mode = mode_, .what = what, .make_directories = 0700};
  if (owner_) how.owner = owner_->uid;
  return how;
}

void log_access::give(const os::opened_file& empty) const {
  // Whether this is allowed was asked when the configuration was read; output is not lost for a wrong owner.
  if (owner_ && (empty.is_new || empty.is_closed)) (void)!::fchown(empty.fd.get(), owner_->uid, owner_->gid);
}

} // namespace alder::logs

#include "runtime/os/quiet_thread.hpp"

#include <csignal>
#include <utility>

#include <pthread.h>

namespace alder::os {

std::thread start_quiet_thread(const char* name, std::function<void()> run) {
  // The new one inherits a full mask.
  sigset_t all{};
  sigset_t before{};
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread thread{std::move(run)};
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  (void)::pthread_setname_np(thread.native_handle(), name); // a help for people only
  return thread;
}

} // namespace alder::os

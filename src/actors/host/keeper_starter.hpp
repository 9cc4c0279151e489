// Starts a keeper beside this daemon, in place of one that is lost.
#pragma once

#include "runtime/base/unique_fd.hpp"
#include "runtime/keeper/client.hpp"
#include "runtime/os/paths.hpp"

#include "alder/error.hpp"

#include <optional>
#include <string>
#include <utility>

namespace alder::actors {

class keeper_starter {
public:
  /// Where a keeper that is needed finds its home, and its daemon. Without it none can be started.
  void set_home(os::locations home, std::string daemon_program) {
    home_ = std::move(home);
    daemon_program_ = std::move(daemon_program);
  }
  [[nodiscard]] bool can_start() const { return home_.has_value(); }
  /// A keeper is the same program as this one, whatever its file has become.
  void remember_program_of(int keeper_pid);
  /// The daemon's end of the channel to a new keeper, which continues the line of `former`. Errors: those of the
  /// system calls; unavailable (its program is not known).
  [[nodiscard]] result<unique_fd> start(const keeper::client& former) const;

private:
  std::optional<os::locations> home_;
  std::string daemon_program_;
  unique_fd program_;
};

} // namespace alder::actors

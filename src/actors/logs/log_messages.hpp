// What is sent to a log writer. What happens to its files it hears in the words of the log pump.
#pragma once

#include "actors/base/messages.hpp"

#include "runtime/base/unique_fd.hpp"
#include "runtime/logs/log_pump.hpp"

#include <memory>
#include <optional>

namespace alder::actors {

/// Output of this process comes from these pipes. Shared, because messages are copyable; the writer takes them out.
struct attach_output {
  alder::generation generation = 0;
  std::shared_ptr<unique_fd> out;
  std::shared_ptr<unique_fd> err;
  std::shared_ptr<unique_fd>
      terminal;                   ///< the other side of the pseudo-terminal whose output `out` is to take; or nothing
  bool is_waiting = false;        ///< the process is not ready yet, and a line of its output may say that it is
  std::optional<wall_time> began; ///< of one that is taken over: what it wrote since then may be in the files already
};
/// The process is gone: write what is left in its pipes.
struct finish_output {
  alder::generation generation = 0;
};
/// The rules for its output are others than before.
struct log_rules_changed {};

using log_writer_actor =
    child_actor::extend<caf::reacts_to<attach_output>, caf::reacts_to<finish_output>, caf::reacts_to<log_rules_changed>,
                        caf::reacts_to<logs::log_failed>, caf::reacts_to<logs::log_recovered>,
                        caf::reacts_to<logs::log_not_rotated>, caf::reacts_to<logs::log_limited>>;

} // namespace alder::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(alder::actors::attach_output)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(alder::actors::finish_output)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(alder::actors::log_rules_changed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(alder::logs::log_failed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(alder::logs::log_recovered)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(alder::logs::log_not_rotated)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(alder::logs::log_limited)

// Readiness and health of a process: one attempt each time it is asked for. Loop thread only.
#pragma once

#include "actors/host/process_table.hpp"
#include "actors/host/side_commands.hpp"

#include "runtime/os/descriptors.hpp"
#include "runtime/os/work_thread.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace alder::actors {

class checks {
public:
  /// `matching` compares answers with patterns; what is run takes its descriptors from `budget`.
  checks(boost::asio::io_context& loop, process_table& table, side_commands& commands, os::work_thread& matching,
         os::descriptor_budget& budget)
      : loop_(loop), table_(table), commands_(commands), matching_(matching), budget_(budget) {}

  /// The owner is told readiness_answered.
  void ready(const process_id& id, const service_spec& spec);
  /// The owner is told health_check_answered, after the timeout of the check at the latest.
  void health(const process_id& id, const service_spec& spec, std::uint64_t token);
  void cancel_health(const process_id& id) { commands_.cancel(id, side_commands::purpose::health); }

private:
  struct question {
    process_id id;
    check_spec check;
    std::chrono::milliseconds patience;
    std::optional<std::uint64_t> health; ///< the token of a health check; none: readiness
  };
  void ask(const question& what, const service_spec& spec);
  void ask_later(const question& what, const service_spec& spec);
  [[nodiscard]] static std::optional<std::string> look_at_file(const question& what, const std::string& path,
                                                               const held_process& process);

  boost::asio::io_context& loop_;
  process_table& table_;
  side_commands& commands_;
  os::work_thread& matching_;
  os::descriptor_budget& budget_;
};

/// Why a service cannot start although nothing of it runs: somebody else is on the port that its readiness check asks,
/// which would make the check lie. None: nobody is, or only `members` are, which may share the port as instances of a
/// pool do.
[[nodiscard]] std::optional<std::string> taken_port(const service_spec& spec, process_members& members);

} // namespace alder::actors

#include "actors/host/keeper_gate.hpp"

#include "runtime/os/cgroup.hpp"
#include "runtime/os/pidfd.hpp"

namespace alder::actors {

outcome keeper_gate::signal(const unique_fd& pidfd, int signal) const {
  write_first();
  return os::signal_pidfd(pidfd.get(), signal);
}

void keeper_gate::signal(const std::vector<os::member>& members, int signal) const {
  write_first();
  os::signal_members(members, signal);
}

void keeper_gate::kill(os::member_table& members, const std::string& mark, const std::string& cgroup) const {
  write_first();
  (void)members.kill(mark, cgroup); // what is left is looked at again
}

void keeper_gate::kill_cgroup(const std::string& group) const {
  write_first();
  (void)os::kill_cgroup(group); // what is left is looked at again
}

outcome keeper_gate::write_input(conversation& talk, std::string_view bytes) const {
  write_first();
  return talk.write_input(bytes);
}

outcome keeper_gate::send_message(conversation& talk, std::string_view json) const {
  write_first();
  return talk.send_message(json);
}

} // namespace alder::actors

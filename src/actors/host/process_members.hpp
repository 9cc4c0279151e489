// Which processes belong to a service, beside its main one, and how all of them are signalled and ended. Nobody reports
// the end of a process that is no child of the keeper, so that those somebody waits for are looked at again and again.
// Loop thread only.
#pragma once

#include "actors/host/keeper_gate.hpp"
#include "actors/host/look_again.hpp"
#include "actors/host/process_table.hpp"

#include "runtime/os/member_table.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace alder::actors {

class process_members {
public:
  /// `gone`: none of them is left of a process for which kill_all() or await() was called.
  process_members(boost::asio::io_context& loop, process_table& table, keeper_gate& gate,
                  std::function<void(const process_id&)> gone);

  /// Of the line of keepers that the gate leads to; before anything else.
  void begin();
  /// Another keeper is the parent of orphans.
  void follow();

  // -- who is looked for; also commands beside a process have ids of their own here

  void add(const process_id& id, os::member_table::since when) { members_->add(mark_of(id), when); }
  void set_main(const process_id& id, int pid) { members_->set_main(mark_of(id), pid); }
  void set_main(const process_id& id, int pid, const std::optional<os::process_stat>& process) {
    members_->set_main(mark_of(id), pid, process);
  }
  void remove(const process_id& id);

  // -- looking

  /// Whether nobody can be left of it, now that its main process has ended: `orphans` as in wire::exited_frame.
  [[nodiscard]] bool is_alone(const process_id& id, const std::optional<std::vector<std::uint32_t>>& orphans) const;
  /// Whether others than the main process belong to it.
  [[nodiscard]] bool has_others(const process_id& id);
  [[nodiscard]] bool belongs(int pid, const process_id& id) { return members_->mark_of(pid) == mark_of(id); }
  /// Whether it belongs to any service.
  [[nodiscard]] bool is_ours(int pid) { return !members_->mark_of(pid).empty(); }
  [[nodiscard]] std::vector<int> pids(const process_id& id);
  /// The same, with what is known of each.
  [[nodiscard]] std::vector<os::process_stat> processes(const process_id& id);
  /// Looks at what was born since the last question.
  void update() { members_->update(); }
  /// Those that were known at the last question or update().
  [[nodiscard]] std::vector<os::process_stat> known_processes(const process_id& id);
  /// The living processes of a node, its main process first.
  [[nodiscard]] std::vector<int> of_node(const node_id& node);

  // -- acting

  /// Signals the main process and, unless `main_only`, every member.
  void signal_all(const process_id& id, int signal, bool main_only);
  /// SIGKILL to what is there of it now.
  void kill(const process_id& id);
  /// SIGKILL until none is left: then `gone`.
  void kill_all(const process_id& id);
  /// `gone` when none is left.
  void await(const process_id& id);
  /// This process has ended: it may have been the last that somebody waits for.
  void note_end_of(int pid);
  /// The same of the main process of `id`.
  void note_end_of_main(const process_id& id);
  /// Nobody may have told of an end: looks at all that are waited for.
  void check_all() { check_some(); }

private:
  enum class wait : std::uint8_t { members, kill };
  [[nodiscard]] std::string mark_of(const process_id& id) const;
  [[nodiscard]] std::string group_of(const process_id& id) const;
  void wait_for(const process_id& id, wait how);
  void check(const process_id& id);
  void check_some();
  [[nodiscard]] bool is_over(const process_id& id, wait how);

  boost::asio::io_context& loop_;
  process_table& table_;
  keeper_gate& gate_;
  std::function<void(const process_id&)> gone_;
  std::unique_ptr<os::member_table> members_; ///< from begin() on
  std::map<process_id, wait> waiting_;
  process_id last_checked_; ///< of those
  std::chrono::milliseconds next_look_{0};
  look_again timer_;
};

} // namespace alder::actors

// The daemon's process host: the owners of processes on one side, the keeper on the other. It starts, holds, hears and
// lets go; what else is done for a process has a class of its own in this folder, and they share the table of processes
// and the channel. Not an actor. Loop thread only.
#pragma once

#include "actors/base/process_host.hpp"
#include "actors/host/checks.hpp"
#include "actors/host/control_groups.hpp"
#include "actors/host/conversations.hpp"
#include "actors/host/keeper_channel.hpp"
#include "actors/host/keeper_starter.hpp"
#include "actors/host/lost_and_found.hpp"
#include "actors/host/process_members.hpp"
#include "actors/host/process_table.hpp"
#include "actors/host/secret_reader.hpp"
#include "actors/host/side_commands.hpp"
#include "actors/host/usage_survey.hpp"

#include "runtime/keeper/client.hpp"
#include "runtime/os/descriptors.hpp"
#include "runtime/os/off_loop.hpp"
#include "runtime/os/paths.hpp"
#include "runtime/store/journal_values.hpp"

#include <boost/asio/io_context.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace alder::actors {

class log_hub;

class keeper_host final : public process_host {
public:
  struct notices {
    std::function<void(int signal)> on_stop_requested;
    std::function<void()> on_lost; ///< no keeper any more, and none that could take its place
    std::function<void(const std::string& how)> on_keeper_replaced;
  };

  keeper_host(boost::asio::io_context& loop, log_hub& logs, notices tell);
  ~keeper_host() override;
  keeper_host(const keeper_host&) = delete;
  keeper_host& operator=(const keeper_host&) = delete;

  // -- how it is set up; before attach()

  /// Where control groups are noted (wire::cgroup_list). Without it no service can have one.
  void note_cgroups_in(std::string list) { groups_.note_in(std::move(list)); }
  /// Where the keeper notes its children (os/start_book.hpp).
  void find_starts_in(std::string book) { lost_.read_starts_from(std::move(book)); }
  /// What follows from the past is written down, before anything that follows from it is done.
  void before_acting(std::function<void()> write) { keeper_.gate().before_acting = std::move(write); }
  /// Whether the keeper may forget the exit of this process.
  std::function<bool(const process_id&)> may_forget;
  /// It is gone.
  std::function<void(const process_id&)> on_released;

  /// Attaches to the keeper behind `channel` and takes its inventory. Errors as keeper::client::attach.
  outcome attach(unique_fd channel);

  // -- what a former life left; after attach()

  using former_life = lost_and_found::former_life;
  /// See lost_and_found.
  former_life adopt_orphans(const std::vector<store::noted_process>& noted, wall_time now) {
    return lost_.adopt(noted, now);
  }
  [[nodiscard]] outcome has_descriptors_for_orphans(const std::vector<store::noted_process>& noted) {
    return lost_.has_descriptors_for(noted, budget_);
  }
  void end_orphans(const std::vector<store::noted_process>& noted) { lost_.end(noted); }
  /// Removes the control groups of processes that nobody knows any more. When all that is left is taken over.
  void clear_cgroups();
  /// Tells of every living process of a service, and of each that comes or changes from now on.
  void tell_of_held(std::function<void(const store::noted_process&)> on_held);
  /// Processes that nobody has taken over (yet).
  [[nodiscard]] std::vector<unclaimed_process> unclaimed() const { return table_.unclaimed(); }

  // -- the keeper

  /// The end of the keeper is wanted: it is not replaced.
  void expect_end() { end_expected_ = true; }
  /// Where a keeper that is needed finds its home. Without it a lost one is not replaced.
  void replace_lost_keeper(os::locations home, std::string daemon_program) {
    starter_.set_home(std::move(home), std::move(daemon_program));
  }
  /// The keeper, to look at; and to be asked for something, which is written down first: flush() then.
  [[nodiscard]] const keeper::client& keeper() const { return keeper_.keeper(); }
  [[nodiscard]] keeper::client& act() { return keeper_.act(); }
  void flush() { keeper_.flush(); }
  [[nodiscard]] os::log_stage_files take_log_stage() { return keeper_.gate().take_log_stage(); }
  /// Asks again whether the keeper may forget those it might not forget yet.
  void acknowledge_drained();

  // -- what people ask for

  /// The living processes of a node, its main process first.
  [[nodiscard]] std::vector<int> processes_of(const node_id& node) { return members_.of_node(node); }
  using usage_of_nodes = usage_survey::usage_of_nodes;
  /// See usage_survey.
  void look_at(std::vector<node_id> nodes, bool exact, std::function<wall_time()> clock,
               std::function<void(const usage_of_nodes&)> done) {
    usage_.look_at(std::move(nodes), exact, std::move(clock), std::move(done));
  }
  /// See conversations.
  outcome send_input(const node_id& node, std::string_view bytes) { return talks_.send_input(node, bytes); }
  outcome send_message(const node_id& node, std::string_view json) { return talks_.send_message(node, json); }
  /// Sends a signal to the main process of a node and to nobody else. Errors: not_found (it does not run).
  outcome send_signal(const node_id& node, int signal);
  /// For reading files that may take long.
  [[nodiscard]] os::off_loop& files() { return files_; }

  // -- process_host

  void launch(const process_id& id, const service_spec& spec, const wire::process_note& note,
              process_owner_ptr who) override;
  void check_ready(const process_id& id, const service_spec& spec) override { checks_.ready(id, spec); }
  void check_health(const process_id& id, const service_spec& spec, std::uint64_t token) override {
    checks_.health(id, spec, token);
  }
  void cancel_health(const process_id& id) override { checks_.cancel_health(id); }
  [[nodiscard]] process_sample sample(const process_id& id) override { return usage_.of(id); }
  void run_command(const process_id& id, const service_spec& spec, const std::vector<std::string>& command) override;
  void run_hook(const process_id& id, const service_spec& spec, const hook_run& what, process_owner_ptr who) override;
  void cancel_hook(const process_id& id, std::uint64_t token) override {
    commands_.cancel(id, side_commands::purpose::hook, token);
  }
  outcome send_message(const process_id& id, std::string_view json) override { return talks_.send_message(id, json); }
  void set_note(const process_id& id, const wire::process_note& note) override;
  void signal_all(const process_id& id, int signal, bool main_only) override {
    members_.signal_all(id, signal, main_only);
  }
  void kill_all(const process_id& id) override { members_.kill_all(id); }
  void await_members(const process_id& id) override { members_.await(id); }
  [[nodiscard]] bool has_members(const process_id& id) override { return members_.has_others(id); }
  [[nodiscard]] bool is_alive(const process_id& id) const override;
  void release(const process_id& id) override;
  void abandon(const process_id& id, const process_owner* who) override;
  [[nodiscard]] std::vector<leftover> left_behind(const node_id& node) override { return table_.left_behind(node); }
  void discard(const process_id& id) override;
  [[nodiscard]] alder::generation last_generation(const node_id& node) const override {
    return table_.last_generation(node);
  }

private:
  /// Descriptors for the API, the journal, a new keeper, and looks at what runs: nothing is started from them.
  static constexpr std::size_t kept_free = 16;
  /// Only a service that has run takes what its end has set free, and a little of the reserve.
  static constexpr std::size_t kept_free_by_restarts = 4;

  [[nodiscard]] keeper::client::handlers handlers();
  [[nodiscard]] lost_and_found::finder finder();
  [[nodiscard]] std::optional<std::string> refusal(const process_id& id, const service_spec& spec);
  void start(const process_id& id, const service_spec& spec, result<secret_reader::environment> variables);
  void take(keeper::child&& child);
  void hold(const process_id& id, held_process& process, keeper::child&& child);
  void claim(held_process& process, process_owner_ptr who);
  void note(const process_id& id) const;
  /// The same, for who has looked at it.
  void note(const process_id& id, const std::optional<os::process_stat>& found) const;
  void on_spawned(keeper::child&& child);
  void on_spawn_failed(const process_id& id, const error& why);
  /// `orphans` as in wire::exited_frame.
  void on_exited(const process_id& id, int pid, exit_status status,
                 const std::optional<std::vector<std::uint32_t>>& orphans);
  void on_members_gone(const process_id& id);
  void on_lost();
  outcome find_new_keeper();

  boost::asio::io_context& loop_;
  log_hub& logs_;
  notices tell_;
  std::function<void(const store::noted_process&)> on_held_;
  bool end_expected_ = false;
  bool acknowledging_ = false;
  std::uint64_t last_reading_ = 0;
  os::off_loop files_{loop_};
  secret_reader secrets_{files_};
  os::descriptor_budget budget_{kept_free};
  os::descriptor_budget restart_budget_{kept_free_by_restarts};

  process_table table_;
  keeper_channel keeper_{loop_};
  keeper_starter starter_;
  process_members members_{loop_, table_, keeper_.gate(), [this](const process_id& id) { on_members_gone(id); }};
  control_groups groups_{loop_, keeper_.gate()};
  conversations talks_{loop_, table_, members_, keeper_, [this](const process_id& id) { note(id); }};
  side_commands commands_{table_, members_, keeper_, secrets_};
  checks checks_;
  usage_survey usage_{loop_, table_, members_};
  lost_and_found lost_{table_, members_, commands_, keeper_, finder()};
};

} // namespace alder::actors

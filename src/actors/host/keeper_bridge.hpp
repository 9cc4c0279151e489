// The real launcher: process actors on one side, the keeper on the other. Not an actor: it turns calls into frames and
// notices into messages. Loop thread only.
#pragma once

#include "actors/base/runtime.hpp"
#include "actors/host/conversation.hpp"
#include "actors/host/keeper_gate.hpp"
#include "actors/tree/log_hub.hpp"

#include "runtime/keeper/client.hpp"
#include "runtime/os/cgroup_home.hpp"
#include "runtime/os/descriptors.hpp"
#include "runtime/os/files.hpp"
#include "runtime/os/lost_processes.hpp"
#include "runtime/os/member_table.hpp"
#include "runtime/os/off_loop.hpp"
#include "runtime/os/orphans.hpp"
#include "runtime/os/paths.hpp"
#include "runtime/os/start_book.hpp"
#include "runtime/store/journal_values.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace alder::actors {

class keeper_bridge final : public launcher {
public:
  struct notices {
    std::function<void(int signal)> on_stop_requested;
    std::function<void()> on_lost; ///< no keeper any more, and none that could take its place
    std::function<void(const std::string& how)> on_keeper_replaced;
  };

  keeper_bridge(boost::asio::io_context& loop, log_hub& logs, notices tell);
  ~keeper_bridge() override;
  keeper_bridge(const keeper_bridge&) = delete;
  keeper_bridge& operator=(const keeper_bridge&) = delete;

  /// Where control groups are noted (wire::cgroup_list); before attach(). Without it no service can have one.
  void note_cgroups_in(std::string list) { cgroup_list_ = std::move(list); }
  /// Where the keeper notes its children (os/start_book.hpp); before attach().
  void find_starts_in(std::string book) { start_book_ = std::move(book); }
  /// Removes the control groups of processes that nobody knows any more. When all that is left is taken over.
  void clear_cgroups();
  /// Attaches to the keeper behind `channel` and takes its inventory. Errors as keeper::client::attach.
  outcome attach(unique_fd channel);
  struct former_life {
    bool goes_on = false; ///< there were processes of it
    std::string news;     ///< what people should know
  };
  /// Takes over what a keeper and a daemon left that were killed together: of those that were `noted`, and those in the
  /// book of starts, what lives, and what ended meanwhile as an exit that counts. After attach(), under a keeper that
  /// no daemon has told of all of them yet.
  former_life adopt_orphans(const std::vector<store::noted_process>& noted, wall_time now);
  /// What lives of those must be held by descriptors: one for which none is left would look as if it had ended. Error:
  /// unavailable, with the numbers; then nothing may be taken over.
  [[nodiscard]] outcome has_descriptors_for_orphans(const std::vector<store::noted_process>& noted);
  /// Kills the same but for what the keeper has, for a run in the foreground, which begins with nothing.
  void end_orphans(const std::vector<store::noted_process>& noted);
  /// The end of the keeper is wanted: it is not replaced.
  void expect_end() { end_expected_ = true; }
  /// Where a keeper that is needed finds its home. Without it a lost one is not replaced.
  void replace_lost_keeper(os::locations home, std::string daemon_program) {
    home_ = std::move(home);
    daemon_program_ = std::move(daemon_program);
  }
  /// The keeper, to look at; and to be asked for something, which is written down first.
  [[nodiscard]] const keeper::client& keeper() const { return *client_; }
  [[nodiscard]] keeper::client& act() { return client_.act(); }
  [[nodiscard]] os::log_stage_files take_log_stage() { return client_.take_log_stage(); }

  void launch(const process_id& id, const service_spec& spec, const std::string& note, process_actor who) override;
  void check_ready(const process_id& id, const service_spec& spec) override;
  void check_health(const process_id& id, const service_spec& spec, std::uint64_t token) override;
  void cancel_health(const process_id& id) override;
  [[nodiscard]] process_sample sample(const process_id& id) override;
  void run_command(const process_id& id, const service_spec& spec, const std::vector<std::string>& command) override;
  void run_hook(const process_id& id, const service_spec& spec, const hook_run& what, process_actor who) override;
  void cancel_hook(const process_id& id, std::uint64_t token) override;
  outcome send_message(const process_id& id, std::string_view json) override;
  void set_note(const process_id& id, const std::string& note) override;
  void signal_all(const process_id& id, int signal, bool main_only) override;
  void kill_all(const process_id& id) override;
  void await_members(const process_id& id) override;
  [[nodiscard]] bool has_members(const process_id& id) override;
  [[nodiscard]] bool is_alive(const process_id& id) const override;
  void release(const process_id& id) override;
  void abandon(const process_id& id, const caf::actor_addr& who) override;
  [[nodiscard]] std::vector<leftover> left_behind(const node_id& node) override;
  void discard(const process_id& id) override;
  [[nodiscard]] alder::generation last_generation(const node_id& node) const override;

  /// What follows from the past is written down, before anything that follows from it is done.
  void before_acting(std::function<void()> write) { client_.before_acting = std::move(write); }
  /// Whether the keeper may forget the exit of this process.
  std::function<bool(const process_id&)> may_forget;
  /// Tells of every living process of a service, and of each that comes or changes from now on.
  void tell_of_held(std::function<void(const store::noted_process&)> on_held);
  /// It is gone.
  std::function<void(const process_id&)> on_released;
  /// Asks again for those that it might not forget yet.
  void acknowledge_drained();

  /// A process that no actor has taken over (yet).
  struct unclaimed_process {
    process_id id;
    int pid = 0;
    bool alive = false;
  };
  [[nodiscard]] std::vector<unclaimed_process> unclaimed() const;
  /// The living processes of a node, its main process first.
  [[nodiscard]] std::vector<int> processes_of(const node_id& node);
  using usage_of_nodes = std::map<node_id, usage_snapshot>;
  /// What each of these nodes uses, for those that run; processor time since the last look, if that was not long ago,
  /// else since its start. `exact`: with open files and PSS, for which the kernel walks their memory. Answered later, a
  /// few nodes in each turn of the loop.
  void look_at(std::vector<node_id> nodes, bool exact, std::function<wall_time()> clock,
               std::function<void(const usage_of_nodes&)> done);
  /// Writes to the standard input of a node's process, as a whole or not at all. Errors: not_found (it does not run),
  /// invalid_input (`stdin: pipe` is not set), too_large (more than 4096 bytes), unavailable (it has closed its input),
  /// conflict (it does not read, and the pipe is full).
  outcome send_input(const node_id& node, std::string_view bytes);
  /// Sends a signal to the main process of a node and to nobody else. Errors: not_found (it does not run).
  outcome send_signal(const node_id& node, int signal);
  /// Sends a JSON document to a node's process. Errors: not_found (it does not run), else as
  /// conversation::send_message.
  outcome send_message(const node_id& node, std::string_view json);
  /// Sends what is queued for the keeper.
  void flush();
  /// For reading files that may take long.
  [[nodiscard]] os::off_loop& files() { return files_; }

private:
  struct record {
    process_actor owner;
    int pid = 0;
    /// Our own of everything the keeper holds of it, in case the keeper is lost.
    holdings kept;
    bool adrift = false;
    std::string cgroup; ///< the directory of its control group; empty: it has none
    cgroup_limits group_limits;
    std::unique_ptr<conversation> talk;
    std::vector<wire::program_notice> unheard; ///< while it has no owner
    std::uint32_t uid = 0;                     ///< whose notices are its own
    std::string note;
    std::uint64_t secrets = 0;                   ///< the fingerprint of what its secrets were read from
    std::unique_ptr<const keeper::launch> asked; ///< until the keeper has answered
    std::uint64_t reading = 0;                   ///< the number of this start while its secrets are read
    wall_time started{};                         ///< on the steady clock
    wall_time told_start{}; ///< by the wall clock as it was then: for the keeper and for times in files
    std::optional<os::file_facts> former_file; ///< that its readiness waits for: as it was before its start
    bool knows_former_file = false;
    bool alive = false;
    std::optional<exit_status> exited;
    enum class wait : std::uint8_t { none, members, kill } waiting = wait::none;
    bool unwanted = false;                   ///< forgotten as soon as it is gone
    wall_time looked_at{};                   ///< when somebody last asked what it uses …
    std::chrono::milliseconds looked_cpu{0}; ///< and the processor time it had used by then
  };

  /// Descriptors for the API, the journal, a new keeper, and looks at what runs: nothing is started from them.
  static constexpr std::size_t kept_free = 16;
  os::descriptor_budget budget_{kept_free};
  /// Only a service that has run takes what its end has set free, and a little of the reserve.
  static constexpr std::size_t kept_free_by_restarts = 4;
  os::descriptor_budget restart_budget_{kept_free_by_restarts};
  std::function<void(const store::noted_process&)> on_held_;
  [[nodiscard]] keeper::client::handlers handlers();
  void hold(const process_id& id, record& r, keeper::child&& child);
  void on_lost();
  outcome find_new_keeper();
  [[nodiscard]] result<unique_fd> start_keeper();
  [[nodiscard]] std::vector<keeper::handed_child> everything_held() const;
  void take(keeper::child&& child);
  void note(const process_id& id, const record& r) const;
  void give_to_keeper(keeper::child& child);
  void settle_starts(std::vector<keeper::client::unanswered>& starts);
  using lost_process = os::lost_process;
  using lost_processes = std::map<process_id, lost_process>;
  [[nodiscard]] lost_processes find_lost(const std::vector<store::noted_process>& noted, wall_time now) const;
  void take_late_start(const process_id& id, keeper::client::unanswered& start, const lost_process& lost);
  bool adopt_orphan(const lost_process& lost);
  void end_lost_check(const process_id& id, const lost_process& lost);
  void note_generation(const process_id& id);
  static void claim(record& r, process_actor who);
  using environment = std::map<std::string, std::string>;
  /// Calls `then` with the environment of a service and its secrets, read now: at once when it has none, else when a
  /// thread has read them, which takes 10 s at most. `what` wants them: "shop/web".
  /// `fingerprint`: where that of their files is left.
  void with_secrets(const std::string& what, const service_spec& spec, std::function<void(result<environment>)> then,
                    const std::shared_ptr<std::uint64_t>& fingerprint = {});
  void start(const process_id& id, const service_spec& spec, result<environment> variables);
  [[nodiscard]] std::optional<std::string> taken_port(const service_spec& spec) const;
  void on_spawned(keeper::child&& child);
  void on_spawn_failed(const process_id& id, const error& why);
  void on_exited(const process_id& id, int pid, exit_status status);
  void check_waiting();
  void check_waiting_of(int pid);
  void wait_for(const process_id& id);
  [[nodiscard]] bool is_over(const process_id& id, record& r);
  [[nodiscard]] std::string mark_of(const process_id& id) const;
  [[nodiscard]] std::optional<process_id> id_of_mark(const std::string& mark) const;
  struct survey;
  void go_on_with(const std::shared_ptr<survey>& looks);
  void measure(const process_id& id, record& r, bool exact, wall_time now, usage_snapshot& usage);
  [[nodiscard]] record* running_of(const node_id& node);
  [[nodiscard]] outcome give_cgroup(const process_id& id, const service_spec& spec, keeper::launch& to);
  void find_cgroup(const process_id& id, record& r) const;
  void drop_cgroup(const std::string& group);
  void look_again_soon();
  void look_again_in(std::chrono::milliseconds time);
  [[nodiscard]] static std::string kernel_words(const record& r);
  void converse(const process_id& id, record& r, holdings& held);
  void hear(const process_id& id, wire::program_notice notice, conversation::receipt until_handled = {});
  [[nodiscard]] wire::program_notice change_main(const process_id& id, record& r, int pid);
  void try_check(const check_spec& wanted, const process_id& id, const service_spec& spec,
                 std::chrono::milliseconds patience, std::optional<std::uint64_t> health);
  void try_check_later(const check_spec& wanted, const process_id& id, const service_spec& spec,
                       std::chrono::milliseconds patience, std::optional<std::uint64_t> health);
  void end_checks_of(const process_id& subject);
  void answer_check(const process_id& id, const std::optional<std::string>& failure);
  void wait_readable();

  boost::asio::io_context& loop_;
  os::off_loop files_;
  std::uint64_t last_reading_ = 0;
  log_hub& logs_;
  notices tell_;
  keeper_gate client_;
  std::unique_ptr<os::member_table> members_; ///< from attach() on
  std::string cgroup_list_;
  std::string start_book_;
  std::optional<os::cgroup_home> cgroups_; ///< from attach() on
  std::set<std::string> dropped_cgroups_;  ///< that could not be removed yet
  boost::asio::steady_timer look_timer_;
  std::optional<std::chrono::milliseconds> looks_in_; ///< when it was armed; none: it is not
  std::chrono::milliseconds next_member_look_{0};     ///< at members that nobody tells about
  std::chrono::milliseconds until_next_look_{20};
  unique_fd keeper_program_; ///< as it runs, whatever its file has become
  std::optional<os::locations> home_;
  std::string daemon_program_;
  bool end_expected_ = false;
  boost::asio::posix::stream_descriptor channel_;
  bool writing_ = false;
  std::map<process_id, record> records_;
  std::set<process_id> waiting_;                     ///< whose record waits for its members
  process_id last_checked_;                          ///< of those
  std::map<node_id, alder::generation> generations_; ///< the highest so far
  bool acknowledging_ = false;
  /// A process that is gone while the keeper still knows it: until its output is written and what was decided on its
  /// exit is in the journal. Another keeper must know it too, or a daemon after this one would not hear of that exit.
  struct ended_process {
    int pid = 0;
    holdings kept; ///< as of a record but for its pidfd, until its output is written
    std::string note;
    wall_time told_start{};
    std::optional<exit_status> exited;
    bool is_drained = false;
  };
  std::map<process_id, ended_process> ended_;
  /// A running command of ours about a process, by its own id.
  struct check {
    process_id subject;
    int pid = 0;
    std::string command;                    ///< for people
    std::optional<std::uint64_t> health;    ///< the token of a health check; none: readiness
    bool is_asked = true;                   ///< somebody waits for its answer
    std::optional<std::uint64_t> hook = {}; ///< the token of a hook
    process_actor hook_owner = {};
    std::map<std::string, std::string> environment = {}; ///< beside that of the service
  };
  /// Runs it beside the process it is about.
  void spawn_command(const std::vector<std::string>& command, const service_spec& spec, check&& about);
  void end_check(const process_id& own, const check& running);
  std::map<process_id, check> checks_;
  alder::generation last_check_ = 0;
};

} // namespace alder::actors

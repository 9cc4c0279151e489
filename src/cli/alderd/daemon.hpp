// The daemon put together: the loop, the keeper's channel, the shared state, and the supervision tree of its own parts.
#pragma once

#include "cli/alderd/options.hpp"

#include "actors/base/event_feed.hpp"
#include "actors/base/extensions.hpp"
#include "actors/base/loop_scheduler.hpp"
#include "actors/base/runtime.hpp"
#include "actors/host/keeper_host.hpp"
#include "actors/http/api_context.hpp"
#include "actors/logs/log_hub.hpp"
#include "actors/office/archive.hpp"
#include "actors/office/process_notes.hpp"
#include "actors/office/trees.hpp"
#include "actors/tree/supervisor.hpp"

#include "runtime/os/daemon_lock.hpp"
#include "runtime/os/file_watcher.hpp"
#include "runtime/store/event_log.hpp"
#include "runtime/wire/problem_json.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <chrono>
#include <csignal>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace alder::daemon {

class daemon {
public:
  explicit daemon(options given);

  /// Attaches to the keeper, takes over what the former daemon left, starts the daemon's tree and serves until it is
  /// stopped or the keeper is gone. Returns the exit code.
  int run();

private:
  outcome prepare();
  bool find_processes();
  void start_tree(caf::actor_system& system);
  [[nodiscard]] actors::supervisor_plan own_branch();
  [[nodiscard]] actors::child_entry events_part();
  [[nodiscard]] actors::child_entry logs_part();
  [[nodiscard]] actors::child_entry trees_part();
  [[nodiscard]] actors::child_entry office_part();
  [[nodiscard]] actors::child_entry api_part();
  void on_tree_started(const policy::start_result& result);
  [[nodiscard]] bool was_upgraded();
  void sort_out_unclaimed();
  void finish_operations();
  /// Of one tree, what a former daemon left.
  struct unfinished {
    std::deque<std::pair<std::string, store::act_under_way>> acts; ///< by key
    std::optional<store::change_under_way> change;
    std::map<std::string, store::waiting_change> waiting; ///< by key
  };
  void finish(const std::string& tree, unfinished left, std::chrono::milliseconds wait, unsigned round);
  void finish_act(const std::string& key, const store::act_under_way& act);
  void finish_change(const std::string& tree, const store::change_under_way& what);
  void begin_change(const std::string& key, const store::waiting_change& what);
  void tell_of_change(const std::string& tree, const wire::operation_result& done);
  void take_down(const std::string& tree, const std::string& detail);
  void on_stop_requested(int signal);
  void on_reopen(const boost::system::error_code& failed);
  void stop_serving();
  void stop_keeper();
  void announce(event_kind kind, const std::string& detail, const std::string& tree = {});

  options options_;
  unique_fd lock_; ///< of the home, among daemons
  std::optional<os::daemon_notes> notes_;
  boost::asio::io_context loop_{1};
  boost::asio::signal_set reopen_{loop_, SIGUSR2};
  actors::log_hub logs_;
  actors::keeper_host host_;
  std::map<std::string, std::string> operations_; ///< that a former daemon left, by key
  os::file_watcher files_;
  actors::runtime shared_;
  actors::extensions extensions_;
  actors::archive journal_;
  actors::process_notes processes_;
  actors::known_trees trees_;
  actors::event_feed feed_;
  store::event_log event_log_;
  actors::api_context api_;
  std::vector<std::string> complaints_; ///< told as events once the event bus is there
  actors::supervisor_actor root_;
  int exit_code_ = 0;
  bool finished_ = false;
  unsigned rounds_ = 0;    ///< how often what is unfinished was looked for
  int stop_requested_ = 0; ///< a signal that came before the office was there
};

} // namespace alder::daemon

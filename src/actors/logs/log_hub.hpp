// Finds the log writer for a service's output and brings the pump's notices back to the loop thread.
#pragma once

#include "actors/base/runtime.hpp"
#include "actors/logs/log_guests.hpp"
#include "actors/logs/log_messages.hpp"

#include "runtime/base/unique_fd.hpp"
#include "runtime/logs/log_pump.hpp"
#include "runtime/os/work_thread.hpp"

#include <boost/asio/io_context.hpp>

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace alder::actors {

/// Which files a service's output is in.
struct output_files {
  std::string out;
  std::string err;
};

/// Loop thread only.
class log_hub {
public:
  /// `on_drained`: all output of that process is in its files.
  log_hub(boost::asio::io_context& loop, std::string log_dir);
  /// Once, after `attach` was called for every process that a former daemon left; `staged`: what that one had under
  /// way. Errors as logs::log_pump::start.
  outcome start(os::log_stage_files staged);
  std::function<void(const process_id&)> on_drained;
  /// A line of its output says that this process is ready.
  std::function<void(const process_id&)> on_line_found;

  /// An index could not be read and was kept under this name.
  std::function<void(const std::string& path)> on_index_kept;

  /// How the output of `node` is logged; a running writer continues by the new rules.
  void set_rules(const node_id& node, const log_spec& rules);
  /// Without rules of their own, nodes have those of the board.
  [[nodiscard]] log_spec rules_of(const node_id& node) const;
  using file_list = std::vector<std::string>;
  /// The files of its output that are there, each once; none when it writes elsewhere.
  [[nodiscard]] file_list regular_files_of(const node_id& node) const;
  [[nodiscard]] output_files files_of(const node_id& node) const;
  /// Whether somebody writes, or has written, the output of `node`.
  [[nodiscard]] bool has(const node_id& node) const { return seats_.count(node) > 0; }
  [[nodiscard]] logs::log_pump& pump() { return *pump_; }
  /// For expressions that a service is judged by.
  [[nodiscard]] os::work_thread& matching() { return matching_; }
  /// For expressions that people search with. They may take long, and no service must wait for them.
  [[nodiscard]] os::work_thread& searching() { return searching_; }
  /// As log_pump::settled.
  [[nodiscard]] std::uint64_t settled(const os::file_facts& file) const { return pump_->settled(file); }

  /// Where the output of a process comes from, as in attach_output.
  struct output_ends {
    unique_fd out, err, terminal;
  };
  /// Its log writer is started when there is none. `is_waiting` and `began` as in attach_output.
  void attach(const process_id& id, output_ends from, bool is_waiting = false,
              std::optional<wall_time> began = std::nullopt);
  /// The process is gone: `on_drained` follows.
  void finish(const process_id& id);
  /// The tree is gone for good: its log writers end. The files stay.
  void forget(const node_id& node);

  // -- for people

  // Each of these returns the files that it concerns; services may share them.
  /// Opens the files again, after somebody moved them.
  file_list reopen(const node_id& node);
  void reopen_all();
  /// Puts the files aside now; not those that are empty.
  file_list rotate(const node_id& node);
  /// Empties the files and deletes their archives.
  file_list clear(const node_id& node);
  struct tally {
    logs::log_tally out;
    logs::log_tally err;
  };
  /// Since the daemon started.
  [[nodiscard]] tally tally_of(const node_id& node) const;

  // -- for log writers

  /// The writer of `node` is there: it gets what has waited for it.
  void enlist(const node_id& node, const log_writer_actor& writer);
  void dismiss(const node_id& node, const caf::actor_addr& writer);
  struct stream_pair {
    logs::stream_id out = 0;
    logs::stream_id err = 0;
  };
  [[nodiscard]] stream_pair streams_of(const node_id& node);

  // -- for followers

  using follower_id = std::uint64_t;
  /// What a follower has seen of the files of a service; none: it does not read that one.
  struct sight {
    std::optional<logs::file_sight> out;
    std::optional<logs::file_sight> err;
    bool is_stuck = false; ///< it was called, and found nothing to read
  };
  /// Calls `react` once, on the loop thread, when there is more of either file of `node` than that.
  follower_id watch(const node_id& node, const sight& seen, std::function<void()> react);
  void unwatch(follower_id id);
  /// Calls `react` before a process of any service is started, while nothing of its output has been read.
  follower_id watch_starts(std::function<void(const node_id&)> react);
  void unwatch_starts(follower_id id);
  /// Whether output of processes that have ended is still to be written.
  [[nodiscard]] bool is_draining() const { return !draining_.empty(); }
  [[nodiscard]] bool is_draining(const node_id& node) const;

  /// Actors of extensions that get lines.
  [[nodiscard]] log_guests& guests() { return guests_; }

  /// The children of the `logs` supervisor: one writer for each service that has had output.
  [[nodiscard]] std::vector<child_entry> writers();
  /// Where new writers are added; set while the supervisor of the log writers is there.
  supervisor_actor supervisor;
  runtime* shared = nullptr; ///< set before the first attach

private:
  struct writer_seat {
    log_writer_actor writer;
    std::vector<std::function<void(const log_writer_actor&)>> waiting; ///< messages for the writer, until it is there
    stream_pair streams;
    std::shared_ptr<const log_spec> rules; ///< null: not told yet
    bool leaving = false;                  ///< its tree is gone
  };
  struct follower {
    node_id node;
    sight seen;
    std::function<void()> react;
  };

  writer_seat& seat_of(const node_id& node);
  template <class Message> void tell(const node_id& node, Message what);
  [[nodiscard]] child_entry entry_of(const node_id& node);
  void invite(const node_id& node);
  void on_notice(const logs::log_notice& notice);
  void on_grown(const logs::log_grown& notice);
  void tell_followers(const node_id& node);
  void watch_files(const node_id& node, const sight& seen);
  void on_drained_stream(const logs::log_drained& notice);
  void dissolve_if_drained(const node_id& node);

  boost::asio::io_context& loop_;
  std::string log_dir_;
  std::unique_ptr<logs::log_pump> pump_;
  os::work_thread matching_{loop_, "matching"};
  os::work_thread searching_{loop_, "log search"};
  std::vector<int> early_pipes_; ///< attached before the pump is there; open as long as they wait for their writer
  std::map<node_id, writer_seat> seats_;
  std::map<logs::stream_id, node_id> streams_;
  std::map<process_id, std::set<logs::stream_id>>
      draining_; ///< finished processes, and which of their pipes are not yet empty
  logs::stream_id last_stream_ = 0;
  std::map<follower_id, follower> followers_;
  std::map<follower_id, std::function<void(const node_id&)>> start_followers_;
  std::map<logs::stream_id, logs::file_sight> told_; ///< the last time that a file had grown
  follower_id last_follower_ = 0;
  log_guests guests_{[this](logs::stream_id stream, std::uint64_t number) { pump_->answer(stream, number); }};
};

} // namespace alder::actors

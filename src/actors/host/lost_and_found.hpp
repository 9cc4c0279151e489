// Processes that have lost their keeper, or keeper and daemon together: found by what was noted of them and by their
// marks, and held again. Loop thread only.
#pragma once

#include "actors/host/keeper_channel.hpp"
#include "actors/host/process_members.hpp"
#include "actors/host/process_table.hpp"
#include "actors/host/side_commands.hpp"

#include "runtime/keeper/client.hpp"
#include "runtime/os/descriptors.hpp"
#include "runtime/os/lost_processes.hpp"
#include "runtime/store/journal_values.hpp"

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace alder::actors {

class lost_and_found {
public:
  /// What the host does with what is found.
  struct finder {
    std::function<void(keeper::child&&)> take;       ///< it is a process of a former life
    std::function<void(keeper::child&&)> on_spawned; ///< it is a start that was under way, and was made
    std::function<void(const process_id&, int pid, exit_status)> on_exited;
    std::function<void(const process_id&, const error&)> on_spawn_failed;
  };
  lost_and_found(process_table& table, process_members& members, side_commands& commands, keeper_channel& keeper,
                 finder host)
      : table_(table), members_(members), commands_(commands), keeper_(keeper), host_(std::move(host)) {}

  /// Where the keeper notes its children (os/start_book.hpp).
  void read_starts_from(std::string book) { book_ = std::move(book); }

  struct former_life {
    bool goes_on = false; ///< there were processes of it
    std::string news;     ///< what people should know
  };
  /// Takes over what a keeper and a daemon left that were killed together: of those that were `noted`, and those in the
  /// book of starts, what lives, and what ended meanwhile as an exit that counts. Under a keeper that no daemon has
  /// told of all of them yet.
  former_life adopt(const std::vector<store::noted_process>& noted, wall_time now);
  /// What lives of those must be held by descriptors: one for which none is left would look as if it had ended. Error:
  /// unavailable, with the numbers; then nothing may be taken over.
  [[nodiscard]] outcome has_descriptors_for(const std::vector<store::noted_process>& noted,
                                            os::descriptor_budget& budget) const;
  /// Kills the same but for what the keeper has, for a run in the foreground, which begins with nothing.
  void end(const std::vector<store::noted_process>& noted);
  /// The late keeper did not say whether these were started; the book of starts does. What was started is taken over:
  /// of it we hold the descriptors. The others are started now, for their start has not failed.
  void settle(std::vector<keeper::client::unanswered> starts, wall_time now);

private:
  using lost = std::map<process_id, os::lost_process>;
  [[nodiscard]] lost find(const std::vector<store::noted_process>& noted, wall_time now) const;
  [[nodiscard]] bool adopt(const os::lost_process& one);
  void take_late_start(const process_id& id, keeper::client::unanswered& start, const os::lost_process& one,
                       wall_time now);
  void give_to_keeper(const keeper::child& child);

  process_table& table_;
  process_members& members_;
  side_commands& commands_;
  keeper_channel& keeper_;
  finder host_;
  std::string book_;
};

} // namespace alder::actors

// What processes and their members use, for people and limits. Loop thread only.
#pragma once

#include "actors/host/process_members.hpp"
#include "actors/host/process_table.hpp"

#include "alder/snapshot.hpp"

#include <boost/asio/io_context.hpp>

#include <functional>
#include <map>
#include <memory>
#include <vector>

namespace alder::actors {

class usage_survey {
public:
  using usage_of_nodes = std::map<node_id, usage_snapshot>;

  usage_survey(boost::asio::io_context& loop, process_table& table, process_members& members)
      : loop_(loop), table_(table), members_(members) {}

  /// One process at this moment; nothing when it is not there.
  [[nodiscard]] process_sample of(const process_id& id);
  /// What each of these nodes uses, for those that run; processor time since the last look, if that was not long ago,
  /// else since its start. What was measured within the last second is told again. `exact`, always measured: with open
  /// files and PSS, for which the kernel walks their memory. Answered later, a few nodes in each turn of the loop.
  void look_at(std::vector<node_id> nodes, bool exact, std::function<wall_time()> clock,
               std::function<void(const usage_of_nodes&)> done);

private:
  struct round;
  void go_on_with(const std::shared_ptr<round>& looks);
  void measure(const process_id& id, bool exact, wall_time now, usage_snapshot& usage);

  boost::asio::io_context& loop_;
  process_table& table_;
  process_members& members_;
};

} // namespace alder::actors

// One output file that a stream of log lines reads, and what is still to be given of it.
#pragma once

#include "actors/http/api_streams.hpp"

#include "runtime/logs/log_reader.hpp"

#include "alder/snapshot.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace alder::actors {

/// Loop thread only.
struct log_source {
  wire::log_source_name name; ///< in cursors
  std::string file;
  logs::log_reader reader;
  std::optional<bool> err;                     ///< none: both streams are in the file
  std::map<unsigned, node_id> writers{};       ///< by instance
  bool is_shared = false;                      ///< by instances; else it has one writer
  std::optional<wire::log_position> read = {}; ///< behind the last line that was read
  // While searching:
  os::file_time from{};
  std::optional<os::file_time> to{};
  std::deque<logs::log_entry> found{}; ///< and not given yet
  bool is_done = false;
  std::size_t order = 0; ///< among lines of the same moment

  /// The next lines; where they end is noted. Errors as log_reader::read_new.
  [[nodiscard]] result<std::vector<logs::log_entry>> read_new(std::size_t most = logs::log_reader::most_new_bytes);
  /// The cursor behind all that was read; empty when that is not known.
  [[nodiscard]] std::string cursor();
  [[nodiscard]] std::string cursor_at(const wire::log_position& place) const {
    return wire::text_of(wire::log_cursor{name, place});
  }
  /// Who wrote this line; null when that is none of those who are asked for.
  [[nodiscard]] const node_id* writer_of(const logs::log_entry& line) const;
  [[nodiscard]] bool is_err(const logs::log_entry& line) const { return err.value_or(line.origin.err); }
};

/// Whose first line was written later; of the same moment, by order.
struct is_later_source {
  bool operator()(const log_source* a, const log_source* b) const {
    return std::pair{a->found.front().at, a->order} > std::pair{b->found.front().at, b->order};
  }
};

/// The services whose lines a request is about, and their files. Sources stay where they are in memory.
class log_sources {
public:
  struct service_sources {
    std::list<log_source> sources;
    node_id host;               ///< which has the sources: itself, or another instance that shares its files
    std::uint64_t watching = 0; ///< number of whoever waits for its next lines, with the hub
    bool is_stuck = false;      ///< nothing could be read when there should have been something
  };

  /// Both have to stay.
  log_sources(log_query& query, const api_context& context) : query_(query), context_(context) {}

  /// Adds a service that is asked for, with readers at the beginning; false: it is none, or it is here already.
  bool add(const node_snapshot& node);
  /// Adds the files to which the output of a service that is here goes by now; the former ones stay. False: there are
  /// none.
  bool add_moved(const node_id& id);
  /// Adds services that have been removed since the reader was given their lines last.
  void add_forgotten();

  [[nodiscard]] std::map<node_id, service_sources>& services() { return services_; }
  /// The sources in which the lines of a service that is here are.
  [[nodiscard]] std::list<log_source>& read_for(const node_id& id) {
    return services_.at(services_.at(id).host).sources;
  }
  template <class Act> void for_each(Act act) {
    for (auto& [id, service] : services_)
      for (auto& from : service.sources)
        act(from);
  }

private:
  [[nodiscard]] bool join_instance(const node_id& id, const log_spec& rules);
  [[nodiscard]] std::list<log_source> sources_of(const node_id& node) const;

  log_query& query_;
  const api_context& context_;
  std::map<node_id, service_sources> services_;
};

[[nodiscard]] inline wall_time to_wall(os::file_time at) { return std::chrono::floor<std::chrono::milliseconds>(at); }

} // namespace alder::actors

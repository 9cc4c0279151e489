#include "runtime/os/lost_processes.hpp"

#include "runtime/os/files.hpp"
#include "runtime/os/orphans.hpp"
#include "runtime/os/start_book.hpp"
#include "runtime/wire/journal_record.hpp"

#include <algorithm>
#include <charconv>

namespace alder::os {
namespace {

using wire::noted_process;

constexpr std::size_t largest_journal = 256UL * 1024 * 1024; // as the daemon

/// A start that was not made is none. The journal may know of another main process, one that the keeper did not come to
/// hear of.
void add_booked(const booked_start& start, lost_processes& all) {
  using state = booked_start::state;
  if (start.what != state::running && start.what != state::ended) return;
  auto& known = all[{start.id, start.generation}];
  auto& process = known.process;
  const bool is_noted = process.pid != 0 && lives(process);
  process.note = start.note;
  if (is_noted) return;
  process = {.id = start.id,
             .generation = start.generation,
             .pid = start.pid,
             .start_ticks = start_ticks_of(start).value_or(0),
             .out = start.out,
             .err = start.err,
             .started_ms = start.started_ms != 0 ? start.started_ms : process.started_ms,
             .note = start.note};
  known.exited = start.exited;
}

/// What a journal that nobody has opened says of the processes of this line; nothing when it cannot be read.
std::vector<noted_process> noted_in(const std::string& journal, const std::string& line) {
  const auto bytes = read_file(journal, largest_journal);
  if (!bytes) return {};
  const auto read = wire::read_journal(*bytes);
  if (!read) return {};
  const auto mark = read->values.find(std::string{wire::line_key});
  if (mark == read->values.end() || mark->second != "\"" + line + "\"") return {};
  std::vector<noted_process> all;
  const std::string prefix{wire::process_key};
  for (auto one = read->values.lower_bound(prefix); one != read->values.end() && one->first.rfind(prefix, 0) == 0;
       ++one) {
    auto process = wire::parse_process_value(one->second);
    auto id = node_id::parse(std::string_view{one->first}.substr(prefix.size()));
    if (!process || !id) continue;
    process->id = std::move(*id);
    all.push_back(std::move(*process));
  }
  return all;
}

} // namespace

bool lives(const noted_process& process) { return open_same_process(process.pid, process.start_ticks).ok(); }

std::optional<service_generation> key_of_mark(std::string_view mark, std::string_view line) {
  if (mark.substr(0, line.size()) != line || mark.substr(line.size(), 1) != "/") return std::nullopt;
  const auto slash = mark.rfind('/');
  if (slash <= line.size()) return std::nullopt;
  auto id = node_id::parse(mark.substr(line.size() + 1, slash - line.size() - 1));
  generation gen = 0;
  const char* const end = mark.data() + mark.size();
  const auto parsed = std::from_chars(mark.data() + slash + 1, end, gen);
  if (!id || parsed.ec != std::errc{} || parsed.ptr != end) return std::nullopt;
  return service_generation{std::move(*id), gen};
}

lost_processes find_lost(const std::vector<noted_process>& noted, const std::string& start_book,
                         const std::string& line, wall_time now) {
  lost_processes all;
  for (const auto& process : noted)
    all[{process.id, process.generation}] = {.process = process};
  const auto booked = start_book::read(start_book, line);
  for (const auto& start : booked.value_or(std::vector<booked_start>{}))
    add_booked(start, all);
  if (booked) return all;
  for (const auto& found : marked_leaders(line + "/")) {
    const auto key = key_of_mark(line + "/" + found.rest, line);
    if (key)
      all.try_emplace(*key, lost_process{.process = {.id = key->first,
                                                     .generation = key->second,
                                                     .pid = found.pid,
                                                     .start_ticks = found.start_ticks,
                                                     .out = inode_of(found.pid, 1),
                                                     .err = inode_of(found.pid, 2),
                                                     .started_ms = now.time_since_epoch().count(),
                                                     .note = {}},
                                         .is_seen = true});
  }
  return all;
}

std::size_t count_lost_services(const std::string& run_dir, const std::string& state_dir) {
  const auto line = written_line_mark(run_dir + "/keeper.mark", state_dir + "/keeper.mark");
  if (!line) return 0;
  const auto all = find_lost(noted_in(state_dir + "/journal", *line), start_book_in(run_dir), *line, {});
  return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [](const auto& one) {
    return one.first.first.name.find(check_mark) == std::string::npos && lives(one.second.process);
  }));
}

} // namespace alder::os

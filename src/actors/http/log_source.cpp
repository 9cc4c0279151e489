#include "actors/http/log_source.hpp"

#include "actors/base/runtime.hpp"
#include "actors/http/api_context.hpp"
#include "actors/logs/log_hub.hpp"
#include "actors/office/trees.hpp"

#include <algorithm>

namespace alder::actors {
namespace {

constexpr std::size_t looked_at_for_one = 16; // lines of files that instances share, for one of an instance

/// Files have finer times, which do not reach as far: what is beyond them is their end.
os::file_time to_file(wall_time at) {
  constexpr auto least = std::chrono::ceil<std::chrono::milliseconds>(os::file_time::min());
  constexpr auto most = std::chrono::floor<std::chrono::milliseconds>(os::file_time::max());
  return std::clamp(at, least, most);
}

const char* stream_name(std::optional<bool> err) { return !err ? "all" : *err ? "err" : "out"; }

log_source make_source(wire::log_source_name name, std::string file, std::optional<bool> err, const log_hub& logs) {
  log_source made{std::move(name), file, logs::log_reader{file}, err};
  made.reader.settled = [&logs](const os::file_facts& facts) { return logs.settled(facts); };
  return made;
}

bool can_be_file_name(std::string_view name) {
  return !name.empty() && name.front() != '.' &&
         name.find_first_of(std::string_view{"/\0", 2}) == std::string_view::npos;
}

/// The service that a cursor's source is of, when it is no longer known: by the names that files have without rules.
std::optional<log_source> source_of_cursor(const wire::log_source_name& name, const log_hub& logs) {
  const auto& [node, stream] = name;
  if (!can_be_file_name(node.tree) || !can_be_file_name(node.name) || (stream != "out" && stream != "err"))
    return std::nullopt;
  const auto files = logs.files_of(node);
  auto made = make_source(name, stream == "err" ? files.err : files.out, stream == "err", logs);
  made.writers[0] = node;
  return made;
}

/// The lines that were written between these moments, and when the query asks for the run before, in that.
void limit(log_source& from, const log_query& query, unsigned instance) {
  if (query.since) from.from = to_file(*query.since);
  if (query.until) from.to = to_file(*query.until);
  if (!query.previous) return;
  const auto run = logs::previous_run(from.file, from.is_shared ? std::optional{instance} : std::optional<unsigned>{});
  from.from = run ? std::max(from.from, run->began) : from.from;
  const auto end = run ? run->ended : os::file_time{};
  from.to = from.to ? std::min(*from.to, end) : end;
}

} // namespace

result<std::vector<logs::log_entry>> log_source::read_new(std::size_t most) {
  auto lines = reader.read_new(most);
  if (lines && !lines->empty()) read = lines->back().end;
  return lines;
}

std::string log_source::cursor() {
  if (read) return cursor_at(*read);
  const auto place = reader.place();
  return place ? cursor_at(*place) : std::string{};
}

const node_id* log_source::writer_of(const logs::log_entry& line) const {
  const auto writer = is_shared ? writers.find(line.origin.instance) : writers.begin();
  return writer == writers.end() ? nullptr : &writer->second;
}

std::list<log_source> log_sources::sources_of(const node_id& node) const {
  const auto rules = context_.logs.rules_of(node);
  const auto files = context_.logs.files_of(node);
  const auto who = rules.shared_as.empty() ? node : node_id{node.tree, rules.shared_as};
  std::list<log_source> sources;
  const auto add = [&](const std::string& file, std::optional<bool> err) {
    auto& made = sources.emplace_back(make_source({who, stream_name(err)}, file, err, context_.logs));
    made.writers[rules.instance] = node;
    made.is_shared = !rules.shared_as.empty();
    limit(made, query_, rules.instance);
  };
  if (rules.merge) {
    add(files.out, std::nullopt);
  } else {
    if (query_.out) add(files.out, false);
    if (query_.err) add(files.err, true);
  }
  return sources;
}

bool log_sources::add(const node_snapshot& node) {
  const auto id = node.id();
  if (node.what != node_snapshot::kind::service || services_.count(id) > 0 ||
      !query_.about.covers(context_.shared.nodes, node.tree, node.name))
    return false;
  const auto rules = context_.logs.rules_of(id);
  if (!rules.shared_as.empty() && !query_.previous && join_instance(id, rules)) return true;
  auto& service = services_[id];
  service.host = id;
  service.sources = sources_of(id);
  return true;
}

/// Files that another instance shares are read once, with its own; false when there is none yet.
bool log_sources::join_instance(const node_id& id, const log_spec& rules) {
  const auto files = context_.logs.files_of(id);
  for (auto& [other, service] : services_) {
    bool is_same = false;
    for (auto& from : service.sources) {
      if (!from.is_shared || from.file == "/dev/null" || (from.file != files.out && from.file != files.err)) continue;
      from.writers[rules.instance] = id;
      is_same = true;
    }
    if (!is_same) continue;
    services_[id].host = other;
    return true;
  }
  return false;
}

bool log_sources::add_moved(const node_id& id) {
  const auto service = services_.find(id);
  if (service == services_.end() || service->second.sources.empty()) return false; // another instance has them
  auto& known = service->second.sources;
  auto present = sources_of(id);
  present.remove_if([&](const log_source& now) {
    return std::any_of(known.begin(), known.end(), [&](const log_source& from) { return from.file == now.file; });
  });
  const bool has_moved = !present.empty();
  known.splice(known.end(), std::move(present));
  return has_moved;
}

void log_sources::add_forgotten() {
  std::set<wire::log_source_name> known;
  for_each([&](const log_source& from) { known.insert(from.name); });
  for (const auto& [name, place] : query_.after) {
    const auto& node = name.writer;
    if (known.count(name) > 0 || context_.shared.nodes.find(node) ||
        !query_.about.covers(context_.shared.nodes, node.tree, node.name))
      continue;
    auto source = source_of_cursor(name, context_.logs);
    if (!source) continue;
    services_[node].host = node;
    services_[node].sources.push_back(std::move(*source));
  }
}

std::vector<wire::log_line> last_log_lines(const std::string& tree, const std::string& service, std::size_t lines,
                                           api_context& context) {
  const auto files = context.logs.files_of({tree, service});
  const auto rules = context.logs.rules_of({tree, service});
  const bool is_shared = !rules.shared_as.empty();
  std::vector<std::vector<logs::log_entry>> both;
  for (const auto& file : {files.out, files.err}) {
    if (rules.merge && both.size() == 1) break;
    auto found =
        logs::log_reader{file}.tail(is_shared ? lines * looked_at_for_one : lines, logs::unfinished_line::show);
    auto& own = both.emplace_back(found ? std::move(*found) : std::vector<logs::log_entry>{});
    const auto is_foreign = [&](const auto& line) { return is_shared && line.origin.instance != rules.instance; };
    own.erase(std::remove_if(own.begin(), own.end(), is_foreign), own.end());
  }
  std::vector<wire::log_line> last;
  for (const auto& merged : logs::merge_by_time(std::move(both), lines)) {
    const bool is_err = rules.merge ? merged.entry.origin.err : merged.stream == 1;
    last.push_back(
        {to_wall(merged.entry.at), tree, service, is_err ? "err" : "out", merged.entry.text, merged.entry.partial});
  }
  return last;
}

} // namespace alder::actors

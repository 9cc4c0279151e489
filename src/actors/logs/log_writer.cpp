#include "actors/logs/log_writer.hpp"

#include "actors/base/part.hpp"

#include "runtime/base/actor_call.hpp"
#include "runtime/base/text.hpp"
#include "runtime/base/units.hpp"
#include "runtime/base/words.hpp"
#include "runtime/logs/log_reader.hpp"

#include <cstddef>
#include <vector>

namespace alder::actors {
namespace {

constexpr std::size_t most_looked_back = std::size_t{4} << 20U; // bytes of one file

/// Whether a former daemon wrote the line down and died before it could say so.
bool is_written(const output_files& files, const log_spec& rules, const std::shared_ptr<awaited_line>& line) {
  const bool is_shared = !rules.shared_as.empty();
  for (const auto& path : {files.out, files.err}) {
    logs::log_reader reader{path};
    if (!reader.seek_present_run(is_shared ? std::optional{rules.instance} : std::nullopt)) continue;
    line_search search{line};
    for (std::size_t seen = 0; seen < most_looked_back; seen += logs::log_reader::most_new_bytes) {
      const auto entries = reader.read_new();
      if (!entries) break;
      for (const auto& entry : *entries) {
        const bool is_own = !is_shared || entry.origin.instance == rules.instance;
        if (is_own && search.found_in(entry.text + (entry.partial ? "" : "\n"))) return true;
      }
      if (!reader.has_more() || search.is_over()) break;
    }
  }
  return false;
}

} // namespace

log_writer::log_writer(caf::actor_config& config, runtime& shared, log_hub& hub, node_id node, parent_actor parent)
    : actor_base(config), shared_(shared), hub_(hub), node_(std::move(node)), parent_(std::move(parent)) {}

log_writer::behavior_type log_writer::make_behavior() {
  return {
      [this](const start_order& order) { on_start(order); },
      [](const abort_order&) {},
      [this](const stop_order&) {
        hub_.pump().close(streams_.out);
        hub_.pump().close(streams_.err);
        send(parent_, part_ended(node_.text(), generation_));
        quit();
      },
      [this](const attach_output& attach) { on_attach(attach); },
      [this](const finish_output& finish) {
        hub_.pump().finish(streams_.out, finish.generation);
        hub_.pump().finish(streams_.err, finish.generation);
      },
      [this](const logs::log_failed& failed) {
        const auto rules = hub_.rules_of(node_);
        if (rules.to == log_target::actor)
          return warn("its output is being lost: " + file_of(failed.stream) + " did not respond in time");
        const bool spills = rules.pressure == log_pressure::spill;
        if (failed.is_spill && failed.os_errno == EFBIG)
          return warn("its output is being lost: " + format_size(rules.spill_max) + " are waiting in " +
                      rules.spill_to + ", the limit set by 'spill_max'");
        const auto what = failed.is_spill                         ? "its output is being lost: "
                          : rules.pressure == log_pressure::block ? "its output is waiting: "
                          : spills                                ? "its output is waiting in " + rules.spill_to + ": "
                                                                  : std::string{"its output is being lost: "};
        const auto& place = failed.is_spill ? rules.spill_to : file_of(failed.stream);
        warn(what + (failed.why.empty() ? place + ": " + errno_text(failed.os_errno) : failed.why));
      },
      [this](const logs::log_not_rotated& failed) {
        warn("its output cannot be rotated: " +
             (failed.why.empty() ? file_of(failed.stream) + ": " + errno_text(failed.os_errno) : failed.why));
      },
      [this](const logs::log_limited&) {
        warn("it writes more than " + counted(hub_.rules_of(node_).max_rate, "line") +
             " per second; the excess is lost");
      },
      [this](const log_rules_changed&) { open_files(); },
      [this](const logs::log_recovered& recovered) {
        warn("its output is being written to " + file_of(recovered.stream) + " again; " +
             (recovered.bytes_lost == 0 ? "nothing was lost" : format_size(recovered.bytes_lost) + " were lost"));
      },
  };
}

void log_writer::on_exit() {
  hub_.dismiss(node_, address());
  parent_ = nullptr;
}

void log_writer::on_start(const start_order& order) {
  generation_ = order.generation;
  streams_ = hub_.streams_of(node_);
  open_files();
  hub_.enlist(node_, self());
  send(parent_, part_started(node_.text(), generation_));
}

void log_writer::open_files() {
  auto rules = hub_.rules_of(node_);
  if (rules.tag.empty()) rules.tag = node_.name;
  const auto files = hub_.files_of(node_);
  std::vector<std::string> all{files.out};
  if (!rules.merge) all.push_back(files.err);
  logs::log_author author{.origin = {.err = false, .instance = rules.instance}, .service = node_};
  hub_.pump().open(streams_.out, files.out, rules, all, author);
  author.origin.err = true;
  hub_.pump().open(streams_.err, files.err, rules, all, std::move(author));
}

void log_writer::on_attach(const attach_output& attach) {
  const auto awaited = attach.is_waiting ? line_awaited(attach) : nullptr;
  const auto give = [&](logs::stream_id stream, const std::shared_ptr<unique_fd>& pipe, unique_fd terminal) {
    if (pipe && pipe->valid())
      hub_.pump().attach(stream, attach.generation, std::move(*pipe), awaited, std::move(terminal));
  };
  give(streams_.out, attach.out, attach.terminal ? std::move(*attach.terminal) : unique_fd{});
  give(streams_.err, attach.err, {});
}

/// The line that says that the process is ready; null when no line does.
std::shared_ptr<awaited_line> log_writer::line_awaited(const attach_output& attach) {
  const auto known = shared_.nodes.find(node_);
  const auto* check = known && known->service ? std::get_if<ready_log>(&known->service->ready.check) : nullptr;
  if (check == nullptr) return nullptr;
  auto wanted = pattern::compile(check->pattern);
  if (!wanted) return nullptr; // the configuration was checked: it is one
  auto line = std::make_shared<awaited_line>(std::move(*wanted));
  if (attach.began) look_back(line, attach.generation);
  return line;
}

/// Meanwhile the pump looks for it in new output; the first to find it reports it.
void log_writer::look_back(const std::shared_ptr<awaited_line>& line, alder::generation generation) {
  const auto found = std::make_shared<bool>(false);
  const auto look = [line, files = hub_.files_of(node_), rules = hub_.rules_of(node_), found] {
    *found = is_written(files, rules, line);
  };
  hub_.matching().run(look, [&hub = hub_, id = process_id{node_, generation}, found] {
    if (*found && hub.on_line_found) hub.on_line_found(id);
  });
}

void log_writer::warn(const std::string& text) {
  shared_.announce({.kind = event_kind::warning, .tree = node_.tree, .name = node_.name, .cause = {.detail = text}});
}

std::string log_writer::file_of(logs::stream_id stream) const {
  if (const auto rules = hub_.rules_of(node_); rules.to == log_target::actor) {
    const auto call = parse_actor_call(rules.actor);
    return "the actor '" + (call ? call->name : rules.actor) + "'";
  }
  const auto files = hub_.files_of(node_);
  return stream == streams_.err ? files.err : files.out;
}

} // namespace alder::actors

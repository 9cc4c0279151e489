#include "actors/tree/log_writer.hpp"

#include "actors/base/part.hpp"

#include "runtime/base/units.hpp"
#include "runtime/base/words.hpp"

#include <vector>

namespace alder::actors {

log_writer::log_writer(caf::actor_config& config, runtime& shared, log_hub& hub, std::string tree, std::string service,
                       parent_actor parent)
    : actor_base(config), shared_(shared), hub_(hub), tree_(std::move(tree)), service_(std::move(service)),
      parent_(std::move(parent)) {}

log_writer::behavior_type log_writer::make_behavior() {
  return {
      [this](const start_order& order) { on_start(order); },
      [](const abort_order&) {},
      [this](const stop_order&) {
        hub_.pump().close(streams_.out);
        hub_.pump().close(streams_.err);
        send(parent_, part_ended(node(), generation_));
        quit();
      },
      [this](const attach_output& attach) { on_attach(attach); },
      [this](const finish_output& finish) {
        hub_.pump().finish(streams_.out, finish.generation);
        hub_.pump().finish(streams_.err, finish.generation);
      },
      [this](const output_failed& failed) {
        const bool blocks = hub_.rules_of(node()).pressure == log_pressure::block;
        warn((blocks ? "its output waits: " : "its output is being lost: ") + file(failed.err) + ": " +
             errno_text(failed.os_errno));
      },
      [this](const output_not_rotated& failed) {
        warn("its output cannot be rotated: " + file(failed.err) + ": " + errno_text(failed.os_errno));
      },
      [this](const output_limited&) {
        warn("it writes more than " + std::to_string(hub_.rules_of(node()).max_rate) +
             " lines a second: the others are lost");
      },
      [this](const log_rules_changed&) { open_files(); },
      [this](const output_recovered& recovered) {
        warn("its output is written again to " + file(recovered.err) + "; " +
             (recovered.lost_bytes == 0 ? "nothing was lost" : format_size(recovered.lost_bytes) + " were lost"));
      },
  };
}

void log_writer::on_exit() {
  hub_.dismiss(node(), address());
  parent_ = nullptr;
}

void log_writer::on_start(const start_order& order) {
  generation_ = order.generation;
  streams_ = hub_.streams_of(node());
  open_files();
  hub_.enlist(node(), self());
  send(parent_, part_started(node(), generation_));
}

void log_writer::open_files() {
  auto rules = hub_.rules_of(node());
  if (rules.tag.empty()) rules.tag = service_;
  const auto files = hub_.files_of(node());
  std::vector<std::string> all{files.out};
  if (!rules.merge) all.push_back(files.err);
  os::log_author author{.origin = {.err = false, .instance = rules.instance}, .service = node()};
  hub_.pump().open(streams_.out, files.out, rules, all, author);
  author.origin.err = true;
  hub_.pump().open(streams_.err, files.err, rules, all, std::move(author));
}

void log_writer::on_attach(const attach_output& attach) {
  if (attach.out && attach.out->valid()) hub_.pump().attach(streams_.out, attach.generation, std::move(*attach.out));
  if (attach.err && attach.err->valid()) hub_.pump().attach(streams_.err, attach.generation, std::move(*attach.err));
}

void log_writer::warn(const std::string& text) {
  event e;
  e.at = shared_.wall_now();
  e.kind = event_kind::warning;
  e.tree = tree_;
  e.name = service_;
  e.cause.detail = text;
  if (shared_.events) send(shared_.events, announcement{std::move(e)});
}

std::string log_writer::file(bool err) const {
  const auto files = hub_.files_of(node());
  return err ? files.err : files.out;
}

} // namespace alder::actors

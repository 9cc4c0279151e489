#include "runtime/logs/log_pump.hpp"

#include "runtime/logs/log_pump_loop.hpp"

#include <utility>

namespace alder::logs {

result<std::unique_ptr<log_pump>> log_pump::start(notify tell, log_pump_settings settings, os::log_stage_files staged,
                                                  std::span<const int> pipes) {
  auto stage = log_stage::take_over(std::move(staged), pipes);
  if (!stage) return stage.failure();
  auto loop = std::make_unique<log_pump_loop>(std::move(tell), settings, std::move(*stage));
  if (auto started = loop->start(); !started) return started.failure();
  return std::unique_ptr<log_pump>{new log_pump{std::move(loop)}}; // NOLINT(cppcoreguidelines-owning-memory): private
}

log_pump::log_pump(std::unique_ptr<log_pump_loop> loop) : loop_(std::move(loop)) {}
log_pump::~log_pump() = default;

void log_pump::open(stream_id stream, std::string path, log_spec rules, std::vector<std::string> siblings,
                    log_author author) {
  if (siblings.empty()) siblings.push_back(path);
  loop_->push(log_command::open{stream, std::move(path), std::move(rules), std::move(siblings), std::move(author)});
}

void log_pump::attach(stream_id stream, generation of, unique_fd pipe, std::shared_ptr<awaited_line> awaited,
                      unique_fd terminal) {
  loop_->push(log_command::attach{stream, of, std::move(pipe), std::move(awaited), std::move(terminal)});
}

void log_pump::finish(stream_id stream, generation of) { loop_->push(log_command::finish{stream, of}); }
void log_pump::answer(stream_id stream, std::uint64_t number) { loop_->push(log_command::answer{stream, number}); }
void log_pump::reopen(stream_id stream) { loop_->push(log_command::reopen{stream}); }
void log_pump::rotate(stream_id stream) { loop_->push(log_command::rotate{stream}); }
void log_pump::clear(stream_id stream) { loop_->push(log_command::clear{stream}); }
log_tally log_pump::tally(stream_id stream) const { return loop_->totals().of(stream); }
std::uint64_t log_pump::settled(const os::file_facts& file) const { return loop_->settled(file); }
void log_pump::close(stream_id stream) { loop_->push(log_command::close{stream}); }
void log_pump::watch(stream_id stream, file_sight seen, std::optional<file_sight> known) {
  loop_->push(log_command::watch{stream, seen, known});
}
void log_pump::unwatch(stream_id stream) { loop_->push(log_command::watch{stream, {}, {}}); }
log_pump_counters log_pump::counters() const { return loop_->totals().counters(); }

} // namespace alder::logs

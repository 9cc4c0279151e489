#include "runtime/os/log_pump.hpp"

#include "runtime/os/log_pump_loop.hpp"

#include <utility>

namespace alder::os {

result<std::unique_ptr<log_pump>> log_pump::start(notify tell, log_pump_settings settings) {
  auto loop = std::make_unique<log_pump_loop>(std::move(tell), settings);
  if (auto started = loop->start(); !started) return started.failure();
  return std::unique_ptr<log_pump>{new log_pump{std::move(loop)}}; // NOLINT(cppcoreguidelines-owning-memory): private
}

log_pump::log_pump(std::unique_ptr<log_pump_loop> loop) : loop_(std::move(loop)) {}
log_pump::~log_pump() = default;

void log_pump::open(stream_id stream, std::string path) { loop_->push(log_command::open{stream, std::move(path)}); }

void log_pump::attach(stream_id stream, generation of, unique_fd pipe) {
  loop_->push(log_command::attach{stream, of, std::move(pipe)});
}

void log_pump::finish(stream_id stream, generation of) { loop_->push(log_command::finish{stream, of}); }
void log_pump::reopen(stream_id stream) { loop_->push(log_command::reopen{stream}); }
void log_pump::close(stream_id stream) { loop_->push(log_command::close{stream}); }
void log_pump::watch(stream_id stream, std::uint64_t seen) { loop_->push(log_command::watch{stream, seen}); }
void log_pump::unwatch(stream_id stream) { loop_->push(log_command::watch{stream, std::nullopt}); }
log_pump_counters log_pump::counters() const { return loop_->counters(); }

} // namespace alder::os

#include "actors/host/start_plan.hpp"

#include "runtime/base/known_by.hpp"

#include <random>
#include <string_view>
#include <utility>
#include <variant>

namespace alder::actors {
namespace {

bool sends_notices(const service_spec& spec) {
  return spec.heartbeat || told_over(spec.ready.check) == ready_channel::notify;
}

std::string new_notify_address(int keeper_pid) {
  std::random_device random;
  constexpr std::string_view digits = "0123456789abcdef";
  std::string name = "alder-" + std::to_string(keeper_pid) + "-";
  for (int i = 0; i < 16; ++i)
    name += digits[random() % digits.size()];
  return name;
}

} // namespace

/// Of each output the pipe, our own of it, that of the start under way, and two files; of each channel the same without
/// files.
std::size_t descriptors_for(const service_spec& spec) {
  const bool has_ready = told_over(spec.ready.check) == ready_channel::descriptor;
  const std::size_t channels = (spec.stdin_pipe || spec.terminal ? 1U : 0U) + (spec.ipc ? 1U : 0U) +
                               (sends_notices(spec) ? 1U : 0U) + (has_ready ? 1U : 0U);
  return descriptors_of_a_process + 3 * channels;
}

keeper::launch launch_of(const process_id& id, const service_spec& spec, std::map<std::string, std::string> variables,
                         int keeper_pid) {
  keeper::launch what;
  what.id = id.node;
  what.gen = id.generation;
  what.start = spec;
  auto& environment = what.start.environment;
  environment = std::move(variables);
  environment["ALDER_SERVICE"] = spec.name;
  what.channels.input = spec.stdin_pipe || spec.terminal;
  what.channels.terminal = spec.terminal;
  if (spec.terminal) environment.try_emplace("TERM", "xterm");
  const auto* descriptor = std::get_if<ready_descriptor>(&spec.ready.check);
  if (descriptor != nullptr) what.channels.ready = descriptor->number;
  if (spec.ipc) {
    what.channels.ipc = what.channels.ready == 3 ? 4 : 3;
    environment["NODE_CHANNEL_FD"] = std::to_string(what.channels.ipc);
    environment["NODE_CHANNEL_SERIALIZATION_MODE"] = "json";
  }
  if (sends_notices(spec)) {
    what.channels.notify = new_notify_address(keeper_pid);
    environment["NOTIFY_SOCKET"] = "@" + what.channels.notify;
  }
  if (spec.heartbeat) {
    const auto& beats = *spec.heartbeat;
    environment["ALDER_HEARTBEAT_MS"] = std::to_string(beats.interval.count());
    environment["WATCHDOG_USEC"] = std::to_string((beats.interval * beats.missed).count() * 1000);
  }
  return what;
}

keeper::launch launch_beside(const process_id& own, const service_spec& spec, const std::vector<std::string>& command) {
  keeper::launch what;
  what.id = own.node;
  what.gen = own.generation;
  what.start.command = command;
  what.start.cwd = spec.cwd;
  what.start.umask = spec.umask;
  what.start.attributes.who = spec.attributes.who;
  what.capture = false;
  return what;
}

} // namespace alder::actors

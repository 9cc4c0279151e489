#include "actors/host/checks.hpp"

#include "runtime/base/known_by.hpp"
#include "runtime/base/overloaded.hpp"
#include "runtime/os/files.hpp"
#include "runtime/os/probe.hpp"

#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>
#include <variant>

namespace alder::actors {
namespace {

constexpr std::chrono::milliseconds readiness_patience{2000}; // for one attempt over the network
constexpr std::size_t descriptors_of_a_check = 2;
/// A file counts as written after the start although the clock of file systems is coarser than ours.
constexpr std::chrono::milliseconds file_time_slack{100};

bool is_unchanged(const os::file_facts& before, const os::file_facts& now) {
  return before.modified == now.modified && before.inode == now.inode && before.device == now.device &&
         before.size == now.size;
}

} // namespace

void checks::ready(const process_id& id, const service_spec& spec) {
  ask({id, spec.ready.check, readiness_patience, std::nullopt}, spec);
}

void checks::health(const process_id& id, const service_spec& spec, std::uint64_t token) {
  ask({id, spec.health->check, spec.health->timeout, token}, spec);
}

void checks::ask(const question& what, const service_spec& spec) {
  const auto* process = table_.find(what.id);
  if (process == nullptr) return;
  const auto answer = [this, id = what.id, health = what.health](const os::probe_answer& failure) {
    const auto* asked = table_.find(id);
    if (asked == nullptr) return;
    if (health) return asked->tell(health_check_answered{*health, !failure, failure.value_or("")});
    asked->tell(readiness_answered{!failure, failure.value_or("")});
  };
  const auto run = [&](const ready_exec& exec) {
    if (budget_.refuse(descriptors_of_a_check)) return ask_later(what, spec);
    using purpose = side_commands::purpose;
    commands_.run({what.id, what.health ? purpose::health : purpose::readiness, 0, exec.command, {}, answer}, spec);
  };
  std::visit(overloaded{
                 [&](const ready_tcp& tcp) { os::probe_tcp(loop_, tcp, what.patience, answer); },
                 [&](const ready_http& http) { os::probe_http(loop_, matching_, http, what.patience, answer); },
                 [&](const ready_exec& exec) { run(exec); },
                 [&](const ready_file& file) { answer(look_at_file(what, file.path, *process)); },
                 // Told by the program, or known by the clock: nobody asks.
                 [](const std::monostate&) {},
                 [](const ready_after&) {},
                 [](const ready_notify&) {},
                 [](const ready_message&) {},
                 [](const ready_descriptor&) {},
                 [](const ready_log&) {},
             },
             what.check);
}

/// How it failed.
std::optional<std::string> checks::look_at_file(const question& what, const std::string& path,
                                                const held_process& process) {
  const auto facts = os::facts_of(path);
  if (!facts) return path + " does not exist";
  const bool is_ready_file = !what.health && process.knows_former_file;
  const bool is_new = is_ready_file
                          ? !process.former_file || !is_unchanged(*process.former_file, *facts)
                          : facts->modified + file_time_slack >= std::min(process.told_start, process.started);
  return is_new ? std::nullopt : std::optional{path + " is older than the process"};
}

/// That there is no descriptor to ask with says nothing about who is asked.
void checks::ask_later(const question& what, const service_spec& spec) {
  constexpr std::chrono::milliseconds pause{200};
  const auto timer = std::make_shared<boost::asio::steady_timer>(loop_, pause);
  timer->async_wait([this, timer, what, spec](const boost::system::error_code& failed) {
    if (!failed) ask(what, spec);
  });
}

std::optional<std::string> taken_port(const service_spec& spec, process_members& members) {
  const auto asked = address_of(spec.ready.check);
  if (!asked || asked->port == 0 || !os::is_listening(asked->host, asked->port)) return std::nullopt;
  const int pid = os::listener_pid(asked->port);
  if (pid != 0 && members.is_ours(pid)) return std::nullopt;
  const std::string holder = pid == 0 ? "another program" : "another program (pid " + std::to_string(pid) + ")";
  return "port " + std::to_string(asked->port) + ", used by its readiness check, is already taken by " + holder +
         "; stop that program or choose another port";
}

} // namespace alder::actors

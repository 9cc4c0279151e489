#include "actors/host/conversations.hpp"

#include "runtime/os/descriptors.hpp"
#include "runtime/os/pidfd.hpp"
#include "runtime/os/proc.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <variant>

namespace alder::actors {
namespace {

constexpr std::size_t most_unheard = 256;

} // namespace

conversations::conversations(boost::asio::io_context& loop, process_table& table, process_members& members,
                             keeper_channel& keeper, std::function<void(const process_id&)> changed_main)
    : loop_(loop), table_(table), members_(members), keeper_(keeper), changed_main_(std::move(changed_main)) {}

void conversations::begin(const process_id& id, holdings& held) {
  conversation::ends ends{held.take(holding::input), held.take(holding::ipc), held.take(holding::notify),
                          held.take(holding::ready)};
  if (!ends.input && !ends.ipc && !ends.notify && !ends.ready) return;
  table_.enter(id).talk = std::make_unique<conversation>(
      loop_, std::move(ends),
      conversation::hearers{[this, id](wire::program_notice notice, conversation::receipt until_handled) {
                              hear(id, std::move(notice), std::move(until_handled));
                            },
                            [this, id](int pid, std::uint32_t uid) { return is_said_by(id, pid, uid); }});
}

bool conversations::is_said_by(const process_id& id, int pid, std::uint32_t uid) {
  const auto* process = table_.find(id);
  if (process == nullptr || pid == 0) return false;
  if (pid == process->pid) return true;
  if (uid != process->uid && uid != 0) return false;
  const auto sender = os::read_stat(pid);
  if (!sender || !os::is_living(*sender)) return true; // a short command of it, which has ended meanwhile
  return members_.belongs(pid, id);
}

void conversations::hear(const process_id& id, wire::program_notice notice, conversation::receipt until_handled) {
  auto* process = table_.find(id);
  if (process == nullptr) return;
  if (const auto* main = std::get_if<wire::said_main_process>(&notice)) notice = change_main(id, *process, main->pid);
  if (process->owner) return process->tell(program_said{std::move(notice), std::move(until_handled)});
  if (process->unheard.size() < most_unheard) process->unheard.push_back(std::move(notice));
}

void conversations::hear_last_words(held_process& of) {
  if (of.talk) of.talk->read_notices_now();
}

void conversations::tell_unheard(held_process& of) {
  for (auto& notice : std::exchange(of.unheard, {}))
    of.tell(program_said{std::move(notice)});
}

/// What is told about it: that it is so, or why not. One that has ended for us has no main process any more.
wire::program_notice conversations::change_main(const process_id& id, held_process& of, int pid) {
  const auto refused = [&](const std::string& why) {
    return wire::said_nonsense{"MAINPID=" + std::to_string(pid) + " was ignored: " + why};
  };
  if (pid == of.pid) return wire::said_main_process{pid};
  if (!of.alive && of.owner) return refused("it was sent after the main process had exited");
  const auto before = os::read_stat(pid);
  auto pidfd = os::open_pidfd(pid);
  const auto process = os::read_stat(pid);
  if (!pidfd && os::is_shortage(pidfd.failure().os_errno)) return refused("no file descriptor is left to watch it");
  const bool is_one = before && process && pidfd && before->start_ticks == process->start_ticks;
  if (!is_one || !os::is_living(*process) || !members_.belongs(pid, id))
    return refused("no running process of the service has this process ID");
  of.pid = pid;
  of.kept.put(holding::pidfd, std::move(*pidfd));
  of.alive = true;
  of.exited.reset();
  of.is_alone = false;
  members_.set_main(id, pid);
  changed_main_(id);
  // The journal, which is written first, never names an older main process than the keeper.
  keeper_.act().set_main(id.node, id.generation, pid, process->start_ticks);
  keeper_.flush();
  return wire::said_main_process{pid};
}

outcome conversations::send_input(const node_id& node, std::string_view bytes) {
  const auto* process = table_.running_of(node);
  if (process == nullptr) return error{error_kind::not_found, "it is not running"};
  if (!process->talk) return error{error_kind::invalid_input, "its standard input is not a pipe"};
  return keeper_.gate().write_input(*process->talk, bytes);
}

outcome conversations::send_message(const node_id& node, std::string_view json) {
  const auto* process = table_.running_of(node);
  if (process == nullptr) return error{error_kind::not_found, "it is not running"};
  if (!process->talk) return error{error_kind::invalid_input, "it has no IPC channel"};
  return keeper_.gate().send_message(*process->talk, json);
}

outcome conversations::send_message(const process_id& id, std::string_view json) {
  const auto* process = table_.find(id);
  if (process == nullptr || !process->talk) return error{error_kind::not_found, "it is not running"};
  return keeper_.gate().send_message(*process->talk, json);
}

} // namespace alder::actors

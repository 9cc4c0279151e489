#include "actors/host/keeper_bridge.hpp"

#include "runtime/base/text.hpp"
#include "runtime/base/words.hpp"
#include "runtime/os/background.hpp"
#include "runtime/os/caller.hpp"
#include "runtime/os/clock.hpp"
#include "runtime/os/files.hpp"
#include "runtime/os/fingerprint.hpp"
#include "runtime/os/keeper_home.hpp"
#include "runtime/os/local_socket.hpp"
#include "runtime/os/pidfd.hpp"
#include "runtime/os/probe.hpp"
#include "runtime/os/proc.hpp"
#include "runtime/os/spawn.hpp"
#include "runtime/os/unix_socket.hpp"

#include <boost/asio/post.hpp>
#include <caf/all.hpp>

#include <algorithm>
#include <csignal>
#include <random>
#include <utility>

namespace alder::actors {
namespace {

constexpr std::size_t most_unacknowledged = 1000; // exits that could not be written down
constexpr std::size_t most_unheard = 256;
constexpr std::chrono::hours longest_uptime{24 * 365 * 30}; // what is longer is a time since 1970
constexpr std::size_t largest_secret = std::size_t{64} * 1024;
constexpr std::chrono::seconds secret_patience{10};
constexpr std::string_view spawn_prefix = "could not start: "; // the keeper client's; our callers say so themselves

/// On a thread: the variables with the secrets.
result<std::map<std::string, std::string>> read_secrets(std::map<std::string, std::string> variables,
                                                        const std::map<std::string, std::string>& secrets) {
  for (const auto& [name, file] : secrets) {
    auto value = os::read_file(file, largest_secret);
    if (!value)
      return error{value.failure().kind, "the secret " + name + " cannot be read: " + value.failure().message};
    if (!value->empty() && value->back() == '\n') value->pop_back();
    if (value->find('\0') != std::string::npos)
      return error{error_kind::invalid_input, "the secret " + name + " in " + file + " holds a NUL byte"};
    variables[name] = std::move(*value);
  }
  return variables;
}

/// An address nobody guesses; who knows it all the same is told by the kernel.
std::string notify_address(int keeper_pid) {
  std::random_device random;
  constexpr std::string_view digits = "0123456789abcdef";
  std::string name = "alder-" + std::to_string(keeper_pid) + "-";
  for (int i = 0; i < 16; ++i)
    name += digits[random() % digits.size()];
  return name;
}

/// When the process was started, on the clock that nobody sets. Of one that is gone the keeper knows it alone, by the
/// wall clock as it was then.
wall_time start_of(const keeper::child& child) {
  const auto process = child.pid > 0 && !child.exited ? os::read_stat(child.pid) : std::nullopt;
  return process ? os::boot_moment() + os::start_after_boot(*process) : child.started;
}

/// What the program is given to talk to us, and the variables that tell it.
void add_channels(const service_spec& spec, int keeper_pid, keeper::launch& to) {
  auto& environment = to.start.environment;
  to.channels.input = spec.stdin_pipe || spec.terminal;
  to.channels.terminal = spec.terminal;
  if (spec.terminal) environment.try_emplace("TERM", "xterm");
  const auto* descriptor = std::get_if<ready_descriptor>(&spec.ready.check);
  if (descriptor != nullptr) to.channels.ready = descriptor->number;
  if (spec.ipc) {
    to.channels.ipc = to.channels.ready == 3 ? 4 : 3;
    environment["NODE_CHANNEL_FD"] = std::to_string(to.channels.ipc);
    environment["NODE_CHANNEL_SERIALIZATION_MODE"] = "json";
  }
  if (spec.heartbeat || std::holds_alternative<ready_notify>(spec.ready.check)) {
    to.channels.notify = notify_address(keeper_pid);
    environment["NOTIFY_SOCKET"] = "@" + to.channels.notify;
  }
  if (!spec.heartbeat) return;
  const auto& beats = *spec.heartbeat;
  environment["ALDER_HEARTBEAT_MS"] = std::to_string(beats.interval.count());
  environment["WATCHDOG_USEC"] = std::to_string((beats.interval * beats.missed).count() * 1000);
}

/// Of each output the pipe, our own of it, that of the start under way, and two files; of each channel the same without
/// files.
constexpr std::size_t descriptors_of_a_process = 1 + 2 * 5;
constexpr std::size_t opened_later = 2; ///< of those

std::size_t descriptors_for(const service_spec& spec) {
  const bool has_notices = spec.heartbeat || std::holds_alternative<ready_notify>(spec.ready.check);
  const bool has_ready = std::holds_alternative<ready_descriptor>(spec.ready.check);
  const std::size_t channels = (spec.stdin_pipe || spec.terminal ? 1U : 0U) + (spec.ipc ? 1U : 0U) +
                               (has_notices ? 1U : 0U) + (has_ready ? 1U : 0U);
  return descriptors_of_a_process + 3 * channels;
}

} // namespace

outcome keeper_bridge::has_descriptors_for_orphans(const std::vector<store::noted_process>& noted) {
  const auto living = std::count_if(noted.begin(), noted.end(), [this](const auto& one) {
    const auto process = os::read_stat(one.pid);
    return records_.count({one.id, one.generation}) == 0 && process && process->start_ticks == one.start_ticks;
  });
  if (living == 0) return success();
  const auto needed = static_cast<std::size_t>(living) * descriptors_of_a_process;
  const auto have = budget_.refuse(needed);
  if (!have) return success();
  return os::too_few_descriptors("taking over " + std::to_string(living) + " running services", needed, *have,
                                 budget_.reserve());
}

keeper_bridge::keeper_bridge(boost::asio::io_context& loop, log_hub& logs, notices tell)
    : loop_(loop), files_(loop), logs_(logs), tell_(std::move(tell)), look_timer_(loop), channel_(loop) {
  logs_.on_drained = [this](const process_id& id) {
    auto& ended = ended_[id];
    ended.kept = {};
    ended.is_drained = true;
    acknowledge_drained();
  };
  logs_.on_line_found = [this](const process_id& id) { hear(id, wire::said_ready{wire::said_ready::over::log}); };
}

/// On a disk that takes no journal exits stay with the keeper, as many as it can bear.
void keeper_bridge::acknowledge_drained() {
  if (!client_ || std::exchange(acknowledging_, true)) return; // asking writes the journal, which comes here again
  for (auto next = ended_.begin(); next != ended_.end();) {
    const auto id = next->first;
    if (!next->second.is_drained || (may_forget && !may_forget(id) && ended_.size() <= most_unacknowledged)) {
      ++next;
      continue;
    }
    client_.act().acknowledge(id.node, id.generation);
    next = ended_.erase(next);
  }
  acknowledging_ = false;
  flush();
}

keeper_bridge::~keeper_bridge() {
  logs_.on_drained = nullptr;
  logs_.on_line_found = nullptr;
  if (channel_.is_open()) (void)channel_.release(); // the client owns the descriptor
}

outcome keeper_bridge::attach(unique_fd channel) {
  auto attached = keeper::client::attach(std::move(channel), handlers());
  if (!attached) return attached.failure();
  client_.attach(std::move(*attached));
  if (auto program = os::open_for_reading("/proc/" + std::to_string(client_->keeper_pid()) + "/exe"))
    keeper_program_ = std::move(*program);
  members_ = std::make_unique<os::member_table>(client_->keeper_pid(), client_->member_prefix());
  if (!cgroup_list_.empty()) cgroups_.emplace(client_->keeper_pid(), client_->member_prefix(), cgroup_list_);
  for (auto& child : client_.take_inventory())
    take(std::move(child));
  channel_.assign(client_->fd());
  wait_readable();
  return success();
}

keeper::client::handlers keeper_bridge::handlers() {
  keeper::client::handlers handlers;
  handlers.on_spawned = [this](keeper::child&& child) { on_spawned(std::move(child)); };
  handlers.on_spawn_failed = [this](const node_id& node, generation gen, const error& why) {
    on_spawn_failed({node, gen}, why);
  };
  handlers.on_exited = [this](const node_id& node, generation gen, int pid, exit_status status) {
    on_exited({node, gen}, pid, status);
  };
  handlers.on_reaped = [this](int pid) { check_waiting_of(pid); };
  handlers.on_stop_requested = [this](int signal) { tell_.on_stop_requested(signal); };
  // Not from inside the client, which is about to be replaced.
  handlers.on_lost = [this] { boost::asio::post(loop_, [this] { on_lost(); }); };
  return handlers;
}

/// What a record holds of the process; its output is read by the log pump, from duplicates.
void keeper_bridge::hold(const process_id& id, record& r, keeper::child&& child) {
  r.pid = child.pid;
  members_->set_main(mark_of(id), r.pid);
  r.told_start = child.started;
  r.started = start_of(child);
  r.adrift = child.adrift;
  auto pidfd = child.held.take(holding::pidfd);
  r.kept = child.held.duplicate();
  r.kept.put(holding::pidfd, std::move(pidfd));
  note(id, r);
  const auto& input = child.held[holding::input];
  auto terminal = os::is_terminal(input.get()) ? input.duplicate() : unique_fd{};
  converse(id, r, child.held);
  // It has ended while there was no daemon: perhaps it had named another main process.
  if (r.exited && r.talk) r.talk->read_notices_now();
  const bool is_waiting = r.note.find(waiting_mark) != std::string::npos;
  const auto began = r.asked ? std::nullopt : std::optional{std::min(r.told_start, r.started)};
  logs_.attach(id, {child.held.take(holding::out), child.held.take(holding::err), std::move(terminal)}, is_waiting,
               began);
}

/// A process of a former daemon: its output is still being written, its actor will come.
void keeper_bridge::take(keeper::child&& child) {
  const process_id id{child.id, child.gen};
  if (id.node.find(os::check_mark) != std::string::npos) { // a readiness command whose question nobody asks any more
    last_check_ = std::max(last_check_, id.generation);
    if (child.exited) return client_.act().acknowledge(id.node, id.generation);
    checks_[id] = {.subject = {}, .pid = child.pid, .command = {}, .health = {}, .is_asked = false};
    members_->add(mark_of(id), os::member_table::since::before);
    members_->set_main(mark_of(id), child.pid);
    (void)client_.signal(child.held[holding::pidfd], SIGKILL); // its exit is acknowledged when it comes
    return;
  }
  note_generation(id);
  members_->add(mark_of(id), os::member_table::since::before);
  auto& r = records_[id];
  r.note = child.note;
  r.alive = !child.exited;
  r.exited = child.exited;
  r.uid = os::user_of(child.pid).value_or(os::own_user());
  find_cgroup(id, r);
  hold(id, r, std::move(child));
}

void keeper_bridge::wait_readable() {
  channel_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                      [this](const boost::system::error_code& failed) {
                        if (failed) return;
                        client_.on_readable();
                        flush();
                        wait_readable();
                      });
}

void keeper_bridge::flush() {
  if (client_->wants_write()) client_.on_writable();
  if (writing_ || !client_->wants_write()) return;
  writing_ = true;
  channel_.async_wait(boost::asio::posix::stream_descriptor::wait_write,
                      [this](const boost::system::error_code& failed) {
                        writing_ = false;
                        if (!failed) flush();
                      });
}

// -- starting

void keeper_bridge::launch(const process_id& id, const service_spec& spec, const std::string& note, process_actor who) {
  const auto known = records_.find(id);
  logs_.set_rules(id.node, spec.log);
  if (known != records_.end() && known->second.pid != 0) {
    known->second.group_limits = spec.attributes.cgroup.value_or(cgroup_limits{});
    return claim(known->second, std::move(who));
  }
  // Those that run will open the indices of their output when they write.
  const bool has_run = generations_.count(id.node) > 0;
  auto& budget = has_run ? restart_budget_ : budget_;
  const auto needed = descriptors_for(spec);
  const auto promised = has_run ? 0 : records_.size() * opened_later;
  if (const auto have = budget.refuse(needed, promised)) {
    const auto why = os::too_few_descriptors("its start", needed, *have, budget.reserve() + promised);
    caf::anon_send(who, process_refused{why.message});
    return;
  }
  if (const auto taken = taken_port(spec)) {
    caf::anon_send(who, process_refused{*taken});
    return;
  }
  auto& r = records_[id];
  r.owner = std::move(who);
  r.note = note;
  r.uid = spec.attributes.who ? spec.attributes.who->uid : os::own_user();
  if (spec.secrets.empty()) return start(id, spec, spec.environment);
  r.reading = ++last_reading_;
  const auto fingerprint = std::make_shared<std::uint64_t>(0);
  with_secrets(
      id.node, spec,
      [this, id, spec, fingerprint, reading = r.reading](result<environment> variables) {
        const auto found = records_.find(id);
        if (found == records_.end() || found->second.reading != reading) return;
        found->second.secrets = variables ? *fingerprint : 0;
        start(id, spec, std::move(variables));
      },
      fingerprint);
}

/// Its record is there; it goes when the start is refused.
void keeper_bridge::start(const process_id& id, const service_spec& spec, result<environment> variables) {
  const auto refuse = [&](const error& why) {
    const auto owner = records_.extract(id).mapped().owner;
    if (owner) caf::anon_send(owner, process_refused{why.message});
  };
  if (!variables) return refuse(variables.failure());
  client_.write_first();
  keeper::launch what;
  std::optional<os::file_facts> former_file;
  if (const auto* file = std::get_if<ready_file>(&spec.ready.check))
    if (const auto facts = os::facts_of(file->path)) former_file = *facts;
  if (const auto given = give_cgroup(id, spec, what); !given) return refuse(given.failure());
  note_generation(id);
  members_->add(mark_of(id), os::member_table::since::now);
  auto& r = records_[id];
  r.reading = 0;
  r.former_file = former_file;
  r.knows_former_file = true;
  r.cgroup = what.cgroup;
  r.group_limits = spec.attributes.cgroup.value_or(cgroup_limits{});
  what.id = id.node;
  what.gen = id.generation;
  what.start = spec;
  what.start.environment = std::move(*variables);
  what.start.environment["ALDER_SERVICE"] = spec.name;
  add_channels(spec, client_->keeper_pid(), what);
  what.note = r.note;
  client_.act().spawn(what);
  r.asked = std::make_unique<const keeper::launch>(std::move(what));
  flush();
}

keeper_bridge::record* keeper_bridge::running_of(const node_id& node) {
  for (auto it = records_.lower_bound({node, 0}); it != records_.end() && it->first.node == node; ++it)
    if (it->second.alive) return &it->second;
  return nullptr;
}

outcome keeper_bridge::send_input(const node_id& node, std::string_view bytes) {
  const auto* r = running_of(node);
  if (r == nullptr) return error{error_kind::not_found, "it is not running"};
  if (!r->talk) return error{error_kind::invalid_input, "its standard input is not a pipe"};
  return client_.write_input(*r->talk, bytes);
}

outcome keeper_bridge::send_message(const node_id& node, std::string_view json) {
  const auto* r = running_of(node);
  if (r == nullptr) return error{error_kind::not_found, "it is not running"};
  if (!r->talk) return error{error_kind::invalid_input, "it has no IPC channel"};
  return client_.send_message(*r->talk, json);
}

outcome keeper_bridge::send_message(const process_id& id, std::string_view json) {
  const auto found = records_.find(id);
  if (found == records_.end() || !found->second.talk) return error{error_kind::not_found, "it is not running"};
  return client_.send_message(*found->second.talk, json);
}

/// Listens to what the process says, if it has anything to say it through. What it says while no actor looks after it
/// waits for the next.
void keeper_bridge::converse(const process_id& id, record& r, holdings& held) {
  conversation::ends ends{held.take(holding::input), held.take(holding::ipc), held.take(holding::notify),
                          held.take(holding::ready)};
  if (!ends.input && !ends.ipc && !ends.notify && !ends.ready) return;
  const auto is_ours = [this, id](int pid, std::uint32_t uid) {
    const auto found = records_.find(id);
    if (found == records_.end() || pid == 0) return false;
    const auto& said = found->second;
    if (pid == said.pid) return true;
    if (uid != said.uid && uid != 0) return false;
    const auto sender = os::read_stat(pid);
    if (!sender || !os::is_living(*sender)) return true; // a short command of it, which has ended meanwhile
    return members_->mark_of(pid) == mark_of(id);
  };
  r.talk = std::make_unique<conversation>(
      loop_, std::move(ends),
      conversation::hearers{[this, id](wire::program_notice notice, conversation::receipt until_handled) {
                              hear(id, std::move(notice), std::move(until_handled));
                            },
                            is_ours});
}

void keeper_bridge::hear(const process_id& id, wire::program_notice notice, conversation::receipt until_handled) {
  const auto found = records_.find(id);
  if (found == records_.end()) return;
  auto& r = found->second;
  if (const auto* main = std::get_if<wire::said_main_process>(&notice)) notice = change_main(id, r, main->pid);
  if (r.owner) return caf::anon_send(r.owner, program_said{std::move(notice), std::move(until_handled)});
  if (r.unheard.size() < most_unheard) r.unheard.push_back(std::move(notice));
}

/// What is told about it: that it is so, or why not. One that has ended for us has no main process any more.
wire::program_notice keeper_bridge::change_main(const process_id& id, record& r, int pid) {
  const auto refused = [&](const std::string& why) {
    return wire::said_nonsense{"MAINPID=" + std::to_string(pid) + " was ignored: " + why};
  };
  if (pid == r.pid) return wire::said_main_process{pid};
  if (!r.alive && r.owner) return refused("it was sent after the main process had exited");
  const auto before = os::read_stat(pid);
  auto pidfd = os::open_pidfd(pid);
  const auto process = os::read_stat(pid);
  if (!pidfd && os::is_shortage(pidfd.failure().os_errno)) return refused("no file descriptor is left to watch it");
  const bool is_one = before && process && pidfd && before->start_ticks == process->start_ticks;
  if (!is_one || !os::is_living(*process) || members_->mark_of(pid) != mark_of(id))
    return refused("no running process of the service has this process ID");
  r.pid = pid;
  r.kept.put(holding::pidfd, std::move(*pidfd));
  r.alive = true;
  r.exited.reset();
  members_->set_main(mark_of(id), pid);
  note(id, r);
  // The journal, which is written first, never names an older main process than the keeper.
  client_.act().set_main(id.node, id.generation, pid, process->start_ticks);
  flush();
  return wire::said_main_process{pid};
}

/// A file that was replaced counts from the next start on.
void keeper_bridge::with_secrets(const std::string& what, const service_spec& spec,
                                 std::function<void(result<environment>)> then,
                                 const std::shared_ptr<std::uint64_t>& fingerprint) {
  if (spec.secrets.empty()) return then(spec.environment);
  std::function<result<environment>()> read = [variables = spec.environment, secrets = spec.secrets, fingerprint] {
    if (fingerprint) *fingerprint = os::fingerprint_of(secrets); // first: what is written meanwhile is seen later
    return read_secrets(variables, secrets);
  };
  files_.ask<result<environment>>(
      "secrets of " + what, std::move(read), secret_patience,
      [then = std::move(then)](std::optional<result<environment>> variables) {
        if (variables) return then(std::move(*variables));
        then(error{error_kind::timed_out,
                   "its secrets could not be read within 10s; check that their file system responds"});
      });
}

void keeper_bridge::claim(record& r, process_actor who) {
  r.owner = std::move(who);
  const auto mark = r.note.find(waiting_mark);
  process_launched launched{r.pid, /*adopted=*/true, r.started, mark != std::string::npos};
  if (launched.waiting) {
    const std::chrono::milliseconds due{std::atoll(r.note.c_str() + mark + waiting_mark.size())};
    // Since the boot; a former version wrote the time of the wall clock.
    if (due.count() > 0) launched.due = due < longest_uptime ? os::boot_moment() + due : wall_time{due};
  }
  caf::anon_send(r.owner, launched);
  for (auto& notice : std::exchange(r.unheard, {}))
    caf::anon_send(r.owner, program_said{std::move(notice)});
  if (r.exited) caf::anon_send(r.owner, process_exited{*r.exited, kernel_words(r)});
}

/// Somebody else on the port a readiness check asks would make the check lie.
std::optional<std::string> keeper_bridge::taken_port(const service_spec& spec) const {
  std::string host;
  std::uint16_t port = 0;
  if (const auto* tcp = std::get_if<ready_tcp>(&spec.ready.check)) {
    host = tcp->host;
    port = tcp->port;
  } else if (const auto* http = std::get_if<ready_http>(&spec.ready.check)) {
    host = http->host;
    port = http->port;
  }
  if (port == 0 || !os::is_listening(host, port)) return std::nullopt;
  const int pid = os::listener_pid(port);
  // One of ours may share the port, as instances of a pool do.
  if (pid != 0 && !members_->mark_of(pid).empty()) return std::nullopt;
  const std::string holder = pid == 0 ? "another program" : "another program (pid " + std::to_string(pid) + ")";
  return "port " + std::to_string(port) + ", used by its readiness check, is already taken by " + holder +
         "; stop that program or choose another port";
}

void keeper_bridge::on_spawned(keeper::child&& child) {
  const process_id id{child.id, child.gen};
  const auto found = records_.find(id);
  if (found == records_.end()) { // a readiness command
    const auto running = checks_.find(id);
    if (running == checks_.end()) return;
    running->second.pid = child.pid;
    members_->set_main(mark_of(id), child.pid);
    if (running->second.hook && !running->second.is_asked) end_check(id, running->second); // it came too late
    return;
  }
  auto& r = found->second;
  r.alive = true;
  hold(id, r, std::move(child));
  r.asked.reset();
  if (r.owner) caf::anon_send(r.owner, process_launched{r.pid, /*adopted=*/false, r.started});
}

void keeper_bridge::on_spawn_failed(const process_id& id, const error& why) {
  std::string detail = why.message;
  if (detail.rfind(spawn_prefix, 0) == 0) detail.erase(0, spawn_prefix.size());
  if (checks_.count(id) > 0) return answer_check(id, "its command could not start: " + detail);
  const auto found = records_.find(id);
  if (found == records_.end()) return;
  const auto owner = found->second.owner;
  drop_cgroup(found->second.cgroup);
  records_.erase(found);
  members_->remove(mark_of(id));
  if (owner) caf::anon_send(owner, process_refused{detail});
}

// -- ending

void keeper_bridge::on_exited(const process_id& id, int pid, exit_status status) {
  if (const auto running = checks_.find(id); running != checks_.end()) {
    client_.act().acknowledge(id.node, id.generation);
    // What a command has left running in the background is nobody's: no stop of the service would find it.
    end_check(id, running->second);
    const bool good = status == exit_status::code(0);
    return answer_check(id, good ? std::nullopt
                                 : std::optional{"its command " + running->second.command + " " + phrase(status)});
  }
  const auto found = records_.find(id);
  if (found != records_.end()) {
    auto& r = found->second;
    // What it said before it ended counts, above all which process is the main one from then on.
    if (r.talk && pid == r.pid) r.talk->read_notices_now();
    if (pid != r.pid) return check_waiting_of(pid);
    r.alive = false;
    r.exited = status;
    if (r.owner) caf::anon_send(r.owner, process_exited{status, kernel_words(r)});
    if (waiting_.count(id) > 0 && is_over(id, r)) waiting_.erase(id);
  }
}

void keeper_bridge::set_note(const process_id& id, const std::string& note) {
  const auto found = records_.find(id);
  if (found == records_.end() || found->second.note == note) return;
  found->second.note = note;
  this->note(id, found->second);
  (void)client_.act().set_note(id.node, id.generation, note); // it is short
  flush();
}

bool keeper_bridge::is_alive(const process_id& id) const {
  const auto found = records_.find(id);
  return found != records_.end() && found->second.alive;
}

void keeper_bridge::release(const process_id& id) {
  const auto found = records_.find(id);
  if (found == records_.end()) return;
  auto& r = found->second;
  if (r.pid != 0) {
    r.kept.put(holding::pidfd, unique_fd{});
    ended_[id] = {r.pid, std::move(r.kept), std::move(r.note), r.told_start, r.exited, false};
    logs_.finish(id);
  }
  drop_cgroup(r.cgroup);
  records_.erase(found);
  waiting_.erase(id);
  members_->remove(mark_of(id));
  if (on_released) on_released(id);
  end_checks_of(id);
}

void keeper_bridge::abandon(const process_id& id, const caf::actor_addr& who) {
  const auto found = records_.find(id);
  if (found != records_.end() && found->second.owner.address() == who) found->second.owner = nullptr;
}

std::vector<launcher::leftover> keeper_bridge::left_behind(const node_id& node) {
  std::vector<leftover> all;
  for (auto it = records_.lower_bound({node, 0}); it != records_.end() && it->first.node == node; ++it) {
    const auto& r = it->second;
    if (r.pid != 0 && !r.unwanted) all.push_back({it->first.generation, r.note, r.alive, r.started, r.exited});
  }
  return all;
}

void keeper_bridge::discard(const process_id& id) {
  const auto found = records_.find(id);
  if (found == records_.end()) return;
  if (!found->second.alive) return release(id);
  found->second.unwanted = true;
  kill_all(id);
}

alder::generation keeper_bridge::last_generation(const node_id& node) const {
  const auto found = generations_.find(node);
  return found == generations_.end() ? 0 : found->second;
}

void keeper_bridge::note_generation(const process_id& id) {
  auto& highest = generations_[id.node];
  highest = std::max(highest, id.generation);
}

std::vector<keeper_bridge::unclaimed_process> keeper_bridge::unclaimed() const {
  std::vector<unclaimed_process> all;
  for (const auto& [id, r] : records_) {
    if (!r.owner) all.push_back({id, r.pid, r.alive});
  }
  return all;
}

} // namespace alder::actors

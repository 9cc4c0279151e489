#include "runtime/keeper/client.hpp"

#include "runtime/base/default_path.hpp"
#include "runtime/base/overloaded.hpp"
#include "runtime/base/words.hpp"
#include "runtime/os/program.hpp"
#include "runtime/os/unix_socket.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace alder::keeper {
namespace {

using steady = std::chrono::steady_clock;

constexpr std::chrono::seconds attach_timeout{10};
/// Frames handled in one on_readable(), so that a busy keeper does not starve the owner's loop.
constexpr int answers_per_turn = 64;

wall_time wall(std::int64_t unix_ms) { return wall_time{std::chrono::milliseconds{unix_ms}}; }

/// Waits for `events` at most until `deadline`; false when it passed.
bool wait_until(int fd, short events, steady::time_point deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - steady::now()).count();
    if (left <= 0) return false;
    pollfd waited{fd, events, 0};
    if (::poll(&waited, 1, static_cast<int>(left)) > 0) return true;
  }
}

bool holds_nul(const std::string& text) { return text.find('\0') != std::string::npos; }

error could_not_start(error why) {
  why.message.insert(0, "could not start: ");
  return why;
}

error_kind kind_of(int number) {
  switch (number) {
  case ENOENT: return error_kind::not_found;
  case EACCES:
  case EPERM: return error_kind::denied;
  case E2BIG: return error_kind::too_large;
  default: return error_kind::io;
  }
}

} // namespace

client::client(unique_fd channel, handlers h) : channel_(std::move(channel)), handlers_(std::move(h)) {}
client::~client() = default;

result<std::unique_ptr<client>> client::make(unique_fd channel, handlers h) {
  if (auto adopted = os::adopt_record_socket(channel.get()); !adopted) return adopted.failure();
  return std::unique_ptr<client>{new client{std::move(channel), std::move(h)}};
}

result<std::unique_ptr<client>> client::attach(unique_fd channel, handlers h) {
  auto made = make(std::move(channel), std::move(h));
  if (!made) return made;
  (*made)->enqueue(wire::hello_frame{.pid = ::getpid()});
  if (auto received = (*made)->receive_inventory(descriptors::taken); !received) return received.failure();
  return made;
}

result<std::unique_ptr<client>> client::attach(unique_fd channel, handlers h, const client& former,
                                               std::span<const handed_child> handed) {
  auto made = make(std::move(channel), std::move(h));
  if (!made) return made;
  const auto deadline = steady::now() + attach_timeout;
  for (const auto& one : handed)
    if (auto sent = (*made)->send_now(one, deadline); !sent) return sent.failure();
  std::vector<int> stage;
  if (const auto& kept = former.kept_stage_; kept.valid())
    stage = {kept.read.get(), kept.write.get(), kept.memory.get()};
  if (auto sent = (*made)->send_now(wire::hello_frame{.pid = ::getpid()}, stage, deadline); !sent)
    return sent.failure();
  // All that comes back is what was just handed over: twice of everything may be more than there can be.
  if (auto received = (*made)->receive_inventory(descriptors::left); !received) return received.failure();
  return made;
}

outcome client::send_now(const wire::to_keeper& frame, std::span<const int> fds, steady::time_point deadline) {
  for (;;) {
    const auto sent = os::send_record(channel_.get(), wire::encode(frame), fds);
    if (sent == os::transfer::done) return success();
    if (sent == os::transfer::closed) return error{error_kind::unavailable, "the keeper closed the channel", 0};
    if (!wait_until(channel_.get(), POLLOUT, deadline))
      return error{error_kind::timed_out, "the keeper did not take over the processes within 10s", 0};
  }
}

outcome client::send_now(const handed_child& one, steady::time_point deadline) {
  auto frame = one.what;
  frame.held = one.held->names();
  return send_now(frame, one.held->numbers(), deadline);
}

outcome client::receive_inventory(descriptors keeps) {
  const auto deadline = steady::now() + attach_timeout;
  const error gone{error_kind::unavailable, "the keeper closed the channel", 0};
  bool welcomed = false;
  for (;;) {
    os::record in;
    const auto got = os::receive_record(channel_.get(), wire::max_keeper_frame, in);
    if (got == os::transfer::closed || lost_) return gone;
    if (got == os::transfer::blocked) {
      const short events = outgoing_.empty() ? POLLIN : POLLIN | POLLOUT;
      if (!wait_until(channel_.get(), events, deadline))
        return error{error_kind::timed_out, "the keeper did not answer within 10s", 0};
      flush();
      continue;
    }
    const auto frame = wire::decode_to_daemon(in.bytes);
    if (!frame) return frame.failure();
    if (const auto* welcome = std::get_if<wire::welcome_frame>(&*frame)) {
      if (welcome->version != wire::keeper_protocol_version)
        return error{error_kind::conflict,
                     "the keeper speaks protocol version " + std::to_string(welcome->version) + ", this daemon " +
                         std::to_string(wire::keeper_protocol_version),
                     0};
      welcome_ = *welcome;
      if (in.fds.size() == 3) log_stage_ = {std::move(in.fds[0]), std::move(in.fds[1]), std::move(in.fds[2])};
      kept_stage_ = {log_stage_.read.duplicate(), log_stage_.write.duplicate(), log_stage_.memory.duplicate()};
      member_prefix_ = welcome->mark;
      welcomed = true;
    } else if (const auto* known = std::get_if<wire::child_frame>(&*frame); known != nullptr && welcomed) {
      child one{.id = known->id,
                .gen = known->generation,
                .pid = known->pid,
                .held = {},
                .note = known->note,
                .started = wall(known->started_ms),
                .exited = known->exited,
                .adrift = known->adrift};
      if (keeps == descriptors::taken) one.held = {known->held, std::move(in.fds)};
      inventory_.push_back(std::move(one));
    } else if (std::holds_alternative<wire::inventory_end_frame>(*frame) && welcomed) {
      return success();
    } else {
      return error{error_kind::invalid_input, "the keeper sent an unexpected message instead of its inventory", 0};
    }
  }
}

std::string client::member_marker(const node_id& id, generation gen) const {
  return member_prefix_ + "/" + id.text() + "/" + std::to_string(gen);
}

/// Looks up the program and checks everything the keeper would stumble over.
result<client::ready_spawn> client::checked(const launch& what) const {
  const error nul{error_kind::invalid_input, "command, environment and paths cannot hold a NUL byte", 0};
  if (what.start.command.empty()) return error{error_kind::invalid_input, "the command is empty", 0};
  if (what.note.size() > wire::max_keeper_note) return error{error_kind::too_large, "the note exceeds 64 KiB", 0};
  if (auto usable = os::check_directory(what.start.cwd); !usable) return usable.failure();
  const auto path = what.start.environment.find("PATH");
  auto program = os::find_program(what.start.command.front(),
                                  path == what.start.environment.end() ? default_path : path->second, what.start.cwd);
  if (!program) return program.failure();
  wire::spawn_frame frame{.id = what.id,
                          .generation = what.gen,
                          .program = std::move(*program),
                          .start = what.start,
                          .capture = what.capture,
                          .note = what.note,
                          .cgroup = what.cgroup,
                          .channels = what.channels};
  auto& start = frame.start;
  start.environment[wire::member_variable] = member_marker(what.id, what.gen);
  if (holds_nul(frame.program) || holds_nul(start.cwd) || holds_nul(start.stdin_file) || holds_nul(frame.cgroup) ||
      std::any_of(start.command.begin(), start.command.end(), holds_nul) ||
      std::any_of(start.environment.begin(), start.environment.end(),
                  [](const auto& one) { return holds_nul(one.first) || holds_nul(one.second); }))
    return nul;
  ready_spawn ready{{}, wire::encode(frame)};
  if (ready.bytes.size() > wire::max_keeper_frame)
    return error{error_kind::too_large, "command and environment exceed 192 KiB", 0};
  // Only what an answer can mention is kept.
  start.command.clear();
  start.environment.clear();
  start.attributes.limits.clear();
  frame.note.clear();
  ready.frame = std::move(frame);
  return ready;
}

void client::spawn(const launch& what) {
  auto frame = checked(what);
  const key who{what.id, what.gen};
  if (frame && waiting_.size() >= max_waiting_spawns)
    frame = error{error_kind::too_large, "65536 processes are already waiting to be started", 0};
  if (frame && unanswered_.count(who) != 0)
    frame = error{error_kind::conflict, "this generation is already being started", 0};
  if (!frame) {
    refusals_.push_back({who, could_not_start(frame.failure())});
    return;
  }
  waiting_.push_back(std::move(*frame));
  fill_window();
}

void client::fill_window() {
  while (!waiting_.empty() && unanswered_.size() < spawn_window) {
    auto [frame, bytes] = std::move(waiting_.front());
    waiting_.pop_front();
    enqueue(std::move(bytes));
    const key who{frame.id, frame.generation};
    unanswered_.insert_or_assign(who, asked_spawn{std::move(frame), {}});
  }
}

void client::acknowledge(const node_id& id, generation gen) { enqueue(wire::acknowledge_frame{id, gen}); }

outcome client::set_note(const node_id& id, generation gen, std::string text) {
  if (text.size() > wire::max_keeper_note) return error{error_kind::too_large, "the note exceeds 64 KiB", 0};
  enqueue(wire::note_frame{id, gen, std::move(text)});
  return success();
}

void client::set_main(const node_id& id, generation gen, int pid, std::uint64_t start_ticks) {
  enqueue(wire::main_frame{id, gen, pid, start_ticks});
}

outcome client::hand_over(const handed_child& found) { return send_now(found, steady::now() + attach_timeout); }

void client::upgrade(std::string keeper_program, std::string daemon_program) {
  enqueue(wire::upgrade_frame{std::move(keeper_program), std::move(daemon_program)});
}

std::vector<client::unanswered> client::take_unanswered() {
  std::vector<unanswered> all;
  for (auto& [who, asked] : unanswered_)
    all.push_back({who.first, who.second, std::move(asked.begun)});
  for (const auto& [frame, bytes] : waiting_)
    all.push_back({frame.id, frame.generation, {}});
  for (const auto& refused : refusals_)
    all.push_back({refused.who.first, refused.who.second, {}});
  unanswered_.clear();
  waiting_.clear();
  refusals_.clear();
  return all;
}

void client::ready() { enqueue(wire::ready_frame{}); }

void client::failed(std::string_view text) {
  constexpr std::size_t longest = 4096;
  enqueue(wire::failed_frame{std::string{text.substr(0, longest)}});
}

void client::shutdown() { enqueue(wire::shutdown_frame{}); }

void client::enqueue(std::string bytes) {
  if (lost_) return;
  if (outgoing_.size() >= max_outgoing) {
    // The keeper has not read for very long: it is as good as gone, and the next on_readable() says so.
    (void)::shutdown(channel_.get(), SHUT_RDWR); // fails only when it is closed already
    return;
  }
  outgoing_.push_back(std::move(bytes));
  flush();
}

/// Calls no handler: a broken channel shows itself to the next on_readable().
void client::flush() {
  while (!outgoing_.empty()) {
    const auto sent = os::send_record(channel_.get(), outgoing_.front(), {});
    if (sent == os::transfer::blocked) return;
    if (sent == os::transfer::closed) return outgoing_.clear();
    outgoing_.pop_front();
  }
}

bool client::wants_write() const { return !lost_ && (!outgoing_.empty() || !refusals_.empty()); }

void client::on_writable() {
  if (lost_) return;
  flush();
  // Handlers may call spawn() and add refusals: only those there are now are told in this turn.
  for (auto count = refusals_.size(); count > 0; --count) {
    const auto refused = std::move(refusals_.front());
    refusals_.pop_front();
    if (handlers_.on_spawn_failed) handlers_.on_spawn_failed(refused.who.first, refused.who.second, refused.why);
  }
}

void client::on_readable() {
  for (int turn = 0; turn < answers_per_turn && !lost_; ++turn) {
    os::record in;
    const auto got = os::receive_record(channel_.get(), wire::max_keeper_frame, in);
    if (got == os::transfer::blocked) return;
    if (got == os::transfer::closed) return lose();
    const auto frame = wire::decode_to_daemon(in.bytes);
    if (!frame) return lose();
    handle(*frame, std::move(in.fds));
  }
}

void client::lose() {
  lost_ = true;
  if (handlers_.on_lost) handlers_.on_lost();
}

void client::handle(const wire::to_daemon& frame, std::vector<unique_fd> fds) {
  std::visit(overloaded{
                 [&](const wire::starting_frame& f) { note_begun(f, std::move(fds)); },
                 [&](const wire::spawned_frame& f) { answer(f, std::move(fds)); },
                 [&](const wire::spawn_failed_frame& f) { answer(f); },
                 [&](const wire::exited_frame& f) {
                   if (handlers_.on_exited) handlers_.on_exited(f);
                 },
                 [&](const wire::reaped_frame& f) {
                   if (handlers_.on_reaped) handlers_.on_reaped(f.pid);
                 },
                 [&](const wire::stop_requested_frame& f) {
                   if (handlers_.on_stop_requested) handlers_.on_stop_requested(f.signal);
                 },
                 [&](const wire::ping_frame&) { enqueue(wire::pong_frame{}); },
                 [&](const wire::welcome_frame&) { lose(); },
                 [&](const wire::child_frame&) { lose(); },
                 [&](const wire::inventory_end_frame&) { lose(); },
             },
             frame);
}

void client::note_begun(const wire::starting_frame& frame, std::vector<unique_fd> fds) {
  const auto asked = unanswered_.find({frame.id, frame.generation});
  if (asked == unanswered_.end()) return;
  asked->second.begun.emplace(frame.held, std::move(fds));
}

void client::answer(const wire::spawned_frame& frame, std::vector<unique_fd> fds) {
  unanswered_.erase({frame.id, frame.generation});
  fill_window();
  if (!handlers_.on_spawned) return;
  handlers_.on_spawned({.id = frame.id,
                        .gen = frame.generation,
                        .pid = frame.pid,
                        .held = {frame.held, std::move(fds)},
                        .note = {},
                        .started = wall(frame.started_ms),
                        .exited = {}});
}

void client::answer(const wire::spawn_failed_frame& frame) {
  const auto asked = unanswered_.find({frame.id, frame.generation});
  if (asked == unanswered_.end()) return lose();
  auto text = wire::stage_text(frame.stage, asked->second.frame) + ": " + errno_text(frame.os_errno);
  // The program was found a moment ago, so what is missing is what its first line or header names.
  if (frame.stage == wire::spawn_stage::program && frame.os_errno == ENOENT) text += ", its interpreter may be missing";
  unanswered_.erase(asked);
  fill_window();
  if (!handlers_.on_spawn_failed) return;
  handlers_.on_spawn_failed(frame.id, frame.generation,
                            could_not_start({kind_of(frame.os_errno), std::move(text), frame.os_errno}));
}

} // namespace alder::keeper

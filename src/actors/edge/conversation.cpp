#include "actors/edge/conversation.hpp"

#include "runtime/os/files.hpp"
#include "runtime/os/program_channels.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <array>
#include <optional>
#include <string>
#include <utility>

namespace alder::actors {
namespace {

using boost::asio::posix::stream_descriptor;

constexpr int reads_per_turn = 16; // of 16 KiB each, so that a chatty program does not starve the others
constexpr std::size_t read_size = std::size_t{16} * 1024;
constexpr int datagrams_per_turn = 64;
constexpr int most_waiting_datagrams = 4096; // more than a socket holds (net.unix.max_dgram_qlen)

} // namespace

struct conversation::state : std::enable_shared_from_this<conversation::state> {
  state(boost::asio::io_context& loop, ends e, hearers h)
      : input(std::move(e.input)), ipc(loop), notify(loop), ready(loop), hear(std::move(h.hear)),
        is_ours(std::move(h.is_ours)) {
    const auto take = [](stream_descriptor& to, unique_fd& from) {
      if (from) to.assign(from.release());
    };
    take(ipc, e.ipc);
    take(notify, e.notify);
    take(ready, e.ready);
  }

  void begin() {
    if (ipc.is_open()) wait(ipc, &state::read_ipc);
    if (notify.is_open()) wait(notify, &state::read_notices);
    if (ready.is_open()) wait(ready, &state::read_ready);
  }

  void wait(stream_descriptor& on, void (state::*read)()) {
    on.async_wait(stream_descriptor::wait_read,
                  [self = shared_from_this(), read](const boost::system::error_code& failed) {
                    if (!failed) (self.get()->*read)();
                  });
  }

  /// Handlers may end this conversation: then `hear` is gone.
  void say(wire::program_notice notice) {
    if (hear) hear(std::move(notice));
  }

  void read_ipc() {
    std::array<char, read_size> chunk{};
    for (int turn = 0; turn < reads_per_turn && ipc.is_open(); ++turn) {
      std::size_t count = 0;
      const auto how = os::read_stream(ipc.native_handle(), chunk, count);
      if (how == os::stream_state::closed) return ipc.close();
      if (how == os::stream_state::empty) break;
      take_ipc({chunk.data(), count});
    }
    if (ipc.is_open()) wait(ipc, &state::read_ipc);
  }

  void take_ipc(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto end = bytes.find('\n');
      const auto piece = bytes.substr(0, end);
      if (!skipping) line += piece;
      if (line.size() > wire::max_ipc_line) {
        line = {};
        skipping = true;
        say(wire::said_nonsense{"a message of more than 1 MiB on its IPC channel was dropped"});
      }
      if (end == std::string_view::npos) return;
      bytes.remove_prefix(end + 1);
      const auto whole = std::exchange(line, {});
      if (std::exchange(skipping, false) || whole.empty()) continue;
      for (auto& notice : wire::read_ipc_line(whole))
        say(std::move(notice));
    }
  }

  void read_notices() {
    take_notices();
    if (notify.is_open()) wait(notify, &state::read_notices);
  }

  void take_notices(int most = datagrams_per_turn) {
    for (int turn = 0; turn < most && notify.is_open(); ++turn) {
      const auto in = os::receive_datagram(notify.native_handle());
      if (!in) break;
      if (is_ours && !is_ours(in->pid, in->uid)) {
        say(wire::said_nonsense{"a notice of process " + std::to_string(in->pid) + " (user " + std::to_string(in->uid) +
                                "), which does not belong to it, was ignored"});
        continue;
      }
      for (auto& notice : wire::read_notify(in->text))
        say(std::move(notice));
    }
  }

  /// A line makes it ready; what follows is of no interest.
  void read_ready() {
    std::array<char, 256> chunk{};
    std::size_t count = 0;
    const auto how = os::read_stream(ready.native_handle(), chunk, count);
    const bool has_line = std::string_view{chunk.data(), count}.find('\n') != std::string_view::npos;
    if (has_line || how == os::stream_state::closed) ready.close();
    if (has_line) return say(wire::said_ready{wire::said_ready::over::descriptor});
    if (how == os::stream_state::closed)
      return say(wire::said_nonsense{"it closed its readiness descriptor without a line"});
    wait(ready, &state::read_ready);
  }

  unique_fd input;
  stream_descriptor ipc;
  stream_descriptor notify;
  stream_descriptor ready;
  std::function<void(wire::program_notice)> hear;
  std::function<bool(int, std::uint32_t)> is_ours;
  std::string line;      ///< of IPC, not complete yet
  bool skipping = false; ///< the rest of a line that is too long
};

conversation::conversation(boost::asio::io_context& loop, ends e, hearers h)
    : state_(std::make_shared<state>(loop, std::move(e), std::move(h))) {
  state_->begin();
}

conversation::~conversation() {
  state_->hear = nullptr;
  state_->is_ours = nullptr;
  for (auto* channel : {&state_->ipc, &state_->notify, &state_->ready}) {
    boost::system::error_code ignored; // closing what is closed
    channel->close(ignored);
  }
}

void conversation::read_notices_now() {
  const auto kept = state_; // what is heard may end this conversation
  if (kept->notify.is_open()) kept->take_notices(most_waiting_datagrams);
}

outcome conversation::write_input(std::string_view bytes) {
  if (!state_->input) return error{error_kind::invalid_input, "its standard input is no pipe"};
  return os::write_whole(state_->input.get(), bytes);
}

outcome conversation::send_message(std::string_view json) {
  if (!state_->ipc.is_open()) return error{error_kind::invalid_input, "it has no IPC channel"};
  const auto line = wire::ipc_line(json);
  if (!line) return line.failure();
  return os::send_stream(state_->ipc.native_handle(), *line);
}

} // namespace alder::actors

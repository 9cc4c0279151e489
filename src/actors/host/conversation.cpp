#include "actors/host/conversation.hpp"

#include "runtime/os/clock.hpp"
#include "runtime/os/files.hpp"
#include "runtime/os/program_channels.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace alder::actors {
namespace {

using boost::asio::posix::stream_descriptor;

using steady = std::chrono::steady_clock;

constexpr std::size_t read_size = std::size_t{16} * 1024;
constexpr std::size_t most_senders = 64; ///< whose verdict a turn remembers
constexpr int pause_factor = 4;
constexpr std::chrono::milliseconds longest_pause{100}; // heartbeats that wait behind the flood are in time

} // namespace

struct conversation::state : std::enable_shared_from_this<conversation::state> {
  state(boost::asio::io_context& io, ends e, hearers h)
      : loop(io), input(std::move(e.input)), ipc(io), notify(io), ready(io), hear(std::move(h.hear)),
        is_ours(std::move(h.is_ours)) {
    const auto take = [](stream_descriptor& to, unique_fd& from) {
      if (from) to.assign(from.release());
    };
    take(ipc, e.ipc);
    take(notify, e.notify);
    take(ready, e.ready);
  }

  void begin() {
    wait(ipc, &state::read_ipc);
    wait(notify, &state::read_notices);
    wait(ready, &state::read_ready);
  }

  void wait(stream_descriptor& on, void (state::*read)()) {
    if (!on.is_open()) return;
    on.async_wait(stream_descriptor::wait_read,
                  [self = shared_from_this(), read](const boost::system::error_code& failed) {
                    if (!failed) (self.get()->*read)();
                  });
  }

  /// One reading of one channel. Its last owner, who may be an actor, begins the next.
  struct turn {
    std::shared_ptr<state> of;
    stream_descriptor state::*channel;
    void (state::*read)();
    steady::time_point begin = steady::now();
    int notices = 0;
    std::size_t bytes = 0;
    bool is_full = false;

    turn(std::shared_ptr<state> s, stream_descriptor state::*c, void (state::*r)())
        : of(std::move(s)), channel(c), read(r) {}
    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;
    ~turn() {
      // Not from here: the code that releases it last is in the middle of something.
      boost::asio::post(of->loop,
                        [s = of, c = channel, r = read, took = is_full ? steady::now() - begin : steady::duration{}] {
                          s->go_on(c, r, took);
                        });
    }
    /// Whether more may be read in it.
    [[nodiscard]] bool goes_on() {
      is_full = notices >= most_notices || bytes >= most_bytes || steady::now() - begin >= longest_turn;
      return !is_full;
    }
  };

  /// After a turn that was full and took this long until all of it was handled; 0: it was not full.
  void go_on(stream_descriptor state::*channel, void (state::*read)(), steady::duration took) {
    auto& on = this->*channel;
    if (!on.is_open()) return;
    if (took.count() == 0) return read_on(channel, read);
    const auto pause = std::make_shared<boost::asio::steady_timer>(
        loop, std::min<steady::duration>(took * pause_factor, longest_pause));
    pause->async_wait([self = shared_from_this(), pause, channel, read](const boost::system::error_code& failed) {
      if (!failed) self->read_on(channel, read);
    });
  }

  void read_on(stream_descriptor state::*channel, void (state::*read)()) {
    if (channel == &state::ipc && ipc.is_open() && !rest.empty()) return read_ipc(); // no event tells of those
    wait(this->*channel, read);
  }

  /// Handlers may end this conversation: then `hear` is gone.
  void say(wire::program_notice notice, const std::shared_ptr<turn>& in) {
    if (in) ++in->notices;
    if (hear) hear(std::move(notice), in);
  }

  void read_ipc() {
    const auto now = std::make_shared<turn>(shared_from_this(), &state::ipc, &state::read_ipc);
    if (!rest.empty() && !take_ipc(now)) return;
    std::array<char, read_size> chunk{};
    while (now->goes_on() && ipc.is_open()) {
      std::size_t count = 0;
      const auto how = os::read_stream(ipc.native_handle(), chunk, count);
      if (how == os::stream_state::closed) return ipc.close();
      if (how == os::stream_state::empty) return;
      now->bytes += count;
      rest.assign(chunk.data(), count);
      if (!take_ipc(now)) return;
    }
  }

  /// Takes the lines out of what was read; false: some wait for the next turn.
  bool take_ipc(const std::shared_ptr<turn>& now) {
    const auto all = std::exchange(rest, {});
    std::string_view bytes = all;
    while (!bytes.empty()) {
      if (!now->goes_on()) {
        rest = bytes;
        return false;
      }
      const auto end = bytes.find('\n');
      const auto piece = bytes.substr(0, end);
      if (!skipping) line += piece;
      if (line.size() > wire::max_ipc_line) {
        line = {};
        skipping = true;
        say(wire::said_nonsense{"a message of more than 1 MiB on its IPC channel was dropped"}, now);
      }
      if (end == std::string_view::npos) return true;
      bytes.remove_prefix(end + 1);
      const auto whole = std::exchange(line, {});
      if (std::exchange(skipping, false) || whole.empty()) continue;
      for (auto& notice : wire::read_ipc_line(whole))
        say(std::move(notice), now);
    }
    return true;
  }

  void read_notices() {
    const auto now = std::make_shared<turn>(shared_from_this(), &state::notify, &state::read_notices);
    verdicts.clear();
    while (now->goes_on() && take_notice(now)) {
    }
  }

  /// False: there is none.
  bool take_notice(const std::shared_ptr<turn>& now) {
    if (!notify.is_open()) return false;
    const auto in = os::receive_datagram(notify.native_handle());
    if (!in) return false;
    if (now) now->bytes += in->text.size();
    if (!is_believed(in->pid, in->uid)) {
      say(wire::said_nonsense{"a notification from process " + std::to_string(in->pid) + " (user " +
                              std::to_string(in->uid) + "), which does not belong to it, was ignored"},
          now);
      return true;
    }
    for (auto& notice : wire::read_notify(in->text))
      say(std::move(notice), now);
    return true;
  }

  /// To find out whose a process is takes a look at all there are: once a turn is enough.
  bool is_believed(int pid, std::uint32_t uid) {
    if (!is_ours) return true;
    const auto known = verdicts.find({pid, uid});
    if (known != verdicts.end()) return known->second;
    const bool verdict = is_ours(pid, uid);
    if (verdicts.size() < most_senders) verdicts[{pid, uid}] = verdict;
    return verdict;
  }

  /// What it said before it ended: there is no next turn.
  void take_last_notices() {
    verdicts.clear();
    const auto end = steady::now() + longest_last_words;
    while (steady::now() < end && take_notice(nullptr)) {
    }
  }

  /// A line makes it ready; what follows is of no interest.
  void read_ready() {
    std::array<char, 256> chunk{};
    std::size_t count = 0;
    const auto how = os::read_stream(ready.native_handle(), chunk, count);
    before_ready += count;
    const bool has_line = std::string_view{chunk.data(), count}.find('\n') != std::string_view::npos;
    const bool is_too_long = !has_line && before_ready > most_before_ready;
    if (has_line || is_too_long || how == os::stream_state::closed) ready.close();
    if (has_line) return say(wire::said_ready{wire::said_ready::over::descriptor}, nullptr);
    if (is_too_long) {
      return say(wire::said_nonsense{"it wrote more than " + std::to_string(most_before_ready) +
                                     " bytes without a newline to its readiness descriptor, which was closed"},
                 nullptr);
    }
    if (how == os::stream_state::closed)
      return say(wire::said_nonsense{"it closed its readiness descriptor without writing a line"}, nullptr);
    wait(ready, &state::read_ready);
  }

  boost::asio::io_context& loop;

  unique_fd input;
  stream_descriptor ipc;
  stream_descriptor notify;
  stream_descriptor ready;
  std::function<void(wire::program_notice, receipt)> hear;
  std::function<bool(int, std::uint32_t)> is_ours;
  std::map<std::pair<int, std::uint32_t>, bool> verdicts; ///< of the senders of this turn
  std::size_t before_ready = 0;
  std::string rest;      ///< read from IPC, not looked at yet; less than one read
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
  kept->take_last_notices();
}

outcome conversation::write_input(std::string_view bytes) {
  if (!state_->input) return error{error_kind::invalid_input, "its standard input is not a pipe"};
  return os::write_whole(state_->input.get(), bytes);
}

outcome conversation::send_message(std::string_view json) {
  if (!state_->ipc.is_open()) return error{error_kind::invalid_input, "it has no IPC channel"};
  const auto line = wire::ipc_line(json);
  if (!line) return line.failure();
  return os::send_stream(state_->ipc.native_handle(), *line);
}

} // namespace alder::actors

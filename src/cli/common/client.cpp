#include "cli/common/client.hpp"

#include "runtime/base/words.hpp"
#include "runtime/os/local_socket.hpp"
#include "runtime/os/safe_open.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <list>
#include <optional>
#include <utility>

namespace alder::cli {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using local = asio::local::stream_protocol;
using boost::system::error_code;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::uint32_t max_head = 16 * 1024;
/// Between two attempts to connect to a daemon whose backlog is full.
constexpr milliseconds connect_pause{5};

error explained(const error_code& code, const std::string& socket_path, const char* doing) {
  const int number = code.category() == boost::system::system_category() ? code.value() : 0;
  if (number == ENOENT || number == ECONNREFUSED)
    return error{error_kind::unavailable, "no daemon is running (" + socket_path + ")", number};
  if (number == EACCES || number == EPERM) {
    return error{error_kind::denied, "cannot use the daemon's socket " + socket_path + ": " + errno_text(number),
                 number};
  }
  if (code == beast::error::timeout || number == EAGAIN)
    return error{error_kind::unavailable, "the daemon does not answer (" + socket_path + ")", ETIMEDOUT};
  if (code == http::error::body_limit || code == http::error::buffer_overflow || code == http::error::header_limit)
    return error{error_kind::too_large, "the daemon's answer is too large", 0};
  if (code == http::error::end_of_stream || code == http::error::partial_message || code == asio::error::eof ||
      number == ECONNRESET || number == EPIPE)
    return error{error_kind::unavailable, "the daemon closed the connection", ECONNRESET};
  if (code.category() == make_error_code(http::error::bad_version).category())
    return error{error_kind::io,
                 "the program listening on " + socket_path + " does not speak HTTP (" + code.message() + ")", 0};
  return error{error_kind::io, std::string{"cannot "} + doing + ": " + code.message(), number};
}

http::request<http::string_body> request_for(const call& what) {
  http::request<http::string_body> request;
  request.method_string(what.method);
  request.target(what.target);
  request.version(11);
  request.set(http::field::host, "alder");
  if (!what.accept.empty()) request.set(http::field::accept, what.accept);
  if (!what.key.empty()) request.set("Idempotency-Key", what.key);
  if (what.seen > 0) request.set("Last-Event-ID", std::to_string(what.seen));
  if (!what.body.empty()) request.set(http::field::content_type, "application/json");
  request.body() = what.body;
  // A change without a body says so, instead of leaving the length open.
  if (what.method == "GET" || what.method == "HEAD") return request;
  request.content_length(what.body.size());
  return request;
}

} // namespace

bool never_reached(const error& why) {
  return why.kind == error_kind::unavailable && (why.os_errno == ENOENT || why.os_errno == ECONNREFUSED);
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                          c == '_' || c == '.' || c == '~';
    if (is_plain) {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded += '%';
    encoded += hex[byte >> 4U];
    encoded += hex[byte & 15U];
  }
  return encoded;
}

/// How long one request may take; longer when somebody looks after the daemon.
class patience {
public:
  patience(milliseconds deadline, const std::optional<impatience>& when_slow)
      : when_slow_{when_slow}, begin_{steady_clock::now()}, end_{begin_ + deadline},
        next_ask_{when_slow ? begin_ + when_slow->after : steady_clock::time_point::max()} {}

  /// Until then nothing is to be done but wait.
  [[nodiscard]] steady_clock::time_point next() const { return std::min(next_ask_, end_); }
  /// False: the time is over.
  [[nodiscard]] bool goes_on() {
    const auto now = steady_clock::now();
    if (now >= next_ask_) {
      next_ask_ = now + when_slow_->after;
      if (when_slow_->ask()) end_ = std::max(end_, begin_ + when_slow_->longest);
    }
    return now < end_;
  }

private:
  const std::optional<impatience>& when_slow_;
  steady_clock::time_point begin_;
  steady_clock::time_point end_;
  steady_clock::time_point next_ask_;
};

/// The directory of the socket was looked at before; what counts is who answers there now.
outcome check_server(local::socket& socket, const std::string& path) {
  const auto server = os::peer_user(socket);
  if (!server || *server == 0 || *server == os::own_user()) return success();
  return error{error_kind::denied,
               path + " is served by " + os::user_text(*server) +
                   ", not by you; run this as that user, or choose another home with ALDER_HOME",
               EPERM};
}

/// A connection and the io_context it needs: every operation runs until it is done or nobody waits for it any more.
class client::connection {
public:
  explicit connection(const std::string& path) : path_{path} {}

  outcome open(patience& waiting) {
    error_code code;
    while (true) {
      code.clear();
      stream_.async_connect(local::endpoint{path_}, [&](error_code e) { code = e; });
      run(waiting, code);
      // A full backlog refuses at once instead of waiting (unix(7)); the daemon is there, so try until the deadline.
      if (code != asio::error::try_again || !waiting.goes_on()) break;
      stream_.socket().close(code);
      context_.restart();
      asio::steady_timer pause{context_, connect_pause};
      pause.async_wait([](error_code) {});
      context_.run();
    }
    if (code) return explained(code, path_, "connect");
    return check_server(stream_.socket(), path_);
  }

  result<reply> exchange(const call& what, patience& waiting) {
    const auto request = request_for(what);
    error_code code;
    http::async_write(stream_, request, [&](error_code e, std::size_t) { code = e; });
    run(waiting, code);
    // A daemon that refuses early (413) closes its reading side while we still write; its answer is there all the same.
    if (code && code != asio::error::broken_pipe && code != asio::error::connection_reset)
      return explained(code, path_, "send");
    http::response_parser<http::string_body> parser;
    parser.body_limit(max_answer);
    parser.header_limit(max_head);
    http::async_read(stream_, buffer_, parser, [&](error_code e, std::size_t) { code = e; });
    run(waiting, code);
    if (code) return explained(code, path_, "receive");
    auto& message = parser.get();
    is_reusable_ = message.keep_alive();
    return reply{.status = message.result_int(), .body = std::move(message.body())};
  }

  [[nodiscard]] bool is_reusable() const { return is_reusable_; }

private:
  /// Runs what was started until it is done, or cancels it when the time is over.
  void run(patience& waiting, error_code& code) {
    context_.restart();
    while (!context_.stopped()) {
      (void)context_.run_until(waiting.next()); // how many handlers ran says nothing
      if (context_.stopped() || waiting.goes_on()) continue;
      stream_.cancel();
      (void)context_.run();
      code = beast::error::timeout;
    }
  }

  std::string path_;
  asio::io_context context_{1};
  beast::basic_stream<local> stream_{context_};
  beast::flat_buffer buffer_{max_answer + max_head};
  bool is_reusable_ = false;
};

client::client(std::string socket_path, std::optional<impatience> when_slow)
    : socket_path_{std::move(socket_path)}, when_slow_{std::move(when_slow)} {}
client::client(client&&) noexcept = default;
client& client::operator=(client&&) noexcept = default;
client::~client() = default;

result<reply> client::send(const call& what, milliseconds deadline) {
  const bool was_kept = kept_ != nullptr;
  patience waiting{deadline, when_slow_};
  if (!was_kept) {
    auto fresh = std::make_unique<connection>(socket_path_);
    if (auto opened = fresh->open(waiting); !opened) return opened.failure();
    kept_ = std::move(fresh);
  }
  auto answer = kept_->exchange(what, waiting);
  if (!answer || !kept_->is_reusable()) kept_.reset();
  const bool was_closed = !answer && answer.failure().os_errno == ECONNRESET;
  // Only what changes nothing may be sent twice.
  if (was_closed && was_kept && what.method == "GET") return send(what, deadline);
  return answer;
}

namespace {

/// One stream: connects, sends, then hands out lines as they come.
class line_stream {
public:
  line_stream(asio::io_context& context, std::string path, const call& what, stream_handlers handlers)
      : path_{std::move(path)}, request_{request_for(what)}, handlers_{std::move(handlers)}, stream_{context},
        pause_{context} {}

  /// `on_done` is called once, when the stream is over and its handlers have been told. The head of the answer must be
  /// there within `deadline`.
  void start(milliseconds deadline, std::function<void()> on_done) {
    on_done_ = std::move(on_done);
    end_ = steady_clock::now() + deadline;
    stream_.expires_at(end_);
    connect();
  }

private:
  void connect() {
    stream_.async_connect(local::endpoint{path_}, [this](error_code code) {
      if (code == asio::error::try_again && steady_clock::now() < end_) return connect_later();
      if (code) return finish(explained(code, path_, "connect"));
      if (auto fit = check_server(stream_.socket(), path_); !fit) return finish(fit.failure());
      http::async_write(stream_, request_, [this](error_code failed, std::size_t) {
        if (failed) return finish(explained(failed, path_, "send"));
        read_head();
      });
    });
  }

  /// Its backlog is full (see client::connection::open).
  void connect_later() {
    error_code ignored; // it was not connected
    stream_.socket().close(ignored);
    pause_.expires_after(connect_pause);
    pause_.async_wait([this](error_code cancelled) {
      if (!cancelled) connect();
    });
  }

  void read_head() {
    parser_.body_limit(boost::none); // a stream may be as long as it likes; its lines may not
    parser_.header_limit(max_head);
    http::async_read_header(stream_, buffer_, parser_, [this](error_code code, std::size_t) {
      if (code) return finish(explained(code, path_, "receive"));
      is_stream_ = parser_.get().result() == http::status::ok;
      if (is_stream_) stream_.expires_never();
      read_some();
    });
  }

  void read_some() {
    if (parser_.is_done()) return finish_complete();
    http::async_read_some(stream_, buffer_, parser_, [this](error_code code, std::size_t) {
      if (!take_body()) return;
      if (code) return finish(explained(code, path_, "receive"));
      read_some();
    });
  }

  /// Moves what has arrived out of the parser; false: the stream is over.
  bool take_body() {
    auto& body = parser_.get().body();
    pending_ += body;
    body.clear();
    if (pending_.size() > (is_stream_ ? max_stream_line + body_piece : max_answer)) {
      finish(error{error_kind::too_large, "the daemon's answer is too large", 0});
      return false;
    }
    if (!is_stream_) return true;
    std::size_t from = 0;
    for (auto end = pending_.find('\n'); end != std::string::npos; end = pending_.find('\n', from)) {
      const std::string_view line{pending_.data() + from, end - from};
      from = end + 1;
      if (line.empty() || handlers_.on_line(line) == flow::go_on) continue;
      close();
      return false;
    }
    pending_.erase(0, from);
    return true;
  }

  void finish_complete() {
    // A last line without its end: the daemon is asked to end lines, but losing one would be worse.
    if (is_stream_ && !pending_.empty()) {
      const auto line = std::exchange(pending_, {});
      if (handlers_.on_line(line) == flow::stop) return close();
    }
    finish(reply{.status = parser_.get().result_int(), .body = std::move(pending_)});
  }

  void finish(const result<reply>& how) {
    if (handlers_.on_end) handlers_.on_end(how);
    close();
  }

  void close() {
    stream_.close();
    on_done_();
  }

  static constexpr std::size_t body_piece = 65536;

  std::string path_;
  http::request<http::string_body> request_;
  stream_handlers handlers_;
  beast::basic_stream<local> stream_;
  beast::flat_buffer buffer_{max_head + body_piece};
  http::response_parser<http::string_body> parser_;
  asio::steady_timer pause_;
  steady_clock::time_point end_{};
  std::string pending_;
  bool is_stream_ = false;
  std::function<void()> on_done_;
};

} // namespace

class stream_loop::state {
public:
  explicit state(std::string path) : path_{std::move(path)} {}

  void open(const call& what, stream_handlers handlers) {
    auto heard = [this, on_line = std::move(handlers.on_line)](std::string_view line) {
      heard_at_ = steady_clock::now();
      return on_line(line);
    };
    auto& added = streams_.emplace_back(context_, path_, what,
                                        stream_handlers{.on_line = heard, .on_end = std::move(handlers.on_end)});
    added.start(when_slow_ ? when_slow_->longest : answer_deadline, [this, &added] {
      // The stream is inside its own handler: it goes when that has returned.
      asio::post(context_, [this, &added] {
        streams_.remove_if([&](const line_stream& one) { return &one == &added; });
        if (streams_.empty() && ends_without_streams_) context_.stop();
      });
    });
  }

  void look_after(milliseconds period, impatience when_slow) {
    look_period_ = period;
    when_slow_ = std::move(when_slow);
    arm_look(std::min(period, when_slow_->after)); // the first line is waited for most impatiently
  }

  void every(milliseconds period, std::function<void()> on_tick) {
    period_ = period;
    on_tick_ = std::move(on_tick);
    arm();
  }

  void on_signals(bool with_children, std::function<void(int)> on_signal) {
    on_signal_ = std::move(on_signal);
    signals_.add(SIGINT);
    signals_.add(SIGTERM);
    if (with_children) signals_.add(SIGCHLD);
    await_signal();
  }

  void run(bool ends_without_streams) {
    ends_without_streams_ = ends_without_streams;
    if (ends_without_streams && streams_.empty()) return;
    context_.restart();
    const auto kept = asio::make_work_guard(context_);
    context_.run();
  }

  void stop() { context_.stop(); }

private:
  void arm_look(milliseconds after) {
    look_timer_.expires_after(after);
    look_timer_.async_wait([this](error_code code) {
      if (!code) look();
    });
  }

  void look() {
    if (streams_.empty() || steady_clock::now() - heard_at_ < look_period_) return arm_look(look_period_);
    const auto on_end = [this](const result<reply>& how) {
      if (!how && how.failure().os_errno == ETIMEDOUT) (void)when_slow_->ask(); // its streams wait in any case
    };
    question_.emplace(context_, path_, call{.method = "GET", .target = "/_ping", .body = {}, .accept = {}},
                      stream_handlers{.on_line = [](std::string_view) { return flow::go_on; }, .on_end = on_end});
    question_->start(when_slow_->after, [this] {
      asio::post(context_, [this] { // the question is inside its own handler, as the streams above
        question_.reset();
        arm_look(look_period_);
      });
    });
  }

  void arm() {
    timer_.expires_after(period_);
    timer_.async_wait([this](error_code code) {
      if (code) return;
      on_tick_();
      arm();
    });
  }

  void await_signal() {
    signals_.async_wait([this](error_code code, int number) {
      if (code) return;
      on_signal_(number);
      await_signal();
    });
  }

  std::string path_;
  asio::io_context context_{1};
  asio::steady_timer timer_{context_};
  asio::signal_set signals_{context_};
  std::list<line_stream> streams_;
  asio::steady_timer look_timer_{context_};
  std::optional<line_stream> question_; ///< whether it is there
  std::optional<impatience> when_slow_;
  milliseconds look_period_{0};
  steady_clock::time_point heard_at_{};
  milliseconds period_{0};
  std::function<void()> on_tick_;
  std::function<void(int)> on_signal_;
  bool ends_without_streams_ = true;
};

stream_loop::stream_loop(std::string socket_path) : state_{std::make_unique<state>(std::move(socket_path))} {}
stream_loop::~stream_loop() = default;
void stream_loop::open(const call& what, stream_handlers handlers) { state_->open(what, std::move(handlers)); }
void stream_loop::look_after(milliseconds period, impatience when_slow) {
  state_->look_after(period, std::move(when_slow));
}
void stream_loop::every(milliseconds period, std::function<void()> on_tick) {
  state_->every(period, std::move(on_tick));
}
void stream_loop::on_signals(bool with_children, std::function<void(int)> on_signal) {
  state_->on_signals(with_children, std::move(on_signal));
}
void stream_loop::run() { state_->run(/*ends_without_streams=*/true); }
void stream_loop::run_until_stopped() { state_->run(/*ends_without_streams=*/false); }
void stream_loop::stop() { state_->stop(); }

} // namespace alder::cli

#include "actors/http/api_session.hpp"

#include "actors/http/open_streams.hpp"

#include "runtime/os/caller.hpp"
#include "runtime/os/descriptors.hpp"
#include "runtime/os/local_socket.hpp"
#include "runtime/wire/event_json.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <deque>

namespace alder::actors {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using local = asio::local::stream_protocol;
using boost::beast::string_view;
using boost::system::error_code;

constexpr std::uint64_t largest_body = 1024 * 1024;
constexpr std::uint32_t largest_head = 16 * 1024;
constexpr std::chrono::seconds request_patience{10};
constexpr std::size_t most_sessions = 4096;
constexpr std::size_t least_followers = 16;
constexpr std::size_t descriptors_for_others = 8; ///< connections leave so many

constexpr std::size_t many_sessions = 100; // which leave much memory behind
std::size_t open_sessions = 0;             // loop thread only
std::size_t most_open = 0;                 // since there was none
std::size_t staying_connections = 0;       // of those the ones that stay

/// What runs needs the others.
wire::problem too_many_connections(const os::descriptor_count& have) {
  return {"too_many",
          "too many connections to the daemon: " + std::to_string(open_sessions) + " are open, " +
              std::to_string(have.left()) + " of its " + std::to_string(have.limit) + " file descriptors are free",
          {"stop some of the followers (alder logs -f, alder events -f)",
           "raise the hard limit of open files (ulimit -Hn, LimitNOFILE=) and restart Alder"},
          {}};
}

std::string decode(string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    const bool escaped =
        text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16).ptr == text.data() + i + 3;
    if (escaped) {
      out += static_cast<char>(value);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::vector<string_view> pieces(string_view text, char separator) {
  std::vector<string_view> all;
  while (!text.empty()) {
    const auto end = std::min(text.find(separator), text.size());
    if (end > 0) all.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return all;
}

api_request request_of(const http::request<http::string_body>& message) {
  api_request request;
  request.method = std::string{message.method_string()};
  const string_view target = message.target();
  const auto mark = std::min(target.find('?'), target.size());
  for (const auto segment : pieces(target.substr(0, mark), '/'))
    request.path.push_back(decode(segment));
  for (const auto field : pieces(target.substr(std::min(mark + 1, target.size())), '&')) {
    const auto equals = std::min(field.find('='), field.size());
    request.query.emplace_back(decode(field.substr(0, equals)),
                               decode(field.substr(std::min(equals + 1, field.size()))));
  }
  request.body = message.body();
  const string_view accept = message[http::field::accept];
  request.wants_ndjson = accept.find("application/x-ndjson") != string_view::npos;
  request.wants_events = accept.find("text/event-stream") != string_view::npos;
  request.last_event_id = std::string{message["Last-Event-ID"]};
  request.idempotency_key = std::string{message["Idempotency-Key"]};
  return request;
}

class session : public std::enable_shared_from_this<session> {
public:
  session(local::socket socket, open_streams& streams, serve_request serve)
      : socket_(std::move(socket)), timer_(socket_.get_executor()), streams_(streams), serve_(std::move(serve)) {
    most_open = std::max(most_open, ++open_sessions);
  }
  session(const session&) = delete;
  session& operator=(const session&) = delete;
  ~session() {
    if (is_follower_) --staying_connections;
    if (--open_sessions == 0 && std::exchange(most_open, 0) >= many_sessions) os::release_free_memory();
  }

  void start() {
    if (open_sessions > most_sessions)
      return refuse_and_close({"too_many", "too many connections to the daemon", {}, {}});
    if (const auto have = os::count_descriptors(); have.left() < descriptors_for_others)
      return refuse_and_close(too_many_connections(have));
    const auto peer = os::peer_user(socket_);
    if (!peer || (*peer != os::own_user() && *peer != 0)) {
      return refuse_and_close({"denied",
                               "this daemon belongs to another user (uid " + std::to_string(os::own_user()) + ")",
                               {"run the command as that user or as root"},
                               {}});
    }
    wait_for_request();
  }

  void answer(unsigned status, std::string json, const char* type, bool keep) {
    auto message = std::make_shared<http::response<http::string_body>>(static_cast<http::status>(status), 11);
    message->set(http::field::server, "alder");
    message->set(http::field::content_type, type);
    message->keep_alive(keep);
    message->body() = std::move(json) + "\n";
    message->prepare_payload();
    auto self = shared_from_this();
    http::async_write(socket_, *message, [self, message, keep](const error_code& failed, std::size_t) {
      if (failed || !keep) return self->close();
      self->wait_for_request();
    });
  }

  void refuse_and_close(const wire::problem& problem) {
    answer(wire::status_of(problem.code), wire::problem_json(problem), "application/problem+json", false);
  }

  void note_progress() { streams_.note_progress(); }
  [[nodiscard]] bool keeps_alive() const { return keep_alive_; }
  local::socket& socket() { return socket_; }
  void close() {
    error_code ignored; // it is gone either way
    timer_.cancel();
    socket_.shutdown(local::socket::shutdown_both, ignored);
    socket_.close(ignored);
  }

private:
  /// No timer runs while nothing is asked; from the first byte on the whole request has `request_patience`.
  void wait_for_request() {
    auto self = shared_from_this();
    if (buffer_.size() > 0) return read_request();
    socket_.async_wait(local::socket::wait_read, [self](const error_code& failed) {
      if (!failed) self->read_request();
    });
  }

  void read_request() {
    parser_.emplace();
    parser_->body_limit(largest_body);
    parser_->header_limit(largest_head);
    auto self = shared_from_this();
    timed_out_ = false;
    timer_.expires_after(request_patience);
    timer_.async_wait([self](const error_code& cancelled) {
      if (cancelled) return;
      self->timed_out_ = true;
      self->socket_.cancel();
    });
    http::async_read(socket_, buffer_, *parser_,
                     [self](const error_code& failed, std::size_t) { self->on_request(failed); });
  }

  void on_request(const error_code& failed);

  local::socket socket_;
  asio::steady_timer timer_;
  open_streams& streams_;
  serve_request serve_;
  boost::beast::flat_buffer buffer_{largest_body + largest_head};
  std::optional<http::request_parser<http::string_body>> parser_;
  bool keep_alive_ = true;
  bool timed_out_ = false;
  bool is_follower_ = false; ///< what it asked for has no end of its own
};

/// A chunked answer. A read is always pending, so that a reader that leaves is noticed when nothing is to be written.
class session_stream final : public api_stream, public std::enable_shared_from_this<session_stream> {
public:
  session_stream(std::shared_ptr<session> owner, bool as_events) : owner_(std::move(owner)), as_events_(as_events) {}

  void start() {
    auto self = shared_from_this();
    header_.result(http::status::ok);
    header_.version(11);
    header_.set(http::field::server, "alder");
    header_.set(http::field::cache_control, "no-store");
    header_.set(http::field::content_type, as_events_ ? "text/event-stream" : "application/x-ndjson");
    header_.chunked(true);
    header_.keep_alive(false);
    writing_ = true;
    http::async_write_header(owner_->socket(), serializer_,
                             [self](const error_code& failed, std::size_t) { self->on_written(failed); });
    watch_reader();
  }

  void push(const std::string& kind, const std::string& id, const std::string& json, loss may_be_lost) override {
    if (closed_ || ending_) return;
    if (may_be_lost == loss::allowed && queue_.size() >= most_waiting) {
      ++missed_;
      return;
    }
    if (const auto missed = std::exchange(missed_, 0); missed > 0)
      queue_.push_back(framed("gap", {}, wire::event_gap_json({missed})));
    queue_.push_back(framed(kind, id, json));
    write_some();
  }
  [[nodiscard]] bool has_ids() const override { return as_events_; }
  [[nodiscard]] std::size_t waiting() const override { return queue_.size(); }
  void end() override {
    ending_ = true;
    write_some();
  }

private:
  [[nodiscard]] std::string framed(const std::string& kind, const std::string& id, const std::string& json) const {
    if (!as_events_) return json + "\n";
    return (id.empty() ? "" : "id: " + id + "\n") + "event: " + kind + "\ndata: " + json + "\n\n";
  }

  void watch_reader() {
    auto self = shared_from_this();
    owner_->socket().async_read_some(asio::buffer(ignored_), [self](const error_code& failed, std::size_t) {
      if (failed) return self->finish();
      self->watch_reader(); // what a reader says while it is read to does not matter
    });
  }

  void write_some() {
    if (writing_ || closed_) return;
    if (queue_.empty()) return ending_ ? write_last() : void();
    writing_ = true;
    chunk_.clear();
    for (; !queue_.empty() && chunk_.size() < largest_chunk; queue_.pop_front())
      chunk_ += queue_.front();
    auto self = shared_from_this();
    asio::async_write(owner_->socket(), http::make_chunk(asio::buffer(chunk_)),
                      [self](const error_code& failed, std::size_t) { self->on_written(failed); });
  }

  void on_written(const error_code& failed) {
    if (failed) return finish();
    owner_->note_progress();
    if (queue_.empty()) {
      chunk_ = std::string{};                   // thousands of streams may be silent
      if (!ending_ && on_drained) on_drained(); // what it pushes is written together
    }
    writing_ = false;
    write_some();
  }

  void write_last() {
    writing_ = true;
    auto self = shared_from_this();
    asio::async_write(owner_->socket(), http::make_chunk_last(),
                      [self](const error_code&, std::size_t) { self->finish(); });
  }

  void finish() {
    if (std::exchange(closed_, true)) return;
    owner_->close();
    on_drained = nullptr;
    if (const auto tell = std::exchange(on_closed, nullptr)) tell();
  }

  static constexpr std::size_t largest_chunk = 64 * 1024;

  std::shared_ptr<session> owner_;
  bool as_events_;
  http::response<http::empty_body> header_;
  http::response_serializer<http::empty_body> serializer_{header_};
  std::deque<std::string> queue_;
  std::string chunk_;
  std::array<char, 256> ignored_{};
  std::uint64_t missed_ = 0;
  bool writing_ = false;
  bool ending_ = false;
  bool closed_ = false;
};

class session_responder final : public api_responder {
public:
  session_responder(std::shared_ptr<session> owner, bool as_events) : owner_(std::move(owner)), as_events_(as_events) {}
  void answer(unsigned status, std::string json) override {
    owner_->answer(status, std::move(json), "application/json", owner_->keeps_alive());
  }
  void refuse(const wire::problem& problem) override {
    owner_->answer(wire::status_of(problem.code), wire::problem_json(problem), "application/problem+json",
                   owner_->keeps_alive());
  }
  [[nodiscard]] std::shared_ptr<api_stream> stream() override {
    auto made = std::make_shared<session_stream>(owner_, as_events_);
    made->start();
    return made;
  }

private:
  std::shared_ptr<session> owner_;
  bool as_events_;
};

void session::on_request(const error_code& failed) {
  timer_.cancel();
  if (timed_out_) return refuse_and_close({"too_slow", "the request did not arrive within 10 s", {}, {}});
  if (failed == http::error::end_of_stream) return close();
  if (failed == http::error::body_limit)
    return refuse_and_close({"too_large", "a request body may be at most 1 MiB", {}, {}});
  if (failed == http::error::header_limit || failed == http::error::buffer_overflow)
    return refuse_and_close({"head_too_large", "the header of a request may be at most 16 KiB", {}, {}});
  if (failed && failed.category() == http::make_error_code(http::error::bad_method).category() &&
      failed != http::error::partial_message)
    return refuse_and_close({"bad_request", "the request is not HTTP: " + failed.message(), {"try: alder ping"}, {}});
  if (failed) return close(); // half a request, and the peer is gone
  const auto message = parser_->release();
  keep_alive_ = message.keep_alive();
  const auto request = request_of(message);
  if (request.method == "GET" && !request.value("follow", {}).empty() && !is_follower_) {
    const auto have = os::count_descriptors();
    if (staying_connections >= std::max(least_followers, have.limit / 4))
      return refuse_and_close(too_many_connections(have));
    is_follower_ = true;
    ++staying_connections;
  }
  serve_(request, std::make_shared<session_responder>(shared_from_this(), request.wants_events));
}

} // namespace

std::string api_request::value(const std::string& key, const std::string& otherwise) const {
  const auto found = std::find_if(query.begin(), query.end(), [&](const auto& field) { return field.first == key; });
  return found == query.end() ? otherwise : found->second;
}

std::vector<std::string> api_request::values(const std::string& key) const {
  std::vector<std::string> all;
  for (const auto& [name, value] : query) {
    if (name == key) all.push_back(value);
  }
  return all;
}

void start_session(local::socket socket, open_streams& streams, serve_request serve) {
  std::make_shared<session>(std::move(socket), streams, std::move(serve))->start();
}

} // namespace alder::actors

// What every command has at hand: the parsed command line, the outputs, the daemon's place, and requests whose failures
// are told.
#pragma once

#include "cli/common/client.hpp"
#include "cli/common/daemon_watch.hpp"
#include "cli/common/failure.hpp"
#include "cli/common/invocation.hpp"

#include "runtime/os/paths.hpp"

#include "alder/event.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace alder::cli {

/// Everything a command takes from outside, so that tests can give it.
struct session_setup {
  invocation wanted;
  os::surroundings around;
  os::locations where;
  int out_fd = 1;
  int err_fd = 2;
  look out;
  look err;
  unsigned rows = 0; ///< of the terminal; 0: unknown
};

class session {
public:
  explicit session(session_setup setup);
  session(const session&) = delete;
  session& operator=(const session&) = delete;

  /// A daemon that died is started again by its keeper, within 10 s at the most: waits for that, so that a command does
  /// not take the home for empty meanwhile. One that hangs while it is starting is the keeper's concern. False: there
  /// is none; one that did not come is waited for once.
  bool await_daemon();
  /// The same for those who wait for something else, too: they look again and again.
  class arrival {
  public:
    enum class state : std::uint8_t { there, awaited, in_vain };
    explicit arrival(session& s);
    [[nodiscard]] state look();

  private:
    session& s_;
    std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
    std::chrono::steady_clock::time_point end_;
    std::chrono::steady_clock::time_point next_ask_;
  };

  /// Whether the time of --timeout, which began with the command, is over.
  [[nodiscard]] bool is_late() const;
  /// What is said then.
  [[nodiscard]] failure too_late(std::vector<std::string> help) const;

  [[nodiscard]] const invocation& wanted() const { return setup_.wanted; }
  [[nodiscard]] const session_setup& setup() const { return setup_; }
  [[nodiscard]] const look& out() const { return setup_.out; }
  [[nodiscard]] const look& err() const { return setup_.err; }
  [[nodiscard]] static wall_time now();
  /// As now(), but nobody can set it: for how long something takes.
  [[nodiscard]] static wall_time steady_now();

  /// Writes data to standard output. False: nobody reads it any more, or it cannot be written; then the command ends,
  /// with the code end_code() says.
  bool print(std::string_view text);
  /// The same for standard error.
  bool print_error(std::string_view text);
  /// Writes a remark to standard error, unless --quiet.
  void note(std::string_view text) const;
  /// Tells a failure, as text on standard error, or with --json as an object on standard output. Returns its exit code.
  exit_code fail(const failure& why);

  /// GET; the body of a 200 answer. Everything else is told, and nothing is returned: the command then ends with
  /// end_code().
  [[nodiscard]] std::optional<std::string> get(const std::string& target);
  /// The same without a word: what went wrong is returned. A daemon that lets a request wait is looked after by its
  /// keeper; when that replaces it, the successor is asked what may be asked twice (GET, and what has a key). What
  /// changes something goes only to a daemon that has just answered.
  [[nodiscard]] std::variant<std::string, failure> try_request(const call& what,
                                                               std::chrono::milliseconds deadline = answer_deadline);
  /// Waits for a daemon that answers, so that what comes next reaches one that does not hang. Errors as try_request.
  [[nodiscard]] std::optional<failure> rouse();
  /// Whether the daemon's place is one to talk to.
  [[nodiscard]] std::optional<failure> distrust() const;
  /// Why there was no answer; of a daemon that does not run or hangs its keeper may say more.
  [[nodiscard]] failure explain_no_answer(const error& why) const;
  [[nodiscard]] daemon_watch& watch() { return watch_; }
  /// What is done about a daemon that lets a request wait.
  [[nodiscard]] impatience when_slow();
  /// Reads a body with one of the read_ functions of answers.hpp; tells what is not understood.
  template <class Read> auto understood(const std::string& body, Read read) {
    auto value = read(body);
    using value_type = std::decay_t<decltype(*value)>;
    if (value) return std::optional<value_type>{std::move(*value)};
    (void)fail(explain_garbage(value.failure()));
    return std::optional<value_type>{};
  }

  /// ok, or the code of the last failure; a reader that has gone is no failure.
  [[nodiscard]] exit_code end_code() const { return code_; }

private:
  bool write(int fd, std::string_view text);
  /// Nothing listens, and there is no keeper.
  [[nodiscard]] failure explain_absence() const;
  [[nodiscard]] result<reply> ask(const call& what, std::chrono::milliseconds deadline);
  /// An answer that makes no sense is most often one of another version.
  [[nodiscard]] failure explain_garbage(const error& why) const;

  session_setup setup_;
  daemon_watch watch_;
  client client_;
  wall_time begin_ = steady_now();
  exit_code code_ = exit_code::ok;
  bool has_waited_in_vain_ = false; ///< for a daemon that did not come
};

/// The path of a node in the API: "/v1/services/shop%2Fcache".
[[nodiscard]] std::string service_target(std::string_view name);

} // namespace alder::cli

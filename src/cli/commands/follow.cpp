#include "cli/commands/follow.hpp"

#include "runtime/os/caller.hpp"

#include <chrono>
#include <csignal>

namespace alder::cli {

exit_code code_of_signal(int signal) { return signal == SIGTERM ? exit_code::terminated : exit_code::interrupted; }

exit_code follow_lines(session& s, const std::string& target, const std::function<bool(std::string_view)>& on_line) {
  auto trusted = os::check_private_directory(s.setup().where.run_dir);
  if (!trusted) return s.fail(explain(trusted.failure()));
  stream_loop loop{s.setup().where.socket};
  auto code = exit_code::ok;
  loop.on_signals(/*with_children=*/false, [&](int signal) {
    code = code_of_signal(signal);
    loop.stop();
  });
  // A reader that goes while no line comes would otherwise be noticed only with the next one.
  loop.every(std::chrono::milliseconds{500}, [&] {
    if (os::reader_is_gone(s.setup().out_fd)) loop.stop();
  });
  const auto on_end = [&](const result<reply>& how) {
    if (!how) {
      code = s.fail(s.explain_no_answer(how.failure()));
    } else if (how->status != 200) {
      code = s.fail(explain(read_problem(how->status, how->body)));
    }
  };
  loop.open(
      {.method = "GET", .target = target, .body = {}, .accept = "application/x-ndjson"},
      {.on_line = [&](std::string_view line) { return on_line(line) ? flow::go_on : flow::stop; }, .on_end = on_end});
  loop.run();
  return code == exit_code::ok ? s.end_code() : code;
}

std::string stream_query(const invocation& wanted, std::string_view name_key, unsigned default_tail) {
  const bool is_search = !wanted.since.empty() || !wanted.until.empty() || !wanted.grep.empty() || wanted.previous;
  // What a search finds is shown as a whole.
  auto query = wanted.tail || !is_search ? "?tail=" + std::to_string(wanted.tail.value_or(default_tail)) : "?all=1";
  if (wanted.follow) query += "&follow=1";
  if (!wanted.stream.empty()) query += "&stream=" + wanted.stream;
  for (const auto& word : wanted.words)
    query += "&" + std::string{name_key} + "=" + percent_encoded(word);
  return query;
}

} // namespace alder::cli

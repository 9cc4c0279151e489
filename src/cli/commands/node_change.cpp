#include "cli/commands/node_change.hpp"

#include "cli/commands/change.hpp"
#include "cli/common/answers.hpp"

#include "runtime/base/text.hpp"

#include <algorithm>
#include <cstddef>
#include <variant>

namespace alder::cli {
namespace {

/// Those that are as they were, because the one before them failed or the time is over.
void tell_left(session& s, const std::vector<std::string>& names, std::size_t from, const std::string& done,
               exit_code code) {
  constexpr std::size_t most = 8;
  const auto left = names.size() - from;
  const auto begin = names.begin() + static_cast<std::ptrdiff_t>(from);
  const std::vector<std::string> first(begin, begin + static_cast<std::ptrdiff_t>(std::min(left, most)));
  const auto more = left > most ? " and " + std::to_string(left - most) + " more" : std::string{};
  const bool is_late = code == exit_code::timed_out;
  (void)s.fail({.code = is_late ? code : exit_code::failed,
                .what = join(first, ", ") + more + (left == 1 ? " was" : " were") + " not " + done,
                .help = {is_late ? "the time of --timeout begins with the command"
                                 : "what comes after a failure is left as it is"},
                .diagnostics = {}});
}

/// What is asked of the successor of a daemon that was lost over `target`. A start or restart that was made already is
/// not made again: the generation tells a daemon that does not know our key.
std::string again_target(session& s, const std::string& name, const std::string& target, purpose what) {
  if (s.wanted().no_wait || (what != purpose::start && what != purpose::restart)) return target;
  const auto answer = s.try_request({.method = "GET", .target = service_target(name), .body = {}, .accept = {}});
  const auto* body = std::get_if<std::string>(&answer);
  const auto node = body == nullptr ? result<node_view>{error{}} : read_node(*body);
  if (!node || !node->generation) return {}; // what is wrong is said by the change itself
  return target + (target.find('?') == std::string::npos ? "?seen=" : "&seen=") + std::to_string(*node->generation);
}

} // namespace

exit_code change_each(session& s, const std::vector<std::string>& names,
                      const std::function<change(const std::string&)>& change_of, after_failure then) {
  auto worst = exit_code::ok;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto what = change_of(names[i]);
    const auto code = carry_out(s, what);
    if (worst == exit_code::ok) worst = code;
    if (code == exit_code::interrupted || code == exit_code::terminated || code == exit_code::no_daemon) break;
    if (code == exit_code::ok || (then == after_failure::go_on && code != exit_code::timed_out)) continue;
    if (i + 1 < names.size()) tell_left(s, names, i + 1, what.words.done, code);
    break;
  }
  return worst;
}

exit_code change_nodes(session& s, const std::string& verb, const change_words& words, const std::string& already,
                       purpose what) {
  const auto names = select_nodes(s, s.wanted().words, what);
  if (!names) return s.end_code();
  // Before the next one goes down, the one before has to show that it works, also without a readiness check.
  const bool is_rolling = what == purpose::restart && names->size() > 1;
  const auto change_of = [&](const std::string& name) {
    auto target = service_target(name) + "/" + verb + (is_rolling ? "?until=stable" : "");
    auto again = again_target(s, name, target, what);
    return change{.method = "POST",
                  .target = std::move(target),
                  .body = {},
                  .words = words,
                  .nothing_to_do = name + " " + already,
                  .again = std::move(again)};
  };
  // A restart takes down what works: when one does not come up, the next would not either.
  return change_each(s, *names, change_of, what == purpose::restart ? after_failure::stop : after_failure::go_on);
}

} // namespace alder::cli

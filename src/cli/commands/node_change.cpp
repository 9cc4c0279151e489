#include "cli/commands/node_change.hpp"

#include "cli/commands/change.hpp"

namespace alder::cli {

exit_code change_each(session& s, const std::vector<std::string>& names,
                      const std::function<change(const std::string&)>& change_of) {
  auto worst = exit_code::ok;
  for (const auto& name : names) {
    const auto code = carry_out(s, change_of(name));
    if (worst == exit_code::ok) worst = code;
    if (code == exit_code::interrupted || code == exit_code::terminated || code == exit_code::no_daemon) break;
  }
  return worst;
}

exit_code change_nodes(session& s, const std::string& verb, const change_words& words, const std::string& already,
                       all_means all) {
  const auto names = select_nodes(s, s.wanted().words, all);
  if (!names) return s.end_code();
  return change_each(s, *names, [&](const std::string& name) {
    return change{.method = "POST",
                  .target = service_target(name).append("/").append(verb),
                  .body = {},
                  .words = words,
                  .nothing_to_do = name + " " + already};
  });
}

} // namespace alder::cli

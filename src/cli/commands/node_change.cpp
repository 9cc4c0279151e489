#include "cli/commands/node_change.hpp"

#include "cli/commands/change.hpp"

namespace alder::cli {

exit_code change_nodes(session& s, const std::string& verb, const change_words& words, const std::string& already) {
  auto worst = exit_code::ok;
  for (const auto& name : s.wanted().words) {
    const auto code = carry_out(s, {.method = "POST",
                                    .target = service_target(name).append("/").append(verb),
                                    .body = {},
                                    .words = words,
                                    .nothing_to_do = name + " " + already});
    if (worst == exit_code::ok) worst = code;
    if (code == exit_code::interrupted || code == exit_code::terminated || code == exit_code::no_daemon) break;
  }
  return worst;
}

} // namespace alder::cli

#include "cli/commands/search.hpp"

#include "cli/common/moment.hpp"

#include <string>
#include <utility>

namespace alder::cli {

std::optional<search> read_search(session& s) {
  const auto& wanted = s.wanted();
  search found;
  for (const auto& [text, into] : {std::pair{&wanted.since, &found.since}, std::pair{&wanted.until, &found.until}}) {
    if (text->empty()) continue;
    const auto at = read_moment(*text, session::now());
    if (!at) {
      (void)s.fail({.code = exit_code::usage, .what = at.failure().message, .help = {}, .diagnostics = {}});
      return std::nullopt;
    }
    *into = *at;
  }
  if (wanted.grep.empty()) return found;
  auto compiled = pattern::compile(wanted.grep);
  if (!compiled) {
    (void)s.fail(
        {.code = exit_code::usage,
         .what = "--grep is not a valid regular expression: " + compiled.failure().message,
         .help = {"the syntax is that of RE2; docs/logs.md#regular-expressions lists the differences from grep -E"},
         .diagnostics = {}});
    return std::nullopt;
  }
  found.grep = std::move(*compiled);
  return found;
}

} // namespace alder::cli

// What --since, --until and --grep ask for, of logs and of events.
#pragma once

#include "cli/common/session.hpp"

#include "runtime/base/pattern.hpp"

#include <optional>

namespace alder::cli {

struct search {
  std::optional<wall_time> since;
  std::optional<wall_time> until;
  std::optional<pattern> grep;

  [[nodiscard]] bool any() const { return since || until || grep; }
};

/// From the options of the command line; nothing when one of them cannot be read, which is reported.
[[nodiscard]] std::optional<search> read_search(session& s);

} // namespace alder::cli

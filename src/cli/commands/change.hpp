// Carries out a request that changes something and shows its progress.
#pragma once

#include "cli/common/progress.hpp"
#include "cli/common/session.hpp"

#include <string>

namespace alder::cli {

struct change {
  std::string method;
  std::string target; ///< with a query or without
  std::string body;
  change_words words;
  std::string nothing_to_do; ///< what to say when it was so already
  /// What the successor of a daemon that was lost is asked, with the same key, to have the rest done and to hear how it
  /// ended; a target as above. Empty: nothing, for it must not be asked twice.
  std::string again = {};
  /// Of one that is not asked again: what has become of it.
  std::string when_lost = "the daemon that replaces it continues the operation; see its progress with: alder tree";
};

/// Streams the events of the change, then its result, also when other daemons replace the one that was asked. Ctrl-C
/// and --timeout stop watching, not the change. With --no-wait the change
/// is only handed over.
exit_code carry_out(session& s, const change& what);

} // namespace alder::cli

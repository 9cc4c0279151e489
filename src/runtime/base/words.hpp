// The words for what the system knows: enumerations, signals, exits and causes, as configuration, API and people write
// them.
#pragma once

#include "alder/cause.hpp"
#include "alder/event.hpp"
#include "alder/snapshot.hpp"
#include "alder/spec.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace alder {

[[nodiscard]] std::string_view word(strategy s);
[[nodiscard]] std::string_view word(restart_kind r);
[[nodiscard]] std::string_view word(auto_shutdown a);
[[nodiscard]] std::string_view word(node_state s);
[[nodiscard]] std::string_view word(event_kind k);
[[nodiscard]] std::string_view word(cause::kind k);
[[nodiscard]] std::string_view word(exit_reason::kind k);

/// The value a word stands for. The first four also read back what `word` prints; restart kinds know the synonyms
/// always, on-failure and never.
[[nodiscard]] std::optional<strategy> strategy_named(std::string_view text);
[[nodiscard]] std::optional<restart_kind> restart_named(std::string_view text);
[[nodiscard]] std::optional<auto_shutdown> auto_shutdown_named(std::string_view text);
[[nodiscard]] std::optional<node_state> node_state_named(std::string_view text);
[[nodiscard]] std::optional<event_kind> event_kind_named(std::string_view text);
[[nodiscard]] std::optional<cause::kind> cause_named(std::string_view text);

/// "SIGTERM"; an unnamed one as "signal 35".
[[nodiscard]] std::string signal_name(int signal);
/// From "TERM", "SIGTERM", "term" or "15".
[[nodiscard]] std::optional<int> signal_named(std::string_view text);

/// The resource of setrlimit(2) of a name such as "nofile", and the other way round ("resource 20" for an unknown one).
[[nodiscard]] std::optional<int> resource_named(std::string_view text);
[[nodiscard]] std::string resource_name(int resource);
[[nodiscard]] std::vector<std::string> resource_names();

/// How it ended, for a table: "code 1", "SIGSEGV", "unknown".
[[nodiscard]] std::string brief(const exit_status& status);
/// How it ended, inside a sentence: "exited with code 1", "was killed by SIGSEGV".
[[nodiscard]] std::string phrase(const exit_status& status);

/// Why, as the rest of a sentence: "because sibling cache exited with code 1 (rest_for_one)". Empty for tree_start
/// without an origin.
[[nodiscard]] std::string phrase(const cause& why);

/// The name of an errno for people: "no such file or directory (ENOENT)".
[[nodiscard]] std::string errno_text(int number);

} // namespace alder

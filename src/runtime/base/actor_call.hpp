// An actor of an extension as a configuration names it, with what it is told: `ship port=5514 match='a b'`.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace alder {

struct actor_call {
  std::string name; ///< not empty
  std::map<std::string, std::string> options;
  bool operator==(const actor_call&) const = default;
};

/// Split into words as by a shell; the first is the name, all others are OPTION=VALUE, the last of the same option
/// counting. Nothing when it is something else.
[[nodiscard]] std::optional<actor_call> parse_actor_call(std::string_view text);

} // namespace alder

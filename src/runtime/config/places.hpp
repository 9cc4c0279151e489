// The mappings of a configuration in which keys stand, once: a new mapping is one line here and a row in the key table.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace alder::config {

enum class place : std::uint8_t {
  root,
  supervisor,
  service,
  ready,
  stop,
  backoff,
  intensity,
  health,
  heartbeat,
  limits,
  restart_limit,
  stop_step,
  log,
  env_file,
  schedule,
  watch,
  hooks,
};

struct place_entry {
  place is;
  std::string_view name;   ///< of its table in docs/config.md
  std::string_view phrase; ///< within a sentence: "'stop' has no such key"
};

/// In the order of the enumeration. A key that is in the wrong mapping gets the first of these that has it as a hint.
inline constexpr std::array all_places{
    place_entry{place::root, "the root", "the root"},
    place_entry{place::supervisor, "a supervisor", "a supervisor"},
    place_entry{place::service, "a service", "a service"},
    place_entry{place::ready, "ready", "'ready'"},
    place_entry{place::stop, "stop", "'stop'"},
    place_entry{place::backoff, "backoff", "'backoff'"},
    place_entry{place::intensity, "intensity", "'intensity'"},
    place_entry{place::health, "health", "'health'"},
    place_entry{place::heartbeat, "heartbeat", "'heartbeat'"},
    place_entry{place::limits, "limits", "'limits'"},
    place_entry{place::restart_limit, "restart_limit", "'restart_limit'"},
    place_entry{place::stop_step, "stop.steps", "a stop step"},
    place_entry{place::log, "log", "'log'"},
    place_entry{place::env_file, "env_file", "'env_file'"},
    place_entry{place::schedule, "schedule", "'schedule'"},
    place_entry{place::watch, "watch", "'watch'"},
    place_entry{place::hooks, "hooks", "'hooks'"},
};

/// Some of the places.
class place_set {
public:
  constexpr place_set() = default;
  constexpr place_set(place one) : bits_(std::uint64_t{1} << static_cast<unsigned>(one)) {} // NOLINT: a set of one

  [[nodiscard]] constexpr bool has(place one) const { return (bits_ & place_set{one}.bits_) != 0; }
  [[nodiscard]] constexpr std::size_t size() const { return static_cast<std::size_t>(std::popcount(bits_)); }
  [[nodiscard]] friend constexpr place_set operator|(place_set a, place_set b) {
    a.bits_ |= b.bits_;
    return a;
  }
  bool operator==(const place_set&) const = default;

private:
  std::uint64_t bits_ = 0;
};

[[nodiscard]] constexpr place_set operator|(place a, place b) { return place_set{a} | place_set{b}; }

/// Its line.
[[nodiscard]] constexpr const place_entry& entry_of(place where) {
  return all_places.at(static_cast<std::size_t>(where));
}
[[nodiscard]] constexpr std::string_view phrase(place where) { return entry_of(where).phrase; }

namespace detail {
constexpr bool are_in_order() {
  for (std::size_t i = 0; i < all_places.size(); ++i)
    if (static_cast<std::size_t>(all_places[i].is) != i) return false;
  return true;
}
} // namespace detail
static_assert(detail::are_in_order(), "each place is at the index of its enumerator");
static_assert(all_places.size() <= 64, "a place_set has room for 64");

} // namespace alder::config

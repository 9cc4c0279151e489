// How what a check asks for becomes known. Each kind of check is answered here once, and a new kind does not compile
// before it is.
#pragma once

#include "alder/spec.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace alder {

enum class check_source : std::uint8_t {
  none,   ///< there is nothing to know: it is ready when it runs
  timed,  ///< by the time that passes
  polled, ///< we ask again and again; nothing of the program has to run for that
  told,   ///< the program says it
};
[[nodiscard]] check_source known_by(const check_spec& check);

/// The ways on which a program can say that it is ready.
enum class ready_channel : std::uint8_t { notify, ipc, descriptor, log };
/// The one over which this check is told; none: it is not told.
[[nodiscard]] std::optional<ready_channel> told_over(const check_spec& check);

/// Where a check connects to.
struct check_address {
  std::string host;
  std::uint16_t port = 0;
  bool operator==(const check_address&) const = default;
};
/// None: it does not connect.
[[nodiscard]] std::optional<check_address> address_of(const check_spec& check);

} // namespace alder

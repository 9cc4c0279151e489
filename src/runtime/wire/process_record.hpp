// What the journal says of a process, so that it is found when its keeper is gone too.
#pragma once

#include "alder/cause.hpp"
#include "alder/error.hpp"
#include "alder/node_id.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace alder::wire {

/// Its key in the journal is this with its node id.
inline constexpr std::string_view process_key = "process/";
/// The key of the mark of the keepers under which that is true; the value is the mark in quotes.
inline constexpr std::string_view line_key = "line";

/// A process as it can be found again.
struct noted_process {
  node_id id;
  alder::generation generation = 0;
  int pid = 0;
  std::uint64_t start_ticks = 0; ///< with the pid it names this process and no other
  std::uint64_t out = 0;         ///< inode of the pipe it writes its output to; 0: there is none
  std::uint64_t err = 0;
  std::int64_t started_ms = 0; ///< Unix time in milliseconds
  std::string note;            ///< what the keeper keeps with it
  std::uint64_t secrets = 0;   ///< the fingerprint of the files its secrets were read from; 0: it has none
  bool operator==(const noted_process&) const = default;
};

/// The id comes from the key. Errors (invalid_input): not JSON, or a field is missing or of another type; unknown
/// fields are of a later version, and ignored.
[[nodiscard]] std::string process_value(const noted_process& process);
[[nodiscard]] result<noted_process> parse_process_value(std::string_view text);

} // namespace alder::wire

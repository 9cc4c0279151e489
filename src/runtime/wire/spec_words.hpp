// The words for choices in a specification, in the order of their enumerations.
#pragma once

#include "alder/spec.hpp"

#include <array>
#include <cstddef>
#include <string_view>

namespace alder::wire {

inline constexpr std::array<std::string_view, 3> remedy_words{"restart", "fail", "report"};
inline constexpr std::array<std::string_view, 5> log_target_words{"file", "none", "syslog", "journal", "actor"};
inline constexpr std::array<std::string_view, 2> syslog_words{"rfc3164", "rfc5424"};
inline constexpr std::array<std::string_view, 3> log_show_words{"prefixed", "raw", "none"};
inline constexpr std::array<std::string_view, 3> log_format_words{"raw", "time", "json"};
inline constexpr std::array<std::string_view, 4> log_pressure_words{"drop_newest", "drop_oldest", "block", "spill"};
inline constexpr std::array<std::string_view, 3> log_compression_words{"none", "gzip", "zstd"};
/// By the class in an io_priority.
inline constexpr std::array<std::string_view, 4> io_class_words{"none", "realtime", "best-effort", "idle"};

template <class Choice, std::size_t N>
[[nodiscard]] constexpr std::string_view word_in(const std::array<std::string_view, N>& words, Choice choice) {
  return words.at(static_cast<std::size_t>(choice));
}

} // namespace alder::wire

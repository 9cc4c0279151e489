// How a service is launched and logged, as data: parts of its specification (spec_json.hpp).
#pragma once

#include "runtime/wire/json_value.hpp"

#include "alder/spec.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace alder::wire {

/// Adds `stdin`, `secrets` and `attributes`.
void write_launch(json_value& value, const service_spec& spec);
/// False: something in it is not known here. So below.
[[nodiscard]] bool read_launch(const json_value& value, service_spec& spec);

[[nodiscard]] json_value log_value(const log_spec& log);
[[nodiscard]] bool read_log(const json_value& value, log_spec& log);

/// As `signal_name` writes them, the unnamed ones too.
[[nodiscard]] std::optional<int> signal_of(std::string_view name);
bool take_signal(const json_value& object, const char* key, int& into);

/// A choice by its word; one that is absent stays as it is. False: the word is not known.
template <class Choice, std::size_t N> [[nodiscard]] bool
take_word(const json_value& object, const char* key, const std::array<std::string_view, N>& words, Choice& into) {
  std::string text;
  if (!take(object, key, text)) return true;
  for (std::size_t i = 0; i < N; ++i) {
    if (words[i] != text) continue;
    into = static_cast<Choice>(i);
    return true;
  }
  return false;
}

} // namespace alder::wire

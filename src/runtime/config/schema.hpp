// The one table of configuration keys: the parser, its suggestions, the JSON Schema and docs/config.md are made from
// it.
#pragma once

#include "runtime/base/takes_effect.hpp"
#include "runtime/config/places.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace alder::config {

/// What a value has to look like.
enum class value_kind : std::uint8_t {
  name,
  word, ///< one of `words`
  boolean,
  whole_number, ///< from `low` to `high`
  number,       ///< from `low` to `high`
  share,        ///< "10%" or 0.1
  duration,
  timeout, ///< a duration or "infinity"
  signal,
  octal,
  path,
  input, ///< a path, null or "pipe"
  paths, ///< a path or a list of them
  files, ///< a path, a mapping with the keys of `inner`, or a list of both
  text,
  texts,   ///< a text or a list of them
  words,   ///< one of `words` or a list of them
  limits,  ///< a mapping of resources to limits
  secrets, ///< a mapping of variables to files
  command,
  tcp_address,
  http_url,
  exit_codes,
  signals,
  statuses,
  size,
  processors,
  environment,
  inherit, ///< true, false or a list of names
  children,
  group,          ///< a mapping with the keys of `inner`
  optional_group, ///< such a mapping, or "none"
  groups,         ///< a list of such mappings
};

struct key_entry {
  std::string_view name;
  place_set places;
  value_kind kind;
  takes_effect effect;      ///< when a changed value does
  std::string fallback;     ///< the default, as people write it, or a description of it; empty: none
  std::string help;         ///< one sentence
  std::string_view example; ///< a value, as it is written in YAML
  std::vector<std::string> words{};
  std::string_view noun{}; ///< what the words are: "restart policy"
  long low = 0;
  long high = 0;
  place inner = place::root;
};

/// In the order in which docs/config.md lists them.
[[nodiscard]] const std::vector<key_entry>& key_table();

/// The key of this name at this place, or null.
[[nodiscard]] const key_entry* find_key(place where, std::string_view name);

/// The names of all keys of a place.
[[nodiscard]] std::vector<std::string> key_names(place where);

/// When a changed value of this key of a tree, a supervisor or a service takes effect: its column in the table. Of a
/// name that is none of them: at the next start, which is the safe side.
[[nodiscard]] takes_effect effect_of(std::string_view name);

/// "at once", "next start": for the table of a person.
[[nodiscard]] std::string_view word(takes_effect when);

/// "a duration such as 30s", "true or false": ends "expected …".
[[nodiscard]] std::string_view phrase(value_kind kind);

/// The tables of docs/config.md in Markdown, which a test keeps up to date, by the name of the mapping. Keys that the
/// root, supervisors and services have alike are only in the table "all three". When a key takes effect is in the
/// tables of these; those of the other mappings take effect with their mapping.
[[nodiscard]] std::map<std::string, std::string> key_tables();

} // namespace alder::config

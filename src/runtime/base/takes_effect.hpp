// When a running tree gets the new value of a configuration key: a column of the key table, and what applying a change
// goes by.
#pragma once

#include <cstdint>
#include <string_view>

namespace alder {

enum class takes_effect : std::uint8_t {
  at_once,
  next_start,   ///< of the process; until then it runs with the old value
  names_it,     ///< a node or tree of another name is another one
  with_mapping, ///< when the mapping takes effect in which it stands
};

/// Of a key, by its name: the column of the key table (config::effect_of).
using effect_lookup = takes_effect (*)(std::string_view key);

} // namespace alder

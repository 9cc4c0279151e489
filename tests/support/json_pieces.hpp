// What is written in pieces, as a whole.
#pragma once

#include "runtime/wire/node_pieces.hpp"

#include <string>

namespace alder::test {

inline std::string whole(const wire::json_pieces& pieces) {
  std::string text;
  for (const auto& piece : pieces)
    text += wire::text_of(piece);
  return text;
}

} // namespace alder::test

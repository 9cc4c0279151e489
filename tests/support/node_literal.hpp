// Nodes in tests: "shop/web"_node, shown as that where an expectation fails.
#pragma once

#include "alder/node_id.hpp"

#include <cstddef>
#include <ostream>
#include <string_view>

namespace alder {

inline node_id operator""_node(const char* text, std::size_t size) {
  return node_id::parse(std::string_view{text, size}).value();
}

inline void PrintTo(const node_id& id, std::ostream* out) { *out << id.text(); } // NOLINT: GoogleTest's name

} // namespace alder

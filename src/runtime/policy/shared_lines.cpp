#include "runtime/policy/shared_lines.hpp"

#include <algorithm>

namespace alder::policy {
namespace {

constexpr std::size_t long_line = std::size_t{16} * 1024;

} // namespace

std::size_t shared_portion(const pipe_sight& seen, open_line line) {
  if (line == open_line::foreign) return 0;
  const auto end = seen.bytes.rfind('\n');
  if (end != std::string_view::npos) return end + 1;
  const bool is_begun = line == open_line::own || seen.waiting >= std::min(seen.capacity / 4, long_line);
  return is_begun || seen.is_last ? seen.bytes.size() : 0;
}

} // namespace alder::policy

#include "runtime/base/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace alder {

void assertion_failed(const char* file, int line, const char* condition) {
  (void)std::fprintf(stderr, "alder: bug: %s:%d: %s does not hold\n", file, line, condition);
  std::abort();
}

} // namespace alder

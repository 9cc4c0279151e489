// The check of what must hold, on in release too: a broken assumption is a bug, and the keeper keeps the services.
#pragma once

namespace alder {

/// Prints file, line and condition to stderr and aborts.
[[noreturn]] void assertion_failed(const char* file, int line, const char* condition);

} // namespace alder

#define ALDER_ASSERT(condition)                                                                                        \
  (static_cast<bool>(condition) ? void() : ::alder::assertion_failed(__FILE__, __LINE__, #condition))

// Code that comes into this program while it runs.
#pragma once

#include "alder/error.hpp"

#include <string>

namespace alder::os {

/// Loads the shared library at `path` (absolute), which stays for good, and finds a symbol in it. Its static
/// initialisers run. A library that was loaded before is the same again, whatever became of the file. Errors:
/// not_found (no file), denied, io (it cannot be loaded), invalid_input (it is no regular file, or has no such symbol).
[[nodiscard]] result<const void*> load_symbol(const std::string& path, const std::string& symbol);

} // namespace alder::os

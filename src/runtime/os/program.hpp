// Finds the program a command names and checks a working directory, with errors that say where was looked.
#pragma once

#include "alder/error.hpp"

#include <string>

namespace alder::os {

/// The absolute path of the program `name`: searched in `path_variable` ("/usr/bin:/bin", an empty piece means `cwd`),
/// or, with a slash in it, taken as relative to `cwd`. Errors: not_found ("'foo' was not found in PATH
/// (/usr/bin:/bin)",
/// "'./foo' does not exist in /srv"), denied ("'./foo' exists but is not executable"), invalid_input (empty name,
/// "'/x' is a directory"), io.
[[nodiscard]] result<std::string> find_program(const std::string& name, const std::string& path_variable,
                                               const std::string& cwd);

/// Whether `path` can be a working directory. Errors: not_found, invalid_input (not absolute, not a directory), denied
/// (no permission to enter), io.
[[nodiscard]] outcome check_directory(const std::string& path);

} // namespace alder::os

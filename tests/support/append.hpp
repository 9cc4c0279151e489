// Adds bytes to a file behind the back of whoever owns it.
#pragma once

#include "runtime/os/files.hpp"

#include "alder/error.hpp"

#include <string>
#include <string_view>

namespace alder::test {

/// The file is made when it is missing. Errors: as os::open_for_append and os::write_all.
inline outcome append(const std::string& path, std::string_view bytes) {
  const auto file = os::open_for_append(path);
  return file ? os::write_all(file->get(), bytes) : file.failure();
}

} // namespace alder::test

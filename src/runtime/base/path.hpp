// Paths as text: nothing is looked up.
#pragma once

#include <string>
#include <string_view>

namespace alder {

/// `path`, which starts at `directory` when it is relative, without ".", ".." and doubled slashes. `directory` is
/// absolute.
[[nodiscard]] std::string absolute_path(std::string_view path, std::string_view directory);

} // namespace alder

// Whether files are what they were, without a look into them.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace alder::os {

/// A number that tells these files (paths by name) as they are now from what they were: other files behind the paths,
/// or files that were written to. It says nothing of what is in them. 0: there are none.
[[nodiscard]] std::uint64_t fingerprint_of(const std::map<std::string, std::string>& files);

} // namespace alder::os

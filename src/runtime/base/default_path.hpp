// Where programs are looked for when the environment has no PATH.
#pragma once

namespace alder {

inline constexpr const char* default_path = "/usr/local/bin:/usr/bin:/bin";

} // namespace alder

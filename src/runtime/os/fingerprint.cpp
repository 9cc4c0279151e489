#include "runtime/os/fingerprint.hpp"

#include "runtime/os/files.hpp"

#include <algorithm>
#include <string_view>

namespace alder::os {
namespace {

/// FNV-1a: the same in each version of the daemon, for it is written down.
class digest {
public:
  void add(std::string_view bytes) {
    for (const char c : bytes)
      add_byte(static_cast<unsigned char>(c));
    add_byte(0);
  }
  void add(std::uint64_t number) {
    for (unsigned shift = 0; shift < 64; shift += 8)
      add_byte((number >> shift) & 0xFFU);
  }
  [[nodiscard]] std::uint64_t value() const { return value_; }

private:
  void add_byte(std::uint64_t byte) { value_ = (value_ ^ byte) * 0x100000001B3U; }
  std::uint64_t value_ = 0xCBF29CE484222325U;
};

} // namespace

std::uint64_t fingerprint_of(const std::map<std::string, std::string>& files) {
  if (files.empty()) return 0;
  digest all;
  for (const auto& [name, path] : files) {
    all.add(name);
    all.add(path);
    const auto facts = facts_of(path);
    if (!facts) continue;
    all.add(facts->device);
    all.add(facts->inode);
    all.add(facts->size);
    all.add(static_cast<std::uint64_t>(facts->modified.time_since_epoch().count()));
  }
  return std::max<std::uint64_t>(all.value(), 1);
}

} // namespace alder::os

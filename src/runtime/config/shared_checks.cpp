#include "runtime/config/shared_checks.hpp"

#include "runtime/base/known_by.hpp"

#include <map>
#include <utility>

namespace alder::config {
namespace {

/// Where a check looks; nothing for those that ask the process itself.
std::optional<std::string> place_of(const check_spec& check) {
  if (const auto address = address_of(check)) return address->host + ":" + std::to_string(address->port);
  if (const auto* file = std::get_if<ready_file>(&check)) return "the file " + file->path;
  return std::nullopt;
}

} // namespace

std::optional<std::string> shared_place(const check_spec& a, const check_spec& b) {
  const auto place = place_of(a);
  return place && place == place_of(b) ? place : std::nullopt;
}

std::optional<std::string> shared_check(const supervisor_spec& pool) {
  const service_spec* first = nullptr;
  for (const auto& child : pool.children) {
    const auto* found = std::get_if<service_ptr>(&child);
    if (found == nullptr) continue;
    const auto& service = *found;
    if (first == nullptr)
      first = service.get();
    else if (auto place = shared_place(first->ready.check, service->ready.check))
      return place;
  }
  return std::nullopt;
}

} // namespace alder::config

#include "alder/node_id.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include <fnmatch.h>

namespace alder {
namespace {

constexpr char behind_tree = '/';
constexpr char before_instance = ':';

/// Its name and that of its pool, without the tree and with it.
std::array<std::string, 4> names_of(const node_id& node) {
  auto pool = node.pool();
  return {node.text(), node.name, pool.text(), std::move(pool.name)};
}

} // namespace

std::string node_id::text() const { return prefix(tree) + name; }

std::optional<node_id> node_id::parse(std::string_view text) {
  const auto end = text.find(behind_tree);
  if (end == std::string_view::npos || end + 1 == text.size()) return std::nullopt;
  return node_id{std::string{text.substr(0, end)}, std::string{text.substr(end + 1)}};
}

std::string node_id::prefix(std::string_view tree) { return std::string{tree} + behind_tree; }

node_id node_id::pool() const { return {tree, std::string{pool_of(name)}}; }

bool node_id::is_called(std::string_view words) const {
  const auto names = names_of(*this);
  return std::find(names.begin(), names.end(), words) != names.end();
}

bool node_id::matches(const std::string& pattern) const {
  const auto names = names_of(*this);
  return std::any_of(names.begin(), names.end(),
                     [&](const auto& one) { return ::fnmatch(pattern.c_str(), one.c_str(), 0) == 0; });
}

std::string_view pool_of(std::string_view name) { return name.substr(0, name.find(before_instance)); }

std::optional<unsigned> instance_of(std::string_view name) {
  const auto before = name.rfind(before_instance);
  if (before == std::string_view::npos) return std::nullopt;
  unsigned instance = 0;
  const auto* const end = name.data() + name.size();
  const auto read = std::from_chars(name.data() + before + 1, end, instance);
  return read.ec == std::errc{} && read.ptr == end ? std::optional{instance} : std::nullopt;
}

std::string instance_name(std::string_view pool, unsigned instance) {
  return std::string{pool} + before_instance + std::to_string(instance);
}

} // namespace alder

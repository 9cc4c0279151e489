// Open descriptors by name, as the keeper holds them for an owner: they travel, are kept and are handed on as a whole,
// and only who makes or uses one knows its name.
#pragma once

#include "runtime/base/unique_fd.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace alder {

/// The names of what is held of a process.
namespace holding {
inline constexpr std::string_view pidfd = "pidfd";
inline constexpr std::string_view out = "out";       ///< read end of its standard output
inline constexpr std::string_view err = "err";       ///< read end of its standard error
inline constexpr std::string_view input = "input";   ///< write end of its standard input, or our side of its terminal
inline constexpr std::string_view ipc = "ipc";       ///< our end of its stream socket
inline constexpr std::string_view notify = "notify"; ///< the datagram socket it sends notices to
inline constexpr std::string_view ready = "ready";   ///< read end of the pipe it writes a line to
} // namespace holding

/// In the order in which they were put. None is invalid.
class holdings {
public:
  holdings() = default;
  /// Those that came with a message; when this process had no descriptor left for all, the last are missing.
  holdings(const std::vector<std::string>& names, std::vector<unique_fd> fds) {
    for (std::size_t i = 0; i < names.size() && i < fds.size(); ++i)
      put(names[i], std::move(fds[i]));
  }

  /// Invalid when there is none of this name.
  [[nodiscard]] const unique_fd& operator[](std::string_view name) const {
    static const unique_fd none;
    const auto* found = find(name);
    return found == nullptr ? none : found->second;
  }
  /// In the place of another of this name; an invalid one removes that.
  void put(std::string_view name, unique_fd fd) {
    std::erase_if(all_, [&](const auto& one) { return one.first == name; });
    if (fd) all_.emplace_back(name, std::move(fd));
  }
  /// It is not held any more; invalid when there is none of this name.
  [[nodiscard]] unique_fd take(std::string_view name) {
    auto* found = const_cast<named*>(find(name));
    auto taken = found == nullptr ? unique_fd{} : std::move(found->second);
    put(name, unique_fd{});
    return taken;
  }
  /// Adds all of `more`, behind these.
  void add(holdings more) {
    for (auto& [name, fd] : more.all_)
      put(name, std::move(fd));
  }
  /// Descriptors of our own for the same, as far as there are some left.
  [[nodiscard]] holdings duplicate() const {
    holdings copy;
    for (const auto& [name, fd] : all_)
      copy.put(name, fd.duplicate());
    return copy;
  }

  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& one : all_)
      names.push_back(one.first);
    return names;
  }
  /// In the order of names().
  [[nodiscard]] std::vector<int> numbers() const {
    std::vector<int> numbers;
    for (const auto& one : all_)
      numbers.push_back(one.second.get());
    return numbers;
  }

private:
  using named = std::pair<std::string, unique_fd>;
  [[nodiscard]] const named* find(std::string_view name) const {
    for (const auto& one : all_)
      if (one.first == name) return &one;
    return nullptr;
  }
  std::vector<named> all_;
};

} // namespace alder

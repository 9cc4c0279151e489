// A journal's disk in memory, which can be full, unreadable, or fail at the n-th call.
#pragma once

#include "runtime/store/journal.hpp"

#include "alder/error.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace alder::test {

/// A disk in memory with room for so many bytes; what does not fit is written in part, as the kernel does.
struct disk_state {
  std::string bytes;
  bool is_there = false;
  bool is_readable = true;
  bool can_keep = true;
  std::uint64_t more = 0;        ///< bytes there are beyond those that are read
  std::vector<std::string> kept; ///< what was put aside
  std::size_t room = 1'000'000;
  int replaced = 0;
  int synced = 0;
  int fail_call = 0; ///< the n-th call from now fails, whatever it is; 0: none
};

class fake_disk final : public store::journal_disk {
public:
  explicit fake_disk(disk_state& s) : state_(s) {}
  result<contents> read() override {
    if (!state_.is_readable) return error{error_kind::denied, "permission denied", 13};
    return contents{state_.is_there || !state_.bytes.empty(), state_.bytes, state_.bytes.size() + state_.more};
  }
  result<std::string> keep() override {
    if (!state_.can_keep) return error{error_kind::denied, "read-only file system", 30};
    state_.kept.push_back(state_.bytes);
    return "journal.damaged." + std::to_string(state_.kept.size());
  }
  outcome append(std::string_view bytes) override {
    const auto fits = fails() ? bytes.size() / 2 : std::min(bytes.size(), state_.room - state_.bytes.size());
    state_.bytes += bytes.substr(0, fits);
    return fits == bytes.size() ? success() : full();
  }
  outcome cut(std::size_t size) override {
    if (fails()) return full();
    state_.bytes.resize(std::min(size, state_.bytes.size()));
    return success();
  }
  outcome replace(std::string_view bytes) override {
    if (fails() || bytes.size() > state_.room) return full();
    state_.bytes = bytes;
    state_.is_there = state_.is_readable = true;
    state_.more = 0;
    ++state_.replaced;
    return success();
  }
  outcome sync() override {
    if (fails()) return full();
    ++state_.synced;
    return success();
  }

private:
  static outcome full() { return error{error_kind::io, "no space left on device", 28}; }
  bool fails() { return state_.fail_call > 0 && --state_.fail_call == 0; }
  disk_state& state_;
};

} // namespace alder::test

// The latest process of every service, as the next daemon must know it: how it is found when its keeper is gone too,
// and from which secrets it was started. Loop thread only.
#pragma once

#include "actors/office/archive.hpp"

#include "runtime/store/journal_values.hpp"

#include "alder/cause.hpp"

#include <cstdint>
#include <map>
#include <vector>

namespace alder::actors {

class process_notes {
public:
  /// `in` must outlive it.
  explicit process_notes(archive& in) : archive_(in) {}

  /// Reads those that a former daemon wrote down under a keeper of the same line; others are forgotten. After
  /// archive::open.
  void take_up();
  [[nodiscard]] std::vector<store::noted_process> all() const;
  /// A later process of the node that is noted stays.
  void note(const store::noted_process& told);
  /// It is gone, unless a later process of the node is noted.
  void forget(const node_id& node, generation gen);
  /// Whether its secrets were read from other files than those that are there now, as far as is known. `fingerprint`:
  /// of these; 0: not known.
  [[nodiscard]] bool has_old_secrets(const node_id& node, std::uint64_t fingerprint) const;

private:
  archive& archive_;
  std::map<node_id, store::noted_process> noted_;
};

} // namespace alder::actors

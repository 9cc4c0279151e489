// Requests whose senders may lose their daemon and ask the next one again. Each has a key, which is written down with
// what was asked for, and stays with how it ended: so that it is done once, and everybody hears how.
//
//   the journal has   the daemon                        whoever asks again
//   nothing of it     did not hear of it, or long ago   is served as if for the first time
//   an operation      was in the middle of it           waits until the next daemon has finished it
//   an answer         is done                           is told the same
#pragma once

#include "runtime/store/journal_values.hpp"
#include "runtime/wire/problem_json.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace alder::actors {

class archive;

/// So many answers are kept. Whoever asks again does so as soon as there is a daemon.
inline constexpr std::size_t answers_kept = 64;
inline constexpr std::size_t longest_request_key = 64;

/// A request that was made before.
struct known_request {
  std::uint64_t since = 0; ///< the last event before it
  std::string what;        ///< "start", "stop", "restart", "remove", "up", "down", "apply", "scale"
  std::string tree;
  std::string name;
  std::optional<wire::operation_result> result; ///< none: it is under way
};

/// Nothing: nobody has asked with this key, or it was long ago.
[[nodiscard]] std::optional<known_request> find_request(const archive& journal, const std::string& key);
/// Notes how it ended, with the next write. No-op without a key.
void note_answer(archive& journal, const store::request_mark& asked, const std::string& what, const std::string& tree,
                 const std::string& name, const wire::operation_result& result);

/// What a change of a tree is called there: of one that scales no service, "apply".
[[nodiscard]] std::string word_of_change(const std::string& service);

/// A number as part of a key, so that keys are in the order of their numbers.
[[nodiscard]] std::string in_order(std::uint64_t number);

} // namespace alder::actors

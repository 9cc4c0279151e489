// What the journal says under which key, as JSON.
//
//   tree/NAME              a tree as it was brought up
//   edit/NAME/NUMBER       a child that came to it or went since that was written
//   node/TREE/NAME         what its process does not show: state, since when and why, restarts, last exit, health
//   memory/TREE/NAME       what the successor of a supervisor must know; of its children the last that changed
//   past/TREE/NAME         what its supervisor remembers of a child
//   process/TREE/NAME      the latest process of a service, so that it is found when its keeper is gone too
//   line                   the mark of the keepers under which that is true
//   operation/down/NAME    that tree is being stopped and forgotten
//   operation/change/NAME  that tree is being changed, and what is left to do
//   operation/wait/NUMBER  a change of a tree that waits until another one is done
//   operation/act/NUMBER   what somebody asked for of one node, until it is answered
//   operation/answer/NUMBER  how a request ended that has a key, for whoever asks again
//   operation/shutdown     everything is being stopped
//   interrupted/NAME       that tree was up when everything was stopped
#pragma once

#include "runtime/policy/supervision_memory.hpp"
#include "runtime/store/saved_trees.hpp"
#include "runtime/wire/process_record.hpp"

#include "alder/error.hpp"
#include "alder/snapshot.hpp"

#include <chrono>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace alder::store {

inline constexpr std::string_view tree_key = "tree/";
inline constexpr std::string_view edit_key = "edit/";
inline constexpr std::string_view node_key = "node/";
inline constexpr std::string_view memory_key = "memory/";
inline constexpr std::string_view past_key = "past/"; ///< behind the memories: they count if the end of a write is lost
using wire::line_key;
using wire::process_key;
inline constexpr std::string_view down_key = "operation/down/";
inline constexpr std::string_view change_key = "operation/change/";
inline constexpr std::string_view act_key = "operation/act/"; ///< behind it a number: they are in the order of the keys
inline constexpr std::string_view wait_key = "operation/wait/";     ///< as act_key
inline constexpr std::string_view answer_key = "operation/answer/"; ///< as act_key
inline constexpr std::string_view shutdown_key = "operation/shutdown";
/// Of a tree that was up when the machine or the keeper went down, and has not been started or stopped since.
inline constexpr std::string_view interrupted_key = "interrupted/";

/// How somebody asked for something who may ask again.
struct request_mark {
  std::string key;         ///< he gives the same one again; empty: he does not
  std::uint64_t since = 0; ///< the last event before he asked
  bool operator==(const request_mark&) const = default;
};

/// A change that is being carried out.
struct change_under_way {
  policy::change_options options;
  std::vector<std::string> removed; ///< children that are to be gone at its end
  std::vector<policy::replaced_node> replaced = {};
  std::vector<std::string> down = {}; ///< children that are new where they are, and are not started
  /// The tree it is to become, as a tree_value, while nodes stop that are to be of another kind: until then it is what
  /// it was. Empty: it has become that.
  std::string pending = {};
  std::string service = {}; ///< that is scaled; empty: another version of the configuration is taken up
  request_mark asked = {};
  bool operator==(const change_under_way&) const = default;
};

/// A change that has not begun, because another one of its tree is being carried out.
struct waiting_change {
  std::string tree;
  policy::change_options options = {};
  std::string pending = {}; ///< the tree it is to become, as a tree_value; empty: a service is to be scaled
  std::string service = {};
  unsigned instances = 0;
  bool at_any_price = false; ///< as of who wants it scaled
  request_mark asked = {};
  bool operator==(const waiting_change&) const = default;
};

/// What somebody asked for of one node, until it is answered.
struct act_under_way {
  std::string tree;
  std::string name;
  enum class kind : std::uint8_t { start, stop, restart, remove } what = kind::stop;
  alder::generation seen = 0; ///< of the node when it was asked for
  std::string until = {};     ///< a start or restart is followed so far, in the word for it; empty: until it is up
  request_mark asked = {};
  bool operator==(const act_under_way&) const = default;
};

/// How a request ended that may be asked again.
struct answered_request {
  request_mark asked;
  std::string what; ///< "restart"
  std::string tree;
  std::string name;
  std::string result; ///< JSON, as wire::done_json() writes it
  bool operator==(const answered_request&) const = default;
};

using wire::noted_process;

/// One moment on both clocks. Memories are kept on the monotonic one, which later processes share until the machine is
/// booted again; from then on the wall clock has to do, although it may have been set.
struct both_clocks {
  policy::time_point monotonic;
  wall_time wall;
  std::string boot{}; ///< names this start of the machine; empty: not known
};

/// How the times of a node are meant. They are on a clock that nobody sets, which begins with a boot.
struct node_clock {
  std::string boot{};      ///< names that boot; empty: not known
  wall_time boot_moment{}; ///< on that clock
  milliseconds shift{0};   ///< by which the wall clock is ahead of it
};

/// Each reads what the other writes. Errors (invalid_input): not JSON, or a field is missing or of another type;
/// unknown fields are of a later version, and ignored.
[[nodiscard]] std::string tree_value(const saved_tree& tree);
[[nodiscard]] result<saved_tree> parse_tree_value(std::string_view text);
/// `as`: a child that came before this one from the same source; empty: the source is written.
[[nodiscard]] std::string edit_value(const tree_edit& edit, const std::string& as);
/// `before`: the tree with the edits before this one.
[[nodiscard]] result<tree_edit> parse_edit_value(std::string_view text, const saved_tree& before);
/// What the list of trees says of one: its file. It is kept apart from the journal, so that a journal that has lost a
/// tree does not do so unseen.
[[nodiscard]] std::string listed_tree_value(const std::string& file);
[[nodiscard]] result<std::string> parse_listed_tree_value(std::string_view text);
[[nodiscard]] std::string change_value(const change_under_way& change);
[[nodiscard]] result<change_under_way> parse_change_value(std::string_view text);
[[nodiscard]] std::string wait_value(const waiting_change& change);
[[nodiscard]] result<waiting_change> parse_wait_value(std::string_view text);
[[nodiscard]] std::string_view word(act_under_way::kind what);
[[nodiscard]] std::string act_value(const act_under_way& act);
[[nodiscard]] result<act_under_way> parse_act_value(std::string_view text);
[[nodiscard]] std::string answer_value(const answered_request& answer);
[[nodiscard]] result<answered_request> parse_answer_value(std::string_view text);
/// What is written of a tree that is being taken down.
[[nodiscard]] std::string down_value(const request_mark& asked);
[[nodiscard]] result<request_mark> parse_down_value(std::string_view text);
/// Tree and name come from the key. Restarts, generation, last exit and what is known of its health count, and of a
/// node that is settled state, since and reason. What one that is not settled was comes back as `former`.
[[nodiscard]] std::string node_value(const node_snapshot& node, const node_clock& clock = {});
[[nodiscard]] result<node_snapshot> parse_node_value(std::string_view text, const node_clock& clock = {});
/// With these of its children alone.
[[nodiscard]] std::string memory_value(const policy::supervision_memory& memory, const std::set<std::string>& children,
                                       const both_clocks& now);
[[nodiscard]] result<policy::supervision_memory> parse_memory_value(std::string_view text, const both_clocks& now);
using wire::parse_process_value;
using wire::process_value;

/// What is remembered of one child, and whose it is.
struct past {
  node_id supervisor;
  policy::child_memory child;
};
[[nodiscard]] std::string past_value(const past& of_child, const both_clocks& now);
[[nodiscard]] result<past> parse_past_value(std::string_view text, const both_clocks& now);

} // namespace alder::store

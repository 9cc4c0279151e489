// What the office works on, and how others reach it.
#pragma once

#include "actors/base/messages.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <string>

namespace alder::actors {

class archive;
class event_feed;
class extensions;
class known_trees;
class log_hub;
class process_notes;
struct children_wish;
struct runtime;
struct wish;

/// There is another version of this tree: its holder starts that one from now on. `resumes`: it has been down
/// since this daemon began, and is brought up now as if the daemon began now.
struct tree_replaced {
  std::string tree;
  bool resumes = false;
};

/// `node_call`s are about roots, by the name of their tree.
using forest_actor = child_actor::extend<caf::reacts_to<child_started>, caf::reacts_to<child_ended>,
                                         caf::reacts_to<tree_replaced>, caf::replies_to<node_call>::with<call_outcome>>;

/// Loop thread only; lives as long as the daemon.
struct office_context {
  runtime& shared;
  known_trees& trees;
  archive& journal;
  const process_notes& processes;
  extensions& offered;
  event_feed& events;
  log_hub& logs;
  forest_actor forest = {};                             ///< of all trees
  std::function<void(wish)> submit = {};                ///< to the office; null while there is none
  std::function<void(children_wish)> ask_children = {}; ///< likewise
  std::function<void()> on_trees_stopped = {};          ///< the last wish is done: the daemon may end
  std::function<void()> on_replaced = {}; ///< the office crashed: what it had begun is noted, and to be finished
  bool stopping = false;
  bool was_there = false;                                         ///< an office before this one
  std::map<std::uint64_t, std::function<void()>> unanswered = {}; ///< each says that there will be no answer
  std::uint64_t last_asked = 0;
};

} // namespace alder::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(alder::actors::tree_replaced)

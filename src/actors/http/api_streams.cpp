#include "actors/http/api_streams.hpp"

#include "actors/base/event_feed.hpp"
#include "actors/base/runtime.hpp"
#include "actors/http/api_context.hpp"
#include "actors/http/api_exchange.hpp"
#include "actors/office/wishes.hpp"

#include "runtime/base/words.hpp"
#include "runtime/wire/event_json.hpp"

#include <algorithm>

namespace alder::actors {
namespace {

using loss = api_stream::loss;

constexpr unsigned deepest = 64; // that trees are

void push_event(api_stream& out, const event& e, loss may_be_lost) {
  out.push(std::string{word(e.kind)}, std::to_string(e.seq), wire::event_json(e), may_be_lost);
}

/// Whose events people want to see who want this done: others in the tree may have some of their own at the same time.
node_filter concerned_by(const decltype(wish::what)& what, const std::string& tree) {
  node_filter about;
  const auto note = [&](const std::string& name) {
    if (name == tree)
      about.trees.insert(tree);
    else
      about.nodes.insert({tree, name});
  };
  if (const auto* act = std::get_if<act_on_node>(&what))
    note(act->name);
  else if (const auto* scale = std::get_if<scale_service>(&what))
    note(scale->name);
  else if (const auto* add = std::get_if<add_children>(&what))
    note(add->supervisor);
  else if (!tree.empty())
    about.trees.insert(tree);
  return about;
}

} // namespace

bool is_pattern(const std::string& name) { return name.find_first_of("*?[") != std::string::npos; }

bool node_filter::covers(const board& known, const std::string& tree, const std::string& name) {
  if ((trees.empty() && nodes.empty() && patterns.empty()) || trees.count(tree) > 0) return true;
  const node_id id{tree, name};
  if (std::any_of(patterns.begin(), patterns.end(), [&](const auto& one) { return id.matches(one); })) return true;
  auto current = name;
  for (unsigned depth = 0; depth <= deepest && !current.empty(); ++depth) {
    if (nodes.count({tree, current}) > 0) {
      nodes.insert(id);
      return true;
    }
    const auto node = known.find(tree, current);
    // Of an instance that is gone its name tells the pool.
    const std::string pool{pool_of(current)};
    current = node ? node->parent : pool == current ? std::string{} : pool;
  }
  return false;
}

void stream_events(const event_query& query, const std::shared_ptr<api_stream>& out, api_context& context) {
  auto about = query.about;
  std::vector<event_ptr> past;
  const auto since = query.since ? context.events.known_before(*query.since) : event_feed::place{};
  for (const auto& e : context.events.after(since.seq, event_feed::kept)) {
    if (about.covers(context.shared.nodes, e->tree, e->name)) past.push_back(e);
  }
  if (since.missed > 0) out->push("gap", {}, wire::event_gap_json({since.missed}), loss::never);
  const auto skipped = past.size() > query.tail ? past.size() - query.tail : 0;
  for (auto i = skipped; i < past.size(); ++i)
    push_event(*out, *past[i], loss::never);
  if (!query.follow) return out->end();
  const auto id = context.events.follow([out, about, &context](const event_ptr& e) mutable {
    if (about.covers(context.shared.nodes, e->tree, e->name)) push_event(*out, *e, loss::allowed);
  });
  const auto ending = context.streams.add([out] { out->end(); });
  out->on_closed = [id, ending, &context] {
    context.events.unfollow(id);
    context.streams.remove(ending);
  };
}

void stream_wish(wish wanted, const std::string& tree, const std::shared_ptr<api_stream>& out, api_context& context,
                 std::optional<std::uint64_t> since) {
  auto tell = [out, tree, about = concerned_by(wanted.what, tree), &context](const event_ptr& e,
                                                                             loss may_be_lost) mutable {
    const bool is_of_tree = e->name.empty() && e->tree == tree;
    if (is_of_tree || about.covers(context.shared.nodes, e->tree, e->name)) push_event(*out, *e, may_be_lost);
  };
  if (since) {
    for (const auto& e : context.events.after(context.events.known_before(*since).seq, event_feed::kept))
      tell(e, loss::never);
  }
  const auto id =
      context.events.follow([tell = std::move(tell)](const event_ptr& e) mutable { tell(e, loss::allowed); });
  const auto is_closed = std::make_shared<bool>(false);
  out->on_closed = [id, is_closed, &context] {
    *is_closed = true;
    context.events.unfollow(id);
  };
  wanted.done = [out, is_closed, untold = std::move(wanted.done)](const wire::operation_result& result) {
    if (*is_closed) return untold(result);
    out->push("done", {}, wire::done_json(result), loss::never);
    out->end();
  };
  context.submit(std::move(wanted));
}

} // namespace alder::actors

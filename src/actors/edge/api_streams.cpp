#include "actors/edge/api_streams.hpp"

#include "runtime/base/words.hpp"

namespace alder::actors {
namespace {

using loss = api_stream::loss;

void push_event(api_stream& out, const event& e, loss may_be_lost) {
  out.push(std::string{word(e.kind)}, std::to_string(e.seq), wire::event_json(e), may_be_lost);
}

} // namespace

void stream_events(const event_query& query, const std::shared_ptr<api_stream>& out, api_context& context) {
  std::vector<event_ptr> past;
  for (const auto& e : context.events.after(query.since, event_feed::kept)) {
    if (query.about.covers(e->tree, e->name)) past.push_back(e);
  }
  const auto skipped = past.size() > query.tail ? past.size() - query.tail : 0;
  for (auto i = skipped; i < past.size(); ++i)
    push_event(*out, *past[i], loss::never);
  if (!query.follow) return out->end();
  const auto id = context.events.follow([out, about = query.about](const event_ptr& e) {
    if (about.covers(e->tree, e->name)) push_event(*out, *e, loss::allowed);
  });
  out->on_closed = [id, &context] { context.events.unfollow(id); };
}

void stream_wish(decltype(wish::what) what, const std::string& tree, const std::shared_ptr<api_stream>& out,
                 api_context& context) {
  const auto id = context.events.follow([out, tree](const event_ptr& e) {
    if (tree.empty() || e->tree == tree) push_event(*out, *e, loss::allowed);
  });
  out->on_closed = [id, &context] { context.events.unfollow(id); };
  context.submit({std::move(what), [out](const wire::operation_result& result) {
                    out->push("done", {}, wire::done_json(result), loss::never);
                    out->end();
                  }});
}

} // namespace alder::actors

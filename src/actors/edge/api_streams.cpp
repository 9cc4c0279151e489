#include "actors/edge/api_streams.hpp"

#include "runtime/base/words.hpp"
#include "runtime/store/log_reader.hpp"

#include <map>

namespace alder::actors {
namespace {

wall_time to_wall(os::file_time at) { return std::chrono::time_point_cast<std::chrono::milliseconds>(at); }

using loss = api_stream::loss;

void push_event(api_stream& out, const event& e, loss may_be_lost) {
  out.push(std::string{word(e.kind)}, std::to_string(e.seq), wire::event_json(e), may_be_lost);
}

/// Follows the output of many services, also of those that appear later. What a reader is too slow for stays in the
/// files.
class log_follower : public std::enable_shared_from_this<log_follower> {
public:
  log_follower(log_query query, std::shared_ptr<api_stream> out, api_context& context)
      : query_(std::move(query)), out_(std::move(out)), context_(context) {}

  void start() {
    std::vector<std::vector<store::log_entry>> past;
    std::vector<source*> origins;
    for (const auto& [tree, known] : context_.trees.trees()) {
      for (const auto& node : context_.shared.nodes.in_order(tree))
        add_node(*node);
    }
    for (auto& [id, service] : services_) {
      for (auto& from : service.sources) {
        auto lines =
            from.reader.tail(query_.tail, query_.follow ? store::unfinished_line::hold : store::unfinished_line::show);
        past.push_back(lines ? std::move(*lines) : std::vector<store::log_entry>{});
        origins.push_back(&from);
      }
    }
    for (const auto& merged : store::merge_by_time(std::move(past), query_.tail))
      push(*origins[merged.stream], merged.entry);
    if (!query_.follow) return out_->end();
    auto self = shared_from_this();
    out_->on_closed = [self] { self->stop(); };
    out_->on_drained = [self] { self->read_all(); };
    follower_ = context_.events.follow([self](const event_ptr& e) { self->on_event(*e); });
    for (auto& [id, service] : services_)
      watch(id);
  }

private:
  struct source {
    node_id node;
    bool err;
    store::log_reader reader;
  };
  struct service_sources {
    std::vector<source> sources;
    log_hub::follower_id watching = 0;
  };

  bool add_node(const node_snapshot& node) {
    const auto id = id_of(node.tree, node.name);
    if (node.what != node_snapshot::kind::service || services_.count(id) > 0 ||
        !query_.about.covers(node.tree, node.name))
      return false;
    const auto files = context_.logs.files_of(id);
    auto& service = services_[id];
    if (query_.out) service.sources.push_back({id, false, store::log_reader{files.out}});
    if (query_.err) service.sources.push_back({id, true, store::log_reader{files.err}});
    return true;
  }

  void on_event(const event& e) {
    const auto node = context_.shared.nodes.find(e.tree, e.name);
    if (!node || !add_node(*node)) return;
    read(id_of(e.tree, e.name));
  }

  void watch(const node_id& id) {
    auto& service = services_[id];
    std::uint64_t out_seen = 0;
    std::uint64_t err_seen = 0;
    for (const auto& from : service.sources)
      (from.err ? err_seen : out_seen) = from.reader.position();
    auto self = shared_from_this();
    service.watching = context_.logs.watch(id, out_seen, err_seen, [self, id] { self->read(id); });
  }

  void read_all() {
    const auto pending = std::exchange(behind_, {});
    for (const auto& id : pending)
      read(id);
  }

  void read(const node_id& id) {
    if (stopped_) return;
    if (out_->waiting() > api_stream::most_waiting / 2) { // goes on when the reader has caught up
      behind_.insert(id);
      return;
    }
    bool more = false;
    for (auto& from : services_[id].sources) {
      auto lines = from.reader.read_new();
      if (!lines) continue; // the file is not readable now; the next growth tries again
      for (const auto& line : *lines)
        push(from, line);
      more = more || from.reader.has_more();
    }
    if (more) {
      behind_.insert(id);
    } else {
      watch(id);
    }
  }

  void push(const source& from, const store::log_entry& entry) {
    const auto slash = from.node.find('/');
    out_->push("log", {},
               wire::log_line_json({to_wall(entry.at), from.node.substr(0, slash), from.node.substr(slash + 1),
                                    from.err ? "err" : "out", entry.text, entry.partial}),
               loss::never);
  }

  void stop() {
    stopped_ = true;
    context_.events.unfollow(follower_);
    for (const auto& [id, service] : services_)
      context_.logs.unwatch(service.watching);
    out_->on_drained = nullptr;
    services_.clear();
  }

  log_query query_;
  std::shared_ptr<api_stream> out_;
  api_context& context_;
  std::map<node_id, service_sources> services_;
  std::set<node_id> behind_;
  event_feed::follower_id follower_ = 0;
  bool stopped_ = false;
};

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

void stream_logs(const log_query& query, const std::shared_ptr<api_stream>& out, api_context& context) {
  std::make_shared<log_follower>(query, out, context)->start();
}

std::vector<wire::log_line> last_log_lines(const std::string& tree, const std::string& service, std::size_t lines,
                                           api_context& context) {
  const auto files = context.logs.files_of(id_of(tree, service));
  std::vector<std::vector<store::log_entry>> both;
  for (const auto& file : {files.out, files.err}) {
    auto found = store::log_reader{file}.tail(lines, store::unfinished_line::show);
    both.push_back(found ? std::move(*found) : std::vector<store::log_entry>{});
  }
  std::vector<wire::log_line> last;
  for (const auto& merged : store::merge_by_time(std::move(both), lines)) {
    last.push_back({to_wall(merged.entry.at), tree, service, merged.stream == 0 ? "out" : "err", merged.entry.text,
                    merged.entry.partial});
  }
  return last;
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

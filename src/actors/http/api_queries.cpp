// Requests that look: what there is.
#include "actors/base/runtime.hpp"
#include "actors/host/keeper_host.hpp"
#include "actors/http/api_context.hpp"
#include "actors/http/api_handlers.hpp"
#include "actors/logs/log_hub.hpp"
#include "actors/office/archive.hpp"
#include "actors/office/trees.hpp"
#include "actors/office/wishes.hpp"

#include "runtime/base/words.hpp"
#include "runtime/os/caller.hpp"
#include "runtime/os/proc.hpp"
#include "runtime/wire/change_json.hpp"
#include "runtime/wire/daemon_json.hpp"
#include "runtime/wire/node_pieces.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <functional>
#include <map>

namespace alder::actors {
namespace {

constexpr std::size_t described_events = 10;
constexpr std::size_t described_lines = 10;

/// A service that is down because a supervisor above it waits for its next attempt comes up with that.
node_ptr with_next_attempt(const node_ptr& node, const board& nodes) {
  if (!node || node->pid > 0 || !node->service || !node->service->autostart || node->service->waits_for_schedule())
    return node;
  if (node->state != node_state::stopped && node->state != node_state::failed) return node;
  for (auto above = node; above && !above->parent.empty();) {
    above = nodes.find(node->tree, above->parent);
    if (!above || above->state != node_state::backoff || !above->next_attempt) continue;
    auto waiting = std::make_shared<node_snapshot>(*node);
    waiting->next_attempt = above->next_attempt;
    return waiting;
  }
  return node;
}

/// A copy of the board's nodes as they are at this moment: budgets of supervisors change with time alone.
class nodes_now {
public:
  explicit nodes_now(const api_context& context)
      : context_(context), now_(context.shared.steady_now()), shift_(context.shared.clock_shift()) {}

  const node_snapshot* find(const std::string& tree, const std::string& name) {
    const auto published = context_.shared.nodes.find(tree, name);
    if (!published || published->what != node_snapshot::kind::supervisor)
      return keep(with_next_attempt(published, context_.shared.nodes));
    auto current = std::make_shared<node_snapshot>(*published);
    current->children = context_.shared.nodes.children_of(tree, name);
    current->restarts_used = 0;
    for (const auto at : current->counted) {
      if (now_ - at > current->intensity.within) break;
      ++current->restarts_used;
      current->oldest_expires = current->intensity.within - (now_ - at);
    }
    return keep(current);
  }
  wire::nested_tree nested(const std::string& tree, const std::string& name) {
    return {find(tree, name), [this, tree](const std::string& child) { return find(tree, child); }};
  }
  /// All that were found.
  std::vector<node_ptr> take() { return std::move(kept_); }

private:
  const node_snapshot* keep(const node_ptr& node) {
    if (!node) return nullptr;
    kept_.push_back(shown(node, shift_));
    return kept_.back().get();
  }

  const api_context& context_;
  wall_time now_; ///< as the times on the board
  milliseconds shift_;
  std::vector<node_ptr> kept_;
};

/// Answers with these pieces, written in turns of the loop, because thousands take longer than others should wait.
/// `nodes`: those that they are about.
class answer_in_writing : public std::enable_shared_from_this<answer_in_writing> {
public:
  /// Gets the whole text before it is sent.
  using on_written = std::function<void(const std::string& text)>;

  answer_in_writing(wire::json_pieces&& pieces, std::vector<node_ptr>&& nodes, responder out,
                    boost::asio::steady_timer::executor_type loop, on_written done)
      : pieces_(std::move(pieces)), nodes_(std::move(nodes)), out_(std::move(out)), loop_(std::move(loop)),
        done_(std::move(done)) {}

  void write() {
    for (std::size_t i = 0; i < pieces_at_once && next_ < pieces_.size(); ++i)
      text_ += text_of(pieces_[next_++]);
    if (next_ < pieces_.size()) return boost::asio::post(loop_, [self = shared_from_this()] { self->write(); });
    if (done_) done_(text_);
    out_->answer(200, std::move(text_));
  }

private:
  static constexpr std::size_t pieces_at_once = 64;

  wire::json_pieces pieces_;
  std::vector<node_ptr> nodes_;
  responder out_;
  boost::asio::steady_timer::executor_type loop_;
  on_written done_;
  std::string text_;
  std::size_t next_ = 0;
};

void answer_in_turns(wire::json_pieces&& pieces, std::vector<node_ptr>&& nodes, const responder& out,
                     api_context& context, answer_in_writing::on_written done = {}) {
  std::make_shared<answer_in_writing>(std::move(pieces), std::move(nodes), out, context.journal.executor(),
                                      std::move(done))
      ->write();
}

void get_ping(const api_request&, const responder& out, api_context&) {
  out->answer(200, wire::ping_json({ALDER_VERSION, os::process_id()}));
}

void get_info(const api_request&, const responder& out, api_context& context) {
  wire::daemon_info info;
  info.version = ALDER_VERSION;
  info.pid = os::process_id();
  info.keeper_pid = context.host.keeper().keeper_pid();
  info.started_at = context.started_at + context.shared.clock_shift();
  info.uptime = context.shared.steady_now() - context.started_at;
  info.epoch = context.host.keeper().epoch();
  info.socket = context.home.socket;
  info.state_dir = context.home.state_dir;
  info.log_dir = context.home.log_dir;
  info.trees = context.trees.trees().size();
  if (context.notices) info.notices = context.notices();
  for (const auto& [name, tree] : context.trees.trees()) {
    for (const auto& node : context.shared.nodes.in_order(name)) {
      if (node->what == node_snapshot::kind::service) ++info.counts[std::string{word(node->state)}];
    }
  }
  out->answer(200, wire::info_json(info));
}

void get_tree(const api_request& request, const responder& out, api_context& context) {
  nodes_now now(context);
  std::vector<wire::nested_tree> trees;
  for (const auto& [name, tree] : context.trees.trees()) {
    if (auto nested = now.nested(name, name); nested.root != nullptr) trees.push_back(std::move(nested));
  }
  const auto daemon = now.nested("", "alderd");
  auto pieces = wire::trees_pieces(trees, is_set(request, "all") && daemon.root != nullptr ? &daemon : nullptr);
  answer_in_turns(std::move(pieces), now.take(), out, context);
}

/// Gives `then` copies of these nodes with what they use at this moment.
void with_usage(std::vector<node_ptr> nodes, bool exact, api_context& context,
                std::function<void(const std::vector<node_ptr>&)> then) {
  std::vector<node_id> ids;
  for (const auto& node : nodes)
    ids.push_back(node->id());
  context.host.look_at(
      std::move(ids), exact, [&context] { return context.shared.steady_now(); },
      [nodes = std::move(nodes), then = std::move(then)](const auto& usage) mutable {
        for (auto& node : nodes) {
          const auto used = usage.find(node->id());
          if (used == usage.end()) continue;
          auto copy = std::make_shared<node_snapshot>(*node);
          copy->usage = used->second;
          node = std::move(copy);
        }
        then(nodes);
      });
}

void answer_services(std::vector<node_ptr> nodes, const kept_answer::question& asked, const responder& out,
                     api_context& context) {
  std::vector<const node_snapshot*> services;
  for (const auto& node : nodes)
    services.push_back(node.get());
  auto pieces = wire::services_pieces(services, asked.notices);
  answer_in_turns(std::move(pieces), std::move(nodes), out, context, [asked, &context](const std::string& text) {
    context.services.keep(asked, context.shared.steady_now(), text);
  });
}

/// Whether a pattern matches the name of a service, or of a supervisor that it is below.
bool is_listed(const node_snapshot& service, const std::string& glob, const board& known) {
  if (service.id().matches(glob) || service.id().root().matches(glob)) return true;
  for (auto above = known.find(service.tree, service.parent); above; above = known.find(service.tree, above->parent))
    if (above->id().matches(glob)) return true;
  return false;
}

void get_services(const api_request& request, const responder& out, api_context& context) {
  const kept_answer::question asked{request.query, context.notices ? context.notices() : std::vector<std::string>{},
                                    context.shared.nodes.version()};
  const auto usage = request.value("usage", "0");
  const auto* kept_text = usage == "exact" ? nullptr : context.services.find(asked, context.shared.steady_now());
  if (kept_text != nullptr) return out->answer(200, *kept_text);
  const auto glob = request.value("name", "*");
  node_filter about;
  if (const auto wrong = read_filter(request, "service", context, about)) return out->refuse(*wrong);
  std::vector<node_ptr> kept;
  const auto shift = context.shared.clock_shift();
  for (const auto& node : services_of(about, context))
    if (is_listed(*node, glob, context.shared.nodes))
      kept.push_back(shown(with_next_attempt(node, context.shared.nodes), shift));
  if (usage == "0") return answer_services(std::move(kept), asked, out, context);
  with_usage(std::move(kept), usage == "exact", context,
             [asked, out, &context](const auto& nodes) { answer_services(nodes, asked, out, context); });
}

wire::node_detail detail_of(const node_ptr& found, nodes_now& now, api_context& context) {
  const auto& node = *found;
  wire::node_detail detail;
  for (auto current = found; current;
       current = current->parent.empty() ? nullptr : context.shared.nodes.find(node.tree, current->parent))
    detail.path.insert(detail.path.begin(), current->name);
  if (const auto* supervisor = now.find(node.tree, node.parent)) {
    detail.strategy = word(supervisor->strategy);
    detail.intensity = wire::intensity_of(*supervisor);
  }
  if (const auto* tree = context.trees.find(node.tree))
    for (const auto& left : tree->source.left)
      if (left.name == node.name && !left.added && policy::is_left(left, found)) detail.pending = left.details;
  if (node.what == node_snapshot::kind::service) {
    detail.service = node.service;
    for (const int pid : context.host.processes_of(node.id())) {
      if (const auto facts = os::read_stat(pid))
        detail.processes.push_back({pid, facts->parent, os::command_line(pid)});
    }
    if (node.service->log.to != log_target::none && node.service->log.to != log_target::actor) {
      const auto files = context.logs.files_of(node.id());
      detail.log_out = files.out;
      detail.log_err = files.err;
    }
    const auto tally = context.logs.tally_of(node.id());
    detail.logged = {tally.out.bytes_written + tally.err.bytes_written, tally.out.bytes_lost + tally.err.bytes_lost,
                     tally.out.lines_lost + tally.err.lines_lost, tally.out.rotations + tally.err.rotations,
                     tally.out.spilled + tally.err.spilled};
    detail.log = last_log_lines(node.tree, node.name, described_lines, context);
  }
  for (const auto& e : context.events.after(0, event_feed::kept)) {
    if (e->tree == node.tree && e->name == node.name) detail.events.push_back(wire::view_of(*e));
  }
  if (detail.events.size() > described_events)
    detail.events.erase(detail.events.begin(), detail.events.end() - static_cast<std::ptrdiff_t>(described_events));
  return detail;
}

/// `shown`: the node, as it is to be shown.
void answer_service(const node_ptr& shown, const responder& out, api_context& context) {
  nodes_now now(context);
  const auto detail = detail_of(shown, now, context);
  auto nested = now.nested(shown->tree, shown->name);
  if (shown->what == node_snapshot::kind::service) nested.root = shown.get();
  auto nodes = now.take();
  nodes.push_back(shown);
  answer_in_turns(wire::detail_pieces(nested, detail), std::move(nodes), out, context);
}

void get_service(const api_request& request, const responder& out, api_context& context) {
  const auto found = find_one(request.path[2], context);
  if (!found.node) return out->refuse(found.problem);
  if (found.node->what != node_snapshot::kind::service)
    return answer_service(shown(found.node, context.shared.clock_shift()), out, context);
  const auto node = with_next_attempt(found.node, context.shared.nodes);
  with_usage({shown(node, context.shared.clock_shift())}, /*exact=*/true, context,
             [out, &context](const auto& nodes) { answer_service(nodes.front(), out, context); });
}

void get_config(const api_request&, const responder& out, api_context& context) {
  std::vector<wire::tree_config> all;
  for (const auto& [name, tree] : context.trees.trees())
    all.push_back({name, tree.source.file, tree.source.text, tree.source.up_since});
  out->answer(200, wire::configs_json(all));
}

void get_children(const api_request& request, const responder& out, api_context& context) {
  const auto supervisor = find_supervisor(request, out, context);
  if (!supervisor) return;
  if (!context.ask_children) return out->refuse({"stopping", "the daemon is starting or stopping", {"try again"}, {}});
  context.ask_children(
      {supervisor->id(), [out, pool = supervisor->pool, name = supervisor->name](const children_answer* answer) {
         if (answer == nullptr) return out->refuse({"conflict", "the supervisor '" + name + "' is down", {}, {}});
         std::vector<wire::child_entry> children;
         for (const auto& child : answer->children) {
           const auto& rules = child.state.rules;
           using phase = policy::child_state::phase;
           children.push_back({rules.id, rules.supervisor ? "supervisor" : "worker",
                               child.state.what == phase::running      ? "running"
                               : child.state.what == phase::restarting ? "restarting"
                                                                       : "stopped",
                               std::string{word(rules.restart)}, rules.significant, child.alive});
         }
         out->answer(200, wire::children_json(children, pool));
       }});
}

} // namespace

const std::vector<route_entry>& query_routes() {
  static const std::vector<route_entry> table{
      {"GET", {"_ping"}, get_ping},
      {"GET", {"v1", "info"}, get_info},
      {"GET", {"v1", "tree"}, get_tree},
      {"GET", {"v1", "services"}, get_services},
      {"GET", {"v1", "services", "*"}, get_service},
      {"GET", {"v1", "supervisors", "*", "children"}, get_children},
      {"GET", {"v1", "config"}, get_config},
  };
  return table;
}

} // namespace alder::actors

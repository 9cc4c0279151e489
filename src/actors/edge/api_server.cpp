#include "actors/edge/api_server.hpp"

#include "actors/base/part.hpp"
#include "actors/edge/api_session.hpp"

#include "runtime/base/overloaded.hpp"
#include "runtime/os/local_socket.hpp"

#include <boost/asio/post.hpp>

namespace alder::actors {
namespace {

using local = boost::asio::local::stream_protocol;
using boost::system::error_code;

constexpr unsigned unprocessable = 422;
constexpr unsigned conflicting = 409;
constexpr unsigned not_found = 404;
constexpr unsigned unavailable = 503;

wire::operation_result went_well(bool changed) { return {changed, std::nullopt}; }

wire::operation_result went_wrong(unsigned status, std::string code, std::string detail,
                                  std::vector<std::string> help = {}) {
  return {false, wire::problem{status, std::move(code), std::move(detail), std::move(help), {}}};
}

wire::operation_result result_of(const call_outcome& outcome) {
  if (outcome.ok()) return went_well(outcome.changed);
  const bool gone = outcome.failure.kind == error_kind::unavailable || outcome.failure.kind == error_kind::not_found;
  if (gone) return went_wrong(conflicting, "conflict", outcome.failure.message, {"look at it with: alder tree"});
  return went_wrong(unprocessable, "start_failed", outcome.failure.message);
}

bool is_up(const node_ptr& root) {
  return root && (root->state == node_state::running || root->state == node_state::starting ||
                  root->state == node_state::backoff);
}

} // namespace

api_server::api_server(caf::actor_config& config, boost::asio::io_context& loop, api_context& context,
                       parent_actor parent)
    : actor_base(config), loop_(loop), context_(context), parent_(std::move(parent)) {}

api_server::behavior_type api_server::make_behavior() {
  return {
      [this](const start_order& order) { on_start(order); },
      [](const abort_order&) {},
      [this](const stop_order&) {
        send(parent_, part_ended("api", generation_));
        quit();
      },
      [this](const wish& w) { on_wish(w); },
  };
}

void api_server::on_exit() {
  error_code ignored; // it is given up either way
  if (acceptor_) acceptor_->close(ignored);
  context_.submit = nullptr;
  parent_ = nullptr;
}

void api_server::on_start(const start_order& order) {
  generation_ = order.generation;
  auto listening = os::listen_on(loop_, context_.home.socket);
  if (!listening) {
    send(parent_, child_started{{"api", generation_, policy::start_result::how::failed, listening.failure().message}});
    quit();
    return;
  }
  acceptor_ = std::make_shared<local::acceptor>(std::move(*listening));
  context_.submit = [me = self()](wish w) { caf::anon_send(me, std::move(w)); };
  accept();
  send(parent_, part_started("api", generation_));
}

void api_server::accept() {
  acceptor_->async_accept([this, acceptor = acceptor_, alive = caf::actor_cast<caf::strong_actor_ptr>(self())](
                              const error_code& failed, local::socket socket) {
    if (!acceptor->is_open()) return;
    if (!failed) start_session(std::move(socket), context_);
    accept();
  });
}

// -- wishes

void api_server::on_wish(const wish& w) {
  // What was changed must be on disk before anybody is told that it is done.
  const auto tell = [this, done = w.done](const wire::operation_result& result) {
    const auto saved = context_.trees.save();
    if (!saved) announce(event_kind::warning, {}, "the list of trees could not be saved: " + saved.failure().message);
    if (done) done(result);
  };
  if (context_.stopping) return tell(went_wrong(unavailable, "stopping", "the daemon is going down"));
  std::visit([&](const auto& what) { carry_out(what, tell); }, w.what);
}

void api_server::call(const supervisor_actor& whom, node_call what,
                      const std::function<void(const call_outcome&)>& then) {
  request(whom, caf::infinite, std::move(what))
      .then([then](const call_outcome& outcome) { then(outcome); },
            [then](caf::error&) {
              then({false, {error_kind::unavailable, "its supervisor ended meanwhile"}});
            });
}

void api_server::carry_out(const bring_up& up, const done& tell) {
  auto loaded = read_configuration(up.source.file, up.source.text, up.source.environment);
  if (!loaded.tree) {
    auto result =
        went_wrong(unprocessable, "invalid_config", "the configuration has mistakes; nothing was started or changed");
    result.failure->diagnostics = diagnostic_entries(loaded.diagnostics);
    return tell(result);
  }
  known_tree tree{
      {loaded.tree->root.name, up.source.file, up.source.text, up.source.environment, context_.shared.wall_now(), {}},
      std::make_shared<const supervisor_spec>(std::move(loaded.tree->root))};
  const auto name = tree.source.name; // a copy: the tree moves on
  const auto* known = context_.trees.find(name);
  if (known == nullptr) return add_tree(std::move(tree), tell);
  const bool up_now = is_up(context_.shared.nodes.find(name, name));
  if (known->source.file != tree.source.file && up_now) {
    const auto from = known->source.file.empty() ? "the command line" : known->source.file;
    return tell(went_wrong(conflicting, "conflict", "a tree named '" + name + "' is already up, from " + from,
                           {"give this one another 'name:'", "or take the other down first: alder down " + name}));
  }
  const bool same = known->source.text == tree.source.text && known->source.file == tree.source.file;
  if (up_now) {
    if (same) return tell(went_well(/*changed=*/false));
    return tell(went_wrong(conflicting, "conflict",
                           "tree '" + name + "' is up with another version of this configuration",
                           {"take it down first: alder down " + name}));
  }
  // It is down: the configuration as it is now counts, also when only the environment changed.
  call(context_.tree_supervisor, {node_call::op::remove, name, nullptr, {cause::kind::request, {}, {}, {}}},
       [this, tree = std::move(tree), tell](const call_outcome&) mutable { add_tree(std::move(tree), tell); });
}

void api_server::add_tree(known_tree tree, const done& tell) {
  const auto name = tree.source.name;
  const auto entry = std::make_shared<const child_entry>(context_.trees.entry_of(tree));
  context_.trees.remove(name); // what the board still knows of a former tree of this name
  context_.trees.add(std::move(tree));
  call(context_.tree_supervisor, {node_call::op::add, name, entry, {cause::kind::request, {}, {}, {}}},
       [tell](const call_outcome& outcome) { tell(result_of(outcome)); });
}

void api_server::carry_out(const take_down& down, const done& tell) {
  if (context_.trees.find(down.tree) == nullptr)
    return tell(went_wrong(not_found, "no_such_tree", "there is no tree '" + down.tree + "'"));
  call(context_.tree_supervisor, {node_call::op::remove, down.tree, nullptr, {cause::kind::request, {}, {}, {}}},
       [this, tree = down.tree, tell](const call_outcome&) {
         for (const auto& node : context_.shared.nodes.in_order(tree)) {
           if (node->what == node_snapshot::kind::service) context_.logs.forget(id_of(tree, node->name));
         }
         context_.trees.remove(tree);
         announce(event_kind::tree_removed, tree, {});
         tell(went_well(/*changed=*/true));
       });
}

void api_server::carry_out(const act_on_node& act, const done& tell) {
  const auto parent = context_.shared.parents.find(id_of(act.tree, act.name));
  if (parent == context_.shared.parents.end()) {
    return tell(went_wrong(conflicting, "conflict", act.name + " cannot be reached: its supervisor is down",
                           {"start the tree first: alder start " + act.tree}));
  }
  call(parent->second, {act.what, act.name, nullptr, {cause::kind::request, {}, {}, {}}},
       [tell](const call_outcome& outcome) { tell(result_of(outcome)); });
}

void api_server::carry_out(const shut_down& end, const done& tell) {
  context_.stopping = true;
  announce(event_kind::daemon_stopping, {}, end.why);
  std::vector<std::string> left;
  for (const auto& [name, tree] : context_.trees.trees())
    left.push_back(name);
  stop_next_tree(std::move(left), [this, tell](const wire::operation_result& result) {
    tell(result);
    // the answer first
    boost::asio::post(loop_, [this] { context_.on_trees_stopped(); });
  });
}

/// One after the other, the last first.
void api_server::stop_next_tree(std::vector<std::string> left, const done& tell) {
  if (left.empty()) return tell(went_well(/*changed=*/true));
  const auto name = left.back();
  left.pop_back();
  call(context_.tree_supervisor,
       {node_call::op::stop, name, nullptr, {cause::kind::tree_stop, {}, "the daemon stops", {}}},
       [this, left = std::move(left), tell](const call_outcome&) { stop_next_tree(left, tell); });
}

void api_server::announce(event_kind kind, const std::string& tree, const std::string& detail) {
  event e;
  e.at = context_.shared.wall_now();
  e.kind = kind;
  e.tree = tree;
  e.name = tree;
  e.cause.detail = detail;
  if (context_.shared.events) send(context_.shared.events, announcement{std::move(e)});
}

} // namespace alder::actors

// Requests that do something.
#include "actors/base/runtime.hpp"
#include "actors/host/keeper_host.hpp"
#include "actors/http/api_context.hpp"
#include "actors/http/api_handlers.hpp"
#include "actors/logs/log_hub.hpp"
#include "actors/office/archive.hpp"
#include "actors/office/outcomes.hpp"
#include "actors/office/proposed_change.hpp"
#include "actors/office/requests.hpp"
#include "actors/office/trees.hpp"
#include "actors/office/wishes.hpp"

#include "runtime/base/number.hpp"
#include "runtime/base/text.hpp"
#include "runtime/base/units.hpp"
#include "runtime/base/words.hpp"
#include "runtime/policy/tree_edit.hpp"
#include "runtime/wire/ad_hoc.hpp"
#include "runtime/wire/change_json.hpp"
#include "runtime/wire/problem_json.hpp"

#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>

namespace alder::actors {
namespace {

/// Receives the result when no client is waiting for it: a failure becomes an event of the node or tree.
std::function<void(const wire::operation_result&)> teller_of_failure(const decltype(wish::what)& what,
                                                                     const std::string& tree,
                                                                     const api_request& request, api_context& context) {
  event told;
  told.kind = event_kind::warning;
  told.tree = told.name = tree;
  if (const auto* scale = std::get_if<scale_service>(&what)) told.name = scale->name;
  if (const auto* add = std::get_if<add_children>(&what)) told.name = add->supervisor;
  const auto* act = std::get_if<act_on_node>(&what);
  const bool is_start = act != nullptr && act->what != node_call::op::stop;
  if (act != nullptr) told.name = act->name;
  const auto asked = request.method + " /" + join(request.path, "/");
  return
      [told, asked, is_start, asked_at = context.shared.steady_now(), &context](const wire::operation_result& result) {
        if (!result.failure) return;
        const auto node = context.shared.nodes.find(told.tree, told.name);
        const bool was_stopped = node && node->state == node_state::stopped && node->why.what == cause::kind::request &&
                                 node->since > asked_at;
        if (is_start && was_stopped) return; // since then, by somebody who knew what it would end
        auto e = told;
        e.cause.detail = "the request " + asked + " failed: " + result.failure->detail;
        context.shared.announce(std::move(e));
      };
}

/// Submits the wish and answers as the request asked: at once, when it is done, or as a stream of what happens.
/// `since`: of one that was asked for before, the last event before that.
void submit(decltype(wish::what) what, const std::string& tree, const api_request& request, const responder& out,
            api_context& context, std::optional<std::uint64_t> since = {}) {
  if (!context.submit) return out->refuse({"stopping", "the daemon is starting or stopping", {"try again"}, {}});
  const auto tell_of_failure = teller_of_failure(what, tree, request, context);
  if (request.wants_ndjson || request.wants_events)
    return stream_wish({std::move(what), tell_of_failure}, tree, out->stream(), context, since);
  const auto wait = request.value("wait");
  if (wait.empty()) {
    context.submit({std::move(what), tell_of_failure});
    return out->answer(202, wire::result_json({/*changed=*/true, std::nullopt}));
  }
  const auto patience = parse_duration(wait);
  if (!patience) return out->refuse(bad_value("'wait': " + patience.failure().message));
  struct pending {
    responder out;
    boost::asio::steady_timer timer;
  };
  auto waiting = std::make_shared<pending>(pending{out, boost::asio::steady_timer{context.journal.executor()}});
  waiting->timer.expires_after(*patience);
  waiting->timer.async_wait([waiting](const boost::system::error_code& cancelled) {
    if (cancelled || !waiting->out) return;
    std::exchange(waiting->out, nullptr)
        ->refuse({"timed_out",
                  "it has not finished within this time and continues",
                  {"see its progress with: alder events -f"},
                  {}});
  });
  context.submit({std::move(what), [waiting, tell_of_failure](const wire::operation_result& result) {
                    waiting->timer.cancel();
                    const auto answer_to = std::exchange(waiting->out, nullptr);
                    if (!answer_to) return tell_of_failure(result);
                    if (result.failure) return answer_to->refuse(*result.failure);
                    answer_to->answer(200, wire::result_json(result));
                  }});
}

constexpr std::chrono::seconds file_patience{10};

wire::problem unanswered_files() {
  return {"timed_out",
          "the files that the configuration names could not be read within 10s; nothing was changed",
          {"check that the file systems they are on respond"},
          {}};
}

/// Reads the configuration, with what it points to, on a thread: on some file systems that can take for ever, and a
/// large one takes longer than others should wait.
void read_beside(wire::config_request request, const responder& out, api_context& context,
                 std::function<void(std::shared_ptr<configuration>)> then) {
  const auto key = "configuration " + request.file;
  using answer = std::shared_ptr<configuration>;
  std::function<answer()> work = [request = std::move(request)] {
    return std::make_shared<configuration>(read_configuration(request));
  };
  context.host.files().ask<answer>(key, std::move(work), file_patience,
                                   [out, then = std::move(then)](std::optional<answer> read) {
                                     if (read) return then(std::move(*read));
                                     out->refuse(unanswered_files());
                                   });
}

wire::problem mistakes_of(const config::loaded& loaded, const std::string& what) {
  return {"invalid_config", what, {}, diagnostic_entries(loaded.diagnostics)};
}

/// A request with a key that was made before. Another verb with the same key is a mistake of whoever asks.
using asked_before = std::variant<std::monostate, known_request, wire::problem>;
asked_before look_up(const std::string& what, const api_request& request, api_context& context) {
  if (request.idempotency_key.size() > longest_request_key)
    return bad_value("'Idempotency-Key' takes at most " + std::to_string(longest_request_key) + " characters");
  auto known = find_request(context.journal, request.idempotency_key);
  if (!known) return {};
  if (known->what != what)
    return bad_value("the 'Idempotency-Key' belongs to another request, the " + known->what + " of " + known->name);
  return std::move(*known);
}

store::request_mark mark_of(const api_request& request, const api_context& context) {
  return {request.idempotency_key, context.events.last()};
}

/// What whoever asks again has not seen yet; nothing: he asks for the first time, and wants to see what comes.
std::optional<std::uint64_t> since_of(const asked_before& before, const api_request& request) {
  if (const auto* known = std::get_if<known_request>(&before)) return known->since;
  if (request.idempotency_key.empty()) return std::nullopt;
  return parse_number<std::uint64_t>(request.last_event_id);
}

void put_config(const api_request& request, const responder& out, api_context& context) {
  auto body = wire::parse_config_request(request.body);
  if (!body) return out->refuse(bad_value(body.failure().message));
  read_beside(*body, out, context, [body, request, out, &context](std::shared_ptr<configuration> read) {
    if (!read->loaded.tree)
      return out->refuse(mistakes_of(read->loaded, "the configuration is invalid; nothing was started or changed"));
    const auto tree = read->loaded.tree->root.name;
    const auto before = look_up("up", request, context);
    if (const auto* wrong = std::get_if<wire::problem>(&before)) return out->refuse(*wrong);
    bring_up wanted{*body, is_set(request, "keep_going"), std::move(read), mark_of(request, context)};
    submit(std::move(wanted), tree, request, out, context, since_of(before, request));
  });
}

void post_validate(const api_request& request, const responder& out, api_context& context) {
  auto body = wire::parse_config_request(request.body);
  if (!body) return out->refuse(bad_value(body.failure().message));
  read_beside(std::move(*body), out, context, [out](const std::shared_ptr<configuration>& read) {
    const auto& loaded = read->loaded;
    out->answer(200, wire::validation_json(loaded.tree.has_value(), loaded.tree ? loaded.tree->root.name : "",
                                           diagnostic_entries(loaded.diagnostics)));
  });
}

void post_service(const api_request& request, const responder& out, api_context& context) {
  const auto body = wire::parse_service_request(request.body);
  if (!body) return out->refuse(bad_value(body.failure().message));
  if (const auto known = context.shared.nodes.named(body->name); !known.empty()) {
    return out->refuse({"conflict",
                        "'" + body->name + "' already exists in tree " + known.front()->tree,
                        {"choose another name: alder start --name NAME -- …",
                         known.front()->tree == wire::ad_hoc_tree(body->name)
                             ? "or remove it first: alder remove " + body->name
                             : "or take that tree down first: alder down " + known.front()->tree},
                        {}});
  }
  wire::config_request source{"", wire::ad_hoc_config(*body), body->environment};
  read_beside(source, out, context, [source, request, out, &context](std::shared_ptr<configuration> read) {
    if (!read->loaded.tree) {
      const auto& first = read->loaded.diagnostics.front();
      return out->refuse(
          {"invalid_config", first.message + (first.label.empty() ? "" : ": " + first.label), first.help, {}});
    }
    const auto tree = read->loaded.tree->root.name;
    submit(bring_up{source, /*keep_going=*/false, std::move(read)}, tree, request, out, context);
  });
}

/// From `until`, which says how long a start is followed.
result<start_goal> goal_of(const api_request& request) {
  const auto until = request.value("until", "completed");
  if (const auto goal = start_goal_named(until)) return *goal;
  return error{error_kind::invalid_input, "'until' takes started, completed or stable, not '" + until + "'"};
}

/// From `seen`: a node that was started since it had this generation is left alone.
result<std::optional<alder::generation>> seen_by(const api_request& request) {
  const auto text = request.value("seen");
  if (text.empty()) return std::optional<alder::generation>{};
  const auto number = parse_number<alder::generation>(text);
  if (!number) return error{error_kind::invalid_input, "'seen' takes a generation, not '" + text + "'"};
  return std::optional<alder::generation>{*number};
}

/// As requests.hpp has it.
std::string verb(node_call::op what) {
  using kind = store::act_under_way::kind;
  switch (what) {
  case node_call::op::start: return std::string{store::word(kind::start)};
  case node_call::op::stop: return std::string{store::word(kind::stop)};
  case node_call::op::restart: return std::string{store::word(kind::restart)};
  case node_call::op::remove: return std::string{store::word(kind::remove)};
  default: return {};
  }
}

void act(node_call::op what, const api_request& request, const responder& out, api_context& context) {
  const auto goal = goal_of(request);
  if (!goal) return out->refuse(bad_value(goal.failure().message));
  const auto seen = seen_by(request);
  if (!seen) return out->refuse(bad_value(seen.failure().message));
  const auto before = look_up(verb(what), request, context);
  if (const auto* wrong = std::get_if<wire::problem>(&before)) return out->refuse(*wrong);
  if (const auto* known = std::get_if<known_request>(&before)) {
    act_on_node again{known->tree, known->name, what, *goal, *seen, {}, mark_of(request, context)};
    return submit(std::move(again), known->tree, request, out, context, known->since);
  }
  const auto found = find_one(request.path[2], context);
  if (!found.node) return out->refuse(found.problem);
  const auto& tree = found.node->tree;
  submit(act_on_node{tree, found.node->name, what, *goal, *seen, {}, mark_of(request, context)}, tree, request, out,
         context);
}
void post_start(const api_request& request, const responder& out, api_context& context) {
  act(node_call::op::start, request, out, context);
}
void post_stop(const api_request& request, const responder& out, api_context& context) {
  act(node_call::op::stop, request, out, context);
}
void post_restart(const api_request& request, const responder& out, api_context& context) {
  act(node_call::op::restart, request, out, context);
}

void post_reset(const api_request& request, const responder& out, api_context& context) {
  act(node_call::op::reset, request, out, context);
}

/// Tells the process of a service something, or those of all services below a supervisor that run.
void tell_program(const api_request& request, const responder& out, api_context& context,
                  const std::function<outcome(const node_id&)>& tell) {
  const auto found = find_one(request.path[2], context);
  if (!found.node) return out->refuse(found.problem);
  node_filter about;
  about.nodes.insert(found.node->id());
  const bool is_one = found.node->what == node_snapshot::kind::service;
  std::vector<std::string> told;
  std::vector<std::string> refused;
  std::optional<error> why;
  for (const auto& node : services_of(about, context)) {
    const auto done = tell(node->id());
    if (done) {
      told.push_back(node->name);
    } else if (is_one || done.failure().kind != error_kind::not_found) { // of a group only those that run are meant
      refused.push_back(node->name + ": " + done.failure().message);
      why = done.failure();
    }
  }
  if (!why && !told.empty()) return out->answer(200, wire::result_json({/*changed=*/true, std::nullopt}));
  if (!why) return out->refuse({"conflict", "no service below '" + found.node->name + "' is running", {}, {}});
  const bool is_wrong = is_one && why->kind == error_kind::invalid_input; // of a group others may have it
  const std::string code = why->kind == error_kind::too_large ? "too_large" : is_wrong ? "bad_request" : "conflict";
  const std::vector<std::string> others = told.empty() ? told : std::vector{"it was sent to " + join(told, ", ")};
  out->refuse({code, join(refused, "; "), others, {}});
}

void post_input(const api_request& request, const responder& out, api_context& context) {
  tell_program(request, out, context, [&](const node_id& node) -> outcome {
    auto sent = context.host.send_input(node, request.body);
    if (!sent && sent.failure().kind == error_kind::invalid_input)
      return error{
          error_kind::invalid_input,
          "its standard input is neither a pipe nor a terminal: set 'stdin: pipe' or 'pty: true' in its configuration"};
    return sent;
  });
}

void post_message(const api_request& request, const responder& out, api_context& context) {
  tell_program(request, out, context,
               [&](const node_id& node) { return context.host.send_message(node, request.body); });
}

/// The services a node stands for: itself, or all below it.
std::vector<node_ptr> services_below(const node_ptr& node, const api_context& context) {
  if (node->what == node_snapshot::kind::service) return {node};
  std::vector<node_ptr> services;
  for (const auto& name : context.shared.nodes.children_of(node->tree, node->name)) {
    const auto child = context.shared.nodes.find(node->tree, name);
    if (!child) continue;
    const auto below = services_below(child, context);
    services.insert(services.end(), below.begin(), below.end());
  }
  return services;
}

void post_signal(const api_request& request, const responder& out, api_context& context) {
  const auto signal = wire::parse_signal_request(request.body);
  if (!signal) return out->refuse(bad_value(signal.failure().message));
  const auto found = find_one(request.path[2], context);
  if (!found.node) return out->refuse(found.problem);
  bool was_sent = false;
  for (const auto& service : services_below(found.node, context))
    was_sent = context.host.send_signal(service->id(), *signal).ok() || was_sent;
  if (was_sent) return out->answer(200, wire::result_json({/*changed=*/true, std::nullopt}));
  out->refuse({"conflict", found.node->name + " is not running", {"start it: alder start " + found.node->name}, {}});
}

void delete_node(const api_request& request, const responder& out, api_context& context) {
  act(node_call::op::remove, request, out, context);
}

void post_scale(const api_request& request, const responder& out, api_context& context) {
  const auto instances = wire::parse_scale_request(request.body);
  if (!instances) return out->refuse(bad_value(instances.failure().message));
  const auto before = look_up("scale", request, context);
  if (const auto* wrong = std::get_if<wire::problem>(&before)) return out->refuse(*wrong);
  if (const auto* known = std::get_if<known_request>(&before)) {
    scale_service again{known->tree, known->name, *instances};
    again.asked = mark_of(request, context);
    return submit(std::move(again), known->tree, request, out, context, known->since);
  }
  auto found = find_one(request.path[2], context);
  if (!found.node) return out->refuse(found.problem);
  const auto& node = *found.node;
  const bool is_instance = instance_of(node.name).has_value();
  if ((node.what != node_snapshot::kind::service && !node.pool) || is_instance)
    return out->refuse({"conflict",
                        "'" + node.name + "' is not a service that can have several instances",
                        {is_instance ? "scale its pool: " + node.parent : "scale a service below it"},
                        {}});
  const auto* known = context.trees.find(node.tree);
  if (known == nullptr) return out->refuse({"no_such_tree", "there is no tree '" + node.tree + "'", {}, {}});
  scale_service wanted{node.tree, node.name, *instances, is_set(request, "force")};
  wanted.asked = mark_of(request, context);
  const auto since = since_of(before, request);
  using answer = std::shared_ptr<const scaled_tree>;
  std::function<answer()> work = [now = *known, service = node.name, count = *instances] {
    return std::make_shared<const scaled_tree>(read_scaled(now, service, count));
  };
  context.host.files().ask<answer>("tree " + node.tree, std::move(work), file_patience,
                                   [wanted, request, out, since, &context](std::optional<answer> read) mutable {
                                     if (!read) return out->refuse(unanswered_files());
                                     wanted.read = std::move(*read);
                                     const auto tree = wanted.tree;
                                     submit(std::move(wanted), tree, request, out, context, since);
                                   });
}

void post_children(const api_request& request, const responder& out, api_context& context) {
  auto body = wire::parse_config_request(request.body);
  if (!body) return out->refuse(bad_value(body.failure().message));
  const auto supervisor = find_supervisor(request, out, context);
  if (!supervisor) return;
  if (supervisor->pool)
    return out->refuse({"conflict",
                        "'" + supervisor->name + "' is a pool of identical instances",
                        {"to change their number: alder scale " + supervisor->name + " N"},
                        {}});
  read_beside(*body, out, context, [body, request, out, supervisor, &context](std::shared_ptr<configuration> read) {
    submit(add_children{supervisor->tree, supervisor->name, *body, std::move(read)}, supervisor->tree, request, out,
           context);
  });
}

/// The request as a wish to change a tree that is up, when a thread has looked at the files concerned.
void with_change(const api_request& request, const responder& out, api_context& context,
                 std::function<void(apply_config&&)> then) {
  auto body = wire::parse_config_request(request.body);
  if (!body) return out->refuse(bad_value(body.failure().message));
  const policy::change_options options{is_set(request, "start_added"), is_set(request, "stop_removed"),
                                       is_set(request, "restart_changed")};
  const auto key = "change " + body->file;
  apply_config wanted{std::move(*body), options, is_set(request, "take_environment")};
  std::function<apply_config()> work = [wanted = std::move(wanted), up = trees_up(context.trees)]() mutable {
    look_at_files(wanted, std::move(up));
    return std::move(wanted);
  };
  context.host.files().ask<apply_config>(key, std::move(work), file_patience,
                                         [out, then = std::move(then)](std::optional<apply_config> read) {
                                           if (read) return then(std::move(*read));
                                           out->refuse(unanswered_files());
                                         });
}

/// From "~NAME".
wire::variable_entry variable_entry_of(const std::string& change) {
  const auto* what = change.front() == '+' ? "added" : change.front() == '-' ? "removed" : "changed";
  return {change.substr(1), what};
}

void answer_diff(const apply_config& wanted, const responder& out, api_context& context) {
  const auto proposed = propose(wanted, context, extensions_are::not_loaded);
  if (const auto* wrong = std::get_if<wire::problem>(&proposed)) return out->refuse(*wrong);
  const auto& found = std::get<proposed_change>(proposed);
  const auto& tree = found.tree.source.name;
  const auto node = nodes_of(context.shared.nodes, tree);
  std::vector<wire::change_entry> changes;
  const auto tell = [&](const policy::tree_change& change) {
    wire::change_entry entry{std::string{policy::word(change.what)},
                             change.name,
                             change.parent,
                             change.details,
                             change.needs_restart,
                             std::string{word(policy::consequence_of(change, wanted.options, node))},
                             {}};
    for (const auto& variable : change.variables)
      entry.variables.push_back(variable_entry_of(variable));
    changes.push_back(std::move(entry));
  };
  std::for_each(found.changes.begin(), found.changes.end(), tell);
  std::for_each(found.scaled.begin(), found.scaled.end(), tell);
  const auto root = context.shared.nodes.find(tree, tree);
  out->answer(200, wire::changes_json(
                       {tree, std::string{word(root ? root->state : node_state::stopped)}, found.refusal, changes}));
}

void post_diff(const api_request& request, const responder& out, api_context& context) {
  with_change(request, out, context, [out, &context](apply_config&& wanted) { answer_diff(wanted, out, context); });
}

void post_apply(const api_request& request, const responder& out, api_context& context) {
  const auto before = look_up("apply", request, context);
  if (const auto* wrong = std::get_if<wire::problem>(&before)) return out->refuse(*wrong);
  if (const auto* known = std::get_if<known_request>(&before)) {
    apply_config again;
    again.asked = mark_of(request, context);
    return submit(std::move(again), known->tree, request, out, context, known->since);
  }
  const auto since = since_of(before, request);
  with_change(request, out, context, [request, out, since, &context](apply_config&& wanted) {
    wanted.asked = mark_of(request, context);
    if (wanted.read) { // and found good
      const auto tree = wanted.read->source.name;
      return submit(std::move(wanted), tree, request, out, context, since);
    }
    const auto proposed = propose(wanted, context, extensions_are::not_loaded);
    if (const auto* wrong = std::get_if<wire::problem>(&proposed)) return out->refuse(*wrong);
    const auto tree = std::get<proposed_change>(proposed).tree.source.name;
    submit(std::move(wanted), tree, request, out, context, since);
  });
}

void delete_tree(const api_request& request, const responder& out, api_context& context) {
  const auto before = look_up("down", request, context);
  if (const auto* wrong = std::get_if<wire::problem>(&before)) return out->refuse(*wrong);
  if (const auto* known = std::get_if<known_request>(&before))
    return submit(take_down{known->tree, mark_of(request, context)}, known->tree, request, out, context, known->since);
  auto name = request.path[2];
  const auto is_known = [&](const std::string& tree) {
    return context.trees.find(tree) != nullptr || context.journal.lost_trees().count(tree) > 0;
  };
  if (!is_known(name) && is_known(wire::ad_hoc_tree(name))) name = wire::ad_hoc_tree(name);
  if (!is_known(name)) {
    std::vector<std::string> known;
    for (const auto& [tree, entry] : context.trees.trees())
      known.push_back(tree);
    std::vector<std::string> help;
    if (const auto near = nearest(name, known)) help.push_back("did you mean '" + *near + "'?");
    if (!known.empty()) help.push_back("trees: " + join(known, ", "));
    return out->refuse({"no_such_tree", "there is no tree '" + name + "'", help, {}});
  }
  submit(take_down{name, mark_of(request, context)}, name, request, out, context);
}

void post_shutdown(const api_request& request, const responder& out, api_context& context) {
  submit(shut_down{"on request"}, "", request, out, context);
}

/// The answer comes first; a moment later this daemon is killed.
void post_upgrade(const api_request& request, const responder& out, api_context& context) {
  const auto body = wire::parse_upgrade_request(request.body);
  if (!body) return out->refuse(bad_value(body.failure().message));
  if (context.stopping) return out->refuse({"stopping", "the daemon is stopping", {}, {}});
  context.journal.write(store::journal::durable::machine);
  out->answer(202, wire::result_json({/*changed=*/true, std::nullopt}));
  auto timer = std::make_shared<boost::asio::steady_timer>(context.journal.executor(), std::chrono::milliseconds{20});
  timer->async_wait([timer, wanted = *body, &context](const boost::system::error_code&) {
    context.host.act().upgrade(wanted.keeper, wanted.daemon);
    context.host.flush();
  });
}

void get_resurrect(const api_request&, const responder& out, api_context& context) {
  out->answer(200, wire::tree_names_json(context.trees.interrupted()));
}

/// They come up by themselves, as those that a daemon finds when it starts.
void post_resurrect(const api_request&, const responder& out, api_context& context) {
  if (context.stopping) return out->refuse({"stopping", "the daemon is going down", {}, {}});
  const auto trees = context.trees.take_interrupted();
  context.journal.write(store::journal::durable::machine);
  for (const auto& tree : trees)
    caf::anon_send(context.forest, tree_replaced{tree, /*resumes=*/true});
  out->answer(200, wire::tree_names_json(trees));
}

/// Does something with the output of every service the request is about.
void for_services(const api_request& request, const responder& out, api_context& context,
                  const std::function<std::vector<std::string>(const node_snapshot&)>& act) {
  node_filter about;
  if (const auto wrong = read_filter(request, "service", context, about)) return out->refuse(*wrong);
  std::set<std::string> files; // services may share them
  for (const auto& node : services_of(about, context))
    for (auto& file : act(*node))
      files.insert(std::move(file));
  out->answer(200, wire::files_json(files.size()));
}

void post_logs_reopen(const api_request& request, const responder& out, api_context& context) {
  for_services(request, out, context, [&](const auto& node) { return context.logs.reopen(node.id()); });
}

void post_logs_rotate(const api_request& request, const responder& out, api_context& context) {
  for_services(request, out, context, [&](const auto& node) { return context.logs.rotate(node.id()); });
}

void delete_logs(const api_request& request, const responder& out, api_context& context) {
  for_services(request, out, context, [&](const auto& node) { return context.logs.clear(node.id()); });
}

} // namespace

const std::vector<route_entry>& command_routes() {
  static const std::vector<route_entry> table{
      {"POST", {"v1", "services"}, post_service},
      {"POST", {"v1", "services", "*", "start"}, post_start},
      {"POST", {"v1", "services", "*", "stop"}, post_stop},
      {"POST", {"v1", "services", "*", "restart"}, post_restart},
      {"POST", {"v1", "services", "*", "signal"}, post_signal},
      {"POST", {"v1", "services", "*", "input"}, post_input},
      {"POST", {"v1", "services", "*", "message"}, post_message},
      {"POST", {"v1", "services", "*", "reset"}, post_reset},
      {"POST", {"v1", "services", "*", "terminate"}, post_stop},
      {"POST", {"v1", "services", "*", "scale"}, post_scale},
      {"DELETE", {"v1", "services", "*"}, delete_node},
      {"POST", {"v1", "supervisors", "*", "children"}, post_children},
      {"POST", {"v1", "config", "diff"}, post_diff},
      {"POST", {"v1", "config", "apply"}, post_apply},
      {"PUT", {"v1", "config"}, put_config},
      {"POST", {"v1", "config", "validate"}, post_validate},
      {"DELETE", {"v1", "trees", "*"}, delete_tree},
      {"DELETE", {"v1", "logs"}, delete_logs},
      {"POST", {"v1", "logs", "reopen"}, post_logs_reopen},
      {"POST", {"v1", "logs", "rotate"}, post_logs_rotate},
      {"GET", {"v1", "daemon", "resurrect"}, get_resurrect},
      {"POST", {"v1", "daemon", "resurrect"}, post_resurrect},
      {"POST", {"v1", "daemon", "shutdown"}, post_shutdown},
      {"POST", {"v1", "daemon", "upgrade"}, post_upgrade},
  };
  return table;
}

} // namespace alder::actors

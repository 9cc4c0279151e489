#include "actors/edge/api_routes.hpp"

#include "actors/edge/api_streams.hpp"
#include "actors/edge/outstanding.hpp"

#include "runtime/base/text.hpp"
#include "runtime/base/units.hpp"
#include "runtime/base/words.hpp"
#include "runtime/config/tree_edit.hpp"
#include "runtime/os/caller.hpp"
#include "runtime/os/proc.hpp"
#include "runtime/wire/ad_hoc.hpp"
#include "runtime/wire/time_text.hpp"

#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <charconv>
#include <map>

#include <fnmatch.h>

namespace alder::actors {
namespace {

using responder = std::shared_ptr<api_responder>;
using handler = void (*)(const api_request&, const responder&, api_context&);

constexpr std::size_t most_tail = 100'000;
constexpr std::size_t described_events = 10;
constexpr std::size_t described_lines = 10;

/// A copy of the board's nodes as they are at this moment: budgets of supervisors change with time alone.
class nodes_now {
public:
  explicit nodes_now(const api_context& context) : context_(context), now_(context.shared.wall_now()) {}

  const node_snapshot* find(const std::string& tree, const std::string& name) {
    const auto published = context_.shared.nodes.find(tree, name);
    if (!published || published->what != node_snapshot::kind::supervisor) return keep(published);
    auto current = std::make_shared<node_snapshot>(*published);
    current->children = context_.shared.nodes.children_of(tree, name);
    current->restarts_used = 0;
    for (const auto at : current->counted) {
      if (now_ - at > current->intensity.within) break;
      ++current->restarts_used;
      current->oldest_expires = current->intensity.within - (now_ - at);
    }
    return keep(std::move(current));
  }
  wire::nested_tree nested(const std::string& tree, const std::string& name) {
    return {find(tree, name), [this, tree](const std::string& child) { return find(tree, child); }};
  }

private:
  const node_snapshot* keep(node_ptr node) {
    if (!node) return nullptr;
    kept_.push_back(std::move(node));
    return kept_.back().get();
  }

  const api_context& context_;
  wall_time now_;
  std::vector<node_ptr> kept_;
};

wire::problem bad_value(const std::string& what) { return {400, "bad_request", what, {}, {}}; }

/// A number from the query, at most `most`.
result<std::size_t> number(const api_request& request, const std::string& key, std::size_t otherwise,
                           std::size_t most) {
  const auto text = request.value(key);
  if (text.empty()) return otherwise;
  std::size_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size())
    return error{error_kind::invalid_input, "'" + key + "' takes a number, not '" + text + "'"};
  return std::min(value, most);
}

bool is_set(const api_request& request, const std::string& key) {
  const auto text = request.value(key, "0");
  return text != "0" && text != "false";
}

/// The one node `name` means, or the problem.
struct found_node {
  node_ptr node;
  wire::problem problem;
};
found_node find_one(const std::string& name, const api_context& context) {
  const auto found = context.shared.nodes.named(name);
  std::vector<node_ptr> here;
  std::copy_if(found.begin(), found.end(), std::back_inserter(here),
               [](const node_ptr& node) { return !node->tree.empty(); });
  if (here.size() == 1) return {here.front(), {}};
  std::vector<std::string> help;
  if (here.empty()) {
    if (const auto near = nearest(name, context.shared.nodes.names())) help.push_back("did you mean '" + *near + "'?");
    help.push_back("all there are: alder ls");
    return {nullptr, {404, "no_such_node", "there is no '" + name + "'", help, {}}};
  }
  for (const auto& node : here)
    help.push_back(node->tree + "/" + node->name);
  return {nullptr, {409, "ambiguous", "'" + name + "' is in more than one tree", help, {}}};
}

/// Names of nodes, supervisors and trees from the query's fields `key`; a problem for one that does not exist.
std::optional<wire::problem> read_filter(const api_request& request, const std::string& key, const api_context& context,
                                         node_filter& filter) {
  for (const auto& name : request.values(key)) {
    if (context.trees.find(name) != nullptr) {
      filter.trees.insert(name);
      continue;
    }
    const auto found = context.shared.nodes.named(name);
    if (found.empty()) return find_one(name, context).problem;
    for (const auto& node : found) {
      std::vector<std::string> below{node->name};
      while (!below.empty()) {
        const auto current = context.shared.nodes.find(node->tree, below.back());
        filter.nodes.insert(id_of(node->tree, below.back()));
        below.pop_back();
        if (current) below.insert(below.end(), current->children.begin(), current->children.end());
      }
    }
  }
  return std::nullopt;
}

// -- reading

void get_ping(const api_request&, const responder& out, api_context&) {
  out->answer(200, wire::ping_json(ALDER_VERSION, os::process_id()));
}

void get_info(const api_request&, const responder& out, api_context& context) {
  wire::daemon_info info;
  info.version = ALDER_VERSION;
  info.pid = os::process_id();
  info.keeper_pid = context.bridge.keeper().keeper_pid();
  info.started_at = context.started_at;
  info.uptime = context.shared.wall_now() - context.started_at;
  info.epoch = context.bridge.keeper().epoch();
  info.socket = context.home.socket;
  info.state_dir = context.home.state_dir;
  info.log_dir = context.home.log_dir;
  info.trees = context.trees.trees().size();
  if (context.notices) info.notices = context.notices();
  for (const auto& [name, tree] : context.trees.trees()) {
    for (const auto& node : context.shared.nodes.in_order(name)) {
      if (node->what == node_snapshot::kind::service) ++info.counts[node->state];
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
  out->answer(200, wire::trees_json(trees, is_set(request, "all") && daemon.root != nullptr ? &daemon : nullptr));
}

/// Copies of these nodes with what they use at this moment.
void add_usage(std::vector<node_ptr>& nodes, bool exact, api_context& context) {
  std::vector<node_id> ids;
  for (const auto& node : nodes)
    ids.push_back(id_of(node->tree, node->name));
  const auto usage = context.bridge.look_at(ids, exact, context.shared.wall_now());
  for (auto& node : nodes) {
    const auto used = usage.find(id_of(node->tree, node->name));
    if (used == usage.end()) continue;
    auto copy = std::make_shared<node_snapshot>(*node);
    copy->usage = used->second;
    node = std::move(copy);
  }
}

void get_services(const api_request& request, const responder& out, api_context& context) {
  const auto glob = request.value("name", "*");
  std::vector<node_ptr> kept;
  for (const auto& [name, tree] : context.trees.trees()) {
    for (const auto& node : context.shared.nodes.in_order(name)) {
      if (node->what != node_snapshot::kind::service || ::fnmatch(glob.c_str(), node->name.c_str(), 0) != 0) continue;
      kept.push_back(node);
    }
  }
  if (const auto usage = request.value("usage", "0"); usage != "0") add_usage(kept, usage == "exact", context);
  std::vector<const node_snapshot*> services;
  for (const auto& node : kept)
    services.push_back(node.get());
  out->answer(200, wire::services_json(services, context.notices ? context.notices() : std::vector<std::string>{}));
}

void get_service(const api_request& request, const responder& out, api_context& context) {
  const auto found = find_one(request.path[2], context);
  if (!found.node) return out->refuse(found.problem);
  const auto& node = *found.node;
  nodes_now now(context);
  wire::node_detail detail;
  for (auto current = found.node; current;
       current = current->parent.empty() ? nullptr : context.shared.nodes.find(node.tree, current->parent))
    detail.path.insert(detail.path.begin(), current->name);
  detail.supervisor = now.find(node.tree, node.parent);
  if (node.what == node_snapshot::kind::service) {
    for (const int pid : context.bridge.processes_of(id_of(node.tree, node.name))) {
      if (const auto facts = os::read_stat(pid))
        detail.processes.push_back({pid, facts->parent, os::command_line(pid)});
    }
    const auto files = context.logs.files_of(id_of(node.tree, node.name));
    detail.log_out = files.out;
    detail.log_err = files.err;
    const auto tally = context.logs.tally_of(id_of(node.tree, node.name));
    detail.logged = {tally.out.bytes_written + tally.err.bytes_written, tally.out.bytes_lost + tally.err.bytes_lost,
                     tally.out.lines_lost + tally.err.lines_lost, tally.out.rotations + tally.err.rotations,
                     tally.out.spilled + tally.err.spilled};
    detail.log = last_log_lines(node.tree, node.name, described_lines, context);
  }
  for (const auto& e : context.events.after(0, event_feed::kept)) {
    if (e->tree == node.tree && e->name == node.name) detail.events.push_back(*e);
  }
  if (detail.events.size() > described_events)
    detail.events.erase(detail.events.begin(), detail.events.end() - static_cast<std::ptrdiff_t>(described_events));
  auto nested = now.nested(node.tree, node.name);
  std::vector<node_ptr> shown{found.node};
  if (node.what == node_snapshot::kind::service) {
    add_usage(shown, /*exact=*/true, context);
    nested.root = shown.front().get();
  }
  out->answer(200, wire::detail_json(nested, detail));
}

void get_config(const api_request&, const responder& out, api_context& context) {
  std::vector<wire::tree_config> all;
  for (const auto& [name, tree] : context.trees.trees())
    all.push_back({name, tree.source.file, tree.source.text, tree.source.up_since});
  out->answer(200, wire::configs_json(all));
}

void get_events(const api_request& request, const responder& out, api_context& context) {
  event_query query;
  const auto tail = number(request, "tail", query.tail, most_tail);
  const auto since = number(request, "since", 0, SIZE_MAX);
  if (!tail) return out->refuse(bad_value(tail.failure().message));
  if (!since) return out->refuse(bad_value(since.failure().message));
  query.tail = *tail;
  query.since = *since;
  if (!request.last_event_id.empty()) {
    const auto& id = request.last_event_id;
    const auto parsed = std::from_chars(id.data(), id.data() + id.size(), query.since);
    if (parsed.ec != std::errc{}) return out->refuse(bad_value("Last-Event-ID is not the number of an event"));
    query.tail = most_tail; // everything missed
  }
  query.follow = is_set(request, "follow");
  if (const auto wrong = read_filter(request, "name", context, query.about)) return out->refuse(*wrong);
  stream_events(query, out->stream(), context);
}

/// A moment from the query: milliseconds since 1970, or as it is written in answers. A problem when it is neither.
std::optional<wire::problem> read_moment(const api_request& request, const std::string& key,
                                         std::optional<wall_time>& into) {
  const auto text = request.value(key);
  if (text.empty()) return std::nullopt;
  std::int64_t ms = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), ms);
  if (parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size()) {
    into = wall_time{milliseconds{ms}};
  } else {
    into = wire::parse_time(text);
  }
  if (into) return std::nullopt;
  return bad_value("'" + key + "' is a moment such as 2026-11-28T10:00:00.000Z, not '" + text + "'");
}

void get_logs(const api_request& request, const responder& out, api_context& context) {
  constexpr std::size_t usual_tail = 20;
  log_query query;
  for (const auto& [key, into] : {std::pair{"since", &query.since}, std::pair{"until", &query.until}})
    if (const auto wrong = read_moment(request, key, *into)) return out->refuse(*wrong);
  const auto grep = request.value("grep");
  if (!grep.empty()) {
    auto compiled = pattern::compile(grep);
    if (!compiled) return out->refuse(bad_value("'grep' is no regular expression: " + compiled.failure().message));
    query.grep = std::move(*compiled);
  }
  query.previous = is_set(request, "previous");
  const bool is_search = query.since || query.until || query.grep || query.previous;
  const auto tail = number(request, "tail", usual_tail, most_tail);
  if (!tail) return out->refuse(bad_value(tail.failure().message));
  if (!is_search || !request.value("tail").empty()) query.tail = *tail;
  const auto stream = request.value("stream");
  if (!stream.empty() && stream != "out" && stream != "err")
    return out->refuse(bad_value("'stream' is 'out' or 'err', not '" + stream + "'"));
  query.out = stream != "err";
  query.err = stream != "out";
  query.follow = is_set(request, "follow");
  if (const auto wrong = read_filter(request, "service", context, query.about)) return out->refuse(*wrong);
  stream_logs(query, out->stream(), context);
}

/// Does something with the output of every service the request is about.
void for_services(const api_request& request, const responder& out, api_context& context,
                  const std::function<void(const node_snapshot&)>& act) {
  node_filter about;
  if (const auto wrong = read_filter(request, "service", context, about)) return out->refuse(*wrong);
  for (const auto& [tree, known] : context.trees.trees()) {
    for (const auto& node : context.shared.nodes.in_order(tree))
      if (node->what == node_snapshot::kind::service && about.covers(node->tree, node->name)) act(*node);
  }
  out->answer(200, wire::result_json({/*changed=*/true, std::nullopt}));
}

void post_logs_reopen(const api_request& request, const responder& out, api_context& context) {
  for_services(request, out, context, [&](const auto& node) { context.logs.reopen(id_of(node.tree, node.name)); });
}

void post_logs_rotate(const api_request& request, const responder& out, api_context& context) {
  for_services(request, out, context, [&](const auto& node) { context.logs.rotate(id_of(node.tree, node.name)); });
}

void delete_logs(const api_request& request, const responder& out, api_context& context) {
  for_services(request, out, context, [&](const auto& node) { context.logs.clear(id_of(node.tree, node.name)); });
}

// -- changing

/// Submits the wish and answers as the request asked: at once, when it is done, or as a stream of what happens.
void submit(decltype(wish::what) what, const std::string& tree, const api_request& request, const responder& out,
            api_context& context) {
  if (!context.submit)
    return out->refuse({503, "stopping", "the daemon's API is starting or going down", {"try again"}, {}});
  if (request.wants_ndjson || request.wants_events) return stream_wish(std::move(what), tree, out->stream(), context);
  const auto wait = request.value("wait");
  if (wait.empty()) {
    context.submit({std::move(what), nullptr});
    return out->answer(202, wire::result_json({/*changed=*/true, std::nullopt}));
  }
  const auto patience = parse_duration(wait);
  if (!patience) return out->refuse(bad_value("'wait': " + patience.failure().message));
  struct pending {
    responder out;
    boost::asio::steady_timer timer;
  };
  auto waiting = std::make_shared<pending>(pending{out, boost::asio::steady_timer{context.trees.executor()}});
  waiting->timer.expires_after(*patience);
  waiting->timer.async_wait([waiting](const boost::system::error_code& cancelled) {
    if (cancelled || !waiting->out) return;
    std::exchange(waiting->out, nullptr)
        ->refuse({504, "timed_out", "it is not done yet and goes on", {"follow it with: alder events -f"}, {}});
  });
  context.submit({std::move(what), [waiting](const wire::operation_result& result) {
                    waiting->timer.cancel();
                    const auto answer_to = std::exchange(waiting->out, nullptr);
                    if (!answer_to) return;
                    if (result.failure) return answer_to->refuse(*result.failure);
                    answer_to->answer(200, wire::result_json(result));
                  }});
}

config::loaded read_request(const wire::config_request& request, std::map<std::string, unsigned> instances = {}) {
  store::saved_tree source;
  source.instances = std::move(instances);
  source.file = request.file;
  source.text = request.text;
  source.environment = request.environment;
  return read_configuration(source, text_is::given);
}

void put_config(const api_request& request, const responder& out, api_context& context) {
  auto body = wire::parse_config_request(request.body);
  if (!body) return out->refuse(bad_value(body.failure().message));
  // Whose events to stream is known only from the configuration; one with mistakes is refused with them by the wish
  // itself.
  const auto loaded = read_request(*body);
  const std::string tree = loaded.tree ? loaded.tree->root.name : "\n";
  if (!loaded.tree) {
    wire::problem mistakes{422,
                           "invalid_config",
                           "the configuration has mistakes; nothing was started or changed",
                           {},
                           diagnostic_entries(loaded.diagnostics)};
    return out->refuse(mistakes);
  }
  submit(bring_up{std::move(*body)}, tree, request, out, context);
}

void post_validate(const api_request& request, const responder& out, api_context&) {
  const auto body = wire::parse_config_request(request.body);
  if (!body) return out->refuse(bad_value(body.failure().message));
  const auto loaded = read_request(*body);
  out->answer(200, wire::validation_json(loaded.tree.has_value(), loaded.tree ? loaded.tree->root.name : "",
                                         diagnostic_entries(loaded.diagnostics)));
}

void post_service(const api_request& request, const responder& out, api_context& context) {
  const auto body = wire::parse_service_request(request.body);
  if (!body) return out->refuse(bad_value(body.failure().message));
  if (const auto known = context.shared.nodes.named(body->name); !known.empty()) {
    return out->refuse({409,
                        "conflict",
                        "'" + body->name + "' exists already, in tree " + known.front()->tree,
                        {"choose another name: alder start --name NAME -- …",
                         "or remove that tree first: alder down " + known.front()->tree},
                        {}});
  }
  wire::config_request source{"", wire::ad_hoc_config(*body), body->environment};
  const auto loaded = read_request(source);
  if (!loaded.tree) {
    const auto& first = loaded.diagnostics.front();
    return out->refuse(
        {422, "invalid_config", first.message + (first.label.empty() ? "" : ": " + first.label), first.help, {}});
  }
  submit(bring_up{std::move(source)}, loaded.tree->root.name, request, out, context);
}

void act(node_call::op what, const api_request& request, const responder& out, api_context& context) {
  const auto found = find_one(request.path[2], context);
  if (!found.node) return out->refuse(found.problem);
  submit(act_on_node{found.node->tree, found.node->name, what}, found.node->tree, request, out, context);
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

/// Tells the process of a service something.
void tell_program(const api_request& request, const responder& out, api_context& context,
                  const std::function<outcome(const node_id&)>& tell) {
  const auto found = find_one(request.path[2], context);
  if (!found.node) return out->refuse(found.problem);
  const auto told = tell(id_of(found.node->tree, found.node->name));
  if (told) return out->answer(200, wire::result_json({/*changed=*/true, std::nullopt}));
  const auto& why = told.failure();
  const unsigned status = why.kind == error_kind::too_large ? 413 : why.kind == error_kind::invalid_input ? 400 : 409;
  const std::string code = status == 413 ? "too_large" : status == 400 ? "bad_request" : "conflict";
  out->refuse({status, code, found.node->name + ": " + why.message, {}, {}});
}

void post_input(const api_request& request, const responder& out, api_context& context) {
  tell_program(request, out, context, [&](const node_id& node) -> outcome {
    auto sent = context.bridge.send_input(node, request.body);
    if (!sent && sent.failure().kind == error_kind::invalid_input)
      return error{error_kind::invalid_input, "its standard input is no pipe and no terminal: 'stdin: pipe' or 'pty: "
                                              "true' in its configuration makes it one"};
    return sent;
  });
}

void post_message(const api_request& request, const responder& out, api_context& context) {
  tell_program(request, out, context,
               [&](const node_id& node) { return context.bridge.send_message(node, request.body); });
}

void delete_node(const api_request& request, const responder& out, api_context& context) {
  act(node_call::op::remove, request, out, context);
}

void post_scale(const api_request& request, const responder& out, api_context& context) {
  const auto instances = wire::parse_scale_request(request.body);
  if (!instances) return out->refuse(bad_value(instances.failure().message));
  auto found = find_one(request.path[2], context);
  if (!found.node) return out->refuse(found.problem);
  const auto& node = *found.node;
  const bool is_instance = node.name.find(':') != std::string::npos;
  if ((node.what != node_snapshot::kind::service && !node.pool) || is_instance)
    return out->refuse({409,
                        "conflict",
                        "'" + node.name + "' is no service that can have instances",
                        {is_instance ? "scale its pool: " + node.parent : "scale a service below it"},
                        {}});
  submit(scale_service{node.tree, node.name, *instances}, node.tree, request, out, context);
}

/// The supervisor a request is about, or why there is none.
node_ptr find_supervisor(const api_request& request, const responder& out, const api_context& context) {
  const auto found = find_one(request.path[2], context);
  if (!found.node) {
    out->refuse(found.problem);
    return nullptr;
  }
  if (found.node->what == node_snapshot::kind::supervisor) return found.node;
  out->refuse({409,
               "conflict",
               "'" + found.node->name + "' is no supervisor",
               {"its supervisor is " + found.node->parent},
               {}});
  return nullptr;
}

void post_children(const api_request& request, const responder& out, api_context& context) {
  auto body = wire::parse_config_request(request.body);
  if (!body) return out->refuse(bad_value(body.failure().message));
  const auto supervisor = find_supervisor(request, out, context);
  if (!supervisor) return;
  if (supervisor->pool)
    return out->refuse({409,
                        "conflict",
                        "'" + supervisor->name + "' is a pool: its instances are all alike",
                        {"for another number of them: alder scale " + supervisor->name + " N"},
                        {}});
  submit(add_children{supervisor->tree, supervisor->name, std::move(*body)}, supervisor->tree, request, out, context);
}

void get_children(const api_request& request, const responder& out, api_context& context) {
  const auto supervisor = find_supervisor(request, out, context);
  if (!supervisor) return;
  if (!context.ask_children)
    return out->refuse({503, "stopping", "the daemon's API is starting or going down", {"try again"}, {}});
  context.ask_children({id_of(supervisor->tree, supervisor->name),
                        [out, pool = supervisor->pool, name = supervisor->name](const children_answer* answer) {
                          if (answer == nullptr)
                            return out->refuse({409, "conflict", "the supervisor '" + name + "' is down", {}, {}});
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

/// The configuration in the body, if it can be a new version of a tree that is there.
std::optional<tree_spec> read_change(const wire::config_request& body, const responder& out, const api_context& context,
                                     std::map<std::string, unsigned> instances = {}) {
  auto loaded = read_request(body, std::move(instances));
  if (!loaded.tree) {
    out->refuse({422,
                 "invalid_config",
                 "the configuration has mistakes; nothing was changed",
                 {},
                 diagnostic_entries(loaded.diagnostics)});
    return std::nullopt;
  }
  if (context.trees.find(loaded.tree->root.name) != nullptr) return std::move(*loaded.tree);
  out->refuse(
      {404, "no_such_tree", "there is no tree '" + loaded.tree->root.name + "'", {"bring it up: alder up"}, {}});
  return std::nullopt;
}

void post_diff(const api_request& request, const responder& out, api_context& context) {
  const auto body = wire::parse_config_request(request.body);
  if (!body) return out->refuse(bad_value(body.failure().message));
  auto tree = read_change(*body, out, context);
  if (!tree) return;
  const auto& known = *context.trees.find(tree->root.name);
  if (!known.source.instances.empty()) tree = read_change(*body, out, context, known.source.instances);
  if (!tree) return;
  std::vector<wire::change_entry> changes;
  for (const auto& change : outstanding(known, tree->root, context.shared.nodes))
    changes.push_back(
        {std::string{config::word(change.what)}, change.name, change.parent, change.details, change.needs_restart});
  out->answer(200, wire::changes_json(tree->root.name, changes));
}

void post_apply(const api_request& request, const responder& out, api_context& context) {
  auto body = wire::parse_config_request(request.body);
  if (!body) return out->refuse(bad_value(body.failure().message));
  const auto tree = read_change(*body, out, context);
  if (!tree) return;
  const change_options options{is_set(request, "start_added"), is_set(request, "stop_removed"),
                               is_set(request, "restart_changed")};
  submit(apply_config{std::move(*body), options}, tree->root.name, request, out, context);
}

void delete_tree(const api_request& request, const responder& out, api_context& context) {
  auto name = request.path[2];
  if (context.trees.find(name) == nullptr && context.trees.find(wire::ad_hoc_tree(name)) != nullptr)
    name = wire::ad_hoc_tree(name);
  if (context.trees.find(name) == nullptr) {
    std::vector<std::string> known;
    for (const auto& [tree, entry] : context.trees.trees())
      known.push_back(tree);
    std::vector<std::string> help;
    if (const auto near = nearest(name, known)) help.push_back("did you mean '" + *near + "'?");
    if (!known.empty()) help.push_back("trees: " + join(known, ", "));
    return out->refuse({404, "no_such_tree", "there is no tree '" + name + "'", help, {}});
  }
  submit(take_down{name}, name, request, out, context);
}

void post_shutdown(const api_request& request, const responder& out, api_context& context) {
  submit(shut_down{"on request"}, "", request, out, context);
}

/// The answer comes first; a moment later this daemon is killed.
void post_upgrade(const api_request& request, const responder& out, api_context& context) {
  const auto body = wire::parse_upgrade_request(request.body);
  if (!body) return out->refuse(bad_value(body.failure().message));
  if (context.stopping) return out->refuse({503, "stopping", "the daemon is going down", {}, {}});
  context.trees.write(store::journal::durable::machine);
  out->answer(202, wire::result_json({/*changed=*/true, std::nullopt}));
  auto timer = std::make_shared<boost::asio::steady_timer>(context.trees.executor(), std::chrono::milliseconds{20});
  timer->async_wait([timer, wanted = *body, &context](const boost::system::error_code&) {
    context.bridge.keeper().upgrade(wanted.keeper, wanted.daemon);
    context.bridge.flush();
  });
}

// -- the table

struct route_entry {
  std::string_view method;
  std::vector<std::string_view> path; ///< "*" stands for one name
  handler handle;
};

const std::vector<route_entry>& routes() {
  static const std::vector<route_entry> table{
      {"GET", {"_ping"}, get_ping},
      {"GET", {"v1", "info"}, get_info},
      {"GET", {"v1", "tree"}, get_tree},
      {"GET", {"v1", "services"}, get_services},
      {"POST", {"v1", "services"}, post_service},
      {"GET", {"v1", "services", "*"}, get_service},
      {"POST", {"v1", "services", "*", "start"}, post_start},
      {"POST", {"v1", "services", "*", "stop"}, post_stop},
      {"POST", {"v1", "services", "*", "restart"}, post_restart},
      {"POST", {"v1", "services", "*", "input"}, post_input},
      {"POST", {"v1", "services", "*", "message"}, post_message},
      {"POST", {"v1", "services", "*", "reset"}, post_reset},
      {"POST", {"v1", "services", "*", "terminate"}, post_stop},
      {"POST", {"v1", "services", "*", "scale"}, post_scale},
      {"DELETE", {"v1", "services", "*"}, delete_node},
      {"GET", {"v1", "supervisors", "*", "children"}, get_children},
      {"POST", {"v1", "supervisors", "*", "children"}, post_children},
      {"POST", {"v1", "config", "diff"}, post_diff},
      {"POST", {"v1", "config", "apply"}, post_apply},
      {"GET", {"v1", "config"}, get_config},
      {"PUT", {"v1", "config"}, put_config},
      {"POST", {"v1", "config", "validate"}, post_validate},
      {"DELETE", {"v1", "trees", "*"}, delete_tree},
      {"GET", {"v1", "events"}, get_events},
      {"GET", {"v1", "logs"}, get_logs},
      {"DELETE", {"v1", "logs"}, delete_logs},
      {"POST", {"v1", "logs", "reopen"}, post_logs_reopen},
      {"POST", {"v1", "logs", "rotate"}, post_logs_rotate},
      {"POST", {"v1", "daemon", "shutdown"}, post_shutdown},
      {"POST", {"v1", "daemon", "upgrade"}, post_upgrade},
  };
  return table;
}

bool matches(const route_entry& entry, const std::vector<std::string>& path) {
  return std::equal(entry.path.begin(), entry.path.end(), path.begin(), path.end(),
                    [](std::string_view wanted, const std::string& given) { return wanted == "*" || wanted == given; });
}

} // namespace

void route(const api_request& request, const std::shared_ptr<api_responder>& out, api_context& context) {
  bool known_path = false;
  for (const auto& entry : routes()) {
    if (!matches(entry, request.path)) continue;
    if (entry.method == request.method) return entry.handle(request, out, context);
    known_path = true;
  }
  if (known_path)
    return out->refuse({405, "method_not_allowed", request.method + " is not possible here", {"see docs/api.md"}, {}});
  out->refuse({404, "no_such_route", "there is no such route", {"see docs/api.md"}, {}});
}

} // namespace alder::actors

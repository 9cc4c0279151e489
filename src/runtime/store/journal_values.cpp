#include "runtime/store/journal_values.hpp"

#include "runtime/base/utf8.hpp"
#include "runtime/base/words.hpp"
#include "runtime/wire/time_text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>

namespace alder::store {
namespace {

using nlohmann::json;
using policy::child_memory;
using policy::supervision_memory;
using policy::unfinished_work;

std::string text_of(const json& j) { return j.dump(-1, ' ', /*ensure_ascii=*/true, json::error_handler_t::replace); }

// What programs are given may be any bytes.

json carried(const std::map<std::string, std::string>& bytes_by_name) {
  json object = json::object();
  for (const auto& [name, bytes] : bytes_by_name)
    object[carried_text(name)] = carried_text(bytes);
  return object;
}

/// What is no base64 behind its NUL stays as it is.
std::string bytes_of(const json& value) {
  const auto& text = value.get_ref<const std::string&>();
  return bytes_carried(text).value_or(text);
}

std::map<std::string, std::string> bytes_by_name(const json& object) {
  std::map<std::string, std::string> all;
  for (const auto& [name, value] : object.get_ref<const json::object_t&>())
    all.emplace(bytes_carried(name).value_or(name), bytes_of(value));
  return all;
}

template <class Value, class Read> result<Value> parsed(std::string_view text, Read read) {
  try {
    return read(json::parse(text));
  } catch (const json::exception& e) {
    return error{error_kind::invalid_input, std::string{"it cannot be read: "} + e.what(), 0};
  }
}

wall_time time_of(const json& j) { return wire::parse_time(j.get<std::string>()).value_or(wall_time{}); }

json exit_json(const last_exit& exit) {
  json j{{"at", wire::time_text(exit.at)}};
  if (exit.status.kind == exit_status::how::exited) j["code"] = exit.status.value;
  if (exit.status.kind == exit_status::how::signaled) j["signal"] = exit.status.value;
  return j;
}

last_exit read_exit(const json& j) {
  last_exit exit;
  exit.at = time_of(j.at("at"));
  if (j.contains("code")) exit.status = exit_status::code(j["code"].get<int>());
  if (j.contains("signal")) exit.status = exit_status::signal(j["signal"].get<int>());
  return exit;
}

json cause_json(const cause& why) {
  json j{{"kind", word(why.what)}};
  if (!why.origin.empty()) j["origin"] = why.origin;
  if (!why.detail.empty()) j["detail"] = why.detail;
  if (!why.strategy.empty()) j["strategy"] = why.strategy;
  return j;
}

cause read_cause(const json& j) {
  return {cause_named(j.at("kind").get<std::string>()).value_or(cause::kind::own_exit), j.value("origin", ""),
          j.value("detail", ""), j.value("strategy", "")};
}

/// How far the wall clock is before the monotonic one.
milliseconds lead_of(const both_clocks& now) {
  return std::chrono::duration_cast<milliseconds>(now.wall.time_since_epoch() - now.monotonic.time_since_epoch());
}

/// Moments that a later process can understand: Unix time in milliseconds.
std::int64_t wall_number(policy::time_point at, const both_clocks& now) {
  return (now.wall + std::chrono::duration_cast<milliseconds>(at - now.monotonic)).time_since_epoch().count();
}

/// Says by which clocks the moments in `j` were written.
json with_clocks(json j, const both_clocks& now) {
  if (now.boot.empty()) return j;
  j["boot"] = now.boot;
  j["lead"] = lead_of(now).count();
  return j;
}

/// Like `now`, by the wall clock of the writer of the moments in `j`: it may have been set since.
both_clocks clocks_of(const json& j, const both_clocks& now) {
  auto then = now;
  if (now.boot.empty() || j.value("boot", "") != now.boot) return then;
  constexpr std::int64_t farthest = std::int64_t{1} << 50;
  then.wall += milliseconds{std::clamp(j.at("lead").get<std::int64_t>(), -farthest, farthest)} - lead_of(now);
  return then;
}

/// Never later than `latest`: a clock that was set back must not put a restart off for years.
policy::time_point moment(const json& j, const both_clocks& now, milliseconds latest) {
  constexpr std::int64_t farthest = std::int64_t{1} << 50; // milliseconds: what is further off cannot be reckoned with
  const wall_time at{milliseconds{std::clamp(j.get<std::int64_t>(), -farthest, farthest)}};
  return now.monotonic + std::min(std::chrono::duration_cast<milliseconds>(at - now.wall), latest);
}

json child_json(const child_memory& child, const both_clocks& now) {
  json j{{"generation", child.generation}, {"ended", child.ended}};
  if (child.attempts > 0) j["attempts"] = child.attempts;
  if (child.limits.unstable > 0) j["unstable"] = child.limits.unstable;
  for (const auto at : child.limits.hourly)
    j["hourly"].push_back(wall_number(at, now));
  if (!child.restarting) return j;
  j["retry"] = {{"due", wall_number(child.due, now)}, {"counted", child.counted}, {"cause", cause_json(child.pending)}};
  return j;
}

child_memory read_child(const json& j, const both_clocks& now) {
  constexpr milliseconds longest_delay = std::chrono::hours{24};
  child_memory child;
  child.generation = j.at("generation").get<generation>();
  child.ended = j.at("ended").get<generation>();
  child.attempts = j.value("attempts", 0U);
  child.limits.unstable = j.value("unstable", 0U);
  if (j.contains("hourly"))
    for (const auto& at : j["hourly"])
      child.limits.hourly.push_back(moment(at, now, longest_delay));
  if (!j.contains("retry")) return child;
  const auto& retry = j["retry"];
  child.restarting = true;
  child.due = moment(retry.at("due"), now, longest_delay);
  child.counted = retry.at("counted").get<bool>();
  child.pending = read_cause(retry.at("cause"));
  return child;
}

json work_json(const unfinished_work& work) {
  json members = json::array();
  for (const auto& member : work.members)
    members.push_back({{"id", member.id}, {"generation", member.generation}, {"cause", cause_json(member.why)}});
  json j{{"what", word(work.what)},
         {"origin", work.origin},
         {"automatic", work.automatic},
         {"members", std::move(members)}};
  if (work.keep_going) j["keep_going"] = true;
  if (!work.ends()) return j;
  j["cause"] = cause_json(work.why);
  j["detail"] = work.detail;
  j["gave_up"] = work.gave_up;
  return j;
}

unfinished_work read_work(const json& j) {
  unfinished_work work;
  work.what = policy::work_named(j.at("what").get<std::string>()).value_or(unfinished_work::kind::restart);
  work.origin = j.at("origin").get<std::string>();
  work.automatic = j.at("automatic").get<bool>();
  for (const auto& member : j.at("members"))
    work.members.push_back({member.at("id").get<std::string>(), member.at("generation").get<generation>(),
                            read_cause(member.at("cause"))});
  work.keep_going = j.value("keep_going", false);
  if (!work.ends()) return work;
  work.why = read_cause(j.at("cause"));
  work.detail = j.at("detail").get<std::string>();
  work.gave_up = j.at("gave_up").get<bool>();
  return work;
}

json source_json(const read_source& source) {
  return {{"file", carried_text(source.file)},
          {"text", source.text},
          {"environment", carried(source.environment)},
          {"files", carried(source.files)},
          {"instances", source.instances}};
}

read_source read_source_of(const json& j) {
  return {bytes_of(j.at("file")), j.at("text").get<std::string>(), bytes_by_name(j.at("environment")),
          bytes_by_name(j.at("files")), j.at("instances").get<std::map<std::string, unsigned>>()};
}

/// With its source, or with the child (`as`) before it that has the same.
json graft_json(const saved_tree::graft& graft, const std::string& as) {
  json j = as.empty() ? source_json(*graft.from) : json{{"as", as}};
  j["parent"] = graft.parent;
  j["child"] = graft.child;
  return j;
}

/// Without `from` when it is that of another child.
saved_tree::graft read_graft(const json& j) {
  saved_tree::graft graft{j.at("parent").get<std::string>(), j.at("child").get<std::string>(), {}};
  if (!j.contains("as")) graft.from = std::make_shared<const read_source>(read_source_of(j));
  return graft;
}

/// For people by the wall clock, and for a daemon of the same boot by the clock that nobody sets.
void add_since(json& j, wall_time since, const node_clock& clock) {
  j["since"] = wire::time_text(since + clock.shift);
  if (clock.boot.empty()) return;
  j["boot"] = clock.boot;
  j["since_boot_ms"] = (since - clock.boot_moment).count();
}

wall_time since_in(const json& j, const node_clock& clock) {
  if (!j.contains("since")) return {};
  if (!clock.boot.empty() && j.value("boot", "") == clock.boot && j.contains("since_boot_ms")) {
    constexpr std::int64_t farthest = std::int64_t{1} << 50;
    const auto after = j["since_boot_ms"].get<std::int64_t>();
    return clock.boot_moment + milliseconds{std::clamp(after, -farthest, farthest)};
  }
  return time_of(j["since"]) - clock.shift;
}

} // namespace

std::string tree_value(const saved_tree& tree) {
  json grafts = json::array();
  std::map<const read_source*, std::string> known;
  for (const auto& graft : tree.grafts) {
    auto& first = known[graft.from.get()];
    grafts.push_back(graft_json(graft, first));
    if (first.empty()) first = graft.child;
  }
  json left = json::array();
  for (const auto& change : tree.left)
    left.push_back({{"name", change.name},
                    {"parent", change.parent},
                    {"details", change.details},
                    {"added", change.added},
                    {"generation", change.generation}});
  return text_of({{"instances", tree.instances},
                  {"left", std::move(left)},
                  {"removed", tree.removed},
                  {"grafts", std::move(grafts)},
                  {"name", tree.name},
                  {"file", carried_text(tree.file)},
                  {"text", tree.text},
                  {"environment", carried(tree.environment)},
                  {"files", carried(tree.files)},
                  {"up_since", wire::time_text(tree.up_since)},
                  {"revision", tree.revision}});
}

result<saved_tree> parse_tree_value(std::string_view text) {
  return parsed<saved_tree>(text, [](const json& j) {
    saved_tree tree;
    tree.name = j.at("name").get<std::string>();
    tree.file = bytes_of(j.at("file"));
    tree.text = j.at("text").get<std::string>();
    tree.environment = bytes_by_name(j.at("environment"));
    tree.files = bytes_by_name(j.at("files"));
    tree.up_since = time_of(j.at("up_since"));
    if (!j.contains("grafts")) return tree; // written before trees could be changed
    using counts = std::map<std::string, unsigned>;
    tree.instances = j.at("instances").get<counts>();
    tree.removed = j.at("removed").get<std::vector<std::string>>();
    tree.revision = j.value("revision", std::uint64_t{0});
    std::map<std::string, std::shared_ptr<const read_source>> known;
    for (const auto& one : j.at("grafts")) {
      auto graft = read_graft(one);
      if (!graft.from) graft.from = known[one.at("as").get<std::string>()];
      if (!graft.from) continue; // damage
      known[graft.child] = graft.from;
      tree.grafts.push_back(std::move(graft));
    }
    if (!j.contains("left")) return tree;
    for (const auto& change : j["left"])
      tree.left.push_back({change.at("name").get<std::string>(), change.at("parent").get<std::string>(),
                           change.at("details").get<std::vector<std::string>>(), change.at("added").get<bool>(),
                           change.at("generation").get<generation>()});
    return tree;
  });
}

std::string edit_value(const tree_edit& edit, const std::string& as) {
  json j{{"revision", edit.revision}};
  if (edit.added) {
    j["added"] = graft_json(*edit.added, as);
  } else {
    j["removed"] = edit.removed;
  }
  return text_of(j);
}

result<tree_edit> parse_edit_value(std::string_view text, const saved_tree& before) {
  return parsed<tree_edit>(text, [&](const json& j) {
    tree_edit edit{j.at("revision").get<std::uint64_t>(), {}, j.value("removed", "")};
    if (!j.contains("added")) return edit;
    edit.added = read_graft(j["added"]);
    if (edit.added->from) return edit;
    const auto as = j["added"].at("as").get<std::string>();
    const auto& known = before.grafts; // mostly the last
    const auto found = std::find_if(known.rbegin(), known.rend(), [&](const auto& one) { return one.child == as; });
    if (found == known.rend()) throw json::other_error::create(501, "no child '" + as + "' comes before it", nullptr);
    edit.added->from = found->from;
    return edit;
  });
}

std::string listed_tree_value(const std::string& file) { return text_of({{"file", file}}); }

result<std::string> parse_listed_tree_value(std::string_view text) {
  return parsed<std::string>(text, [](const json& j) { return j.at("file").get<std::string>(); });
}

namespace {

/// Versions that know less do not say it.
void add_mark(json& j, const request_mark& asked) {
  if (!asked.key.empty()) j["asked"] = {{"key", asked.key}, {"since", asked.since}};
}

request_mark mark_in(const json& j) {
  const auto asked = j.find("asked");
  return asked == j.end() ? request_mark{}
                          : request_mark{asked->at("key").get<std::string>(), asked->at("since").get<std::uint64_t>()};
}

json options_json(const policy::change_options& options) {
  return {{"start_added", options.start_added},
          {"stop_removed", options.stop_removed},
          {"restart_changed", options.restart_changed},
          {"replace", options.replace}};
}

policy::change_options read_options(const json& j) {
  policy::change_options options{j.at("start_added").get<bool>(), j.at("stop_removed").get<bool>(),
                                 j.at("restart_changed").get<bool>()};
  options.replace = j.value("replace", options.start_added && options.stop_removed); // before it was said, so it was
  return options;
}

} // namespace

std::string change_value(const change_under_way& change) {
  json replaced = json::array();
  for (const auto& node : change.replaced)
    replaced.push_back({{"name", node.name}, {"generation", node.generation}});
  auto all = options_json(change.options);
  all["removed"] = change.removed;
  all["replaced"] = replaced;
  all["down"] = change.down;
  if (!change.pending.empty()) all["pending"] = json::parse(change.pending);
  if (!change.service.empty()) all["service"] = change.service;
  add_mark(all, change.asked);
  return text_of(all);
}

result<change_under_way> parse_change_value(std::string_view text) {
  return parsed<change_under_way>(text, [](const json& j) {
    change_under_way change{read_options(j), j.at("removed").get<std::vector<std::string>>()};
    for (const auto& node : j.value("replaced", json::array())) // versions that know less do not say it
      change.replaced.push_back({node.at("name").get<std::string>(), node.at("generation").get<alder::generation>()});
    change.down = j.value("down", change.down);
    if (const auto pending = j.find("pending"); pending != j.end()) change.pending = text_of(*pending);
    change.service = j.value("service", change.service);
    change.asked = mark_in(j);
    return change;
  });
}

std::string wait_value(const waiting_change& change) {
  auto all = options_json(change.options);
  all["tree"] = change.tree;
  if (!change.pending.empty()) {
    all["pending"] = json::parse(change.pending);
  } else {
    all["service"] = change.service;
    all["instances"] = change.instances;
    all["at_any_price"] = change.at_any_price;
  }
  add_mark(all, change.asked);
  return text_of(all);
}

result<waiting_change> parse_wait_value(std::string_view text) {
  return parsed<waiting_change>(text, [](const json& j) {
    waiting_change change{.tree = j.at("tree").get<std::string>(), .options = read_options(j), .asked = mark_in(j)};
    if (const auto pending = j.find("pending"); pending != j.end()) {
      change.pending = text_of(*pending);
      return change;
    }
    change.service = j.at("service").get<std::string>();
    change.instances = j.at("instances").get<unsigned>();
    change.at_any_price = j.at("at_any_price").get<bool>();
    return change;
  });
}

std::string_view word(act_under_way::kind what) {
  switch (what) {
  case act_under_way::kind::start: return "start";
  case act_under_way::kind::stop: return "stop";
  case act_under_way::kind::restart: return "restart";
  case act_under_way::kind::remove: return "remove";
  }
  return {};
}

std::string act_value(const act_under_way& act) {
  json j{{"tree", act.tree}, {"name", act.name}, {"what", word(act.what)}, {"seen", act.seen}};
  if (!act.until.empty()) j["until"] = act.until;
  add_mark(j, act.asked);
  return text_of(j);
}

std::string answer_value(const answered_request& answer) {
  json j{{"what", answer.what}, {"tree", answer.tree}, {"name", answer.name}, {"result", answer.result}};
  add_mark(j, answer.asked);
  return text_of(j);
}

result<answered_request> parse_answer_value(std::string_view text) {
  return parsed<answered_request>(text, [](const json& j) {
    return answered_request{mark_in(j), j.at("what").get<std::string>(), j.at("tree").get<std::string>(),
                            j.at("name").get<std::string>(), j.at("result").get<std::string>()};
  });
}

std::string down_value(const request_mark& asked) {
  auto j = json::object();
  add_mark(j, asked);
  return text_of(j);
}

result<request_mark> parse_down_value(std::string_view text) {
  return parsed<request_mark>(text, [](const json& j) { return mark_in(j); });
}

result<act_under_way> parse_act_value(std::string_view text) {
  return parsed<act_under_way>(text, [](const json& j) {
    using kind = act_under_way::kind;
    const auto what = j.at("what").get<std::string>();
    for (const auto one : {kind::start, kind::stop, kind::restart, kind::remove}) {
      if (word(one) == what)
        return act_under_way{j.at("tree").get<std::string>(),       j.at("name").get<std::string>(), one,
                             j.at("seen").get<alder::generation>(), j.value("until", std::string{}), mark_in(j)};
    }
    throw json::other_error::create(501, "'" + what + "' is nothing that is asked for", nullptr);
  });
}

std::string node_value(const node_snapshot& node, const node_clock& clock) {
  const bool is_pending = node.former && !node.settled; // what became of it is not known yet
  const auto now =
      is_pending ? *node.former : former_state{node.state, node.since, node.reason, node.why, node.generation};
  json j{{"restarts", node.restarts}, {"generation", now.generation}};
  if (node.last_exit) j["last_exit"] = exit_json(*node.last_exit);
  if (now.since != wall_time{}) add_since(j, now.since, clock);
  if (node.settled) {
    j["state"] = word(now.state);
    j["reason"] = now.reason;
  } else { // not "state", by which versions that know no more see that it is settled
    j["now"] = {{"state", word(now.state)}, {"reason", now.reason}, {"cause", cause_json(now.why)}};
  }
  if (!node.status.empty()) j["status"] = node.status;
  if (node.reloading) j["reloading"] = true;
  if (!node.health.empty()) j["health"] = node.health;
  if (!node.complaints.empty()) j["complaints"] = node.complaints;
  if (node.forced) j["forced"] = {{"reason", node.forced->why}, {"final", node.forced->is_final}};
  return text_of(j);
}

result<node_snapshot> parse_node_value(std::string_view text, const node_clock& clock) {
  return parsed<node_snapshot>(text, [&](const json& j) {
    node_snapshot node;
    node.restarts = j.at("restarts").get<unsigned>();
    node.generation = j.value("generation", generation{0});
    if (j.contains("last_exit")) node.last_exit = read_exit(j["last_exit"]);
    node.status = j.value("status", "");
    node.reloading = j.value("reloading", false);
    node.health = j.value("health", "");
    node.complaints = j.value("complaints", std::map<std::string, std::string>{});
    if (j.contains("forced"))
      node.forced = forced_end{j["forced"].at("reason").get<std::string>(), j["forced"].at("final").get<bool>()};
    node.settled = j.contains("state");
    if (node.settled) {
      node.state = node_state_named(j["state"].get<std::string>()).value_or(node_state::stopped);
      node.since = since_in(j, clock);
      node.reason = j.at("reason").get<std::string>();
    } else if (j.contains("now")) {
      const auto& now = j["now"];
      const auto state = node_state_named(now.at("state").get<std::string>()).value_or(node_state::stopped);
      node.former = former_state{state, since_in(j, clock), now.at("reason").get<std::string>(),
                                 read_cause(now.at("cause")), node.generation};
    }
    return node;
  });
}

std::string memory_value(const supervision_memory& memory, const std::set<std::string>& children,
                         const both_clocks& now) {
  json j{{"generation", memory.generation}, {"restarts", json::array()}, {"children", json::array()}};
  for (const auto at : memory.restarts)
    j["restarts"].push_back(wall_number(at, now));
  for (const auto& id : children) {
    const auto child = memory.children.find(id);
    if (child == memory.children.end()) continue;
    j["children"].push_back(child_json(child->second, now));
    j["children"].back()["id"] = id;
  }
  if (memory.under_way) j["under_way"] = work_json(*memory.under_way);
  return text_of(with_clocks(std::move(j), now));
}

result<supervision_memory> parse_memory_value(std::string_view text, const both_clocks& now) {
  return parsed<supervision_memory>(text, [&](const json& j) {
    supervision_memory memory;
    const auto clocks = clocks_of(j, now);
    memory.generation = j.at("generation").get<generation>();
    for (const auto& at : j.at("restarts"))
      memory.restarts.push_back(moment(at, clocks, milliseconds{0}));
    for (const auto& child : j.at("children"))
      memory.children[child.at("id").get<std::string>()] = read_child(child, clocks);
    if (j.contains("under_way")) memory.under_way = read_work(j["under_way"]);
    return memory;
  });
}

std::string past_value(const past& of_child, const both_clocks& now) {
  json j = child_json(of_child.child, now);
  j["supervisor"] = of_child.supervisor.text();
  return text_of(with_clocks(std::move(j), now));
}

result<past> parse_past_value(std::string_view text, const both_clocks& now) {
  return parsed<past>(text, [&](const json& j) {
    const auto whose = j.at("supervisor").get<std::string>();
    auto supervisor = node_id::parse(whose);
    if (!supervisor) throw json::other_error::create(501, "'" + whose + "' is no supervisor", nullptr);
    return past{std::move(*supervisor), read_child(j, clocks_of(j, now))};
  });
}

} // namespace alder::store

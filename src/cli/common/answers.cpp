#include "cli/common/answers.hpp"

#include "runtime/base/utf8.hpp"
#include "runtime/wire/time_text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <limits>

namespace alder::cli {
namespace {

using nlohmann::json;

// What the daemon leaves out, and what has another type than promised, reads as empty: a newer daemon must not break an
// older command.
std::string text_of(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

template <class T> T number_of(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number_integer()) return T{};
  if (found->is_number_unsigned()) {
    const auto value = found->get<std::uint64_t>();
    return value <= static_cast<std::uint64_t>(std::numeric_limits<T>::max()) ? static_cast<T>(value) : T{};
  }
  const auto value = found->get<std::int64_t>();
  const auto least = static_cast<std::int64_t>(std::numeric_limits<T>::min());
  return value >= least ? static_cast<T>(value) : T{}; // a negative one: the branch above has the others
}

bool flag_of(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

std::optional<wall_time> time_of(const json& object, const char* key) { return wire::parse_time(text_of(object, key)); }

std::vector<std::string> texts_of(const json& object, const char* key) {
  std::vector<std::string> texts;
  const auto found = object.find(key);
  if (found == object.end() || !found->is_array()) return texts;
  for (const auto& one : *found)
    if (one.is_string()) texts.push_back(one.get<std::string>());
  return texts;
}

/// Calls `take` with each object of the array `key`.
template <class Take> void each_of(const json& object, const char* key, Take take) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_array()) return;
  for (const auto& one : *found)
    if (one.is_object()) take(one);
}

std::map<std::string, std::string> map_of(const json& object, const char* key) {
  std::map<std::string, std::string> map;
  const auto found = object.find(key);
  if (found == object.end() || !found->is_object()) return map;
  for (const auto& [name, value] : found->items())
    if (value.is_string()) map.emplace(name, value.get<std::string>());
  return map;
}

std::optional<exit_view> exit_of(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_object()) return std::nullopt;
  exit_view view{
      .text = text_of(*found, "text"), .code = {}, .signal = text_of(*found, "signal"), .at = time_of(*found, "at")};
  if (found->contains("code")) view.code = number_of<int>(*found, "code");
  return view;
}

std::optional<intensity_view> intensity_of(const json& object) {
  const auto found = object.find("intensity");
  if (found == object.end() || !found->is_object()) return std::nullopt;
  intensity_view view{.max = number_of<unsigned>(*found, "max"),
                      .window = milliseconds{number_of<std::int64_t>(*found, "window_ms")},
                      .used = number_of<unsigned>(*found, "used"),
                      .left = number_of<unsigned>(*found, "left"),
                      .oldest_expires = {}};
  if (found->contains("oldest_expires_ms"))
    view.oldest_expires = milliseconds{number_of<std::int64_t>(*found, "oldest_expires_ms")};
  return view;
}

event_view event_of(const json& object) {
  const auto cause = object.find("cause");
  return {.seq = number_of<std::uint64_t>(object, "seq"),
          .at = time_of(object, "at"),
          .kind = text_of(object, "kind"),
          .tree = text_of(object, "tree"),
          .name = text_of(object, "name"),
          .pid = number_of<int>(object, "pid"),
          .generation = number_of<unsigned>(object, "generation"),
          .text = text_of(object, "text"),
          .cause = cause != object.end() && cause->is_object() ? text_of(*cause, "kind") : std::string{}};
}

log_view log_of(const json& object) {
  return {.at = time_of(object, "at"),
          .tree = text_of(object, "tree"),
          .service = text_of(object, "service"),
          .from_stderr = text_of(object, "stream") == "err",
          .line = text_of(object, "line"),
          .bytes = object.contains("bytes") ? from_base64(text_of(object, "bytes")) : std::nullopt,
          .partial = flag_of(object, "partial"),
          .cursor = text_of(object, "cursor")};
}

std::optional<detail_view::logged_view> logged_of(const json& object) {
  const auto found = object.find("logged");
  if (found == object.end() || !found->is_object()) return std::nullopt;
  return detail_view::logged_view{.bytes = number_of<std::uint64_t>(*found, "bytes"),
                                  .lost_bytes = number_of<std::uint64_t>(*found, "lost_bytes"),
                                  .lost_lines = number_of<std::uint64_t>(*found, "lost_lines"),
                                  .rotations = number_of<std::uint64_t>(*found, "rotations"),
                                  .waiting_bytes = number_of<std::uint64_t>(*found, "waiting_bytes")};
}

std::optional<detail_view> detail_of(const json& object) {
  const auto found = object.find("detail");
  if (found == object.end() || !found->is_object()) return std::nullopt;
  detail_view view{.command = texts_of(*found, "command"),
                   .cwd = text_of(*found, "cwd"),
                   .environment = map_of(*found, "environment"),
                   .attributes = text_of(*found, "attributes"),
                   .input = text_of(*found, "stdin"),
                   .ready = text_of(*found, "ready"),
                   .stop = text_of(*found, "stop"),
                   .backoff = text_of(*found, "backoff"),
                   .after = text_of(*found, "after"),
                   .schedule = text_of(*found, "schedule"),
                   .watch = text_of(*found, "watch"),
                   .hooks = text_of(*found, "hooks"),
                   .health = text_of(*found, "health"),
                   .heartbeat = text_of(*found, "heartbeat"),
                   .limits = text_of(*found, "limits"),
                   .restart_limit = text_of(*found, "restart_limit"),
                   .exits = text_of(*found, "exits"),
                   .log_rules = text_of(*found, "log_rules"),
                   .pending = texts_of(*found, "pending"),
                   .path = texts_of(*found, "path"),
                   .strategy = text_of(*found, "strategy"),
                   .intensity = intensity_of(*found),
                   .processes = {},
                   .log_out = text_of(*found, "log_out"),
                   .log_err = text_of(*found, "log_err"),
                   .logged = logged_of(*found),
                   .events = {},
                   .log = {}};
  each_of(*found, "processes", [&](const json& one) {
    view.processes.push_back(
        {.pid = number_of<int>(one, "pid"), .parent = number_of<int>(one, "ppid"), .command = text_of(one, "command")});
  });
  each_of(*found, "events", [&](const json& one) { view.events.push_back(event_of(one)); });
  each_of(*found, "log", [&](const json& one) { view.log.push_back(log_of(one)); });
  return view;
}

std::vector<std::pair<std::string, std::string>> metrics_of(const json& object) {
  std::vector<std::pair<std::string, std::string>> metrics;
  const auto found = object.find("metrics");
  if (found == object.end() || !found->is_object()) return metrics;
  for (const auto& [name, metric] : found->items()) {
    const auto value = metric.find("value");
    if (value == metric.end() || !value->is_number()) continue;
    const auto unit = text_of(metric, "unit");
    metrics.emplace_back(name, value->dump() + (unit.empty() ? "" : " " + unit));
  }
  return metrics;
}

std::optional<usage_view> usage_of(const json& object) {
  const auto found = object.find("usage");
  if (found == object.end() || !found->is_object()) return std::nullopt;
  const auto cpu = found->find("cpu");
  usage_view usage{.cpu = cpu != found->end() && cpu->is_number() ? cpu->get<double>() : 0,
                   .memory = number_of<std::uint64_t>(*found, "memory"),
                   .processes = number_of<unsigned>(*found, "processes"),
                   .threads = number_of<unsigned>(*found, "threads"),
                   .descriptors = {},
                   .proportional_memory = {}};
  if (found->contains("fds")) usage.descriptors = number_of<unsigned>(*found, "fds");
  if (found->contains("pss")) usage.proportional_memory = number_of<std::uint64_t>(*found, "pss");
  return usage;
}

/// False: nested too deeply.
bool fill_node(node_view& node, const json& object, unsigned depth) {
  if (depth > max_tree_depth) return false;
  node = {.type = text_of(object, "type"),
          .tree = text_of(object, "tree"),
          .name = text_of(object, "name"),
          .parent = text_of(object, "parent"),
          .state = text_of(object, "state"),
          .since = time_of(object, "since"),
          .reason = text_of(object, "reason"),
          .restart = text_of(object, "restart"),
          .restarts = number_of<unsigned>(object, "restarts"),
          .pid = number_of<int>(object, "pid"),
          .status = text_of(object, "status"),
          .reloading = flag_of(object, "reloading"),
          .health = text_of(object, "health"),
          .metrics = metrics_of(object),
          .last_exit = exit_of(object, "last_exit"),
          .next_attempt = time_of(object, "next_attempt"),
          .usage = usage_of(object),
          .next_run = time_of(object, "next_run"),
          .started_by = text_of(object, "started_by"),
          .strategy = text_of(object, "strategy"),
          .pool = flag_of(object, "pool"),
          .intensity = intensity_of(object),
          .children = {},
          .detail = detail_of(object)};
  bool fits = true;
  each_of(object, "children",
          [&](const json& child) { fits = fits && fill_node(node.children.emplace_back(), child, depth + 1); });
  return fits;
}

error not_promised(const std::string& what) {
  return error{error_kind::io, "cannot read the daemon's answer: " + what};
}

/// The document as an object, or what is wrong with it.
result<json> parse_object(std::string_view text) {
  auto document = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (document.is_discarded()) return not_promised("it is not JSON");
  if (!document.is_object()) return not_promised("it is not an object");
  return document;
}

result<std::vector<node_view>> nodes_of(const json& object, const char* key) {
  std::vector<node_view> nodes;
  bool fits = true;
  each_of(object, key, [&](const json& one) { fits = fits && fill_node(nodes.emplace_back(), one, 0); });
  if (!fits) return not_promised("nodes are nested too deeply");
  return nodes;
}

config::diagnostic diagnostic_of(const json& one) {
  return {.severity = text_of(one, "severity") == "warning" ? config::diagnostic::level::warning
                                                            : config::diagnostic::level::error,
          .code = text_of(one, "code"),
          .message = text_of(one, "message"),
          .label = text_of(one, "label"),
          .file = text_of(one, "file"),
          .line = number_of<unsigned>(one, "line"),
          .column = number_of<unsigned>(one, "column"),
          .end_column = number_of<unsigned>(one, "end_column"),
          .snippet = text_of(one, "snippet"),
          .help = texts_of(one, "help")};
}

problem problem_of(unsigned status, const json& object) {
  problem view{.status = status,
               .code = text_of(object, "code"),
               .detail = text_of(object, "detail"),
               .help = texts_of(object, "help"),
               .diagnostics = {}};
  if (object.contains("status")) view.status = number_of<unsigned>(object, "status");
  if (view.detail.empty()) view.detail = text_of(object, "title");
  each_of(object, "diagnostics", [&](const json& one) { view.diagnostics.push_back(diagnostic_of(one)); });
  return view;
}

gap_view gap_of(const json& object) { return {.missed = number_of<std::uint64_t>(object, "gap")}; }

/// Environments may hold any bytes, JSON may not: what is not UTF-8 is replaced.
/// Names and values of variables may be any bytes.
json carried(const std::map<std::string, std::string>& environment) {
  json object = json::object();
  for (const auto& [name, value] : environment)
    object[carried_text(name)] = carried_text(value);
  return object;
}

std::string written(const json& document) { return document.dump(-1, ' ', false, json::error_handler_t::replace); }

} // namespace

result<std::vector<node_view>> read_services(std::string_view text) {
  const auto document = parse_object(text);
  if (!document) return document.failure();
  if (!document->contains("services")) return not_promised("'services' is missing");
  return nodes_of(*document, "services");
}

result<tree_view> read_tree(std::string_view text) {
  const auto document = parse_object(text);
  if (!document) return document.failure();
  if (!document->contains("trees")) return not_promised("'trees' is missing");
  auto trees = nodes_of(*document, "trees");
  if (!trees) return trees.failure();
  tree_view view{.trees = std::move(*trees), .daemon = {}};
  if (const auto daemon = document->find("daemon"); daemon != document->end() && daemon->is_object())
    if (!fill_node(view.daemon.emplace(), *daemon, 0)) return not_promised("nodes are nested too deeply");
  return view;
}

result<node_view> read_node(std::string_view text) {
  const auto document = parse_object(text);
  if (!document) return document.failure();
  node_view node;
  if (!fill_node(node, *document, 0)) return not_promised("nodes are nested too deeply");
  if (node.name.empty()) return not_promised("the node has no name");
  return node;
}

result<difference_view> read_changes(std::string_view text) {
  const auto document = parse_object(text);
  if (!document) return document.failure();
  difference_view found{text_of(*document, "tree"), text_of(*document, "state"), text_of(*document, "refused"), {}};
  each_of(*document, "changes", [&](const json& one) {
    change_view change{text_of(one, "what"), text_of(one, "name"), text_of(one, "parent"), {}, false};
    if (const auto details = one.find("details"); details != one.end() && details->is_array()) {
      for (const auto& detail : *details) {
        if (detail.is_string()) change.details.push_back(detail.get<std::string>());
      }
    }
    const auto restart = one.find("needs_restart");
    change.needs_restart = restart != one.end() && *restart == true;
    change.then = text_of(one, "then");
    each_of(one, "variables", [&](const json& variable) {
      change.variables.push_back({text_of(variable, "name"), text_of(variable, "what")});
    });
    found.changes.push_back(std::move(change));
  });
  return found;
}

result<std::vector<config_view>> read_config(std::string_view text) {
  const auto document = parse_object(text);
  if (!document) return document.failure();
  std::vector<config_view> all;
  each_of(*document, "trees",
          [&](const json& one) { all.push_back({.tree = text_of(one, "tree"), .file = text_of(one, "file")}); });
  return all;
}

std::vector<std::string> read_notices(std::string_view text) {
  std::vector<std::string> all;
  const auto document = parse_object(text);
  if (!document) return all;
  const auto notices = document->find("notices");
  if (notices == document->end() || !notices->is_array()) return all;
  for (const auto& notice : *notices)
    if (notice.is_string()) all.push_back(notice.get<std::string>());
  return all;
}

result<info_view> read_info(std::string_view text) {
  const auto document = parse_object(text);
  if (!document) return document.failure();
  const auto& object = *document;
  info_view view{.version = text_of(object, "version"),
                 .pid = number_of<int>(object, "pid"),
                 .keeper_pid = number_of<int>(object, "keeper_pid"),
                 .started = time_of(object, "started_at"),
                 .uptime = milliseconds{number_of<std::int64_t>(object, "uptime_ms")},
                 .epoch = number_of<unsigned>(object, "epoch"),
                 .socket = text_of(object, "socket"),
                 .state_dir = text_of(object, "state_dir"),
                 .log_dir = text_of(object, "log_dir"),
                 .trees = number_of<unsigned>(object, "trees"),
                 .counts = {},
                 .notices = read_notices(text)};
  if (const auto counts = object.find("counts"); counts != object.end() && counts->is_object()) {
    for (const auto& [state, number] : counts->items())
      if (number.is_number_unsigned()) view.counts.emplace_back(state, number.get<unsigned>());
  }
  return view;
}

result<pong_view> read_pong(std::string_view text) {
  const auto document = parse_object(text);
  if (!document) return document.failure();
  if (!flag_of(*document, "pong")) return not_promised("it is not a reply to a ping");
  return pong_view{.version = text_of(*document, "version"), .pid = number_of<int>(*document, "pid")};
}

result<event_line> read_event_line(std::string_view text) {
  const auto document = parse_object(text);
  if (!document) return document.failure();
  if (document->contains("gap")) return event_line{gap_of(*document)};
  if (document->contains("done")) {
    done_view done{.ok = flag_of(*document, "ok"), .changed = flag_of(*document, "changed"), .why = {}};
    if (!done.ok) done.why = problem_of(500, *document);
    return event_line{std::move(done)};
  }
  return event_line{event_of(*document)};
}

result<log_line> read_log_line(std::string_view text) {
  const auto document = parse_object(text);
  if (!document) return document.failure();
  if (const auto gap = document->find("gap"); gap != document->end() && gap->is_object())
    return log_line{log_gap_view{
        .service = text_of(*document, "service"), .from = time_of(*gap, "from"), .to = time_of(*gap, "to")}};
  if (const auto cursors = document->find("cursors"); cursors != document->end() && cursors->is_array()) {
    log_cursors_view view;
    for (const auto& one : *cursors)
      if (one.is_string()) view.cursors.push_back(one.get<std::string>());
    return log_line{std::move(view)};
  }
  return log_line{log_of(*document)};
}

std::optional<std::uint64_t> read_generation(std::string_view text) {
  const auto document = parse_object(text);
  if (!document || !document->contains("generation")) return std::nullopt;
  return number_of<std::uint64_t>(*document, "generation");
}

std::optional<std::size_t> read_file_count(std::string_view text) {
  const auto document = parse_object(text);
  if (!document || !document->contains("files")) return std::nullopt;
  return number_of<std::size_t>(*document, "files");
}

std::vector<std::string> read_tree_names(std::string_view text) {
  const auto document = parse_object(text);
  return document ? texts_of(*document, "trees") : std::vector<std::string>{};
}

problem read_problem(unsigned status, std::string_view text) {
  const auto document = parse_object(text);
  auto view = document ? problem_of(status, *document)
                       : problem{.status = status, .code = {}, .detail = {}, .help = {}, .diagnostics = {}};
  if (view.detail.empty()) view.detail = "the daemon answered with status " + std::to_string(status);
  return view;
}

std::string config_body(const std::string& file, const std::string& text,
                        const std::map<std::string, std::string>& environment) {
  return written({{"file", carried_text(file)}, {"text", text}, {"environment", carried(environment)}});
}

std::string after_body(const std::vector<std::string>& cursors) { return written({{"after", cursors}}); }

std::string service_body(const ad_hoc_service& service) {
  json command = json::array();
  for (const auto& word : service.command)
    command.push_back(carried_text(word));
  json body{{"name", service.name},
            {"command", std::move(command)},
            {"cwd", carried_text(service.cwd)},
            {"environment", carried(service.environment)}};
  if (!service.restart.empty()) body["restart"] = service.restart;
  return written(body);
}

std::string upgrade_body(const std::string& keeper, const std::string& daemon) {
  return written({{"keeper", carried_text(keeper)}, {"daemon", carried_text(daemon)}});
}

std::string complaint_body(const std::string& what, const std::vector<std::string>& help, int exit_code) {
  return written({{"schema", 1}, {"error", {{"message", what}, {"help", help}, {"exit_code", exit_code}}}});
}

std::string strings_body(const std::vector<std::pair<std::string, std::string>>& fields) {
  json body{{"schema", 1}};
  for (const auto& [name, value] : fields)
    body[name] = value;
  return written(body);
}

} // namespace alder::cli

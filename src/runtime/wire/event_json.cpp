#include "runtime/wire/event_json.hpp"

#include "runtime/base/words.hpp"
#include "runtime/wire/event_sentence.hpp"
#include "runtime/wire/strict_json.hpp"
#include "runtime/wire/time_text.hpp"

#include <nlohmann/json.hpp>

#include <utility>

namespace alder::wire {
namespace {

std::optional<int> read_signal(const std::string& name) {
  constexpr std::string_view unnamed = "signal ";
  return signal_named(name.rfind(unnamed, 0) == 0 ? std::string_view{name}.substr(unnamed.size())
                                                  : std::string_view{name});
}

result<std::optional<exit_status>> read_exit(const strict_json& object) {
  const auto* value = find(object, "exit");
  if (value == nullptr) return std::optional<exit_status>{};
  if (!value->is_object()) return wrong("exit", "an object", *value);
  if (find(*value, "code") != nullptr) {
    const auto code = read_number<int>(*value, "code", 0);
    if (!code) return code.failure();
    return std::optional{exit_status::code(*code)};
  }
  if (find(*value, "signal") == nullptr) return std::optional{exit_status{}};
  const auto signal = read_signal(text_or_empty(*value, "signal"));
  if (!signal) return invalid("'exit.signal' is not a signal");
  return std::optional{exit_status::signal(*signal)};
}

result<cause> read_cause(const strict_json& object) {
  const auto* value = find(object, "cause");
  if (value == nullptr) return cause{};
  if (!value->is_object()) return wrong("cause", "an object", *value);
  const auto kind = cause_named(text_or_empty(*value, "kind"));
  if (!kind) return invalid("'cause.kind' is not a kind of cause");
  return cause{*kind, text_or_empty(*value, "origin"), text_or_empty(*value, "detail"),
               text_or_empty(*value, "strategy")};
}

/// What identifies an event, and must be there.
outcome read_head(const strict_json& object, event& e) {
  if (find(object, "seq") == nullptr) return invalid("'seq' is missing");
  const auto seq = read_number<std::uint64_t>(object, "seq", 0);
  if (!seq) return seq.failure();
  const auto at = parse_time(text_or_empty(object, "at"));
  if (!at) return invalid("'at': expected a time");
  const auto kind = event_kind_named(text_or_empty(object, "kind"));
  if (!kind) return invalid("'kind' is not a kind of event");
  e.seq = *seq;
  e.at = *at;
  e.kind = *kind;
  return success();
}

outcome read_numbers(const strict_json& object, event& e) {
  const auto pid = read_number<int>(object, "pid", 0);
  if (!pid) return pid.failure();
  const auto generation = read_number<alder::generation>(object, "generation", 0);
  if (!generation) return generation.failure();
  const auto delay = read_number<std::int64_t>(object, "delay_ms", 0);
  if (!delay) return delay.failure();
  e.pid = *pid;
  e.generation = *generation;
  e.delay = milliseconds{*delay};
  return success();
}

} // namespace

event_view view_of(const event& e) {
  event_view view{.seq = e.seq,
                  .at = e.at,
                  .kind = std::string{word(e.kind)},
                  .tree = e.tree,
                  .name = e.name,
                  .pid = e.pid,
                  .generation = e.generation,
                  .cause = {std::string{word(e.cause.what)}, e.cause.origin, e.cause.detail, e.cause.strategy},
                  .text = sentence(e)};
  if (e.status) view.exit = view_of(*e.status);
  if (e.kind == event_kind::restart_planned || e.delay.count() > 0) view.delay = e.delay;
  return view;
}

void to_json(json_value& value, const event_view& view) {
  value = {{"seq", view.seq}};
  if (view.at) value["at"] = time_text(*view.at);
  value["kind"] = view.kind;
  if (!view.tree.empty()) value["tree"] = view.tree;
  if (!view.name.empty()) value["name"] = view.name;
  if (view.pid > 0) value["pid"] = view.pid;
  if (view.generation > 0) value["generation"] = view.generation;
  if (view.exit) value["exit"] = *view.exit;
  if (view.delay) value["delay_ms"] = view.delay->count();
  value["cause"] = {{"kind", view.cause.kind},
                    {"origin", view.cause.origin},
                    {"detail", view.cause.detail},
                    {"strategy", view.cause.strategy}};
  value["text"] = view.text;
}

void from_json(const json_value& value, event_view& view) {
  take(value, "seq", view.seq);
  take(value, "at", view.at);
  take(value, "kind", view.kind);
  take(value, "tree", view.tree);
  take(value, "name", view.name);
  take(value, "pid", view.pid);
  take(value, "generation", view.generation);
  take_object(value, "exit", view.exit);
  take(value, "delay_ms", view.delay);
  if (const auto* cause = object_in(value, "cause")) {
    take(*cause, "kind", view.cause.kind);
    take(*cause, "origin", view.cause.origin);
    take(*cause, "detail", view.cause.detail);
    take(*cause, "strategy", view.cause.strategy);
  }
  take(value, "text", view.text);
}

std::string event_json(const event& e) { return written(view_of(e)); }

result<event> parse_event(std::string_view text) {
  const auto object = parse_strictly(text);
  if (!object) return object.failure();
  event e;
  if (auto head = read_head(*object, e); !head) return head.failure();
  if (auto numbers = read_numbers(*object, e); !numbers) return numbers.failure();
  auto status = read_exit(*object);
  if (!status) return status.failure();
  auto why = read_cause(*object);
  if (!why) return why.failure();
  e.tree = text_or_empty(*object, "tree");
  e.name = text_or_empty(*object, "name");
  e.status = *status;
  e.cause = std::move(*why);
  return e;
}

std::string event_gap_json(const event_gap& gap) { return written({{"gap", gap.missed}}); }

result<event_item> read_event_item(std::string_view text) {
  const auto document = parse_answer(text);
  if (!document) return document.failure();
  if (event_gap gap; has(*document, "gap")) {
    take(*document, "gap", gap.missed);
    return event_item{gap};
  }
  if (has(*document, "done")) return event_item{document->get<operation_result>()};
  return event_item{document->get<event_view>()};
}

} // namespace alder::wire

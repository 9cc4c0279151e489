#include "runtime/wire/node_parts.hpp"

#include "runtime/base/words.hpp"
#include "runtime/wire/time_text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace alder::wire {

exit_view view_of(const exit_status& status) {
  exit_view view{.text = brief(status), .code = {}, .signal = {}, .at = {}};
  if (status.kind == exit_status::how::exited) view.code = status.value;
  if (status.kind == exit_status::how::signaled) view.signal = signal_name(status.value);
  return view;
}

void to_json(json_value& value, const exit_view& view) {
  value = {{"text", view.text}};
  if (view.code) value["code"] = *view.code;
  if (!view.signal.empty()) value["signal"] = view.signal;
  if (view.at) value["at"] = time_text(*view.at);
}

void from_json(const json_value& value, exit_view& view) {
  take(value, "text", view.text);
  take(value, "code", view.code);
  take(value, "signal", view.signal);
  take(value, "at", view.at);
}

intensity_view intensity_of(const node_snapshot& node) {
  const auto most = node.intensity.max_restarts;
  return {.max = most,
          .window = node.intensity.within,
          .used = node.restarts_used,
          .left = most - std::min(most, node.restarts_used),
          .oldest_expires = node.restarts_used > 0 ? node.oldest_expires : std::nullopt};
}

void to_json(json_value& value, const intensity_view& view) {
  value = {{"max", view.max}, {"window_ms", view.window.count()}, {"used", view.used}, {"left", view.left}};
  if (view.oldest_expires) value["oldest_expires_ms"] = view.oldest_expires->count();
}

void from_json(const json_value& value, intensity_view& view) {
  take(value, "max", view.max);
  take(value, "window_ms", view.window);
  take(value, "used", view.used);
  take(value, "left", view.left);
  take(value, "oldest_expires_ms", view.oldest_expires);
}

} // namespace alder::wire

#include "runtime/wire/log_json.hpp"

#include "runtime/base/utf8.hpp"
#include "runtime/wire/strict_json.hpp"
#include "runtime/wire/time_text.hpp"

#include <nlohmann/json.hpp>

#include <utility>

namespace alder::wire {

void to_json(json_value& value, const log_line& line) {
  value = {{"at", time_text(line.at)},
           {"tree", line.tree},
           {"service", line.service},
           {"stream", line.stream},
           {"line", line.line}};
  if (line.partial) value["partial"] = true;
  if (find_invalid_utf8(line.line) < line.line.size()) value["bytes"] = base64(line.line);
  if (!line.cursor.empty()) value["cursor"] = line.cursor;
}

void from_json(const json_value& value, log_line& line) {
  take(value, "at", line.at);
  take(value, "tree", line.tree);
  take(value, "service", line.service);
  take(value, "stream", line.stream);
  take(value, "line", line.line);
  take(value, "partial", line.partial);
  take(value, "cursor", line.cursor);
  std::string coded;
  if (!take(value, "bytes", coded)) return;
  if (auto bytes = from_base64(coded)) line.line = std::move(*bytes);
}

std::string log_line_json(const log_line& line) { return written(line); }

std::string log_gap_json(const log_gap& gap) {
  return written({{"gap", {{"from", time_text(gap.from)}, {"to", time_text(gap.to)}}},
                  {"tree", gap.tree},
                  {"service", gap.service},
                  {"stream", gap.stream}});
}

std::string log_cursors_json(const std::vector<std::string>& cursors) { return written({{"cursors", cursors}}); }

result<log_item> read_log_item(std::string_view text) {
  const auto document = parse_answer(text);
  if (!document) return document.failure();
  if (const auto* period = object_in(*document, "gap")) {
    log_gap gap;
    take(*period, "from", gap.from);
    take(*period, "to", gap.to);
    take(*document, "tree", gap.tree);
    take(*document, "service", gap.service);
    take(*document, "stream", gap.stream);
    return log_item{std::move(gap)};
  }
  if (log_cursors all; take(*document, "cursors", all.cursors)) return log_item{std::move(all)};
  return log_item{document->get<log_line>()};
}

std::string after_body(const std::vector<std::string>& cursors) { return written({{"after", cursors}}); }

result<std::vector<std::string>> parse_cursors(std::string_view body) {
  std::vector<std::string> cursors;
  if (body.empty()) return cursors;
  const auto object = parse_strictly(body);
  if (!object) return object.failure();
  if (auto known = check_fields(*object, {"after"}); !known) return known.failure();
  const error wrong{error_kind::invalid_input, "'after' must be a list of cursors of log lines"};
  const auto found = object->find("after");
  if (found == object->end() || !found->is_array()) return wrong;
  for (const auto& one : *found) {
    if (!one.is_string()) return wrong;
    cursors.push_back(one.get<std::string>());
  }
  return cursors;
}

} // namespace alder::wire

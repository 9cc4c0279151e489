#include "runtime/wire/problem_json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace alder::wire {

void to_json(json_value& value, const diagnostic_entry& entry) {
  value = {{"severity", entry.is_error ? "error" : "warning"}, {"code", entry.code}, {"message", entry.message}};
  if (!entry.label.empty()) value["label"] = entry.label;
  value["file"] = entry.file;
  if (entry.line > 0) value["line"] = entry.line;
  if (entry.column > 0) value["column"] = entry.column;
  if (entry.end_column > 0) value["end_column"] = entry.end_column;
  if (!entry.snippet.empty()) value["snippet"] = entry.snippet;
  value["help"] = entry.help;
}

void from_json(const json_value& value, diagnostic_entry& entry) {
  std::string severity;
  take(value, "severity", severity);
  entry.is_error = severity != "warning";
  take(value, "code", entry.code);
  take(value, "message", entry.message);
  take(value, "label", entry.label);
  take(value, "file", entry.file);
  take(value, "line", entry.line);
  take(value, "column", entry.column);
  take(value, "end_column", entry.end_column);
  take(value, "snippet", entry.snippet);
  take(value, "help", entry.help);
}

/// Adds its members.
void to_json(json_value& value, const problem& p) {
  value["type"] = "about:blank";
  const auto status = p.status != 0 ? p.status : status_of(p.code);
  value["status"] = status;
  value["title"] = status_title(status);
  value["code"] = p.code;
  value["detail"] = p.detail;
  if (!p.help.empty()) value["help"] = p.help;
  if (!p.diagnostics.empty()) value["diagnostics"] = p.diagnostics;
}

void from_json(const json_value& value, problem& p) {
  take(value, "status", p.status);
  take(value, "code", p.code);
  if (!take(value, "detail", p.detail) || p.detail.empty()) take(value, "title", p.detail);
  take(value, "help", p.help);
  take_objects(value, "diagnostics", p.diagnostics);
}

std::string problem_json(const problem& p) { return written(p); }

problem read_problem(unsigned status, std::string_view text) {
  problem p;
  p.status = status;
  if (const auto document = parse_answer(text)) from_json(*document, p);
  if (p.detail.empty()) p.detail = "the daemon answered with status " + std::to_string(status);
  return p;
}

unsigned status_of(std::string_view code) {
  constexpr std::array<std::pair<std::string_view, unsigned>, 21> statuses{
      {{"bad_request", 400},    {"denied", 403},         {"no_such_node", 404},
       {"no_such_tree", 404},   {"no_such_route", 404},  {"method_not_allowed", 405},
       {"too_slow", 408},       {"ambiguous", 409},      {"conflict", 409},
       {"needs_restart", 409},  {"shared_check", 409},   {"too_large", 413},
       {"invalid_config", 422}, {"start_failed", 422},   {"impossible", 422},
       {"nothing_to_add", 422}, {"head_too_large", 431}, {"stopping", 503},
       {"too_many", 503},       {"unavailable", 503},    {"timed_out", 504}}};
  const auto found = std::find_if(statuses.begin(), statuses.end(), [&](const auto& s) { return s.first == code; });
  return found == statuses.end() ? 500 : found->second;
}

std::string_view status_title(unsigned status) {
  constexpr std::array<std::pair<unsigned, std::string_view>, 16> titles{{{200, "OK"},
                                                                          {202, "Accepted"},
                                                                          {400, "Bad Request"},
                                                                          {403, "Forbidden"},
                                                                          {404, "Not Found"},
                                                                          {405, "Method Not Allowed"},
                                                                          {408, "Request Timeout"},
                                                                          {409, "Conflict"},
                                                                          {413, "Content Too Large"},
                                                                          {422, "Unprocessable Content"},
                                                                          {429, "Too Many Requests"},
                                                                          {431, "Request Header Fields Too Large"},
                                                                          {500, "Internal Server Error"},
                                                                          {501, "Not Implemented"},
                                                                          {503, "Service Unavailable"},
                                                                          {504, "Gateway Timeout"}}};
  const auto found = std::find_if(titles.begin(), titles.end(), [&](const auto& t) { return t.first == status; });
  return found == titles.end() ? "Error" : found->second;
}

void to_json(json_value& value, const operation_result& r) {
  value = {{"done", true},
           {"ok", !r.failure},
           {"changed", r.changed},
           {"status", r.failure ? status_of(r.failure->code) : 200U}};
  if (r.failure) to_json(value, *r.failure);
}

void from_json(const json_value& value, operation_result& r) {
  bool ok = false;
  take(value, "ok", ok);
  take(value, "changed", r.changed);
  if (ok) return;
  r.failure.emplace().status = 500;
  from_json(value, *r.failure);
}

std::string done_json(const operation_result& r) { return written(r); }

std::string result_json(const operation_result& r) {
  if (r.failure) return problem_json(*r.failure);
  return written({{"schema", answer_schema}, {"ok", true}, {"changed", r.changed}});
}

std::string files_json(std::size_t files) {
  return written({{"schema", answer_schema}, {"ok", true}, {"changed", files > 0}, {"files", files}});
}

std::optional<std::size_t> read_file_count(std::string_view text) {
  const auto document = parse_answer(text);
  if (!document || !has(*document, "files")) return std::nullopt;
  std::size_t files = 0;
  take(*document, "files", files);
  return files;
}

std::string tree_names_json(const std::vector<std::string>& trees) {
  return written({{"schema", answer_schema}, {"ok", true}, {"changed", !trees.empty()}, {"trees", trees}});
}

std::vector<std::string> read_tree_names(std::string_view text) {
  std::vector<std::string> trees;
  if (const auto document = parse_answer(text)) take(*document, "trees", trees);
  return trees;
}

std::string validation_json(bool ok, const std::string& tree, const std::vector<diagnostic_entry>& diagnostics) {
  json_value value{{"schema", answer_schema}, {"ok", ok}};
  if (!tree.empty()) value["tree"] = tree;
  value["diagnostics"] = diagnostics;
  return written(value);
}

} // namespace alder::wire

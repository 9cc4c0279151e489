// How requests end: problems, what is wrong with a configuration, results of changes.
#pragma once

#include "runtime/wire/json_value.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace alder::wire {

/// What is wrong with a configuration, field by field as in docs/api.md. `line`, `column`, `end_column`: 0 is left out.
struct diagnostic_entry {
  bool is_error = true;
  std::string code;
  std::string message;
  std::string label;
  std::string file;
  unsigned line = 0;
  unsigned column = 0;
  unsigned end_column = 0;
  std::string snippet;
  std::vector<std::string> help;
};
void to_json(json_value& value, const diagnostic_entry& entry);
void from_json(const json_value& value, diagnostic_entry& entry);

/// An error answer, application/problem+json.
struct problem {
  std::string code; ///< "no_such_node"; docs/api.md lists them
  std::string detail;
  std::vector<std::string> help;
  std::vector<diagnostic_entry> diagnostics;
  unsigned status = 0; ///< of HTTP; 0: the one that goes with `code`
};
void to_json(json_value& value, const problem& p);
void from_json(const json_value& value, problem& p);
[[nodiscard]] std::string problem_json(const problem& p);
/// Any body: one that is not a problem document becomes one with only `status` and its title.
[[nodiscard]] problem read_problem(unsigned status, std::string_view text);

/// The status of HTTP that goes with the code of a problem; 500 with others.
[[nodiscard]] unsigned status_of(std::string_view code);

/// The reason phrase of an HTTP status this API uses: "Not Found"; "Error" for others.
[[nodiscard]] std::string_view status_title(unsigned status);

/// How an operation that changes something ended.
struct operation_result {
  bool changed = false;
  std::optional<problem> failure; ///< none: it went well
};
/// The last line of a streamed operation.
void to_json(json_value& value, const operation_result& r);
void from_json(const json_value& value, operation_result& r);
[[nodiscard]] std::string done_json(const operation_result& r);
/// The answer to an operation that is complete: `{"schema":1,"ok":true,"changed":…}`, or its problem.
[[nodiscard]] std::string result_json(const operation_result& r);

/// The answer to a change of so many files: `changed` when there are any.
[[nodiscard]] std::string files_json(std::size_t files);
/// How many there were; nothing: it does not say.
[[nodiscard]] std::optional<std::size_t> read_file_count(std::string_view text);

/// `{"schema":1,"ok":true,"changed":…,"trees":[…]}`: `changed` when there are any.
[[nodiscard]] std::string tree_names_json(const std::vector<std::string>& trees);
[[nodiscard]] std::vector<std::string> read_tree_names(std::string_view text);

/// The answer to POST /v1/config/validate, and what `alder check --json` prints.
[[nodiscard]] std::string validation_json(bool ok, const std::string& tree,
                                          const std::vector<diagnostic_entry>& diagnostics);

} // namespace alder::wire

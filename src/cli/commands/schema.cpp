#include "cli/commands/command.hpp"

#include "runtime/config/load_tree.hpp"

namespace alder::cli {
namespace {

exit_code run_schema(session& s) {
  auto text = config::json_schema();
  if (text.empty() || text.back() != '\n') text += '\n';
  (void)s.print(text);
  return s.end_code();
}

} // namespace

command_info schema_command() {
  return {.name = "schema",
          .group = command_group::configuration,
          .summary = "print the JSON Schema of configuration files",
          .examples = {"alder schema >alder.schema.json"},
          .run = run_schema};
}

} // namespace alder::cli

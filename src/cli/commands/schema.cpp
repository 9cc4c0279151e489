#include "cli/commands/command.hpp"

#include "runtime/config/load_tree.hpp"

namespace alder::cli {

exit_code run_schema(session& s) {
  auto text = config::json_schema();
  if (text.empty() || text.back() != '\n') text += '\n';
  (void)s.print(text);
  return s.end_code();
}

} // namespace alder::cli

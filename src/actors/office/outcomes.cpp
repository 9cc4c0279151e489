#include "actors/office/outcomes.hpp"

namespace alder::actors {

std::vector<wire::diagnostic_entry> diagnostic_entries(const std::vector<config::diagnostic>& diagnostics) {
  std::vector<wire::diagnostic_entry> entries;
  for (const auto& d : diagnostics) {
    entries.push_back({d.severity == config::diagnostic::level::error, d.code, d.message, d.label, d.file, d.line,
                       d.column, d.end_column, d.snippet, d.help});
  }
  return entries;
}

} // namespace alder::actors

#include "tests/support/golden.hpp"

#include "cli/commands/command_table.hpp"

namespace alder::cli {
namespace {

TEST(CommandReference, IsWhatTheDocumentationHas) {
  test::expect_golden("../../docs/commands.md", command_reference());
}

} // namespace
} // namespace alder::cli

#include "runtime/config/foreign_keys.hpp"

#include "tests/runtime/config/config_fixture.hpp"

#include "runtime/config/schema.hpp"

namespace alder::config {
namespace {

TEST(ForeignKeys, AreAnsweredWithTheLineToWrite) {
  EXPECT_EQ(foreign_key("depends_on"), "here it is written after: [db (ready)]");
  EXPECT_EQ(foreign_key("ExecStart"), "here it is written command: PROGRAM ARGUMENTS");
  EXPECT_EQ(foreign_key("working_dir"), "here it is written cwd: DIRECTORY");
  EXPECT_EQ(foreign_key("image"), "Alder runs programs, not images: command: PROGRAM ARGUMENTS");
  EXPECT_EQ(foreign_key("comand"), std::nullopt);
}

TEST(ForeignKeys, ThoseOfServicesAreNotOurs) {
  for (const auto p : {place::root, place::supervisor, place::service}) {
    for (const auto& name : key_names(p))
      EXPECT_FALSE(foreign_key(name)) << name;
  }
}

} // namespace
} // namespace alder::config

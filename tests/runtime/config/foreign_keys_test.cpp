#include "runtime/config/foreign_keys.hpp"

#include "tests/runtime/config/config_fixture.hpp"

#include "runtime/config/schema.hpp"

namespace alder::config {
namespace {

TEST(ForeignKeys, AreAnsweredWithTheLineToWrite) {
  EXPECT_EQ(foreign_key("depends_on"), "the Alder equivalent is after: [db (ready)]");
  EXPECT_EQ(foreign_key("ExecStart"), "the Alder equivalent is command: PROGRAM ARGUMENTS");
  EXPECT_EQ(foreign_key("working_dir"), "the Alder equivalent is cwd: DIRECTORY");
  EXPECT_EQ(foreign_key("image"), "Alder runs programs, not images: command: PROGRAM ARGUMENTS");
  EXPECT_EQ(foreign_key("port"), "a program opens its port itself; to wait for it: ready: { tcp: 3000 }");
  EXPECT_EQ(foreign_key("period_seconds"), "the Alder equivalent is interval: 10s");
  EXPECT_EQ(foreign_key("comand"), std::nullopt);
}

TEST(ForeignKeys, ThoseOfServicesAreNotOurs) {
  for (const auto p : {place::root, place::supervisor, place::service, place::ready, place::health}) {
    for (const auto& name : key_names(p))
      EXPECT_FALSE(foreign_key(name)) << name;
  }
}

} // namespace
} // namespace alder::config

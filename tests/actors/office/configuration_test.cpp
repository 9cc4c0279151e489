#include "actors/office/configuration.hpp"

#include "tests/support/temporary_directory.hpp"

#include "actors/base/extensions.hpp"

#include "runtime/os/files.hpp"
#include "runtime/policy/tree_edit.hpp"
#include "runtime/wire/request_json.hpp"

#include <gmock/gmock.h>

namespace alder::actors::testing {
namespace {

using ::testing::ElementsAre;

store::saved_tree given_tree(const std::string& children) {
  store::saved_tree source;
  source.name = "t";
  source.file = "/t.yaml";
  source.text = "name: t\nchildren:\n" + children;
  return source;
}

std::vector<std::string> children_of(const config::loaded& loaded) {
  std::vector<std::string> names;
  if (loaded.tree)
    for (const auto& child : loaded.tree->root.children)
      names.push_back(name_of(child));
  return names;
}

TEST(Configuration, ATreeThatWasAcceptedIsReadAgainWhateverGroupsAreToBeHadNow) {
  auto source = given_tree("  - {service: a, command: /bin/a, cgroup: true, limits: {memory_max: 1G, pids_max: 9}}\n");
  EXPECT_TRUE(read_configuration(source, text_is::known).tree);
}

TEST(Configuration, ATreeThatWasAcceptedIsReadAgainWhateverHasBecomeOfItsFiles) {
  test::temporary_directory dir;
  auto source = given_tree("  - {service: a, command: /bin/a, secrets: {KEY: /no/such/secret}}\n");
  EXPECT_FALSE(read_configuration(source, text_is::given).tree);
  EXPECT_TRUE(read_configuration(source, text_is::known).tree);
  source = given_tree("  - {service: a, command: /bin/a, log: {pressure: spill, spill_to: /dev/null/spill}}\n");
  const auto loaded = read_configuration(source, text_is::given);
  ASSERT_EQ(loaded.diagnostics.size(), 1U);
  EXPECT_EQ(loaded.diagnostics[0].label, "'/dev/null/spill': not a directory (ENOTDIR)");
  EXPECT_TRUE(read_configuration(source, text_is::known).tree);
  source = given_tree("  - {service: a, command: /bin/a, log: {pressure: spill, spill_to: /dev/null}}\n");
  EXPECT_EQ(read_configuration(source, text_is::given).diagnostics.at(0).label, "'/dev/null' is not a directory");
  source =
      given_tree("  - {service: a, command: /bin/a, log: {pressure: spill, spill_to: " + (dir / "to/be/made") + "}}\n");
  EXPECT_TRUE(read_configuration(source, text_is::given).tree);
}

TEST(Configuration, WhatItsFilesContainedStaysWhateverBecomesOfThem) {
  test::temporary_directory dir;
  ASSERT_TRUE(os::write_file_atomically(dir / "env", "COLOUR=red\n"));
  auto source = given_tree("  - {service: a, command: /bin/a, env_file: " + (dir / "env") + "}\n");
  ASSERT_TRUE(read_configuration(source, text_is::given).tree);
  ASSERT_TRUE(os::write_file_atomically(dir / "env", "COLOUR=blue\n"));
  const auto again = read_configuration(source, text_is::known);
  ASSERT_TRUE(again.tree);
  EXPECT_EQ(std::get<service_ptr>(again.tree->root.children[0])->environment.at("COLOUR"), "red");
  ASSERT_TRUE(os::remove_file(dir / "env"));
  EXPECT_TRUE(read_configuration(source, text_is::known).tree);
}

TEST(Configuration, AFileIsAskedForOnceByThoseWhoShareTheirNotes) {
  test::temporary_directory dir;
  ASSERT_TRUE(os::write_file_atomically(dir / "env", "COLOUR=red\n"));
  const auto text = "  - {service: a, command: /bin/a, env_file: " + (dir / "env") + "}\n";
  file_notes notes;
  auto first = given_tree(text);
  ASSERT_TRUE(read_configuration(first, text_is::given, &notes).tree);
  ASSERT_TRUE(os::remove_file(dir / "env"));
  auto second = given_tree(text);
  EXPECT_TRUE(read_configuration(second, text_is::given, &notes).tree);
  auto third = given_tree(text);
  EXPECT_FALSE(read_configuration(third, text_is::given).tree) << "and it is gone";
}

TEST(Configuration, WhatWasRemovedAndAddedByHandIsPartOfIt) {
  auto source = given_tree("  - {service: a, command: /bin/a}\n  - {service: b, command: /bin/b}\n");
  source.removed = {"a"};
  const auto more = given_tree("  - {service: c, command: /bin/c}\n  - {service: b, command: /bin/other}\n");
  const auto from = std::make_shared<const store::read_source>(more);
  source.grafts = {{"t", "c", from}, {"t", "b", from}, {"t", "no such child", from}};
  const auto loaded = read_configuration(source, text_is::known);
  EXPECT_THAT(children_of(loaded), ElementsAre("b", "c"));
  EXPECT_THAT(std::get<service_ptr>(loaded.tree->root.children[0])->command, ElementsAre("/bin/b"))
      << "a name belongs to whoever had it first";
}

TEST(Configuration, AnExtensionThatCannotBeLoadedIsAMistakeInIt) {
  extensions offered{[](const std::string&, const std::string&) -> result<const void*> {
    return error{error_kind::not_found, "no such file"};
  }};
  wire::config_request request;
  request.file = "/t.yaml";
  request.text = "extensions: [/lib/x.so]\nchildren:\n  - {service: a, command: /bin/a}\n";
  auto read = read_configuration(request);
  ASSERT_TRUE(read.loaded.tree);
  load_extensions(read.loaded, offered);
  EXPECT_FALSE(read.loaded.tree);
  EXPECT_FALSE(read.loaded.diagnostics.empty());
}

} // namespace
} // namespace alder::actors::testing

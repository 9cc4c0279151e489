#include "actors/office/proposed_change.hpp"

#include "tests/support/temporary_directory.hpp"

#include "runtime/os/files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace alder::actors {
namespace {

using kind = policy::tree_change::kind;

service_ptr service(const supervisor_spec& root, const std::string& name) {
  const auto* found = policy::find_child(root, name);
  return found == nullptr ? nullptr : std::get<service_ptr>(*found);
}

class ProposedChange : public ::testing::Test {
protected:
  test::temporary_directory dir;
  const std::string file = dir / "shop.yaml";
  const std::string text = "name: shop\nchildren:\n  - {service: web, command: /bin/web}\n"
                           "  - {service: db, command: /bin/db}\n";

  [[nodiscard]] known_tree tree_up_from(const std::string& written) const {
    EXPECT_TRUE(os::write_file_atomically(file, written));
    store::saved_tree source;
    source.name = "shop";
    source.file = file;
    source.text = written;
    auto loaded = read_configuration(source, text_is::given);
    EXPECT_TRUE(loaded.tree) << config::render(loaded.diagnostics, false);
    return {source, std::make_shared<const supervisor_spec>(std::move(loaded.tree->root))};
  }
  [[nodiscard]] static tree_up as_up(const known_tree& tree) {
    return {tree.source.name, tree.source.file, tree.source.environment, tree.source.instances, tree.root};
  }
  [[nodiscard]] apply_config read(const std::string& now, const known_tree& up,
                                  policy::change_options options = {}) const {
    EXPECT_TRUE(os::write_file_atomically(file, now));
    apply_config wanted{{file, now, {}}, options};
    look_at_files(wanted, {as_up(up)});
    return wanted;
  }
};

TEST_F(ProposedChange, IsComparedByTheThreadThatReadsIt) {
  const auto up = tree_up_from(text);
  const auto wanted = read("name: shop\nchildren:\n  - {service: web, command: /bin/other}\n"
                           "  - {service: db, command: /bin/db}\n",
                           up);
  ASSERT_TRUE(wanted.read);
  EXPECT_EQ(wanted.read->up, std::vector{as_up(up)}) << "so that it counts for no other";
  EXPECT_EQ(wanted.read->difference,
            (std::vector<policy::tree_change>{{kind::changed, "web", "shop", {"command"}, true}}));
  EXPECT_EQ(service(*wanted.read->root, "db"), service(*up.root, "db")) << "shared, not another of the same content";
  EXPECT_EQ(service(*wanted.read->root, "web")->command.front(), "/bin/other");
}

TEST_F(ProposedChange, OfWhatWasScaledComparesTheScaledTree) {
  auto up = tree_up_from(text);
  auto scaled = read_scaled(up, "web", 3);
  ASSERT_TRUE(scaled.loaded.tree);
  EXPECT_EQ(scaled.from, up.root);
  EXPECT_EQ(service(scaled.loaded.tree->root, "db"), service(*up.root, "db"));
  up.source = scaled.source;
  up.root = std::make_shared<const supervisor_spec>(scaled.loaded.tree->root);
  const auto kept = read(text, up);
  ASSERT_TRUE(kept.read);
  EXPECT_TRUE(kept.read->difference.empty());
  EXPECT_THAT(kept.read->scaled, ::testing::SizeIs(1)) << "three run, one is in the file";
  const auto synced = read(text, up, {.start_added = true, .stop_removed = true, .restart_changed = true});
  ASSERT_TRUE(synced.read);
  EXPECT_FALSE(synced.read->difference.empty()) << "it is to be what the file says";
}

TEST_F(ProposedChange, AnInstanceRemovedByHandComesBackWithTheOthers) {
  auto up = tree_up_from("name: shop\nchildren:\n  - {service: web, command: /bin/web, instances: 2}\n");
  up.source.removed = {"web:1", "other"};
  up.root = std::make_shared<const supervisor_spec>(policy::without(*up.root, {"web:1"}));
  const auto scaled = read_scaled(up, "web", 2);
  ASSERT_TRUE(scaled.loaded.tree);
  EXPECT_EQ(scaled.source.removed, std::vector<std::string>{"other"});
  EXPECT_NE(service(scaled.loaded.tree->root, "web:1"), nullptr);
}

TEST_F(ProposedChange, WithMistakesIsNotOne) {
  const auto up = tree_up_from(text);
  EXPECT_FALSE(read("name: shop\nchildren:\n  - {service: web}\n", up).read);
  EXPECT_FALSE(read("name: other\nchildren:\n  - {service: web, command: /bin/web}\n", up).read);
}

} // namespace
} // namespace alder::actors

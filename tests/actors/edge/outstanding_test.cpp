#include "actors/edge/outstanding.hpp"

#include "tests/actors/support/virtual_daemon.hpp"
#include "tests/support/temporary_directory.hpp"

#include "runtime/os/files.hpp"
#include "runtime/os/fingerprint.hpp"

namespace alder::actors::testing {
namespace {

using kind = config::tree_change::kind;
using store::change_options;

class Outstanding : public ::testing::Test {
protected:
  void SetUp() override {
    ASSERT_TRUE(os::write_file_atomically(dir / "key", "one"));
    store::saved_tree source;
    source.name = "shop";
    source.file = "/shop.yaml";
    source.text = "name: shop\nchildren:\n"
                  "  - {service: web, command: /bin/web, secrets: {KEY: " +
                  (dir / "key") +
                  "}}\n"
                  "  - supervisor: back\n    children:\n      - {service: db, command: /bin/db}\n";
    auto loaded = read_configuration(source, text_is::given);
    ASSERT_TRUE(loaded.tree);
    now = {source, std::make_shared<const supervisor_spec>(std::move(loaded.tree->root))};
    for (const auto* name : {"shop", "web", "back", "db"})
      is(name, node_state::running);
  }
  void is(const std::string& name, node_state state, bool settled = false) {
    shared.nodes.update("shop", name, [&](node_snapshot& node) {
      node.state = state;
      node.settled = settled;
      node.reason = "it is so";
    });
  }
  std::vector<config::tree_change> changes() { return outstanding(now, *now.root, {}, shared.nodes, trees, secrets); }
  consequence becomes(const config::tree_change& change, change_options options = {}) {
    return consequence_of(change, options, "shop", shared.nodes);
  }

  test::temporary_directory dir;
  boost::asio::io_context loop;
  fake_launcher os_;
  runtime shared{os_, {}, [] { return wall_time{24h}; }, {}, {}};
  catalog trees{loop, shared, dir.path()};
  std::map<std::string, std::uint64_t> secrets;
  known_tree now;
};

TEST_F(Outstanding, NothingIsWhenAllIsAsItWas) { EXPECT_TRUE(changes().empty()); }

TEST_F(Outstanding, WhatHasFailedIsNotWhatTheConfigurationSays) {
  is("db", node_state::failed, /*settled=*/true);
  is("web", node_state::stopped, /*settled=*/true); // by hand: it stays so
  const auto found = changes();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0], (config::tree_change{kind::failed, "db", "back", {"it is so"}, false}));
  EXPECT_EQ(becomes(found[0]), consequence::left_failed);
  EXPECT_EQ(becomes(found[0], {.restart_changed = true}), consequence::start);
  is("shop", node_state::failed, /*settled=*/true);
  EXPECT_EQ(changes().front().name, "shop");
}

TEST_F(Outstanding, SecretsThatWereReplacedSinceTheStartAreAChange) {
  const auto& web = *std::get<service_ptr>(*config::find_child(*now.root, "web"));
  secrets["web"] = os::fingerprint_of(web.secrets);
  trees.note({.id = "shop/web", .generation = 1, .pid = 7, .secrets = secrets["web"]});
  EXPECT_TRUE(changes().empty());
  ASSERT_TRUE(os::write_file_atomically(dir / "key", "two"));
  secrets["web"] = os::fingerprint_of(web.secrets);
  const auto found = changes();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0], (config::tree_change{kind::changed, "web", "shop", {"secrets"}, true}));
  EXPECT_EQ(becomes(found[0]), consequence::next_start);
  EXPECT_EQ(becomes(found[0], {.restart_changed = true}), consequence::restart);
  trees.note({.id = "shop/web", .generation = 1, .pid = 7}); // told again by the bridge of a later daemon
  EXPECT_EQ(changes().size(), 1U);
  is("web", node_state::stopped, /*settled=*/true);
  EXPECT_TRUE(changes().empty()) << "its next start reads them anyway";
}

TEST_F(Outstanding, WhatIsPromisedIsWhatIsDone) {
  const config::tree_change added{kind::added, "new", "back"};
  const config::tree_change changed{kind::changed, "web", "shop", {"command"}, true};
  const config::tree_change replaced{kind::replaced, "web", "shop", {"kind"}, true};
  const config::tree_change removed{kind::removed, "web", "shop"};
  EXPECT_EQ(becomes(added), consequence::not_started);
  EXPECT_EQ(becomes(added, {.start_added = true}), consequence::start);
  EXPECT_EQ(becomes(changed, {.restart_changed = true}), consequence::restart);
  EXPECT_EQ(becomes(removed), consequence::left_running);
  EXPECT_EQ(becomes(removed, {.stop_removed = true}), consequence::stop);
  EXPECT_EQ(becomes(replaced), consequence::refuse);
  EXPECT_EQ(becomes(replaced, {.start_added = true, .stop_removed = true}), consequence::refuse);
  EXPECT_EQ(becomes(replaced, {.restart_changed = true}), consequence::replace);
  EXPECT_EQ(becomes(replaced, {.replace = true}), consequence::replace);
  is("web", node_state::stopped, /*settled=*/true);
  is("back", node_state::stopped, /*settled=*/true);
  EXPECT_EQ(becomes(changed, {.restart_changed = true}), consequence::next_start) << "it is stopped, and stays so";
  EXPECT_EQ(becomes(added, {.start_added = true}), consequence::with_supervisor);
}

} // namespace
} // namespace alder::actors::testing

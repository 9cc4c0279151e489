#include "runtime/config/load_tree.hpp"

#include "tests/runtime/config/config_fixture.hpp"

namespace alder::config {
namespace {

using namespace std::chrono_literals;

constexpr const char* shop = R"(
name: shop
strategy: rest_for_one
intensity: { max_restarts: 5, within: 30s }
env: { TZ: UTC }
children:
  - service: db
    command: redis-server --port ${DB_PORT:-6400} --save ""
    ready: { tcp: "127.0.0.1:6400", timeout: 10s }
    stop: { signal: INT, timeout: 20s }
  - supervisor: backend
    strategy: one_for_all
    intensity: { max_restarts: 2, within: 10s }
    children:
      - service: worker
        command: [python3, worker.py]
        backoff: { min: 100ms, max: 20s, factor: 3, jitter: 20%, reset_after: 90s }
      - service: web
        command: node server.js
        instances: 2
)";

TEST(LoadTree, ReadsTheTreeOfTheExample) {
  const auto root = tree_of(shop);
  EXPECT_EQ(root.name, "shop");
  EXPECT_EQ(root.strategy, strategy::rest_for_one);
  EXPECT_EQ(root.intensity, (intensity{5, 30s}));
  const auto db = service_at(root, 0);
  EXPECT_EQ(db.command, (std::vector<std::string>{"redis-server", "--port", "6400", "--save", ""}));
  EXPECT_EQ(db.environment.at("TZ"), "UTC");
  EXPECT_EQ(db.ready, (ready_spec{ready_tcp{"127.0.0.1", 6400}, 10s, 100ms}));
  EXPECT_EQ(db.stop, (stop_spec{2, 20s}));
  const auto backend = supervisor_at(root, 1);
  EXPECT_EQ(backend.strategy, strategy::one_for_all);
  EXPECT_EQ(backend.intensity, (intensity{2, 10s}));
  EXPECT_EQ(service_at(backend, 0).backoff, (backoff{100ms, 20s, 3.0, 0.2, 90s}));
  EXPECT_TRUE(supervisor_at(backend, 1).pool);
}

TEST(LoadTree, ReadsTheExampleOfTheDocumentation) {
  std::istringstream lines{file_text(ALDER_SOURCE_DIR "/docs/config.md")};
  std::string text;
  for (std::string line; std::getline(lines, line);) {
    const bool indented = line.rfind("    ", 0) == 0;
    if (!indented && !text.empty()) break;
    if (indented) text += line.substr(4) + "\n";
  }
  const auto l = load(text);
  EXPECT_EQ(places(l), (std::vector<std::string>{}));
  EXPECT_EQ(supervisor_at(supervisor_at(tree_of(l), 1), 0).children.size(), 4U);
}

TEST(LoadTree, RemembersTheFile) {
  const auto l = load(shop);
  ASSERT_TRUE(l.tree);
  EXPECT_EQ(l.tree->file, "/srv/shop/alder.yaml");
}

TEST(LoadTree, GivesAServiceTheDocumentedDefaults) {
  const auto web = service_with("command: x");
  service_spec expected;
  expected.name = "web";
  expected.command = {"x"};
  expected.cwd = "/srv/shop";
  expected.backoff = default_backoff;
  expected.environment = {{"HOME", "/home/ann"}, {"PATH", "/bin"}, {"PORT", "6400"}, {"SPACED", "a b 'c"}};
  EXPECT_EQ(web, expected);
}

TEST(LoadTree, NamesTheTreeAfterItsDirectoryWhenItHasNoName) {
  EXPECT_EQ(tree_of("children: []").name, "shop");
  EXPECT_EQ(tree_of(config_file{"children: []"}.named("/srv/my shop!/a.yaml").load()).name, "my-shop");
  EXPECT_EQ(tree_of(config_file{"children: []"}.named("/a.yaml").load()).name, "tree");
}

TEST(LoadTree, ReadsJsonLikeYaml) {
  const auto l =
      config_file{
          "{\n\t\"name\": \"shop\",\n\t\"children\": [\n\t\t{\"service\": \"db\", \"command\": [\"a\", \"b\\n\"], "
          "\"env\": {\"A\": null, \"B\": 3}, \"significant\": false}]}"}
          .named("/srv/shop/alder.json")
          .load();
  const auto db = service_at(tree_of(l), 0);
  EXPECT_EQ(db.command, (std::vector<std::string>{"a", "b\n"}));
  EXPECT_EQ(db.environment.at("B"), "3");
}

TEST(LoadTree, GivesPositionsInJsonToo) {
  const auto l = config_file{"{\"children\": [],\n \"strategy\": \"one\"}"}.named("/srv/shop/alder.json").load();
  EXPECT_EQ(places(l), (std::vector<std::string>{"E012 2:14"}));
}

TEST(LoadTree, RefusesInJsonWhatOnlyYamlAllows) {
  const auto l = config_file{"{\"children\": [],}"}.named("/srv/shop/alder.json").load();
  EXPECT_EQ(places(l), (std::vector<std::string>{"E001 1:16"}));
  EXPECT_FALSE(l.tree);
}

TEST(LoadTree, GivesNoTreeWithAnErrorButOneWithWarnings) {
  EXPECT_FALSE(load("children: []\nfoo: 1").tree);
  const auto warned = load("children: []\nintensity: { max_restarts: 0 }");
  EXPECT_EQ(places(warned), (std::vector<std::string>{"W004 2:28"}));
  EXPECT_TRUE(warned.tree);
}

TEST(LoadTree, ReportsTheMistakesOfAWholeFileInOrder) {
  const auto l = load(
      "strategy: x\nchildren:\n  - service: a\n    comand: b\n  - service: a/b\n    command: c\n    instances: 0\n");
  EXPECT_EQ(places(l), (std::vector<std::string>{"E012 1:11", "E010 4:5", "E016 5:14", "E014 7:16"}));
}

TEST(LoadTree, ReadsATreeOfThousandsOfServices) {
  std::string text = "children:\n";
  for (int i = 0; i < 5000; ++i)
    text += "  - {service: s" + std::to_string(i) + ", command: [sleep, '1'], env: {A: b}}\n";
  EXPECT_EQ(tree_of(text).children.size(), 5000U);
}

} // namespace
} // namespace alder::config

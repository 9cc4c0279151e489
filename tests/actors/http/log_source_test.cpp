#include "actors/http/log_source.hpp"

#include "tests/actors/support/http_bed.hpp"
#include "tests/support/node_literal.hpp"

#include "runtime/os/files.hpp"

#include <gmock/gmock.h>

namespace alder::actors::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class LogSources : public http_bed {
protected:
  LogSources() {
    add_tree("name: shop\nchildren:\n  - {service: web, command: /bin/web}\n"
             "  - {service: one, command: /bin/one, log: {merge: true}}\n"
             "  - {service: mute, command: /bin/mute, log: {to: none}}\n");
  }

  bool add(log_sources& to, const std::string& name, const std::string& tree = "shop") {
    const auto node = shared.nodes.find(tree, name);
    return node && to.add(*node);
  }
  /// "SOURCE FILE", without the directory of logs.
  std::vector<std::string> files(log_sources& of) {
    std::vector<std::string> all;
    of.for_each([&](const log_source& from) {
      const auto inside = from.file.rfind(dir.path(), 0) == 0 ? from.file.substr(dir.path().size() + 1) : from.file;
      all.push_back(from.name.text() + " " + inside);
    });
    return all;
  }
  /// A service whose output goes to a file that it shares with other instances.
  void share(const std::string& name, unsigned instance) {
    shared.nodes.update("shop", name, [](node_snapshot& node) { node.parent = "shop"; });
    log_spec rules;
    rules.shared_as = "api";
    rules.instance = instance;
    logs.set_rules(id_of("shop", name), rules);
  }

  log_query query;
};

TEST_F(LogSources, AServiceHasAFileForEachStreamThatIsAskedFor) {
  log_sources both{query, context};
  EXPECT_TRUE(add(both, "web"));
  EXPECT_THAT(files(both), ElementsAre("shop/web/out shop/web.out.log", "shop/web/err shop/web.err.log"));
  query.out = false;
  log_sources err{query, context};
  EXPECT_TRUE(add(err, "web"));
  EXPECT_THAT(files(err), ElementsAre("shop/web/err shop/web.err.log"));
}

TEST_F(LogSources, OneWhoseStreamsGoToOneFileHasThatAloneAndIsAskedOfEachLine) {
  log_sources sources{query, context};
  EXPECT_TRUE(add(sources, "one"));
  EXPECT_THAT(files(sources), ElementsAre("shop/one/all shop/one.log"));
  const auto& from = sources.read_for(id_of("shop", "one")).front();
  logs::log_entry line;
  line.origin.err = true;
  EXPECT_TRUE(from.is_err(line));
}

TEST_F(LogSources, SupervisorsAndThoseNotAskedForAndThoseThereAlreadyAreNotAdded) {
  query.about.nodes = {id_of("shop", "web")};
  log_sources sources{query, context};
  EXPECT_FALSE(add(sources, "shop"));
  EXPECT_FALSE(add(sources, "one"));
  EXPECT_TRUE(add(sources, "web"));
  EXPECT_FALSE(add(sources, "web"));
}

TEST_F(LogSources, AFileThatInstancesShareIsReadOnceAndTellsWhoWrote) {
  share("api:0", 0);
  share("api:1", 1);
  log_sources sources{query, context};
  EXPECT_TRUE(add(sources, "api:0"));
  EXPECT_TRUE(add(sources, "api:1"));
  EXPECT_THAT(files(sources), ElementsAre("shop/api/out shop/api.out.log", "shop/api/err shop/api.err.log"));
  const auto& from = sources.read_for(id_of("shop", "api:1")).front();
  EXPECT_EQ(&from, &sources.read_for(id_of("shop", "api:0")).front());
  logs::log_entry line;
  line.origin.instance = 1;
  ASSERT_NE(from.writer_of(line), nullptr);
  EXPECT_EQ(*from.writer_of(line), id_of("shop", "api:1"));
  line.origin.instance = 2;
  EXPECT_EQ(from.writer_of(line), nullptr) << "nobody asked for that one";
}

TEST_F(LogSources, ThePreviousRunIsOneOfEachInstance) {
  share("api:0", 0);
  share("api:1", 1);
  query.previous = true;
  log_sources sources{query, context};
  EXPECT_TRUE(add(sources, "api:0"));
  EXPECT_TRUE(add(sources, "api:1"));
  EXPECT_EQ(files(sources).size(), 4u);
}

TEST_F(LogSources, WhenItsOutputGoesElsewhereBothPlacesAreRead) {
  log_sources sources{query, context};
  (void)add(sources, "web");
  EXPECT_FALSE(sources.add_moved(id_of("shop", "web"))) << "nothing has moved";
  log_spec rules;
  rules.out = dir / "elsewhere.log";
  logs.set_rules(id_of("shop", "web"), rules);
  EXPECT_TRUE(sources.add_moved(id_of("shop", "web")));
  EXPECT_THAT(files(sources), ElementsAre("shop/web/out shop/web.out.log", "shop/web/err shop/web.err.log",
                                          "shop/web/out elsewhere.log"));
  EXPECT_FALSE(sources.add_moved(id_of("shop", "no")));
}

TEST_F(LogSources, AServiceThatIsGoneIsReadForThoseWhoHadItsLines) {
  query.after[{"shop/old"_node, "out"}];
  query.after[{"shop/web"_node, "out"}]; // which is there
  log_sources sources{query, context};
  (void)add(sources, "web");
  sources.add_forgotten();
  EXPECT_EQ(sources.services().count(id_of("shop", "old")), 1u);
  EXPECT_EQ(files(sources).size(), 3u);
}

TEST_F(LogSources, NoNameOfACursorLeadsOutOfTheDirectoryOfLogs) {
  const std::vector<wire::log_source_name> names{{{"..", "etc"}, "out"},
                                                 {{"shop", ".."}, "out"},
                                                 {{"shop", "../../etc"}, "out"},
                                                 {{"", "etc"}, "out"},
                                                 {{"shop", ".x"}, "out"},
                                                 {{"shop", ""}, "out"},
                                                 {{"shop", "old"}, "all"},
                                                 {{"shop", "old"}, "passwd"},
                                                 {{"shop", "old/x"}, "out"},
                                                 {{"old", ""}, ""},
                                                 {{"shop", std::string{"a\0b", 3}}, "out"}};
  for (const auto& name : names)
    query.after[name];
  log_sources sources{query, context};
  sources.add_forgotten();
  EXPECT_THAT(files(sources), IsEmpty());
}

TEST_F(LogSources, OnlyLinesOfTheMomentsThatAreAskedForAreSearched) {
  query.since = wall_time{1h};
  query.until = wall_time::max(); // beyond what times of files reach
  log_sources sources{query, context};
  (void)add(sources, "web");
  const auto& from = sources.read_for(id_of("shop", "web")).front();
  EXPECT_EQ(from.from, os::file_time{1h});
  ASSERT_TRUE(from.to);
  EXPECT_GT(*from.to, os::file_time{} + 24h * 365 * 200);
}

TEST_F(LogSources, TheCursorIsBehindWhatWasRead) {
  ASSERT_TRUE(os::make_directories(dir / "shop", 0700));
  ASSERT_TRUE(os::write_file_atomically(dir / "shop/web.out.log", "one\ntwo\n"));
  log_sources sources{query, context};
  (void)add(sources, "web");
  auto& from = sources.read_for(id_of("shop", "web")).front();
  const auto lines = from.read_new();
  ASSERT_TRUE(lines);
  ASSERT_EQ(lines->size(), 2u);
  const auto cursor = wire::parse_log_cursor(from.cursor());
  ASSERT_TRUE(cursor);
  EXPECT_EQ(cursor->source.text(), "shop/web/out");
  EXPECT_EQ(cursor->place, lines->back().end);
}

TEST_F(LogSources, TheLastLinesOfAServiceAreThoseOfBothStreams) {
  ASSERT_TRUE(os::make_directories(dir / "shop", 0700));
  ASSERT_TRUE(os::write_file_atomically(dir / "shop/web.out.log", "one\ntwo\n"));
  ASSERT_TRUE(os::write_file_atomically(dir / "shop/web.err.log", "bad\n"));
  std::vector<std::string> lines;
  for (const auto& line : last_log_lines("shop", "web", 10, context))
    lines.push_back(line.stream + " " + line.line);
  std::sort(lines.begin(), lines.end());
  EXPECT_THAT(lines, ElementsAre("err bad", "out one", "out two"));
  EXPECT_THAT(last_log_lines("shop", "mute", 10, context), IsEmpty());
}

} // namespace
} // namespace alder::actors::testing

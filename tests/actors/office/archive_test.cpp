#include "actors/office/archive.hpp"

#include "tests/support/journal_disk.hpp"
#include "tests/support/temporary_directory.hpp"

#include "runtime/os/damaged_file.hpp"
#include "runtime/os/files.hpp"

#include <gmock/gmock.h>

#include <memory>

namespace alder::actors::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using durable = store::journal::durable;

class Archive : public ::testing::Test {
protected:
  /// A daemon's archive on disks in memory; the next one reads what it wrote.
  struct life {
    life(test::disk_state& journal, test::disk_state& list, const std::string& directory)
        : written(loop, directory,
                  {std::make_unique<test::fake_disk>(journal), std::make_unique<test::fake_disk>(list)}) {
      written.on_written = [this] { ++times_written; };
      written.on_trouble = [this](const std::string& trouble) { told.push_back(trouble); };
    }
    boost::asio::io_context loop;
    archive written;
    int times_written = 0;
    std::vector<std::string> told;
  };
  std::unique_ptr<life> begin(archive::history before = archive::history::none) {
    auto next = std::make_unique<life>(journal, list, dir.path());
    complaints = next->written.open("7.100", before);
    for (auto& lost : next->written.find_lost_trees())
      complaints.push_back(std::move(lost));
    return next;
  }
  static store::saved_tree tree(const std::string& name) {
    store::saved_tree source;
    source.name = name;
    source.file = "/" + name + ".yaml";
    source.text = "children: []";
    return source;
  }
  std::vector<std::string> trees_of_next() {
    std::vector<std::string> names;
    for (const auto& known : begin()->written.trees(wall_time{24h}, {}, complaints))
      names.push_back(known.name);
    return names;
  }
  void fill() { journal.room = journal.bytes.size(); }
  void make_room() { journal.room = 1'000'000; }

  test::temporary_directory dir;
  test::disk_state journal;
  test::disk_state list;
  std::vector<std::string> complaints;
};

TEST_F(Archive, WhatIsGatheredIsSetBeforeItIsWritten) {
  auto daemon = begin();
  daemon->written.before_writing = [&] { daemon->written.set("node/shop/web", "{}"); };
  daemon->written.write();
  EXPECT_EQ(begin()->written.values().count("node/shop/web"), 1u);
}

TEST_F(Archive, AChangeIsWrittenByItselfBeforeLong) {
  auto daemon = begin();
  daemon->written.set("node/shop/web", "{}");
  daemon->written.write_soon(1ms);
  daemon->loop.run_one();
  EXPECT_EQ(daemon->times_written, 1);
  EXPECT_EQ(begin()->written.values().count("node/shop/web"), 1u);
}

TEST_F(Archive, WhatIsToBeWrittenSoonerDoesNotWaitForWhatHasTime) {
  auto daemon = begin();
  daemon->written.set("node/shop/web", "{}");
  daemon->written.write_soon(1h);
  daemon->written.write_soon(1ms);
  daemon->written.write_soon(1h); // and is not put off again
  while (daemon->times_written == 0 && daemon->loop.run_one_for(30s) > 0) {
  }
  EXPECT_EQ(daemon->times_written, 1);
}

TEST_F(Archive, OnAFullDiskItSaysSoOnceAndWhenItIsOver) {
  auto daemon = begin();
  daemon->written.write();
  fill();
  daemon->written.set("node/shop/web", "{}");
  daemon->written.write();
  daemon->written.write(durable::machine);
  EXPECT_THAT(daemon->told, ElementsAre(HasSubstr("no space left on device")));
  EXPECT_EQ(daemon->written.trouble(), daemon->told[0]);
  EXPECT_EQ(daemon->times_written, 1);
  make_room();
  daemon->written.write(durable::machine);
  EXPECT_THAT(daemon->told, ElementsAre(HasSubstr("no space left on device"), ""));
  EXPECT_EQ(daemon->times_written, 2);
  EXPECT_EQ(begin()->written.values().count("node/shop/web"), 1u);
}

TEST_F(Archive, AfterAFailureTheDiskIsNotTriedWithEveryActButWhenItMatters) {
  auto daemon = begin();
  fill();
  daemon->written.set("node/shop/web", "{}");
  daemon->written.write();
  make_room();
  daemon->written.write(); // the next try is planned
  EXPECT_FALSE(daemon->written.trouble().empty());
  daemon->written.write(durable::machine); // somebody waits for an answer
  EXPECT_TRUE(daemon->written.trouble().empty());
}

TEST_F(Archive, ATreeIsNotListedBeforeItIsInTheJournal) {
  auto daemon = begin();
  daemon->written.write();
  fill();
  auto shop = tree("shop");
  daemon->written.set_tree(shop, wall_time{24h});
  daemon->written.write(durable::machine);
  EXPECT_THAT(list.bytes, Not(HasSubstr("shop"))) << "else it would be missed, and was never up";
  make_room();
  daemon->written.write(durable::machine);
  EXPECT_THAT(list.bytes, HasSubstr("shop"));
  EXPECT_THAT(trees_of_next(), ElementsAre("shop"));
}

TEST_F(Archive, ATreeIsNotListedAnyMoreBeforeItIsForgotten) {
  auto daemon = begin();
  auto shop = tree("shop");
  daemon->written.set_tree(shop, wall_time{24h});
  daemon->written.write();
  daemon->written.forget_tree("shop");
  fill();
  daemon->written.write(); // fails: the journal still has it
  EXPECT_THAT(trees_of_next(), ElementsAre("shop"));
  make_room();
  daemon->written.write(durable::machine);
  EXPECT_THAT(trees_of_next(), IsEmpty());
  EXPECT_THAT(complaints, IsEmpty());
}

TEST_F(Archive, ATreeThatTheJournalHasLostIsMissedUntilNobodyWantsToHearOfIt) {
  {
    auto first = begin();
    auto shop = tree("shop");
    auto ad_hoc = tree("job");
    ad_hoc.file = "";
    first->written.set_tree(shop, wall_time{24h});
    first->written.set_tree(ad_hoc, wall_time{24h});
    first->written.write();
  }
  journal = {};
  auto next = begin();
  ASSERT_EQ(complaints.size(), 3u);
  EXPECT_THAT(complaints[0], HasSubstr("is missing although Alder has run here before"));
  EXPECT_THAT(complaints[1], HasSubstr("start its program again: alder start"));
  EXPECT_THAT(complaints[2], HasSubstr("alder up /shop.yaml"));
  EXPECT_EQ(next->written.lost_trees().size(), 2u);
  next->written.forget_lost("shop");
  next->written.list("job", ""); // it is up again
  EXPECT_THAT(next->written.lost_trees(), IsEmpty());
  EXPECT_THAT(next->written.notices(), IsEmpty());
}

TEST_F(Archive, WithoutAnythingElseAPastIsEnoughToMissTheJournal) {
  (void)begin();
  EXPECT_THAT(complaints, IsEmpty());
  (void)begin(archive::history::known);
  EXPECT_THAT(complaints, ElementsAre(HasSubstr("is missing")));
}

TEST_F(Archive, AnOperationIsOnDiskAtOnceAndUntilItEnds) {
  auto daemon = begin();
  const auto synced = journal.synced;
  daemon->written.begin_operation("operation/down/shop", "{}");
  EXPECT_GT(journal.synced + journal.replaced, synced) << "it survives a power cut";
  daemon->written.begin_operation("operation/down/shop", "{\"again\":true}");
  daemon->written.set("node/shop/web", "{}");
  EXPECT_EQ(begin()->written.operations(),
            (std::map<std::string, std::string>{{"operation/down/shop", "{\"again\":true}"}}));
  daemon->written.end_operation("operation/down/shop");
  EXPECT_THAT(daemon->written.operations(), IsEmpty());
}

TEST_F(Archive, EachTakesThoseWithTheSameBeginning) {
  auto daemon = begin();
  for (const auto* key : {"node/shop/a", "node/shop/b", "node/shopping/c", "past/shop/a"})
    daemon->written.set(key, "{}");
  std::vector<std::string> rest;
  daemon->written.each("node/shop/", [&](const std::string& name, const std::string&) { rest.push_back(name); });
  EXPECT_THAT(rest, ElementsAre("a", "b"));
}

TEST_F(Archive, WhatCouldNotBeReadIsToldOfUntilItIsRemoved) {
  {
    auto first = begin();
    first->written.set("node/shop/web", "{}");
    first->written.write();
  }
  journal.bytes += "garbage\n";
  journal.can_keep = false;
  auto next = begin();
  EXPECT_THAT(complaints, ElementsAre(HasSubstr("nothing is recorded while it cannot be renamed")));
  EXPECT_EQ(next->written.values().count("node/shop/web"), 1u) << "what is sound of it counts";
  ASSERT_TRUE(os::write_file_atomically(dir / "index.damaged", "x"));
  EXPECT_THAT(next->written.take_note_of_kept(dir.path()), ElementsAre(HasSubstr("index.damaged was kept")));
  EXPECT_THAT(next->written.notices(), ElementsAre(HasSubstr("delete that file once you have inspected it")));
  ASSERT_TRUE(os::remove_file(dir / "index.damaged"));
  EXPECT_THAT(next->written.notices(), IsEmpty());
}

TEST_F(Archive, TreesOfADaemonWithoutAJournalAreTakenUpOnce) {
  ASSERT_TRUE(os::write_file_atomically(dir / "trees.json", "nonsense"));
  EXPECT_THAT(trees_of_next(), IsEmpty());
  EXPECT_THAT(complaints, ElementsAre(HasSubstr("trees.json could not be read")));
  EXPECT_TRUE(os::is_taken(dir / "trees.json")) << "somebody may mend it";
  ASSERT_TRUE(os::write_file_atomically(
      dir / "trees.json", R"({"version":1,"trees":[{"name":"older","file":"/o.yaml","text":"children: []",)"
                          R"("environment":{},"files":{},"up_since":"2026-11-20T10:00:00.000Z","settled":[)"
                          R"({"name":"idle","state":"stopped","since":"2026-11-20T10:00:00.000Z",)"
                          R"("reason":"stopped","restarts":4}]}]})"));
  EXPECT_THAT(trees_of_next(), ElementsAre("older"));
  EXPECT_FALSE(os::is_taken(dir / "trees.json"));
  EXPECT_THAT(trees_of_next(), ElementsAre("older")) << "from the journal";
  EXPECT_EQ(begin()->written.values().count("node/older/idle"), 1u);
}

} // namespace
} // namespace alder::actors::testing

#include "actors/office/process_notes.hpp"

#include "tests/support/journal_disk.hpp"
#include "tests/support/node_literal.hpp"

#include <gmock/gmock.h>

#include <memory>
#include <utility>

namespace alder::actors::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ProcessNotes : public ::testing::Test {
protected:
  /// A daemon under this line of keepers; the next one reads what it wrote.
  struct life {
    life(test::disk_state& journal, test::disk_state& list, const std::string& line)
        : written(loop, "/nowhere",
                  {std::make_unique<test::fake_disk>(journal), std::make_unique<test::fake_disk>(list)}) {
      (void)written.open(line);
      notes.take_up();
    }
    boost::asio::io_context loop;
    archive written;
    process_notes notes{written};
  };
  std::unique_ptr<life> begin(const std::string& line = "7.100") { return std::make_unique<life>(journal, list, line); }

  test::disk_state journal;
  test::disk_state list;
  const store::noted_process web{"shop/web"_node, 4, 4711, 99, 5, 6, 7, "2"};
};

TEST_F(ProcessNotes, TheLatestProcessOfANodeIsNotedUntilItIsGone) {
  {
    auto first = begin();
    first->notes.note({"shop/web"_node, 3, 4700, 98, 3, 4, 5, "1"});
    first->notes.note(web);
    first->notes.note({"shop/web"_node, 3, 4700, 98, 3, 4, 5, "1"}); // told of late
    first->notes.note({"shop/db"_node, 1, 4800, 98, 3, 4, 5, "0"});
    first->notes.forget("shop/web"_node, 3); // another is noted by now
    first->notes.forget("shop/db"_node, 1);
    first->written.write();
  }
  EXPECT_THAT(begin()->notes.all(), ElementsAre(web));
}

TEST_F(ProcessNotes, ThoseOfAnotherLineOfKeepersAreForgotten) {
  {
    auto first = begin();
    first->notes.note(web);
    first->written.write();
  }
  {
    auto other = begin("8.200");
    EXPECT_FALSE(other->written.goes_on());
    EXPECT_THAT(other->notes.all(), IsEmpty());
    other->written.write();
  }
  EXPECT_THAT(begin()->notes.all(), IsEmpty());
}

TEST_F(ProcessNotes, ADamagedOneIsForgotten) {
  {
    auto first = begin();
    first->written.set("process/shop/web", "\"no process\"");
    first->written.write();
  }
  const auto next = begin();
  EXPECT_THAT(next->notes.all(), IsEmpty());
  EXPECT_EQ(next->written.values().count("process/shop/web"), 0u);
}

TEST_F(ProcessNotes, SecretsAreOldWhenBothAreKnownAndDiffer) {
  auto daemon = begin();
  auto noted = web;
  noted.secrets = 11;
  daemon->notes.note(noted);
  EXPECT_TRUE(daemon->notes.has_old_secrets("shop/web"_node, 12));
  EXPECT_FALSE(daemon->notes.has_old_secrets("shop/web"_node, 11));
  EXPECT_FALSE(daemon->notes.has_old_secrets("shop/web"_node, 0)) << "what they are now is not known";
  EXPECT_FALSE(daemon->notes.has_old_secrets("shop/db"_node, 12)) << "it has no process";
}

TEST_F(ProcessNotes, ADaemonThatTakesAProcessOverKeepsWhichSecretsItHas) {
  auto noted = web;
  noted.secrets = 11;
  {
    auto first = begin();
    first->notes.note(noted);
    first->written.write();
  }
  auto next = begin();
  noted.secrets = 0; // only whoever started it knows
  next->notes.note(noted);
  EXPECT_TRUE(next->notes.has_old_secrets("shop/web"_node, 12));
  ++noted.generation;
  ++noted.start_ticks;
  next->notes.note(noted);
  EXPECT_FALSE(next->notes.has_old_secrets("shop/web"_node, 12)) << "that is another process";
}

} // namespace
} // namespace alder::actors::testing

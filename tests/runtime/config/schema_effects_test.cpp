// Goes over every key of the table wherever it may be: nothing of a configuration may get lost between the table, the
// reader and the comparison that applies a change.
#include "tests/runtime/config/key_examples.hpp"

#include "runtime/policy/tree_edit.hpp"

#include <set>

namespace alder::config {
namespace {

using policy::tree_change;

std::vector<tree_change> changes_by(const key_at& at, const std::optional<std::string>& from,
                                    const std::optional<std::string>& to) {
  const auto before = load_with(at, from);
  const auto after = load_with(at, to);
  EXPECT_TRUE(before.tree) << at.text() << "\n" << text_with(at, from) << render(before.diagnostics, false);
  EXPECT_TRUE(after.tree) << at.text() << "\n" << text_with(at, to) << render(after.diagnostics, false);
  if (!before.tree || !after.tree) return {};
  return policy::difference(before.tree->root, after.tree->root, effect_of);
}

/// Keys that no comparison of two trees can see, and why.
const std::map<std::string, std::string> not_compared{
    {"name", "the trees to compare have one name"},
    {"extensions", "they are loaded when the file is read, and are no part of the tree"},
    {"optional", "it says what is an error when the file is read, and changes nothing else"},
};

TEST(SchemaEffects, AChangeOfAnyKeyIsSeenAndTakesEffectAsTheTableSays) {
  for (const auto& at : all_keys()) {
    if (not_compared.count(std::string{at.key->name}) > 0 && is_node(at.where)) continue;
    const auto changes = changes_by(at, std::nullopt, std::string{at.key->example});
    ASSERT_FALSE(changes.empty()) << at.text() << " is lost: " << text_with(at, std::string{at.key->example});
    bool needs_restart = false;
    std::set<tree_change::kind> kinds;
    for (const auto& change : changes) {
      needs_restart = needs_restart || change.needs_restart;
      kinds.insert(change.what);
      for (const auto& detail : change.details)
        EXPECT_NE(detail, "settings") << at.text() << " has no name of its own in the comparison";
    }
    EXPECT_EQ(needs_restart, at.top->effect == takes_effect::next_start) << at.text();
    const bool is_other_node = kinds.count(tree_change::kind::removed) > 0 && kinds.count(tree_change::kind::added) > 0;
    EXPECT_EQ(is_other_node, at.top->effect == takes_effect::names_it) << at.text();
  }
}

TEST(SchemaEffects, AreAskedForByTheNameOfTheKey) {
  EXPECT_EQ(effect_of("command"), takes_effect::next_start);
  EXPECT_EQ(effect_of("stop"), takes_effect::at_once);
  EXPECT_EQ(effect_of("strategy"), takes_effect::at_once);
  EXPECT_EQ(effect_of("no such key"), takes_effect::next_start) << "which is the safe side";
}

TEST(SchemaEffects, AreThoseOfTheirMappingForAllKeysInOne) {
  for (const auto& at : all_keys()) {
    EXPECT_EQ(at.key->effect == takes_effect::with_mapping, !is_node(at.where)) << at.text();
    EXPECT_NE(at.top->effect, takes_effect::with_mapping) << at.text();
  }
}

TEST(SchemaDefaults, AreWhatAConfigurationWithoutTheKeyMeans) {
  // What is described, because it is no value of the key or depends on others.
  const std::set<std::string> described{
      "name of the file's directory",
      "20 within 1m",
      "permanent (a task: transient)",
      "the directory of the file",
      "that of the daemon",
      "that of `user`",
      "those of `user`",
      "those of the daemon",
      "all",
      "none",
      "no limit",
      "when the program runs",
      "TERM, 10s",
      "at once, then 500ms to 30s",
      "200 to 399",
      "any",
      "`interval`",
      "0, or `min` if given",
      "30s, or `min` if greater",
      "the machine's",
      "`cwd`",
      "the name of the service",
      "/dev/log or /run/systemd/journal/socket",
      "LOGS/TREE/SERVICE.out.log",
      "LOGS/TREE/SERVICE.err.log",
      "ISO 8601 in UTC",
  };
  for (const auto& at : all_keys()) {
    if (at.key->fallback.empty() || described.count(at.key->fallback) > 0) continue;
    if (at.key->name == "instances") continue;                         // who has the key gets ALDER_INSTANCE
    if (at.where == place::backoff && at.key->name == "min") continue; // given, it is the first delay, too
    const auto changes = changes_by(at, std::nullopt, at.key->fallback);
    EXPECT_TRUE(changes.empty()) << at.text() << ": " << at.key->fallback << " is not the default";
  }
}

} // namespace
} // namespace alder::config

#include "runtime/config/schema.hpp"

#include "tests/runtime/config/key_examples.hpp"

#include <set>

namespace alder::config {
namespace {

std::string begin_mark(const std::string& mapping) {
  return "<!-- keys of " + mapping + ": made from src/runtime/config/schema.cpp -->\n";
}
constexpr const char* end_mark = "<!-- end of keys -->\n";

TEST(Schema, NamesEachKeyOfAPlaceOnce) {
  for (const auto& [p, name, its_phrase] : all_places) {
    const auto names = key_names(p);
    EXPECT_FALSE(names.empty()) << name;
    EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), names.size()) << name;
  }
}

TEST(Schema, HasHelpAndAnExampleForEachKey) {
  for (const auto& key : key_table()) {
    EXPECT_FALSE(key.help.empty()) << key.name;
    EXPECT_FALSE(key.example.empty()) << key.name;
    EXPECT_FALSE(phrase(key.kind).empty()) << key.name;
  }
}

TEST(Schema, HasExamplesThatAreRight) {
  for (const auto& at : all_keys()) {
    const auto l = load_with(at, std::string{at.key->example});
    EXPECT_TRUE(l.tree) << at.text() << "\n"
                        << text_with(at, std::string{at.key->example}) << "\n"
                        << render(l.diagnostics, false);
  }
}

TEST(Schema, HasAllKeysInTheTablesOfTheDocumentation) {
  for (const auto& key : key_table()) {
    const auto start = "| `" + std::string{key.name} + "` |";
    std::size_t found = 0;
    for (const auto& [mapping, table] : key_tables())
      found += table.find(start) == std::string::npos ? 0U : 1U;
    EXPECT_GT(found, 0U) << key.name;
  }
}

TEST(Schema, IsInTheTablesOfTheDocumentation) {
  const std::string path = ALDER_SOURCE_DIR "/docs/config.md";
  const char* update = std::getenv("ALDER_UPDATE_GOLDEN");
  const bool updates = update != nullptr && std::string{update} == "1";
  auto text = file_text(path);
  for (const auto& [mapping, table] : key_tables()) {
    const auto mark = begin_mark(mapping);
    const auto begin = text.find(mark);
    ASSERT_NE(begin, std::string::npos) << mapping;
    const auto from = begin + mark.size();
    const auto end = text.find(end_mark, from);
    ASSERT_NE(end, std::string::npos) << mapping;
    if (updates) text.replace(from, end - from, table);
    EXPECT_EQ(text.substr(from, text.find(end_mark, from) - from), table) << "ALDER_UPDATE_GOLDEN=1 rewrites it";
  }
  if (updates) std::ofstream(path, std::ios::binary) << text;
}

} // namespace
} // namespace alder::config

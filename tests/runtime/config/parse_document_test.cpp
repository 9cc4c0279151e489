#include "runtime/config/parse_document.hpp"

#include "tests/runtime/config/config_fixture.hpp"

namespace alder::config {
namespace {

using words = std::vector<std::string>;

struct parsed {
  node_ptr root;
  std::vector<diagnostic> diagnostics;
};

parsed parse(const std::string& text, syntax language = syntax::yaml) {
  report mistakes{"/x/a.yaml", text};
  auto root = parse_document(text, language, mistakes);
  return {root, mistakes.take()};
}

words codes(const parsed& p) {
  words all;
  for (const auto& d : p.diagnostics)
    all.push_back(d.code + " " + std::to_string(d.line) + ":" + std::to_string(d.column));
  return all;
}

TEST(ParseDocument, KeepsShapesTextsAndPlaces) {
  const auto p = parse("a: 1\n'b': \"x\\ty\"\nc:\n  - [d, e]\n");
  ASSERT_TRUE(p.root);
  ASSERT_EQ(p.root->entries.size(), 3U);
  EXPECT_EQ(p.root->find("a")->value->where, (span{3, 4}));
  EXPECT_EQ(p.root->find("b")->where, (span{5, 8}));
  EXPECT_EQ(p.root->find("b")->value->text, "x\ty");
  EXPECT_EQ(p.root->find("b")->value->where, (span{10, 16}));
  EXPECT_EQ(p.root->find("c")->value->items[0]->items[1]->text, "e");
}

TEST(ParseDocument, TellsNothingFromEmptyText) {
  const auto p = parse("a:\nb: ~\nc: null\nd: ''\ne: 'null'\nf: !!str null");
  for (const auto* key : {"a", "b", "c"})
    EXPECT_TRUE(p.root->find(key)->value->is_null()) << key;
  for (const auto* key : {"d", "e", "f"})
    EXPECT_FALSE(p.root->find(key)->value->is_null()) << key;
}

TEST(ParseDocument, BinaryIsAnyBytes) {
  const auto p = parse("a: !!binary gP/+\nb: !!binary |\n  gP8\n  =\n");
  EXPECT_EQ(p.root->find("a")->value->text, "\x80\xff\xfe");
  EXPECT_EQ(p.root->find("b")->value->text, "\x80\xff");
  EXPECT_FALSE(p.root->find("a")->value->is_null());
}

TEST(ParseDocument, FollowsAliases) {
  const auto p = parse("a: &x [1, 2]\nb: *x\n");
  ASSERT_TRUE(p.root);
  EXPECT_EQ(p.root->find("b")->value, p.root->find("a")->value);
  EXPECT_EQ(p.root->values, 7U);
}

TEST(ParseDocument, AppliesMergeKeysWithoutOverridingOwnOnes) {
  const auto p = parse("x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nm:\n  <<: [*x, *y]\n  a: own\n");
  ASSERT_TRUE(p.root);
  const auto& m = *p.root->find("m")->value;
  EXPECT_EQ(m.entries.size(), 3U);
  EXPECT_EQ(m.find("a")->value->text, "own");
  EXPECT_EQ(m.find("b")->value->text, "1");
  EXPECT_EQ(m.find("c")->value->text, "2");
}

TEST(ParseDocument, TakesAQuotedMergeKeyForAnOrdinaryOne) { EXPECT_TRUE(parse("'<<': 1").root->find("<<")); }

TEST(ParseDocument, RefusesWrongAliasesMergesAndTags) {
  EXPECT_EQ(codes(parse("a: *x")), (words{"E004 1:5"}));
  EXPECT_EQ(codes(parse("a: &x [*x]")), (words{"E004 1:9"}));
  EXPECT_EQ(codes(parse("a: {<<: 3}")), (words{"E004 1:5"}));
  EXPECT_EQ(codes(parse("a: {<<: [3]}")), (words{"E004 1:5"}));
  EXPECT_EQ(codes(parse("a: !foo 1")), (words{"E004 1:9"}));
}

TEST(ParseDocument, SurvivesAnAliasBomb) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int k = 0; k < 10; ++k)
      text += (k > 0 ? ", *a" : "*a") + std::to_string(i - 1);
    text += "]\n";
  }
  const auto p = parse(text);
  EXPECT_FALSE(p.root);
  ASSERT_EQ(p.diagnostics.size(), 1U);
  EXPECT_EQ(p.diagnostics[0].code, "E002");
}

TEST(ParseDocument, SurvivesAMergeBomb) {
  std::string text = "a0: &a0 {k: 0}\n";
  for (int i = 1; i < 40; ++i) {
    const auto n = std::to_string(i);
    const auto before = std::to_string(i - 1);
    text += "a" + n + ": &a" + n + " {x: *a" + before + ", y: *a" + before + ", <<: *a" + before + "}\n";
  }
  const auto p = parse(text);
  EXPECT_FALSE(p.root);
  ASSERT_EQ(p.diagnostics.size(), 1U);
  EXPECT_EQ(p.diagnostics[0].code, "E002");
}

TEST(ParseDocument, RefusesDeepNesting) {
  EXPECT_EQ(codes(parse("a: " + std::string(100'000, '['))), (words{"E002 1:67"}));
  const auto nested = [](std::size_t n) { return "a: " + std::string(n, '[') + std::string(n, ']'); };
  EXPECT_TRUE(parse(nested(max_depth - 1)).root);
  EXPECT_FALSE(parse(nested(max_depth)).root);
}

TEST(ParseDocument, CountsTheLevelsOfAliases) {
  const std::string deep = std::string(40, '[') + std::string(40, ']');
  const auto p = parse("a: &x " + deep + "\nb: " + std::string(40, '[') + "*x" + std::string(40, ']'));
  EXPECT_FALSE(p.root);
  ASSERT_FALSE(p.diagnostics.empty());
  EXPECT_EQ(p.diagnostics[0].code, "E002");
}

TEST(ParseDocument, RefusesTooMuchText) {
  EXPECT_EQ(codes(parse("a: " + std::string(max_text, 'x'))), (words{"E002 0:0"}));
  std::string many = "a: [";
  for (std::size_t i = 0; i <= max_values; ++i)
    many += "1,";
  EXPECT_EQ(parse(many + "]").diagnostics.at(0).code, "E002");
}

TEST(ParseDocument, PlacesSyntaxErrors) {
  EXPECT_EQ(codes(parse("a: @b\n")), (words{"E001 1:4"}));
  EXPECT_EQ(codes(parse("a:\n\tb: 1\n")), (words{"E001 2:1"}));
  EXPECT_EQ(codes(parse("a: [1,\n")), (words{"E001 2:1"}));
  EXPECT_EQ(codes(parse("{\"a\": 1,}", syntax::json)), (words{"E001 1:8"}));
}

TEST(ParseDocument, RefusesTextThatIsNotText) {
  EXPECT_EQ(codes(parse("a: \xff\n")), (words{"E001 1:4"}));
  EXPECT_EQ(codes(parse(std::string{"a: b\0c", 6})), (words{"E001 1:5"}));
  EXPECT_EQ(codes(parse("a: \"\\0\"")), (words{"E011 1:4"}));
  EXPECT_EQ(codes(parse("\xFF\xFE{")), (words{"E001 0:0"}));
}

TEST(ParseDocument, WantsOneMapping) {
  EXPECT_EQ(codes(parse("")), (words{"E003 0:0"}));
  EXPECT_EQ(codes(parse("# nothing\n")), (words{"E003 0:0"}));
  EXPECT_EQ(codes(parse("---\n")), (words{"E003 0:0"}));
  EXPECT_EQ(codes(parse("- a\n")), (words{"E003 1:1"}));
  EXPECT_EQ(codes(parse("text")), (words{"E003 1:1"}));
  EXPECT_EQ(codes(parse("a: 1\n---\nb: 2\n")), (words{"E003 2:1"}));
}

TEST(ParseDocument, ReportsDuplicateKeysWithBothPlacesAndGoesOn) {
  const auto p = parse("a: 1\nb: {c: 1, c: 2}\na: 3\n");
  EXPECT_EQ(codes(p), (words{"E005 2:11", "E005 3:1"}));
  EXPECT_EQ(p.diagnostics[1].help[0], "the first is at a.yaml:1:1");
  EXPECT_EQ(p.root->find("a")->value->text, "1");
}

TEST(ParseDocument, RefusesKeysThatAreCollections) { EXPECT_EQ(codes(parse("? [a]\n: b\n")), (words{"E011 1:3"})); }

TEST(ParseDocument, SkipsAByteOrderMark) {
  EXPECT_TRUE(parse("\xEF\xBB\xBF"
                    "a: 1\n")
                  .root->find("a"));
}

} // namespace
} // namespace alder::config

#include "runtime/config/codes.hpp"

#include "tests/runtime/config/config_fixture.hpp"

#include <set>

namespace alder::config {
namespace {

std::string many(int count, const std::string& before, const std::string& after) {
  std::string text;
  for (int i = 0; i < count; ++i)
    text += before + std::to_string(i) + after;
  return text;
}

/// A text for each code that must bring it about.
const std::map<std::string, std::string>& examples() {
  static const std::map<std::string, std::string> all{
      {"E001", "children: @x"},
      {"E002", "children: " + std::string(100, '[')},
      {"E003", "- a"},
      {"E004", "children: *x"},
      {"E005", "children: []\nchildren: []"},
      {"E009", "children: []\n" + many(150, "k", ": 1\n")},
      {"E010", "children: []\nfoo: 1"},
      {"E011", "children: 3"},
      {"E012", "children: []\nstrategy: x"},
      {"E013", "children: []\nbackoff: {min: 3}"},
      {"E014", "children: [{service: a, command: x, instances: 0}]"},
      {"E015", "children: [{service: a}]"},
      {"E016", "children: [{service: 'a:b', command: x}]"},
      {"E017", "children: [{service: a, command: x}, {service: a, command: x}]"},
      {"E018", "children: [{service: a, supervisor: b}]"},
      {"E019", "children: [{service: a, command: []}]"},
      {"E021", "children: [{service: a, command: x, significant: true}]"},
      {"E023", "children: [{service: a, command: x, user: nobody-here}]"},
      {"E024", "children: [{service: a, command: x, cpus: 1023}]"},
      {"E025", "children: [{service: a, command: x, health: {http: 'http://127.0.0.1/', body: '('}}]"},
      {"E026", "children: [{service: a, command: x, after: b}]"},
      {"E027", "children: [{service: a, command: x, after: a}]"},
      {"E028", "children: [{service: a, command: x, schedule: {cron: 'at noon'}}]"},
      {"E022", "children: [{service: a, command: x, ready: {tcp: x}}]"},
      {"E030", "children: []\ncwd: ${NOPE}"},
      {"E031", "children: []\ncwd: ${"},
      {"E032", "children: []\nenv_file: none"},
      {"E033", "children: []\nenv_file: bad.env"},
      {"E034", "children: [{service: a, command: x, log: {to: actor, actor: ship}}]"},
      {"W001", "children: [{supervisor: s, children: [], restart: transient}]"},
      {"W002", "children: [{supervisor: s, children: [], auto_shutdown: any_significant}]"},
      {"W003", "children: [{service: a, command: x, stop: {timeout: infinity}}]"},
      {"W004", "children: []\nintensity: {max_restarts: 0}"},
      {"W005", "strategy: one_for_all\nchildren: [{service: a, command: x, restart: transient}]"},
      {"W006", "children: [{service: a, command: x, intensity: {max_restarts: 1}}]"},
      {"W008", "children: [{service: a, command: x, cpus: 1023, optional: cpus}]"},
      {"W009", "children: []\nenv_file: odd.env"},
      {"W010", "children: [{service: a, command: nginx}]"},
      {"W011", "children: [{service: a, command: x, instances: 2, ready: {tcp: 80}}]"},
      {"W012", "children: [{service: a, command: no-such-program}]"},
      {"W007", "children:\n" + many(60, "- {service: s", ", command: x, stop: {timeout: infinity}}\n")},
  };
  return all;
}

TEST(Codes, AllComeAboutAndWarningsLeaveATree) {
  for (const auto& code : known_codes()) {
    const auto example = examples().find(code);
    ASSERT_NE(example, examples().end()) << "there is no example of " << code;
    config_file file{example->second};
    auto here = std::make_shared<machine>();
    here->user_named = [](const std::string&) { return std::optional<account>{}; };
    here->program_trouble_with = [](const std::string& name, const std::string&, const std::string&) {
      return name == "no-such-program" ? std::optional{program_trouble{"it is not there", {}}} : std::nullopt;
    };
    file.from.here = here;
    const auto l = file.with_file("/srv/shop/bad.env", "oops").with_file("/srv/shop/odd.env", "1ST=x\n").load();
    std::set<std::string> seen;
    for (const auto& d : l.diagnostics)
      seen.insert(d.code);
    EXPECT_EQ(seen.count(code), 1U) << code << "\n" << render(l.diagnostics, false);
    EXPECT_EQ(l.tree.has_value(), code[0] == 'W') << code;
  }
}

TEST(Codes, AreExplained) {
  for (const auto& code : known_codes())
    EXPECT_GT(explain(code).value_or("").size(), 20U) << code;
  EXPECT_EQ(explain("E999"), std::nullopt);
}

TEST(Codes, AreInOrderAndNoneIsUsedTwice) {
  const auto codes = known_codes();
  EXPECT_TRUE(std::is_sorted(codes.begin(), codes.end()));
  EXPECT_EQ(std::set<std::string>(codes.begin(), codes.end()).size(), codes.size());
}

TEST(Codes, AreListedInTheDocumentation) {
  const auto text = file_text(ALDER_SOURCE_DIR "/docs/config.md");
  for (const auto& code : known_codes())
    EXPECT_NE(text.find("`" + code + "`"), std::string::npos) << code;
}

} // namespace
} // namespace alder::config

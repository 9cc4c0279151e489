#include "tests/runtime/config/config_fixture.hpp"

namespace alder::config {
namespace {

TEST(Render, ShowsEachMistakeWithItsLineAndAMark) {
  config_file file{R"(name: shop
strategy: rest_for_all
intensity: { max_restarts: 5, within: 30 }
env: { TZ: UTC, GREETING: "hello ${NOBODY}" }
children:
  - service: db
    comand: redis-server
    restart: alwyas
    ready: { tcp: 127.0.0.1:99999 }
  - service: db
    command: echo 'x
    env_file: [missing.env, bad.env]
  - supervisor: 邮件服务
    restart: transient
    children:
      - service: web
        command: node server.js
        stop: { timeout: infinity }
)"};
  file.with_file("/srv/shop/bad.env", "A=1\nthis is not a variable\n");
  expect_golden("config_mistakes.txt", render(file.load().diagnostics, false));
}

TEST(Render, ColoursForATerminal) {
  expect_golden("config_mistakes_colour.txt",
                render(load("strategy: x\nintensity: {max_restarts: 0}\nchildren: []").diagnostics, true));
}

TEST(Render, CountsWarningsWithoutThreateningAnything) {
  expect_golden("config_warnings.txt", render(load("intensity: {max_restarts: 0}\nchildren: []").diagnostics, false));
}

TEST(Render, ShowsSyntaxErrorsAndMistakesOfTheWholeFile) {
  expect_golden("config_syntax.txt", render(load("children:\n\t- a\n").diagnostics, false));
  expect_golden("config_empty.txt", render(load("").diagnostics, false));
}

TEST(Render, ShowsAWindowOfALongLine) {
  const auto text =
      render(load("children: [" + std::string(300, ' ') + "x" + std::string(300, ' ') + "]").diagnostics, false);
  EXPECT_NE(text.find("1 | ..."), std::string::npos);
  EXPECT_NE(text.find("^ expected"), std::string::npos);
  EXPECT_LT(text.size(), 1000U);
}

TEST(Render, LetsNoControlCharacterOfAFileThrough) {
  const auto text = render(load("children: []\n\"\\e[31mx\": 1\nz: \"\\a\"").diagnostics, false);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(text.find('\a'), std::string::npos);
}

TEST(Render, IsEmptyWithoutDiagnostics) { EXPECT_EQ(render({}, true), ""); }

} // namespace
} // namespace alder::config

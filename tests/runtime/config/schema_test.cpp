#include "runtime/config/schema.hpp"

#include "tests/runtime/config/config_fixture.hpp"

#include <set>

namespace alder::config {
namespace {

std::string begin_mark(const std::string& mapping) {
  return "<!-- keys of " + mapping + ": made from src/runtime/config/schema.cpp -->\n";
}
constexpr const char* end_mark = "<!-- end of keys -->\n";

TEST(Schema, NamesEachKeyOfAPlaceOnce) {
  for (const auto p : {place::root, place::supervisor, place::service, place::intensity, place::backoff, place::stop,
                       place::ready, place::health, place::heartbeat, place::limits, place::restart_limit,
                       place::stop_step, place::schedule, place::watch, place::hooks}) {
    const auto names = key_names(p);
    EXPECT_FALSE(names.empty());
    EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), names.size()) << phrase(p);
  }
}

TEST(Schema, HasHelpAndAnExampleForEachKey) {
  for (const auto& key : key_table()) {
    EXPECT_FALSE(key.help.empty()) << key.name;
    EXPECT_FALSE(key.example.empty()) << key.name;
    EXPECT_FALSE(phrase(key.kind).empty()) << key.name;
  }
}

/// A configuration in which `key` stands where it belongs, with its example.
std::string with_example(const key_entry& key) {
  const std::string pair = std::string{key.name} + ": " + std::string{key.example};
  const auto on = [&](place p) { return (key.places & static_cast<unsigned>(p)) != 0; };
  if (on(place::service)) {
    const bool renamed = key.name == "service";
    const bool commanded = key.name == "command";
    const std::string extra = key.name == "significant" ? ", restart: transient"
                              : key.name == "intensity" ? ", instances: 2"
                                                        : "";
    const std::string siblings =
        key.name == "after" ? ", {service: db, command: x}, {service: migrate, command: x, task: true}" : "";
    return "auto_shutdown: any_significant\nchildren: [{" + pair + (renamed ? "" : ", service: web") +
           (commanded ? "" : ", command: x") + extra + "}" + siblings + "]";
  }
  if (on(place::root)) return pair + (key.name == "children" ? "" : "\nchildren: []");
  if (on(place::supervisor)) return "children: [{" + pair + ", children: []}]";
  if (on(place::intensity)) return "children: []\nintensity: {" + pair + "}";
  if (on(place::backoff)) return "children: []\nbackoff: {" + pair + "}";
  if (on(place::stop)) return "children: []\nstop: {" + pair + "}";
  if (on(place::env_file))
    return "children: []\nenv_file: {" + pair + (key.name == "path" ? "" : ", path: api.env") + "}";
  const auto in_service = [&](const std::string& group) {
    return "children: [{service: web, command: x, " + group + ": {" + pair;
  };
  if (on(place::env_file))
    return "children: []\nenv_file: {" + pair + (key.name == "path" ? "" : ", path: api.env") + "}";
  if (on(place::schedule)) return in_service("schedule") + (key.name == "cron" ? "" : ", cron: '@daily'") + "}}]";
  if (on(place::watch)) return in_service("watch") + "}}]";
  if (on(place::log)) return in_service("log") + "}}]";
  if (on(place::hooks)) return in_service("hooks") + "}}]";
  if (on(place::heartbeat)) return in_service("heartbeat") + "}}]";
  if (on(place::restart_limit)) return in_service("restart_limit") + "}}]";
  if (on(place::limits)) return in_service("limits") + (key.name == "memory" ? "" : ", memory: 1M") + "}}]";
  if (on(place::stop_step))
    return "children: []\nstop: {steps: [{" + pair + (key.name == "wait" ? ", signal: INT" : "") + "}]}";
  if (key.name == "status" || key.name == "body") return in_service("ready") + ", http: 'http://127.0.0.1/'}}]";
  if (on(place::health) && !on(place::ready)) return in_service("health") + ", tcp: 80}}]";
  const bool is_check = key.name == "file" || key.name == "notify" || key.name == "message" ||
                        key.name == "descriptor" || key.name == "tcp" || key.name == "http" || key.name == "exec" ||
                        key.name == "after" || key.name == "log";
  return "children: [{service: web, command: x, ready: {" + pair + (is_check ? "" : ", tcp: 80") + "}}]";
}

TEST(Schema, HasExamplesThatAreRight) {
  for (const auto& key : key_table()) {
    config_file file{with_example(key)};
    file.with_file("/srv/shop/common.env", "A=1").with_file("/srv/shop/api.env", "B=1");
    const auto l = file.load();
    EXPECT_TRUE(l.tree) << key.name << "\n" << file.from.text << "\n" << render(l.diagnostics, false);
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

#include "tests/fuzz/driver.hpp"
#include "tests/support/hostile_config.hpp"

#include "runtime/base/assert.hpp"
#include "runtime/config/cron_text.hpp"
#include "runtime/config/env_file.hpp"
#include "runtime/config/zone_file.hpp"

#include <cstdio>
#include <optional>

namespace config = alder::config;
namespace test = alder::test;

namespace {

void check(const char* file, const std::string& text) {
  const auto trouble = test::trouble_with(file, text);
  if (!trouble.empty()) std::fprintf(stderr, "%s: %s\n%s\n", file, trouble.c_str(), text.c_str());
  ALDER_ASSERT(trouble.empty());
}

/// Chooses by the bytes of the input.
class chooser {
public:
  explicit chooser(const std::string& bytes) : bytes_(bytes) {}
  std::size_t below(std::size_t limit) {
    std::size_t value = 0;
    for (int i = 0; i < 2; ++i)
      value = value * 256 + (at_ < bytes_.size() ? static_cast<unsigned char>(bytes_[at_++]) : 0U);
    return value % limit;
  }

private:
  const std::string& bytes_;
  std::size_t at_ = 0;
};

/// Some keys of one mapping with their examples or with what nobody means.
void check_keys(const std::string& bytes) {
  chooser choose{bytes};
  const auto& table = config::key_table();
  const auto places = test::places_of(table[choose.below(table.size())]);
  const auto where = places[choose.below(places.size())];
  const auto names = config::key_names(where);
  std::vector<test::key_and_value> entries;
  for (auto count = 1 + choose.below(4); count > 0; --count) {
    const auto& name = names[choose.below(names.size())];
    const auto is_new = std::none_of(entries.begin(), entries.end(), [&](const auto& e) { return e.first == name; });
    const auto& values = test::hostile_values();
    const bool is_example = choose.below(3) == 0;
    if (is_new)
      entries.emplace_back(name, is_example ? std::string{config::find_key(where, name)->example}
                                            : values[choose.below(values.size())]);
  }
  check("/srv/shop/alder.yaml", test::document_with(where, entries));
}

} // namespace

/// What holds for every input: a tree or an error, never both; diagnostics that can be shown; what can be launched.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  check("/srv/shop/alder.yaml", text);
  check("/srv/shop/alder.json", text);
  check_keys(text);
  for (const auto& variable : config::parse_env_file(text).variables)
    ALDER_ASSERT(!variable.name.empty() && variable.value.find('\0') == std::string::npos);
  (void)config::parse_cron(text);
  (void)config::parse_zone_file(text, "here");
  return 0;
}

std::vector<std::string> fuzz_seeds() {
  return {
      "name: shop\nstrategy: rest_for_one\nintensity: { max_restarts: 5, within: 30s }\nenv: { TZ: UTC, X: null "
      "}\nchildren:\n"
      "  - service: db\n    command: redis-server --port ${DB_PORT:-6400} --save \"\"\n    ready: { tcp: "
      "127.0.0.1:6400 }\n"
      "    stop: { signal: TERM, timeout: 10s }\n    env_file: [a.env]\n    umask: 022\n"
      "  - supervisor: backend\n    strategy: one_for_all\n    auto_shutdown: any_significant\n    restart: transient\n"
      "    children:\n      - service: worker\n        command: [python3, worker.py]\n        restart: never\n"
      "        significant: true\n        backoff: { min: 100ms, max: 30s, factor: 2, jitter: 10%, reset_after: 60s }\n"
      "      - service: web\n        command: |\n          exec node server.js $${X} ${INSTANCE}\n        shell: "
      "true\n        instances: 3\n"
      "        ready: { http: \"http://[::1]:80/x?y\", interval: 1s }\n",
      "x: &x { a: 1, b: [*y] }\ny: &y { <<: *x, c: ${A:-${B:-c}} }\nchildren: [ &s { service: a, command: b }, *s, "
      "!!str x ]\n",
      "{\"name\": \"shop\", \"children\": [{\"service\": \"a\", \"command\": [\"b\", \"\\u00e9\"], "
      "\"clean_exit_codes\": [0, 3], "
      "\"inherit_env\": [\"HOME\"]}]}",
      "A=1\nexport B='x'\nC=\"a\\nb\" # c\nD=\"x\ny${A}\"\n1E=#\n",
      "*/5 1-5,7 L jan mon",
      "{children: [{service: a, command: \"x\\0y ${HOME} z\"}]}"};
}

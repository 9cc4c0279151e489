#include "tests/fuzz/driver.hpp"

#include "runtime/base/assert.hpp"
#include "runtime/config/load_tree.hpp"

#include <algorithm>

namespace config = alder::config;

namespace {

/// What holds for every input: a tree or an error, never both; diagnostics that can be shown.
void check(const char* file, const std::string& text) {
  config::source from;
  from.file = file;
  from.text = text;
  from.environment = {{"HOME", "/home/ann"}};
  from.read_file = [&](const std::string&) -> alder::result<std::string> { return text; };
  const auto loaded = config::load_tree(from);
  const bool failed = std::any_of(loaded.diagnostics.begin(), loaded.diagnostics.end(),
                                  [](const auto& d) { return d.severity == config::diagnostic::level::error; });
  ALDER_ASSERT(loaded.tree.has_value() != failed);
  for (const auto& d : loaded.diagnostics)
    ALDER_ASSERT(d.line == 0 || d.end_column > d.column);
  ALDER_ASSERT(config::render(loaded.diagnostics, true).empty() == loaded.diagnostics.empty());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  check("/srv/shop/alder.yaml", text);
  check("/srv/shop/alder.json", text);
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
      "A=1\nexport B='x'\nC=\"a\\nb\" # c\n"};
}

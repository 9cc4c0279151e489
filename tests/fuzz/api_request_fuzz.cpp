#include "tests/fuzz/driver.hpp"
#include "tests/support/hostile_config.hpp"

#include "runtime/base/assert.hpp"
#include "runtime/base/pattern.hpp"
#include "runtime/wire/ad_hoc.hpp"
#include "runtime/wire/request_json.hpp"

#include <cstdio>
#include <map>
#include <string>
#include <vector>

namespace wire = alder::wire;

namespace {

void check_environment(const std::map<std::string, std::string>& environment) {
  for (const auto& [name, value] : environment)
    ALDER_ASSERT(!name.empty() && (name + value).find('\0') == std::string::npos);
}

/// Also as the configuration that is made of it.
void check_service(const std::string& body) {
  const auto request = wire::parse_service_request(body);
  if (!request) return;
  check_environment(request->environment);
  const auto trouble = alder::test::trouble_with("/srv/adhoc.json", wire::ad_hoc_config(*request));
  if (!trouble.empty()) std::fprintf(stderr, "%s\n%s\n", trouble.c_str(), body.c_str());
  ALDER_ASSERT(trouble.empty());
}

} // namespace

/// Bodies of requests, and expressions to search with.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(data, data + size);
  check_service(input);
  if (const auto request = wire::parse_config_request(input)) {
    check_environment(request->environment);
    ALDER_ASSERT(alder::test::trouble_with("/srv/alder.yaml", request->text).empty());
  }
  if (const auto count = wire::parse_scale_request(input)) ALDER_ASSERT(*count >= 1 && *count <= 10'000);
  if (const auto upgrade = wire::parse_upgrade_request(input)) ALDER_ASSERT(upgrade->keeper.front() == '/');
  if (const auto pattern = alder::pattern::compile(input.substr(0, 100))) (void)pattern->matches(input);
  return 0;
}

std::vector<std::string> fuzz_seeds() {
  return {R"({"name":"a","command":["x","y"],"cwd":"/","environment":{"A":"b"},"restart":"never"})",
          R"({"name":"a","command":["x\u0000"],"cwd":"/\u0000","environment":{"A\u0000":"\u0000"}})",
          R"({"file":"/a.yaml","text":"children: [{service: a, command: \"x\\0\"}]","environment":{}})",
          R"({"instances":3})",
          R"({"keeper":"/a","daemon":"/b"})",
          R"([[[[{"a":1e99}]]]])",
          "^[[:alpha:]]+(a|b){1,3}\\.[^x]$"};
}

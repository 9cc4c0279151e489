#include "tests/fuzz/driver.hpp"

#include "runtime/base/assert.hpp"
#include "runtime/base/overloaded.hpp"
#include "runtime/wire/program_notice.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace {

namespace wire = alder::wire;

void check(const std::vector<wire::program_notice>& notices) {
  const auto is_bounded = [](const std::string& text) {
    ALDER_ASSERT(text.size() <= wire::max_notice_text + 256); // a text of the program in a sentence of ours
    ALDER_ASSERT(text.find('\n') == std::string::npos);
  };
  for (const auto& notice : notices)
    std::visit(
        alder::overloaded{[&](const wire::said_status& s) { is_bounded(s.text); },
                          [&](const wire::said_message& m) { is_bounded(m.json); },
                          [&](const wire::said_nonsense& n) { is_bounded(n.why); },
                          [&](const wire::said_error& e) { is_bounded(e.text); },
                          [&](const wire::said_metrics& m) { ALDER_ASSERT(m.values.size() <= wire::max_metrics); },
                          [](const auto&) {}},
        notice);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(data, data + size);
  check(wire::read_notify(bytes));
  check(wire::read_ipc_line(bytes));
  if (const auto line = wire::ipc_line(bytes)) {
    ALDER_ASSERT(line->size() <= wire::max_ipc_message);
    ALDER_ASSERT(line->find('\n') == line->size() - 1);
  }
  return 0;
}

std::vector<std::string> fuzz_seeds() {
  return {"READY=1\nSTATUS=up\nWATCHDOG=trigger\nEXTEND_TIMEOUT_USEC=12",
          R"({"type":"metrics","data":{"a":{"value":"1.5","unit":"ms"},"b":2}})",
          R"({"type":"error","message":"x"})",
          R"({"cmd":"NODE_X"})",
          R"(["ready",{"a":[1e9,null]}])",
          "\"heartbeat\""};
}

#include "tests/fuzz/driver.hpp"

#include "runtime/base/assert.hpp"
#include "runtime/wire/journal_record.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace wire = alder::wire;

/// What was read means the same when it is written again, and a record behind the good part is never lost by it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(data, data + size);
  const auto read = wire::read_journal(input);
  if (!read) return 0;
  ALDER_ASSERT(read->good_bytes + read->torn_bytes == input.size());
  auto bytes = wire::journal_header();
  for (const auto& [key, value] : read->values)
    bytes += wire::journal_record(key, value);
  const auto again = wire::read_journal(bytes);
  ALDER_ASSERT(again && again->values == read->values && again->torn_bytes == 0 && again->damaged == 0);
  if (read->good_bytes == 0) return 0;
  const auto longer = wire::read_journal(input.substr(0, read->good_bytes) + wire::journal_record("key", "1"));
  ALDER_ASSERT(longer && longer->values.at("key") == "1" && longer->torn_bytes == 0);
  return 0;
}

std::vector<std::string> fuzz_seeds() {
  const auto header = wire::journal_header();
  const auto one = wire::journal_record("node/shop/db", R"({"state":"stopped"})");
  const auto two = wire::journal_record("tree/shop", "");
  return {header,         header + one, header + one + two, header + one + one.substr(0, 20), "alder-journal 2\n",
          header + "\n\n"};
}

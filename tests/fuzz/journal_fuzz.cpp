#include "tests/fuzz/driver.hpp"

#include "runtime/base/assert.hpp"
#include "runtime/wire/journal_record.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace wire = alder::wire;

/// What was read means the same when it is written again; whatever stands around it, a whole record is found; and only
/// what was written byte for byte is called sound.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(data, data + size);
  const auto read = wire::read_journal(input);
  if (!read) return 0;
  ALDER_ASSERT(read->lost_bytes <= input.size() && read->values.size() <= read->records);
  auto bytes = wire::journal_header();
  for (const auto& [key, value] : read->values)
    bytes += wire::journal_record(key, value);
  const auto again = wire::read_journal(bytes);
  ALDER_ASSERT(again && again->values == read->values && again->is_sound());
  const auto record = wire::journal_record("key", "1");
  for (const char* between : {"", "\n", "\r\n"}) {
    const auto longer = wire::read_journal(input + between + record);
    ALDER_ASSERT(longer && longer->values.at("key") == "1" && longer->records >= read->records);
  }
  if (!read->is_sound()) return 0;
  const auto longer = wire::read_journal(input + record); // as it is appended
  ALDER_ASSERT(input.empty() || (longer && longer->is_sound() && longer->records == read->records + 1));
  return 0;
}

std::vector<std::string> fuzz_seeds() {
  const auto header = wire::journal_header();
  const auto one = wire::journal_record("node/shop/db", R"({"state":"stopped"})");
  const auto two = wire::journal_record("tree/shop", "");
  return {header,
          header + one,
          header + one + two,
          header + one + one.substr(0, 20),
          "alder-journal 2\n",
          header + "\n\n",
          header + one.substr(0, one.size() - 1) + two,
          one + two,
          header + one + std::string(64, '\0') + two,
          "alder-journal 1\r\n" + one.substr(0, one.size() - 1) + "\r\n"};
}

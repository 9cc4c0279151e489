#include "tests/fuzz/driver.hpp"
#include "tests/support/append.hpp"
#include "tests/support/temporary_directory.hpp"

#include "runtime/base/assert.hpp"
#include "runtime/logs/line_splitter.hpp"
#include "runtime/logs/log_index.hpp"
#include "runtime/logs/log_reader.hpp"
#include "runtime/logs/log_spill.hpp"
#include "runtime/os/files.hpp"
#include "runtime/policy/log_rotation.hpp"
#include "runtime/wire/event_json.hpp"
#include "runtime/wire/log_archive_name.hpp"
#include "runtime/wire/log_cursor.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

namespace logs = alder::logs;
namespace wire = alder::wire;

/// The pieces of `bytes` put together again; every piece must begin where it says.
std::string join(const std::vector<logs::line_piece>& pieces, std::string_view bytes) {
  std::string text;
  for (const auto& piece : pieces) {
    ALDER_ASSERT(piece.offset == text.size());
    ALDER_ASSERT(bytes.substr(text.size(), piece.text.size()) == piece.text);
    text += piece.text;
    if (!piece.partial) text += '\n';
  }
  return text;
}

/// Nothing is lost and nothing depends on how the bytes were portioned.
void check_splitter(std::string_view bytes, std::size_t portion, std::size_t longest) {
  logs::line_splitter whole{0, longest};
  logs::line_splitter portioned{0, longest};
  std::vector<logs::line_piece> pieces;
  std::vector<logs::line_piece> others;
  whole.feed(bytes, pieces);
  for (std::size_t at = 0; at < bytes.size(); at += portion)
    portioned.feed(bytes.substr(at, portion), others);
  ALDER_ASSERT(pieces == others);
  if (auto rest = whole.take_rest()) pieces.push_back(std::move(*rest));
  for (const auto& piece : pieces)
    ALDER_ASSERT(piece.text.size() <= longest);
  ALDER_ASSERT(join(pieces, bytes) == bytes);
}

/// What is found backwards has as many lines as asked for, or is everything.
void check_tail(std::string_view bytes, std::size_t lines, std::size_t portion) {
  logs::tail_search search{lines};
  std::size_t begin = 0;
  for (auto end = bytes.size(); end > 0;) {
    const auto block = std::min(end, portion);
    if (const auto found = search.look(bytes.substr(end - block, block))) {
      begin = end - block + *found;
      break;
    }
    end -= block;
  }
  ALDER_ASSERT(begin == 0 || bytes[begin - 1] == '\n');
  const auto tail = bytes.substr(begin);
  const auto ends = static_cast<std::size_t>(std::count(tail.begin(), tail.end(), '\n'));
  const auto found = ends + (tail.empty() || tail.back() == '\n' ? 0 : 1);
  ALDER_ASSERT(begin == 0 ? found <= lines : found == lines);
}

/// Any bytes are an index; in a sorted one the chunk found is the right one.
void check_index(std::string_view bytes, std::uint64_t offset) {
  const auto count = bytes.size() / wire::log_index_record_size;
  const auto record = [&](std::uint64_t at) -> std::optional<wire::log_index_record> {
    ALDER_ASSERT(at < count);
    return wire::decode_log_index(bytes.data() + at * wire::log_index_record_size);
  };
  const auto found = logs::find_chunk(count, record, offset);
  ALDER_ASSERT(!found || *found < count);
  for (std::uint64_t at = 1; at < count; ++at) {
    if (record(at)->offset < record(at - 1)->offset) return;
  }
  ALDER_ASSERT(!found || record(*found)->offset <= offset);
  const auto next = found ? *found + 1 : 0;
  ALDER_ASSERT(next >= count || record(next)->offset > offset);
}

/// A name that is read is written the same way again.
void check_name(std::string_view bytes) {
  const auto name = wire::parse_archive_name(bytes);
  ALDER_ASSERT(!name || text_of(*name) == bytes);
}

/// A cursor that is read is written the same way again; and wherever one says it goes on, that ends.
void check_cursor(std::string_view bytes) {
  const auto cursor = wire::parse_log_cursor(bytes);
  if (!cursor) return;
  ALDER_ASSERT(text_of(*cursor) == bytes);
  static const alder::test::temporary_directory dir;
  const auto live = dir / "out.log";
  static const bool is_made = alder::test::append(live, std::string(200, 'x') + "\nlast\n").ok();
  ALDER_ASSERT(is_made);
  logs::log_reader reader{live};
  ALDER_ASSERT(reader.resume(cursor->place).ok());
  for (int calls = 0; reader.has_more(); ++calls)
    ALDER_ASSERT(calls < 100 && reader.read_new().ok());
}

/// Files cut where the policy says hold the bytes, and begin with a line each.
void check_rotation(std::string_view bytes, std::size_t chunk, std::uint64_t max_size) {
  std::string whole;
  std::string file;
  for (auto rest = bytes; !rest.empty();) {
    const auto step = alder::policy::next_portion(
        rest.substr(0, chunk), {.size = file.size(), .in_line = !file.empty() && file.back() != '\n'}, max_size);
    ALDER_ASSERT(step.bytes > 0 && step.bytes <= std::min(chunk, rest.size()));
    if (step.rotate) {
      ALDER_ASSERT(!file.empty() && file.back() == '\n');
      whole += std::exchange(file, {});
    }
    file += rest.substr(0, step.bytes);
    rest.remove_prefix(step.bytes);
  }
  ALDER_ASSERT(whole + file == bytes);
}

/// Whatever is found as output that waits, taking it ends; and what is put there behind it comes back last.
void check_spill(std::string_view bytes) {
  static const alder::test::temporary_directory dir;
  constexpr std::uint64_t most = std::uint64_t{1} << 30;
  alder::logs::log_spill spill{dir / "spill", dir / "out.log", most};
  ALDER_ASSERT(alder::os::make_directories(dir / "spill", 0700).ok());
  (void)alder::os::remove_file(spill.path()); // the first time there is none
  std::string file{bytes};
  if (!file.empty() && file.front() % 2 == 0) { // with a header that is right
    alder::logs::log_spill other{dir / "spill", dir / "out.log", most};
    ALDER_ASSERT(other.put("x\n", {}, {}, nullptr).number == 0);
    file = alder::os::read_file(other.path(), 1000)->substr(0, 64) + file;
  }
  ALDER_ASSERT(alder::os::write_file_atomically(spill.path(), file).ok());
  ALDER_ASSERT(spill.take_up() == 0);
  ALDER_ASSERT(spill.put("last\n", {}, {}, nullptr).number == 0);
  std::string all;
  while (const auto piece = spill.front()) {
    all += piece->bytes;
    spill.took(piece->bytes.size());
  }
  ALDER_ASSERT(!spill.any() && all.size() >= 5 && all.compare(all.size() - 5, 5, "last\n") == 0);
}

/// Whatever the file, its index and a compressed archive of it hold, reading them ends, and nothing of the plain file
/// is lost.
void check_files(std::string_view bytes) {
  static const alder::test::temporary_directory dir;
  const auto live = dir / "out.log";
  const auto archive = live + ".20261128T010203.456789Z";
  const auto next = live + ".20261128T010204.456789Z";
  for (const auto& path :
       {live, wire::log_index_path(live), archive + ".gz", archive + ".idx.gz", next + ".zst", next + ".idx.zst"}) {
    (void)alder::os::remove_file(path); // the first time there is none
    ALDER_ASSERT(alder::test::append(path, bytes));
  }
  (void)logs::previous_run(live);
  logs::log_reader reader{live};
  const auto last = reader.tail(3, logs::unfinished_line::show);
  ALDER_ASSERT(last && last->size() <= 3);
  ALDER_ASSERT(reader.seek({}));
  std::size_t entries = 0;
  for (int calls = 0; reader.has_more(); ++calls) {
    ALDER_ASSERT(calls < 100);
    const auto more = reader.read_new();
    ALDER_ASSERT(more);
    entries += more->size();
  }
  ALDER_ASSERT(entries >= static_cast<std::size_t>(std::count(bytes.begin(), bytes.end(), '\n')));
}

/// What can be read is written the same way again.
void check_event(std::string_view bytes) {
  const auto e = wire::parse_event(bytes);
  if (!e) return;
  const auto text = wire::event_json(*e);
  const auto again = wire::parse_event(text);
  ALDER_ASSERT(again && wire::event_json(*again) == text);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(data, data + size);
  const std::size_t portion = size > 0 ? 1 + data[0] % 32 : 1;
  const std::size_t longest = size > 1 ? 1 + data[1] % 64 : 1;
  check_splitter(input, portion, longest);
  check_tail(input, longest, portion);
  check_index(input, portion * longest);
  check_event(input);
  check_name(input);
  check_cursor(input);
  check_rotation(input, portion, longest);
  if (portion % 8 == 0) check_files(input); // these two take longer than all the others
  if (portion % 8 == 1) check_spill(input);
  return 0;
}

std::vector<std::string> fuzz_seeds() {
  alder::event e;
  e.seq = 812;
  e.tree = "shop";
  e.name = "api:0";
  e.pid = 4141;
  e.status = alder::exit_status::signal(11);
  e.cause = {alder::cause::kind::own_exit, "", "was killed by SIGSEGV", "one_for_all"};
  std::string index;
  for (std::uint64_t i = 0; i < 8; ++i) {
    const auto bytes = wire::encode({i * 10, i});
    index.append(bytes.data(), bytes.size());
  }
  return {"one\ntwo\n\nfour is a longer line than the others are\nrest",
          index,
          wire::event_json(e),
          "\n\n\n",
          std::string(200, 'x') + "\n",
          "/l/web.out.log.20261128T010203.456789Z.idx.gz",
          "shop/api:0/out@2s.5k3.1f3k2m9zq0ab.0.kz1v9xk0.5.1z141z3",
          "t/s/err@0.0.0.0.0.0.zik0zj",
          std::string{"\x28\xb5\x2f\xfd\x04\x58\x29\0\0alder9j\xc2\xc3", 18},
          std::string{"\x1f\x8b\x08\0\0\0\0\0\0\3\x4b\x2c\x4a\xe6\x02\0", 17}};
}

#include "runtime/os/start_book.hpp"

#include "runtime/base/words.hpp"
#include "runtime/os/proc.hpp"
#include "runtime/os/safe_open.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <ctime>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace alder::os {
namespace {

constexpr std::uint64_t magic = 0x314b4f4f42444c41; // "ALDBOOK1"
constexpr std::size_t slot_size = 320;
constexpr std::size_t header_size = slot_size;
constexpr std::size_t growth = 128; // slots
/// More than a keeper has children. So many are mapped; the file has as many as were ever needed at once.
constexpr std::size_t most_slots = 66'560;
constexpr std::size_t map_size = header_size + most_slots * slot_size;

// A word: the process number in the lower half, then three bits of state, then the number of its use.
constexpr unsigned state_shift = 32;
constexpr unsigned use_shift = 35;

using state = booked_start::state;
constexpr std::uint64_t free_state = 0;

constexpr std::uint64_t state_bits(std::uint64_t word) { return (word >> state_shift) & 7U; }
constexpr int pid_in(std::uint64_t word) { return static_cast<int>(word & 0xffffffffU); }
constexpr std::uint64_t word_of(std::uint64_t use, std::uint64_t what, int pid) {
  return use << use_shift | what << state_shift | static_cast<std::uint32_t>(pid);
}
/// The same use of a place in another state.
constexpr std::uint64_t changed(std::uint64_t word, state what, int pid) {
  return word_of(word >> use_shift, static_cast<std::uint64_t>(what), pid);
}
constexpr std::uint64_t next_use(std::uint64_t word, std::uint64_t what, int pid) {
  return word_of((word >> use_shift) + 1, what, pid);
}

std::uint64_t load_word(const std::uint64_t& word) {
  return std::atomic_ref<std::uint64_t>{const_cast<std::uint64_t&>(word)}.load(); // atomic_ref wants no const
}
void store_word(std::uint64_t& word, std::uint64_t value) { std::atomic_ref<std::uint64_t>{word}.store(value); }
bool exchange_word(std::uint64_t& word, std::uint64_t from, std::uint64_t to) {
  return std::atomic_ref<std::uint64_t>{word}.compare_exchange_strong(from, to);
}
static_assert(std::atomic_ref<std::uint64_t>::is_always_lock_free, "processes share the words");

std::int64_t boot_time_ns() {
  timespec now{};
  (void)::clock_gettime(CLOCK_BOOTTIME, &now); // cannot fail with these arguments
  return static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

template <std::size_t Size> void set_text(char (&into)[Size], std::string_view text) {
  const auto length = std::min(text.size(), Size - 1);
  std::memcpy(into, text.data(), length);
  std::memset(into + length, 0, Size - length);
}

template <std::size_t Size> std::string text_in(const char (&text)[Size]) { return {text, ::strnlen(text, Size)}; }

} // namespace

struct start_book::header {
  std::uint64_t magic = 0;
  std::uint64_t is_complete = 0;
  char line[64];
};

struct start_book::slot {
  std::uint64_t word = 0;
  alder::generation generation = 0;
  std::uint32_t unused = 0;
  std::uint64_t start_ticks = 0;
  std::int64_t asked_ns = 0;
  std::int64_t exec_ns = 0;
  std::int64_t started_ms = 0;
  std::uint64_t out = 0;
  std::uint64_t err = 0;
  std::uint32_t exit_kind = 0;
  std::int32_t exit_value = 0;
  char note[64];
  char id[184];
};

// -- in the process that is being started: nothing but plain memory and system calls

bool claim_start(const start_ticket& ticket) {
  if (ticket.word == nullptr) return true;
  // Of a place that is another start's by now nothing is touched.
  if (load_word(*ticket.word) != ticket.asked) return false;
  *ticket.exec_ns = boot_time_ns();
  return exchange_word(*ticket.word, ticket.asked, changed(ticket.asked, state::running, ::getpid()));
}

void give_back_start(const start_ticket& ticket) {
  if (ticket.word == nullptr) return;
  const auto claimed = changed(ticket.asked, state::running, ::getpid());
  (void)exchange_word(*ticket.word, claimed, changed(ticket.asked, state::failed, ::getpid()));
}

// -- in the keeper

std::optional<std::uint64_t> start_ticks_of(const booked_start& start) {
  if (start.what != state::running || start.pid <= 0) return std::nullopt;
  const auto now = read_stat(start.pid);
  if (!now || !is_living(*now)) return std::nullopt;
  if (start.start_ticks != 0)
    return now->start_ticks == start.start_ticks ? std::optional{now->start_ticks} : std::nullopt;
  const auto ticks = [](std::int64_t ns) {
    return static_cast<std::uint64_t>(ns / (1'000'000'000 / ::sysconf(_SC_CLK_TCK)));
  };
  const bool was_made_then =
      now->start_ticks + 1 >= ticks(start.asked_ns) && now->start_ticks <= ticks(start.exec_ns) + 1;
  return was_made_then ? std::optional{now->start_ticks} : std::nullopt;
}

start_book::start_book(start_book&& other) noexcept
    : file_(std::move(other.file_)), memory_(std::exchange(other.memory_, nullptr)), size_(other.size_),
      places_(std::move(other.places_)), free_(std::move(other.free_)) {}

start_book::~start_book() {
  if (memory_ != nullptr) (void)::munmap(memory_, map_size); // cannot fail with these arguments
}

start_book::slot* start_book::at(std::size_t place) const {
  return reinterpret_cast<slot*>(static_cast<char*>(memory_) + header_size + place * slot_size);
}

start_book::slot* start_book::find(const key& who) const {
  const auto found = places_.find(who);
  return found == places_.end() ? nullptr : at(found->second);
}

outcome start_book::map(const std::string& path) {
  static_assert(sizeof(slot) <= slot_size && sizeof(header) <= header_size);
  const auto refused = [&](const char* what) {
    return error{errno == EACCES ? error_kind::denied : error_kind::io,
                 std::string{what} + " the start counters " + path + ": " + errno_text(errno), errno};
  };
  auto opened = open_to_write(path, {.at_end = false, .through_link = false});
  if (!opened) return opened.failure();
  file_ = std::move(opened->fd);
  struct stat facts {};
  if (::fstat(file_.get(), &facts) != 0) return refused("cannot stat");
  auto length = static_cast<std::size_t>(facts.st_size);
  if (!S_ISREG(facts.st_mode)) return error{error_kind::io, path + " is not a regular file", 0};
  if (length < header_size) { // all of it is there before it is touched: a full disk must not show as SIGBUS
    if ((errno = ::posix_fallocate(file_.get(), 0, header_size)) != 0) return refused("cannot create");
    length = header_size;
  }
  size_ = std::min((length - header_size) / slot_size, most_slots);
  memory_ = ::mmap(nullptr, map_size, PROT_READ | PROT_WRITE, MAP_SHARED, file_.get(), 0);
  if (memory_ == MAP_FAILED) {
    memory_ = nullptr;
    return refused("cannot map");
  }
  return success();
}

result<start_book> start_book::open(const std::string& path, const std::string& line, bool is_new) {
  start_book book;
  if (auto mapped = book.map(path); !mapped) return mapped.failure();
  const auto& top = *static_cast<const header*>(book.memory_);
  if (is_new || top.magic != magic || text_in(top.line) != line) book.begin(line, is_new);
  book.load();
  return book;
}

void start_book::begin(const std::string& line, bool is_new) {
  auto& top = *static_cast<header*>(memory_);
  for (std::size_t place = 0; place < size_; ++place)
    store_word(at(place)->word, next_use(load_word(at(place)->word), free_state, 0));
  top.is_complete = is_new ? 1 : 0;
  set_text(top.line, line);
  top.magic = magic;
}

void start_book::load() {
  for (std::size_t place = 0; place < size_; ++place) {
    auto& one = *at(place);
    auto word = load_word(one.word);
    while (state_bits(word) == static_cast<std::uint64_t>(state::asked) &&
           !exchange_word(one.word, word, changed(word, state::cancelled, 0)))
      word = load_word(one.word);
    auto id = node_id::parse(text_in(one.id));
    if (state_bits(word) == free_state || !id)
      free_.push_back(place);
    else
      places_.emplace(key{std::move(*id), one.generation}, place);
  }
}

std::optional<std::vector<booked_start>> start_book::read(const std::string& path, const std::string& line) {
  start_book book;
  if (::access(path.c_str(), R_OK) != 0 || !book.map(path)) return std::nullopt;
  const auto& top = *static_cast<const header*>(book.memory_);
  if (top.magic != magic || text_in(top.line) != line || top.is_complete == 0) return std::nullopt;
  std::vector<booked_start> all;
  for (std::size_t place = 0; place < book.size_; ++place) {
    const auto& one = *book.at(place);
    const auto word = load_word(one.word);
    auto id = node_id::parse(text_in(one.id));
    if (state_bits(word) == free_state || !id) continue;
    all.push_back({.id = std::move(*id),
                   .generation = one.generation,
                   .what = static_cast<state>(state_bits(word)),
                   .pid = pid_in(word),
                   .start_ticks = one.start_ticks,
                   .asked_ns = one.asked_ns,
                   .exec_ns = one.exec_ns,
                   .started_ms = one.started_ms,
                   .out = one.out,
                   .err = one.err,
                   .note = text_in(one.note),
                   .exited = {}});
    if (all.back().what == state::ended)
      all.back().exited = exit_status{static_cast<exit_status::how>(one.exit_kind), one.exit_value};
  }
  return all;
}

bool start_book::grow() {
  const auto wanted = std::min(size_ + growth, most_slots);
  if (wanted == size_ || ::posix_fallocate(file_.get(), 0, static_cast<off_t>(header_size + wanted * slot_size)) != 0)
    return false;
  for (auto place = wanted; place > size_; --place)
    free_.push_back(place - 1);
  size_ = wanted;
  return true;
}

/// Its own, or a free one.
start_book::slot* start_book::place_for(const key& who) {
  if (auto* const own = find(who)) return own;
  if (who.first.text().size() >= sizeof(slot::id) || (free_.empty() && !grow())) {
    static_cast<header*>(memory_)->is_complete = 0;
    return nullptr;
  }
  const auto place = free_.back();
  free_.pop_back();
  places_[who] = place;
  return at(place);
}

start_ticket start_book::ask(const key& who, const std::string& note) {
  auto* const one = place_for(who);
  if (one == nullptr) return {};
  const auto asked = next_use(load_word(one->word), static_cast<std::uint64_t>(state::asked), 0);
  store_word(one->word, next_use(load_word(one->word), free_state, 0)); // while it is filled in
  one->generation = who.second;
  one->start_ticks = 0;
  one->asked_ns = boot_time_ns();
  one->exec_ns = 0;
  one->started_ms = 0;
  one->out = one->err = 0;
  set_text(one->note, note);
  set_text(one->id, who.first.text());
  store_word(one->word, asked);
  return {&one->word, asked, &one->exec_ns, ::getpid()};
}

void start_book::set_output(const key& who, std::uint64_t out, std::uint64_t err) {
  auto* const one = find(who);
  if (one == nullptr) return;
  one->out = out;
  one->err = err;
}

void start_book::enter(const booked_start& start) {
  const key who{start.id, start.generation};
  auto* const one = place_for(who);
  if (one == nullptr) return;
  const bool is_known = state_bits(load_word(one->word)) != free_state;
  one->generation = start.generation;
  one->started_ms = start.started_ms;
  one->start_ticks = start.start_ticks;
  if (!is_known || start.out != 0) one->out = start.out;
  if (!is_known || start.err != 0) one->err = start.err;
  set_text(one->note, start.note);
  set_text(one->id, start.id.text());
  if (start.exited) {
    one->exit_kind = static_cast<std::uint32_t>(start.exited->kind);
    one->exit_value = start.exited->value;
  }
  const auto what = start.exited ? state::ended : state::running;
  store_word(one->word, next_use(load_word(one->word), static_cast<std::uint64_t>(what), start.pid));
}

void start_book::set_note(const key& who, const std::string& note) {
  if (auto* const one = find(who)) set_text(one->note, note);
}

void start_book::set_exit(const key& who, exit_status how) {
  auto* const one = find(who);
  if (one == nullptr) return;
  one->exit_kind = static_cast<std::uint32_t>(how.kind);
  one->exit_value = how.value;
  const auto word = load_word(one->word);
  store_word(one->word, changed(word, state::ended, pid_in(word)));
}

void start_book::forget(const key& who) {
  const auto found = places_.find(who);
  if (found == places_.end()) return;
  auto& one = *at(found->second);
  store_word(one.word, next_use(load_word(one.word), free_state, 0));
  free_.push_back(found->second);
  places_.erase(found);
}

void start_book::keep(const std::function<bool(const key&)>& is_known, std::size_t count) {
  for (auto next = places_.begin(); next != places_.end();) {
    const auto who = (next++)->first;
    if (!is_known(who)) forget(who);
  }
  if (places_.size() == count) static_cast<header*>(memory_)->is_complete = 1;
}

} // namespace alder::os

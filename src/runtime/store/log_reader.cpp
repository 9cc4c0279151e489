#include "runtime/store/log_reader.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace alder::store {
namespace {

constexpr std::size_t block_bytes = 64 * 1024;

} // namespace

log_reader::log_reader(std::string file) : file_(std::move(file)), index_(file_) {}

/// Opens the file when that has not been done, and looks how long it is; a missing one stays closed.
outcome log_reader::open() {
  if (!fd_) {
    auto opened = os::open_for_reading(file_);
    if (!opened && opened.failure().kind == error_kind::not_found) return success();
    if (!opened) return opened.failure();
    fd_ = std::move(*opened);
    index_ = log_index{file_};
  }
  auto facts = os::facts_of(fd_.get());
  if (!facts) return facts.failure();
  facts_ = *facts;
  index_.refresh(facts_.modified);
  return success();
}

void log_reader::go_to(std::uint64_t offset) {
  position_ = offset;
  splitter_ = line_splitter{offset};
}

result<std::vector<log_entry>> log_reader::tail(std::size_t lines, unfinished_line last) {
  std::vector<log_entry> entries;
  has_more_ = false;
  fd_.reset(); // the path may lead to another file by now
  go_to(0);
  if (auto opened = open(); !opened) return opened.failure();
  if (!fd_) return entries;
  const std::size_t held = last == unfinished_line::hold && lines > 0 ? 1 : 0;
  const auto begin = find_tail(facts_.size, lines + held);
  if (!begin) return begin.failure();
  go_to(*begin);
  std::vector<line_piece> pieces;
  if (auto read = read_until(facts_.size, pieces); !read) return read.failure();
  if (last == unfinished_line::show) {
    if (auto rest = splitter_.take_rest()) pieces.push_back(std::move(*rest));
  }
  if (pieces.size() > lines) pieces.erase(pieces.begin(), pieces.end() - static_cast<std::ptrdiff_t>(lines));
  add(std::move(pieces), entries);
  return entries;
}

/// Where the last `lines` lines begin.
result<std::uint64_t> log_reader::find_tail(std::uint64_t size, std::size_t lines) {
  if (lines == 0) return size;
  const auto earliest = size - std::min(size, most_tail_bytes);
  std::vector<char> block(block_bytes);
  tail_search search{lines};
  std::uint64_t first_line = earliest; // behind the first line end found so far
  for (auto end = size; end > earliest;) {
    const auto begin = end - std::min<std::uint64_t>(end - earliest, block_bytes);
    const auto got = os::read_at(fd_.get(), begin, {block.data(), static_cast<std::size_t>(end - begin)});
    if (!got) return got.failure();
    const std::string_view bytes{block.data(), *got};
    if (const auto found = search.look(bytes)) return begin + *found;
    const auto line_end = bytes.find('\n');
    if (line_end != std::string_view::npos && begin + line_end + 1 < size) first_line = begin + line_end + 1;
    end = begin;
  }
  return earliest == 0 ? 0 : first_line;
}

outcome log_reader::read_until(std::uint64_t end, std::vector<line_piece>& pieces) {
  std::vector<char> block(block_bytes);
  while (position_ < end) {
    const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(end - position_, block.size()));
    const auto got = os::read_at(fd_.get(), position_, {block.data(), want});
    if (!got) return got.failure();
    if (*got == 0) break; // cut off at this moment
    splitter_.feed({block.data(), *got}, pieces);
    position_ += *got;
  }
  return success();
}

result<std::vector<log_entry>> log_reader::read_new() {
  std::vector<log_entry> entries;
  has_more_ = false;
  // Asked before the size: a file that is replaced later is found to be so the next time.
  const bool is_replaced = fd_ && was_replaced();
  if (auto opened = open(); !opened) return opened.failure();
  if (!fd_) return entries;
  if (facts_.size < position_) go_to(0);
  std::vector<line_piece> pieces;
  const auto end = std::min<std::uint64_t>(facts_.size, position_ + most_new_bytes);
  if (auto read = read_until(end, pieces); !read) return read.failure();
  has_more_ = position_ < facts_.size;
  if (is_replaced && !has_more_) {
    if (auto rest = splitter_.take_rest()) pieces.push_back(std::move(*rest));
  }
  add(std::move(pieces), entries);
  if (is_replaced && !has_more_) {
    fd_.reset();
    go_to(0);
    has_more_ = true;
  }
  return entries;
}

/// Whether the path leads to another file by now.
bool log_reader::was_replaced() const {
  const auto there = os::facts_of(file_);
  return there && (there->inode != facts_.inode || there->device != facts_.device);
}

void log_reader::add(std::vector<line_piece>&& pieces, std::vector<log_entry>& entries) {
  for (auto& piece : pieces) {
    const auto at = index_.time_at(piece.offset);
    entries.push_back({at, std::move(piece.text), piece.partial});
  }
}

std::vector<merged_entry> merge_by_time(std::vector<std::vector<log_entry>> streams, std::size_t most) {
  struct sortable {
    os::file_time at;
    merged_entry merged;
  };
  std::vector<sortable> all;
  for (std::size_t i = 0; i < streams.size(); ++i) {
    os::file_time latest{}; // a clock that was set back must not change the order within a stream
    for (auto& entry : streams[i]) {
      latest = std::max(latest, entry.at);
      all.push_back({latest, {i, std::move(entry)}});
    }
  }
  std::stable_sort(all.begin(), all.end(), [](const sortable& a, const sortable& b) { return a.at < b.at; });
  std::vector<merged_entry> merged;
  const std::size_t skipped = all.size() - std::min(all.size(), most);
  merged.reserve(all.size() - skipped);
  for (std::size_t i = skipped; i < all.size(); ++i)
    merged.push_back(std::move(all[i].merged));
  return merged;
}

} // namespace alder::store

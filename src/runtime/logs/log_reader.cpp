#include "runtime/logs/log_reader.hpp"

#include "runtime/logs/log_archive.hpp"
#include "runtime/os/safe_open.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace alder::logs {
namespace {

constexpr std::size_t block_bytes = 64 * 1024;
constexpr int most_rotations_at_once = 100;

} // namespace

wire::log_position log_entry::begin() const {
  auto place = end;
  place.offset -= std::min<std::uint64_t>(place.offset, text.size() + (partial ? 0 : 1));
  place.compared = 0; // what is before it is not known here
  place.digest = wire::digest_of({});
  return place;
}

log_reader::log_reader(std::string file) : file_(std::move(file)), index_(file_) {}

void log_reader::close() {
  fd_.reset();
  packed_.reset();
  packed_ended_ = false;
  held_.clear();
  stamp_.clear();
  begun_ns_ = 0;
  go_to(0);
}

/// Opens the live file when nothing is open, and looks how long what is open is; a missing one stays closed.
outcome log_reader::open() {
  if (!fd_) {
    auto opened = os::open_to_read(file_);
    if (!opened && opened.failure().kind == error_kind::not_found) return success();
    if (!opened) return opened.failure();
    fd_ = std::move(*opened);
    index_ = log_index{file_};
  }
  auto facts = os::facts_of(fd_.get());
  if (!facts) return facts.failure();
  facts_ = *facts;
  if (settled) facts_.size = settled(facts_);
  const bool had_index = index_.is_open();
  index_.refresh(facts_.modified);
  if (!had_index && index_.is_open() && stamp_.empty() && was_replaced()) { // it is that of the next file
    index_ = log_index{os::path_of(fd_.get())};
    index_.refresh(facts_.modified);
  }
  note_loss();
  return success();
}

/// Opens an archive at its beginning. Errors: not_found (it was given up), denied, io.
outcome log_reader::open_archive(const std::string& stamp) {
  close();
  wire::archive_name name{.live = file_, .stamp = stamp};
  const auto plain = text_of(name);
  auto opened = open_packed(plain);
  if (!opened) return opened.failure();
  fd_ = std::move(opened->file);
  if (opened->how != log_compression::none) packed_.emplace(fd_.duplicate(), opened->how);
  stamp_ = stamp;
  index_ = log_index{plain};
  auto facts = os::facts_of(fd_.get());
  if (!facts) return facts.failure();
  facts_ = *facts;
  index_.refresh(facts_.modified);
  note_loss();
  return success();
}

/// Goes on behind this archive, and notes when what came next is gone.
outcome log_reader::open_after(std::string stamp) { // NOLINT(performance-unnecessary-value-param): it may be ours
  auto opened = open_next(stamp);
  const auto ended = wire::parse_archive_stamp(stamp);
  const auto begun = opened && fd_ ? index_.begun() : std::nullopt;
  if (ended && begun && std::chrono::floor<std::chrono::microseconds>(*begun) > *ended) {
    gap_ = gap{gap_ ? gap_->from : os::file_time{*ended}, *begun};
  }
  return opened;
}

/// Opens the first archive after this one, else the live file.
outcome log_reader::open_next(std::string stamp) { // NOLINT(performance-unnecessary-value-param): it may be ours
  outcome opened = success();
  for (int tries = 0; tries < most_rotations_at_once; ++tries) {
    bool has_archive = false;
    for (const auto& archive : archives_of(file_)) {
      if (archive.stamp <= stamp) continue;
      opened = open_archive(archive.stamp);
      if (opened || opened.failure().kind != error_kind::not_found) return opened;
      has_archive = true; // given up meanwhile
    }
    close();
    opened = open();
    // The live file may have been rotated, and the next one opened, since the directory was read.
    const auto archives = archives_of(file_);
    if (!opened || has_archive || archives.empty() || archives.back().stamp <= stamp) break;
  }
  if (!fd_) waits_behind_ = stamp;
  return opened;
}

void log_reader::go_to(std::uint64_t offset) {
  position_ = offset;
  splitter_ = line_splitter{offset};
}

/// The next bytes of what is open; none at its end.
result<std::size_t> log_reader::read_block(std::span<char> into) {
  const auto got = packed_ ? packed_->read(into) : os::read_at(fd_.get(), position_, into);
  if (packed_ && got && *got < into.size()) packed_ended_ = true;
  return got;
}

/// Goes to the beginning of the first line that begins at `offset` or after it.
outcome log_reader::go_to_line(std::uint64_t offset) {
  if (offset == 0) return success();
  std::vector<char> block(block_bytes);
  position_ = packed_ ? 0 : offset - 1;
  for (;;) {
    const auto got = read_block(block);
    if (!got) return got.failure();
    const std::string_view bytes{block.data(), *got};
    const auto from = offset - 1 - std::min(offset - 1, position_);
    const auto end = from < bytes.size() ? bytes.find('\n', static_cast<std::size_t>(from)) : std::string_view::npos;
    if (end == std::string_view::npos && !bytes.empty()) {
      position_ += bytes.size();
      continue;
    }
    const auto begin = bytes.empty() ? position_ : position_ + end + 1;
    go_to(begin);
    if (packed_ && !bytes.empty()) { // the rest of the block cannot be read again
      const auto rest = bytes.substr(end + 1);
      splitter_.feed(rest, held_);
      position_ += rest.size();
    }
    return success();
  }
}

outcome log_reader::seek(os::file_time since) {
  has_more_ = true;
  for (const auto& archive : archives_of(file_)) {
    const auto ended = wire::parse_archive_stamp(archive.stamp);
    if (!ended || *ended < std::chrono::floor<std::chrono::microseconds>(since)) continue;
    const auto opened = open_archive(archive.stamp);
    if (!opened && opened.failure().kind == error_kind::not_found) continue;
    return opened ? go_to_line(index_.first_since(since).value_or(0)) : opened;
  }
  close();
  if (auto opened = open(); !opened) return opened;
  if (!fd_) wait_for_file();
  if (!fd_ || facts_.size == 0) return success();
  return go_to_line(index_.first_since(since).value_or(since > facts_.modified ? facts_.size : 0));
}

outcome log_reader::seek_present_run(std::optional<unsigned> instance) {
  close();
  if (auto opened = open(); !opened) return opened;
  has_more_ = true;
  const auto live = fd_ ? index_.end_of_last_run(instance) : std::nullopt;
  if (live) return go_to_line(*live);
  const auto archives = archives_of(file_);
  for (auto archive = archives.rbegin(); archive != archives.rend(); ++archive) {
    if (auto opened = open_archive(archive->stamp); !opened) continue; // given up meanwhile
    if (const auto end = index_.end_of_last_run(instance)) return go_to_line(*end);
  }
  return seek({});
}

result<std::vector<log_entry>> log_reader::tail(std::size_t lines, unfinished_line last) {
  std::vector<log_entry> entries;
  has_more_ = has_older_ = false;
  close(); // the path may lead to another file by now
  if (auto opened = open(); !opened) return opened.failure();
  if (!fd_) wait_for_file();
  auto missing = lines + (last == unfinished_line::hold ? 1 : 0);
  auto budget = most_tail_bytes;
  const auto begin = fd_ ? find_tail(budget, missing) : result<std::uint64_t>{std::uint64_t{0}};
  if (!begin) return begin.failure();
  if (fd_) go_to(*begin);
  if (lines > 0 && missing > 0 && budget > 0) {
    if (auto found = find_in_archives(budget, missing); !found) return found.failure();
  }
  has_older_ = has_older_ || (missing > 0 && budget == 0);
  std::vector<line_piece> pieces;
  while (fd_) {
    const auto end = packed_ ? ~std::uint64_t{0} : facts_.size; // of a compressed one it is not known
    if (auto read = read_until(end, pieces); !read) return read.failure();
    if (stamp_.empty()) break;
    if (auto rest = splitter_.take_rest()) pieces.push_back(std::move(*rest));
    add(std::exchange(pieces, {}), entries);
    if (auto opened = open_after(stamp_); !opened) return opened.failure();
  }
  if (last == unfinished_line::show) {
    if (auto rest = splitter_.take_rest()) pieces.push_back(std::move(*rest));
  }
  add(std::move(pieces), entries);
  if (entries.size() > lines) entries.erase(entries.begin(), entries.end() - static_cast<std::ptrdiff_t>(lines));
  return entries;
}

/// Opens the newest plain archive in which the `missing` lines begin, or the oldest there is.
outcome log_reader::find_in_archives(std::uint64_t& budget, std::size_t& missing) {
  const auto archives = archives_of(file_);
  std::string opened_stamp;
  std::uint64_t begin = 0;
  for (auto archive = archives.rbegin(); archive != archives.rend() && missing > 0 && budget > 0; ++archive) {
    if (archive->compression != log_compression::none) {
      has_older_ = true;
      break;
    }
    if (auto opened = open_archive(archive->stamp); !opened || packed_) break; // given up or compressed meanwhile
    const auto found = find_tail(budget, missing);
    if (!found) return found.failure();
    opened_stamp = archive->stamp;
    begin = *found;
  }
  if (opened_stamp.empty()) {
    close();
    auto opened = open();
    if (!fd_) wait_for_file();
    return opened;
  }
  if (auto opened = open_archive(opened_stamp); !opened) return opened;
  if (!packed_) go_to(begin);
  return success();
}

/// Where the last `missing` lines of what is open begin, or all of them; `missing` says how many it does not have.
result<std::uint64_t> log_reader::find_tail(std::uint64_t& budget, std::size_t& missing) {
  const auto size = facts_.size;
  if (missing == 0) return size;
  const auto earliest = size - std::min(size, budget);
  budget -= size - earliest;
  std::vector<char> block(block_bytes);
  tail_search search{missing};
  std::uint64_t first_line = earliest; // behind the first line end found so far
  for (auto end = size; end > earliest;) {
    const auto begin = end - std::min<std::uint64_t>(end - earliest, block_bytes);
    const auto got = os::read_at(fd_.get(), begin, {block.data(), static_cast<std::size_t>(end - begin)});
    if (!got) return got.failure();
    const std::string_view bytes{block.data(), *got};
    if (const auto found = search.look(bytes)) {
      missing = 0;
      return begin + *found;
    }
    const auto line_end = bytes.find('\n');
    if (line_end != std::string_view::npos && begin + line_end + 1 < size) first_line = begin + line_end + 1;
    end = begin;
  }
  // The line at the very beginning of the file has no line end before it.
  missing = search.missing() - (earliest == 0 && size > 0 && search.missing() > 0 ? 1 : 0);
  return earliest == 0 ? 0 : first_line;
}

outcome log_reader::read_until(std::uint64_t end, std::vector<line_piece>& pieces) {
  std::vector<char> block(std::min<std::uint64_t>(block_bytes, end - std::min(end, position_)));
  std::move(held_.begin(), held_.end(), std::back_inserter(pieces));
  held_.clear();
  while (packed_ ? !packed_ended_ && position_ < end : position_ < end) {
    const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(end - position_, block.size()));
    const auto got = read_block({block.data(), want});
    if (!got) return got.failure();
    if (*got == 0) break; // cut off at this moment
    splitter_.feed({block.data(), *got}, pieces);
    position_ += *got;
  }
  return success();
}

result<std::vector<log_entry>> log_reader::read_new(std::size_t most) {
  std::vector<log_entry> entries;
  has_more_ = false;
  if (!fd_ && waits_behind_) {
    if (auto opened = open_after(*std::exchange(waits_behind_, std::nullopt)); !opened) return opened.failure();
    if (!fd_) return entries;
  }
  const bool is_archive = !stamp_.empty();
  // Asked before the size: a file that is replaced later is found to be so the next time.
  const bool is_over = is_archive || (fd_ && was_replaced());
  if (auto opened = open(); !opened) return opened.failure();
  if (!fd_) return entries;
  if (!packed_ && facts_.size < position_) { // it was cut off
    go_to(0);
    index_ = log_index{file_};
    index_.refresh(facts_.modified);
    begun_ns_ = 0;
  }
  std::vector<line_piece> pieces;
  const auto size = packed_ ? ~std::uint64_t{0} : facts_.size; // of a compressed one it is not known
  const auto end = std::min<std::uint64_t>(size, position_ + most);
  if (auto read = read_until(end, pieces); !read) return read.failure();
  has_more_ = packed_ ? !packed_ended_ : position_ < size;
  const bool is_done = is_over && !has_more_;
  if (is_done) {
    if (auto rest = splitter_.take_rest()) pieces.push_back(std::move(*rest));
  }
  add(std::move(pieces), entries);
  if (is_done) {
    const auto name = wire::parse_archive_name(is_archive ? std::string{} : os::path_of(fd_.get()));
    const auto stamp = is_archive ? stamp_ : name ? name->stamp : stamp_of_moved();
    if (auto opened = open_after(stamp); !opened) return opened.failure();
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
  if (pieces.empty()) return;
  note_begun();
  for (auto& piece : pieces) {
    const auto chunk = index_.chunk_at(piece.offset);
    const auto end = end_of(piece, chunk.at);
    entries.push_back({chunk.at, std::move(piece.text), piece.partial, chunk.origin, end});
  }
}

std::optional<log_entry> log_reader::unfinished() {
  auto copy = splitter_;
  auto rest = copy.take_rest();
  if (!rest) return std::nullopt;
  std::vector<log_entry> entries;
  std::vector<line_piece> pieces;
  pieces.push_back(std::move(*rest));
  add(std::move(pieces), entries);
  return std::move(entries.front());
}

std::optional<log_run> previous_run(const std::string& file, std::optional<unsigned> instance) {
  std::vector<os::file_time> ends;
  const auto look = [&](const std::string& path) {
    log_index index{path};
    index.refresh({});
    for (const auto end : index.ends_of_runs(2 - ends.size(), instance))
      ends.push_back(end);
  };
  look(file);
  const auto archives = archives_of(file);
  for (auto archive = archives.rbegin(); archive != archives.rend() && ends.size() < 2; ++archive) {
    auto plain = *archive;
    plain.compression = log_compression::none;
    look(text_of(plain));
  }
  if (ends.empty()) return std::nullopt;
  return log_run{ends.size() > 1 ? ends[1] : os::file_time{}, ends[0]};
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

} // namespace alder::logs

// How a log reader says where it is, and finds such a place again when the files have been moved about.
#include "runtime/logs/log_archive.hpp"
#include "runtime/logs/log_reader.hpp"
#include "runtime/os/safe_open.hpp"

#include <algorithm>
#include <utility>

namespace alder::logs {
namespace {

using std::chrono::floor;
using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr std::size_t look_bytes = 64 * 1024;

os::file_time time_of(std::uint64_t ns) {
  return os::file_time{std::chrono::nanoseconds{static_cast<std::int64_t>(ns)}};
}

/// The name that an archive of this moment has.
std::string stamp_of(os::file_time at) { return wire::archive_stamp(floor<microseconds>(at)); }

std::int64_t milliseconds_of(os::file_time at) {
  return std::clamp<std::int64_t>(floor<milliseconds>(at).time_since_epoch().count(), 0, wire::log_position::latest_ms);
}

/// The archive that the place was in, or else one before the file it was in and behind all older ones: a file that
/// follows an archive begins with the moment of that one.
std::string stamp_before(const wire::log_position& place) {
  if (place.stamp_us != 0) return wire::archive_stamp(wire::archive_time{microseconds{place.stamp_us}});
  return stamp_of(place.begun_ns != 0 ? time_of(place.begun_ns) : os::file_time{milliseconds{place.at_ms}});
}

/// Behind this archive, or before all when it is empty, whatever comes there.
wire::log_position place_behind(const std::string& stamp) {
  wire::log_position place;
  place.digest = wire::digest_of({});
  if (const auto last = wire::parse_archive_stamp(stamp)) {
    place.begun_ns = static_cast<std::uint64_t>(os::file_time{*last}.time_since_epoch().count());
    place.at_ms = milliseconds_of(*last);
  }
  return place;
}

} // namespace

// -- saying

/// What the index says of the file's beginning, which goes with it wherever it goes.
void log_reader::note_begun() {
  if (begun_ns_ != 0) return;
  const auto first = index_.first();
  constexpr auto latest = static_cast<std::uint64_t>(wire::log_position::latest_ms) * 1'000'000;
  if (first && first->moment_ns() <= latest) begun_ns_ = first->moment_ns();
}

wire::log_position log_reader::position_at(std::uint64_t offset, os::file_time at) const {
  wire::log_position place{.offset = offset, .begun_ns = begun_ns_, .at_ms = milliseconds_of(at)};
  place.digest = wire::digest_of({});
  if (!packed_) place.inode = facts_.inode;
  if (const auto moved = wire::parse_archive_stamp(stamp_)) place.stamp_us = moved->time_since_epoch().count();
  return place;
}

wire::log_position log_reader::end_of(const line_piece& piece, os::file_time at) const {
  const std::size_t line_end = piece.partial ? 0 : 1;
  auto place = position_at(piece.offset + piece.text.size() + line_end, at);
  const auto count = std::min(piece.text.size(), wire::log_position::most_compared - line_end);
  place.digest = wire::digest_of(std::string_view{piece.text}.substr(piece.text.size() - count));
  if (line_end > 0) place.digest = wire::digest_of("\n", place.digest);
  place.compared = static_cast<std::uint8_t>(count + line_end);
  return place;
}

result<wire::log_position> log_reader::place() {
  if (!fd_ && waits_behind_) return place_behind(*waits_behind_);
  const auto offset = splitter_.line_begin();
  if (packed_ && offset > 0) return error{error_kind::unavailable, "inside of a compressed file"};
  if (auto opened = open(); !opened) return opened.failure();
  if (!fd_) return wire::log_position{.digest = wire::digest_of({})};
  note_begun();
  if (offset == 0 && begun_ns_ == 0 && stamp_.empty()) return place_of_unknown();
  auto place = position_at(offset, offset > 0 ? index_.time_at(offset - 1) : facts_.modified);
  if (offset == 0 && facts_.size > 0 && begun_ns_ != 0) place.at_ms = milliseconds_of(time_of(begun_ns_));
  if (packed_) return place;
  const auto before = bytes_before(offset, std::min<std::uint64_t>(offset, wire::log_position::most_compared));
  if (!before) return before.failure();
  place.compared = static_cast<std::uint8_t>(before->size());
  place.digest = wire::digest_of(*before);
  return place;
}

/// Nothing is known of a live file in which no line has begun: it may be rotated and compressed, and another file may
/// have its inode, before the reader resumes. It follows the archives there are, or has been rotated by now.
wire::log_position log_reader::place_of_unknown() const {
  const auto archives = archives_of(file_);
  if (!was_replaced()) return place_behind(archives.empty() ? std::string{} : archives.back().stamp);
  auto place = position_at(0, facts_.modified);
  const auto name = wire::parse_archive_name(os::path_of(fd_.get()));
  const auto moved = name ? wire::parse_archive_stamp(name->stamp) : std::nullopt;
  if (moved) place.stamp_us = moved->time_since_epoch().count();
  return place;
}

/// Those directly before `offset`; fewer when the file is shorter.
result<std::string> log_reader::bytes_before(std::uint64_t offset, std::size_t count) {
  std::string bytes(count, '\0');
  const auto got = os::read_at(fd_.get(), offset - count, bytes);
  if (!got) return got.failure();
  bytes.resize(*got);
  return bytes;
}

// -- finding

outcome log_reader::resume(const wire::log_position& place) {
  close();
  gap_.reset();
  has_more_ = true;
  const bool had_no_file = place.inode == 0 && place.offset == 0 && place.stamp_us == 0;
  if (had_no_file) return open_after(place.begun_ns == 0 ? std::string{} : stamp_of(time_of(place.begun_ns)));
  const auto found = find_place(place);
  if (!found) return found.failure();
  if (*found) return success();
  lost_from_ = os::file_time{milliseconds{place.at_ms}};
  return open_next(stamp_before(place));
}

result<bool> log_reader::find_place(const wire::log_position& place) {
  const auto is_here = [&](const outcome& opened) -> result<bool> {
    if (!opened && opened.failure().kind == error_kind::not_found) return false; // given up meanwhile
    if (!opened) return opened.failure();
    return fd_ && is_file_of(place) ? go_to_place(place) : result<bool>{false};
  };
  const auto before = stamp_before(place);
  if (place.stamp_us != 0) return is_here(open_archive(before));
  if (const auto live = is_here(open()); !live || *live) return live;
  const auto archives = archives_of(file_);
  for (auto archive = archives.rbegin(); archive != archives.rend() && archive->stamp > before; ++archive) {
    if (const auto archived = is_here(open_archive(archive->stamp)); !archived || *archived) return archived;
  }
  // An inode alone may be another file's by now: bytes that are the same must say it too.
  if (place.compared == 0) return false;
  const auto moved = is_here(open_moved(place.inode));
  if (moved && *moved) begun_ns_ = place.begun_ns; // its index has stayed with the path
  return moved;
}

/// Whether the place is of the file that is open, by what is known of the file.
bool log_reader::is_file_of(const wire::log_position& place) {
  if (place.stamp_us != 0) return true; // its name says it
  // An index that was begun anew behind the place does not know.
  const auto first = index_.first();
  const bool is_known = first && (first->offset == 0 || first->offset < place.offset);
  if (is_known && place.begun_ns != 0) return first->moment_ns() == place.begun_ns;
  return packed_ ? place.compared > 0 : place.inode != 0 && facts_.inode == place.inode;
}

/// False: the file is shorter, or has other bytes there.
result<bool> log_reader::go_to_place(const wire::log_position& place) {
  std::string before;
  if (packed_) {
    std::vector<char> block(look_bytes);
    while (position_ < place.offset) {
      const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(place.offset - position_, block.size()));
      const auto got = read_block({block.data(), want});
      if (!got) return got.failure();
      if (*got == 0) return false;
      position_ += *got;
      before.append(block.data(), *got);
      if (before.size() > place.compared) before.erase(0, before.size() - place.compared);
    }
  } else {
    if (facts_.size < place.offset) return false;
    auto bytes = bytes_before(place.offset, place.compared);
    if (!bytes) return bytes.failure();
    before = std::move(*bytes);
  }
  if (wire::digest_of(before) != place.digest) return false;
  go_to(place.offset);
  return true;
}

/// Somebody may have given the file another name in its directory.
outcome log_reader::open_moved(std::uint64_t inode) {
  close();
  const auto path = path_of_inode(directory_of(file_), inode);
  if (!path) return success();
  auto opened = os::open_to_read(*path);
  if (!opened) return opened.failure();
  fd_ = std::move(*opened);
  index_ = log_index{*path};
  return open();
}

/// Of a file that somebody else moved away: what came after it has a later one.
std::string log_reader::stamp_of_moved() const {
  return stamp_of(begun_ns_ != 0 ? time_of(begun_ns_) : facts_.modified);
}

outcome log_reader::go_to_end() {
  close();
  has_more_ = false;
  if (auto opened = open(); !opened) return opened;
  if (fd_) {
    go_to(facts_.size);
  } else {
    wait_for_file();
  }
  return success();
}

/// Archives that are made before it is there for the first time must not be missed.
void log_reader::wait_for_file() {
  const auto archives = archives_of(file_);
  waits_behind_ = archives.empty() ? std::string{} : archives.back().stamp;
}

/// A gap ends where the first file that is there begins.
void log_reader::note_loss() {
  if (!lost_from_) return;
  const auto first = index_.first();
  const auto from = *std::exchange(lost_from_, std::nullopt);
  gap_ = gap{from, std::max(from, first ? time_of(first->moment_ns()) : facts_.modified)};
}

} // namespace alder::logs

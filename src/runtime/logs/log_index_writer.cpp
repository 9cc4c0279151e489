#include "runtime/logs/log_index_writer.hpp"

#include "runtime/logs/log_archive.hpp"
#include "runtime/os/damaged_file.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <sys/stat.h>

namespace alder::logs {
namespace {

bool is_directory_at(const std::string& path) {
  struct stat there {};
  return ::lstat(path.c_str(), &there) == 0 && S_ISDIR(there.st_mode);
}

/// Whether it could be what add() has written, as far as its end shows: chunks one behind the other, each at a time
/// there is.
bool is_sound_index(int fd) {
  constexpr std::size_t looked_at = 64;
  constexpr std::uint64_t latest = 4'102'444'800'000'000'000; // nanoseconds: the year 2100
  const auto facts = os::facts_of(fd);
  if (!facts || !facts->is_regular) return true; // which is seen elsewhere
  const auto count = facts->size / wire::log_index_record_size;
  const auto first = count - std::min<std::uint64_t>(count, looked_at);
  std::array<char, looked_at * wire::log_index_record_size> bytes{};
  const auto got = os::read_at(fd, first * wire::log_index_record_size, bytes);
  if (!got) return true;
  std::uint64_t offset = 0;
  for (std::size_t at = 0; at + wire::log_index_record_size <= *got; at += wire::log_index_record_size) {
    const auto record = wire::decode_log_index(bytes.data() + at);
    if (record.offset < offset || record.moment_ns() == 0 || record.moment_ns() > latest) return false;
    offset = record.offset;
  }
  return true;
}

std::optional<wire::log_index_record> record_in(int fd, std::uint64_t place) {
  wire::log_index_bytes bytes{};
  const auto got = os::read_at(fd, place, bytes);
  if (!got || *got != bytes.size()) return std::nullopt;
  return wire::decode_log_index(bytes.data());
}

os::file_time moment_of(const wire::log_index_record& record) {
  return os::file_time{std::chrono::nanoseconds{record.moment_ns()}};
}

} // namespace

log_index_writer::log_index_writer(std::string file, std::chrono::milliseconds retry_after, log_access access)
    : file_(std::move(file)), path_(wire::log_index_path(file_)), retry_after_(retry_after), access_(access) {}

void log_index_writer::forget() {
  fd_.reset();
  next_try_ = {};
}

std::optional<os::file_time> log_index_writer::first_moment() {
  if (!fd_) open();
  for (std::uint64_t at = 0; fd_ && at <= wire::log_index_record_size; at += wire::log_index_record_size) {
    const auto record = record_in(fd_.get(), at);
    if (!record) break;
    if (!record->is_behind_archive()) return moment_of(*record);
  }
  return std::nullopt;
}

wire::archive_time log_index_writer::predecessor() {
  if (!fd_) open();
  const auto record = fd_ ? record_in(fd_.get(), 0) : std::nullopt;
  if (!record || !record->is_behind_archive()) return {};
  return std::chrono::floor<std::chrono::microseconds>(moment_of(*record));
}

void log_index_writer::add(const wire::log_index_record& record, steady_time now) {
  if (!fd_ && now >= next_try_) {
    open();
    next_try_ = now + retry_after_;
  }
  if (!fd_) return;
  if (record.offset < last_offset_ && !os::cut_file(fd_.get(), 0)) return fd_.reset();
  last_offset_ = record.offset;
  const auto bytes = wire::encode(record);
  if (os::write_all(fd_.get(), {bytes.data(), bytes.size()})) return;
  fd_.reset(); // a record cut in two would shift all after it; opening again cuts it off
  next_try_ = now + retry_after_;
}

std::string log_index_writer::take_kept() { return std::exchange(kept_, {}); }

void log_index_writer::open() {
  forget_archived_index(file_);
  const auto how = access_.to(os::write_access::sort::regular);
  auto opened = os::open_to_write(path_, how);
  const bool is_no_file = !opened && is_directory_at(path_);
  if (is_no_file || (opened && !is_sound_index(opened->fd.get()))) {
    if (!put_aside()) return;
    opened = os::open_to_write(path_, how);
  }
  if (!opened) return;
  const auto facts = os::facts_of(opened->fd.get());
  if (!facts) return;
  const auto whole = facts->size - facts->size % wire::log_index_record_size;
  if (whole != facts->size && !os::cut_file(opened->fd.get(), whole)) return;
  if (whole == 0) access_.give(*opened);
  fd_ = std::move(opened->fd);
  const auto last = whole == 0 ? std::nullopt : record_in(fd_.get(), whole - wire::log_index_record_size);
  last_offset_ = last ? last->offset : 0;
}

/// Keeps what is no index beside; whether there is room for a new one.
bool log_index_writer::put_aside() {
  auto kept = os::keep_damaged(path_);
  if (!kept || (os::is_taken(path_) && !os::remove_file(path_))) return false;
  kept_ = std::move(*kept);
  return true;
}

} // namespace alder::logs

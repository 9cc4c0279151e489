#include "runtime/os/log_sink.hpp"

#include "runtime/wire/log_index_record.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <unistd.h>

namespace alder::os {
namespace {

std::string directory_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos || slash == 0 ? std::string{} : path.substr(0, slash);
}

bool ends_inside_line(int fd, std::uint64_t size) {
  char last = '\n';
  if (size > 0) {
    const auto got = read_at(fd, size - 1, {&last, 1});
    if (!got || *got == 0) return false;
  }
  return last != '\n';
}

} // namespace

log_sink::log_sink(std::string path, std::chrono::milliseconds retry_after)
    : path_(std::move(path)), retry_after_(retry_after) {}

log_sink::report log_sink::open(moment now) {
  const int number = open_files();
  return number == 0 ? report{} : fail(number, {}, now);
}

/// 0 or an errno.
int log_sink::open_files() {
  auto opened = open_for_append(path_);
  if (!opened && opened.failure().os_errno == ENOENT) {
    const auto directory = directory_of(path_);
    if (!directory.empty()) (void)make_directories(directory, 0700); // when it fails, so does the open below
    opened = open_for_append(path_);
  }
  if (!opened) return opened.failure().os_errno;
  const auto facts = facts_of(opened->get());
  if (!facts) return facts.failure().os_errno;
  file_ = std::move(*opened);
  size_ = facts->size;
  in_line_ = facts->is_regular && ends_inside_line(file_.get(), size_);
  index_.reset();
  is_regular_ = facts->is_regular;
  next_index_try_ = {};
  return 0;
}

/// The index is a help: without it lines have less exact times, so its errors go no further.
void log_sink::open_index() {
  auto opened = open_for_append(wire::log_index_path(path_));
  if (!opened) return;
  const auto facts = facts_of(opened->get());
  if (!facts || !facts->is_regular) return;
  const auto whole = facts->size - facts->size % wire::log_index_record_size;
  if (whole != facts->size && !cut_file(opened->get(), whole)) return;
  index_ = std::move(*opened);
  last_indexed_ = 0;
  if (whole == 0) return;
  wire::log_index_bytes last{};
  const auto got = read_at(index_.get(), whole - last.size(), last);
  if (got && *got == last.size()) last_indexed_ = wire::decode_log_index(last.data()).offset;
}

log_sink::report log_sink::append(std::string_view chunk, moment now) {
  if (chunk.empty()) return {};
  const bool was_failing = next_try_.has_value();
  if (was_failing && now.steady < *next_try_) return fail(0, chunk, now);
  if (!file_) {
    if (const int number = open_files(); number != 0) return fail(number, chunk, now);
  }
  if (was_failing && in_line_) {
    // What is missing now must not glue the line before to the one after.
    std::string_view end{"\n"};
    if (const int number = write_some(end); number != 0) return fail(number, chunk, now);
  }
  std::string_view rest = chunk;
  const int number = write_some(rest);
  const auto written = chunk.size() - rest.size();
  if (written > 0) add_to_index(size_ - written, now);
  if (number != 0) return fail(number, rest, now);
  next_try_.reset();
  if (!was_failing) return {};
  return {.failed = {}, .recovered = std::exchange(lost_this_time_, 0)};
}

/// Writes from the front of `chunk` and takes off what was written; 0 or the errno that ended it.
int log_sink::write_some(std::string_view& chunk) {
  while (!chunk.empty()) {
    const auto got = ::write(file_.get(), chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno;
    const auto written = static_cast<std::size_t>(got);
    in_line_ = written > 0 ? chunk[written - 1] != '\n' : in_line_;
    chunk.remove_prefix(written);
    bytes_written_ += written;
    // Appending moves the descriptor's position to the real end, even if somebody has cut the file off meanwhile.
    const auto end = ::lseek(file_.get(), 0, SEEK_CUR);
    size_ = end > 0 && is_regular_ ? static_cast<std::uint64_t>(end) : size_ + written;
  }
  return 0;
}

void log_sink::add_to_index(std::uint64_t offset, moment now) {
  if (!index_ && is_regular_ && now.steady >= next_index_try_) {
    open_index();
    next_index_try_ = now.steady + retry_after_;
  }
  if (!index_) return;
  if (offset < last_indexed_ && !cut_file(index_.get(), 0))
    return index_.reset(); // the file was cut: its times are void
  last_indexed_ = offset;
  const auto ns = static_cast<std::uint64_t>(std::max<std::int64_t>(now.wall.time_since_epoch().count(), 0));
  const auto bytes = wire::encode({.offset = offset, .unix_ns = ns});
  if (write_all(index_.get(), {bytes.data(), bytes.size()})) return;
  index_.reset(); // a record cut in two would shift all after it; opening again cuts it off
  next_index_try_ = now.steady + retry_after_;
}

/// Counts `lost`; `number` 0: no new try was made.
log_sink::report log_sink::fail(int number, std::string_view lost, moment now) {
  bytes_lost_ += lost.size();
  lines_lost_ += static_cast<std::uint64_t>(std::count(lost.begin(), lost.end(), '\n'));
  lost_this_time_ += lost.size();
  if (number == 0) return {};
  const bool first = !next_try_.has_value();
  next_try_ = now.steady + retry_after_;
  return first ? report{.failed = number, .recovered = {}} : report{};
}

log_sink::report log_sink::end_line(moment now) {
  if (!in_line_ || next_try_) return {};
  return append("\n", now);
}

log_sink::report log_sink::reopen(moment now) {
  file_.reset();
  index_.reset();
  const int number = open_files();
  if (number != 0) return fail(number, {}, now);
  if (next_try_) next_try_ = now.steady; // the next chunk finds out whether it works
  return {};
}

} // namespace alder::os

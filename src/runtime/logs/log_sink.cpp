#include "runtime/logs/log_sink.hpp"

#include "runtime/base/utf8.hpp"
#include "runtime/logs/log_archive.hpp"
#include "runtime/policy/cron.hpp"
#include "runtime/policy/log_rotation.hpp"
#include "runtime/wire/log_index_record.hpp"
#include "runtime/wire/log_object.hpp"
#include "runtime/wire/moment_format.hpp"

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <utility>

#include <unistd.h>

namespace alder::logs {
namespace {

constexpr std::size_t least_formatted = 4096;         // bytes formatted at once
constexpr std::chrono::milliseconds between_sends{5}; // to a socket that has no room

std::chrono::seconds local_offset_at(os::file_time at) {
  const auto seconds =
      static_cast<std::time_t>(std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count());
  std::tm local{};
  return std::chrono::seconds{::localtime_r(&seconds, &local) == nullptr ? 0 : local.tm_gmtoff};
}

bool ends_inside_line(int fd, std::uint64_t size) {
  char last = '\n';
  if (size > 0) {
    const auto got = os::read_at(fd, size - 1, {&last, 1});
    if (!got || *got == 0) return false;
  }
  return last != '\n';
}

} // namespace

log_sink::log_sink(std::string path, std::chrono::milliseconds retry_after, log_spec rules)
    : path_(std::move(path)), retry_after_(retry_after), rules_(std::move(rules)), access_(rules_),
      index_(path_, retry_after_, access_) {
  if (rules_.pressure == log_pressure::spill) spill_.emplace(rules_.spill_to, path_, rules_.spill_max);
}

/// Of the zone of the rules.
std::chrono::seconds log_sink::utc_offset_at(os::file_time at) const {
  if (!rules_.zone) return local_offset_at(at);
  return policy::offset_at(*rules_.zone, std::chrono::floor<std::chrono::seconds>(at));
}

log_sink::report log_sink::open(moment now) {
  // It cannot be read: nothing can be put there either, which is told when that is tried.
  if (spill_) (void)spill_->take_up();
  const int number = open_files();
  return number == 0 ? report{} : fail(number, {}, now);
}

/// 0 or an errno.
int log_sink::open_files() {
  if (sends_lines()) return connect();
  auto opened = os::open_to_write(path_, access_.to(os::write_access::sort::any));
  refusal_ = opened ? "" : os::refusal_text(opened.failure());
  if (!opened) return opened.failure().os_errno;
  const auto facts = os::facts_of(opened->fd.get());
  if (!facts) return facts.failure().os_errno;
  size_ = facts->size;
  if (facts->is_regular && size_ == 0) access_.give(*opened);
  file_ = std::move(opened->fd);
  in_line_ = facts->is_regular && ends_inside_line(file_.get(), size_);
  raw_in_line_ = in_line_ || (raw_in_line_ && rules_.format == log_format::json);
  index_.forget();
  is_regular_ = facts->is_regular;
  inode_ = facts->inode;
  period_end_.reset();
  if (size_ > 0 && is_regular_ && rules_.rotate_every.count() > 0)
    begin_period(index_.first_moment().value_or(facts->modified));
  return 0;
}

void log_sink::begin_period(os::file_time began) {
  const auto end = policy::period_end(std::chrono::floor<std::chrono::milliseconds>(began), rules_.rotate_every,
                                      utc_offset_at(began));
  if (end) period_end_ = *end;
}

std::size_t log_sink::portion(std::string_view bytes, moment now, report& told) {
  return spilled() > 0 ? bytes.size() : portion_of_file(bytes, now, told);
}

std::size_t log_sink::portion_of_file(std::string_view bytes, moment now, report& told) {
  if (!is_regular_ || !file_) return bytes.size();
  if (rules_.format != log_format::raw && rules_.max_size > 0) {
    // It gets longer in the file: a file must not grow far beyond its size for that.
    const auto room = rules_.max_size - std::min(size_, rules_.max_size);
    bytes = clipped(bytes, std::max<std::size_t>(least_formatted, static_cast<std::size_t>(room / 8)));
  }
  const bool is_over = period_end_ && now.wall >= *period_end_;
  const auto step =
      policy::next_portion(bytes, {.size = size_, .in_line = in_line_, .is_over = is_over}, rules_.max_size);
  if (!step.rotate) return step.bytes;
  if (next_rotation_try_ && now.steady < *next_rotation_try_) return bytes.size();
  const bool is_first = !next_rotation_try_;
  if (const auto number = rotate(now)) {
    next_rotation_try_ = now.steady + retry_after_;
    if (is_first) told.not_rotated = number;
    told.why = refusal_;
    return bytes.size();
  }
  next_rotation_try_.reset();
  return step.bytes;
}

log_sink::report log_sink::rotate_now(moment now) {
  if (!is_regular_ || !file_ || size_ == 0) return {};
  report told;
  told.not_rotated = rotate(now);
  if (told.not_rotated) told.why = refusal_;
  return told;
}

/// Puts the file aside and begins a new one; what fails, as an errno.
std::optional<int> log_sink::rotate(moment now) {
  // A clock that was set back must not put an archive before an older one, also not of a former daemon.
  last_rotation_ =
      std::max({std::chrono::floor<std::chrono::microseconds>(now.wall), last_rotation_ + std::chrono::microseconds{1},
                index_.predecessor() + std::chrono::microseconds{1}});
  const auto archived = archive_file(path_, last_rotation_);
  refusal_ = archived ? "" : os::refusal_text(archived.failure());
  if (!archived && archived.failure().kind != error_kind::not_found) return archived.failure().os_errno;
  last_rotation_ = archived ? wire::parse_archive_stamp(*archived).value_or(last_rotation_) : last_rotation_;
  ++rotations_;
  index_.forget();
  const int number = open_files();
  if (number != 0) file_.reset(); // the next chunk tries again, and tells
  // A reader who comes from the archive sees that nothing is missing in between.
  if (number == 0 && size_ == 0)
    add_to_index(0, {os::file_time{last_rotation_}, now.steady}, wire::log_index_record::behind_archive(0).origin);
  return std::nullopt;
}

log_sink::report log_sink::append(std::string_view chunk, moment now, log_stage* stage) {
  if (chunk.empty()) return {};
  report told;
  told.taken = chunk.size();
  const auto all = chunk.size();
  const bool blocks = rules_.pressure == log_pressure::block;
  if (lost_in_line_) { // half a line is worse than none
    const auto end = chunk.find('\n');
    drop(chunk.substr(0, end == std::string_view::npos ? all : end + 1));
    chunk.remove_prefix(end == std::string_view::npos ? all : end + 1);
    if (chunk.empty()) return told;
  }
  if (spill_ && spill_->any()) { // behind what waits there
    put_aside(chunk, now, stage, told);
    return told;
  }
  const bool was_failing = next_try_.has_value();
  const auto given_up = [&](int number, std::string_view rest) {
    auto why = fail(number, blocks || spill_ ? std::string_view{} : rest, now);
    why.taken = blocks ? all - rest.size() : all;
    if (spill_ && rest.size() < chunk.size()) {
      why.taken = all - rest.size(); // one write at a time is staged
    } else if (spill_) {
      put_aside(rest, now, stage, why);
    }
    return why;
  };
  if (was_failing && now.steady < *next_try_) return given_up(0, chunk);
  if (!file_) {
    if (const int number = open_files(); number != 0) return given_up(number, chunk);
  }
  if (in_line_ && (spill_ ? owes_line_end_ : was_failing && !blocks)) {
    // What is missing now must not glue the line before to the one after.
    std::string_view end{"\n"};
    if (const int number = write_some(end); number != 0) return given_up(number, chunk);
    raw_in_line_ = owes_line_end_ = false;
  }
  if (size_ == 0 && rules_.rotate_every.count() > 0) begin_period(now.wall);
  const write_begins begin = [&](std::size_t bytes) {
    if (stage != nullptr) stage->begin_write(file_.get(), path_, bytes);
  };
  auto done = write_chunk(chunk, now, begin);
  if (done.taken > 0) busy_since_.reset();
  if (done.number == EAGAIN && sends_lines()) busy_since_ = busy_since_.value_or(now.steady);
  const bool is_patient = busy_since_ && (blocks || (!in_hurry && now.steady - *busy_since_ < retry_after_));
  if (done.number == EAGAIN && is_patient) {
    busy_until_ = now.steady + between_sends;
    told.taken = all - chunk.size() + done.taken;
    return told;
  }
  const bool is_full = done.number == ENOSPC || done.number == EDQUOT;
  if (is_full && rules_.pressure == log_pressure::drop_oldest && make_room && make_room(path_, chunk.size())) {
    chunk.remove_prefix(done.taken);
    done = write_chunk(chunk, now, begin);
  }
  if (done.number != 0) return given_up(done.number, chunk.substr(done.taken));
  next_try_.reset();
  owes_line_end_ = false;
  if (was_failing) told.recovered = std::exchange(lost_this_time_, 0);
  told.kept_index = index_.take_kept();
  return told;
}

log_sink::write_result log_sink::write_chunk(std::string_view chunk, moment now, const write_begins& begin) {
  if (sends_lines()) return send_lines(chunk, now);
  const bool in_line_before = in_line_;
  const auto text = rules_.format == log_format::raw ? chunk : formatted(chunk, now.wall);
  if (is_regular_) begin(text.size());
  std::string_view rest = text;
  const int number = write_some(rest);
  const auto written = text.size() - rest.size();
  std::size_t taken = chunk.size();
  if (number != 0) {
    taken = rules_.format == log_format::raw ? written : 0;
    if (is_regular_ && written > 0) taken = take_back(chunk, written);
    if (taken == 0) in_line_ = in_line_before;
  }
  if (taken > 0) {
    raw_in_line_ = chunk[taken - 1] != '\n';
    add_to_index(size_ - std::min<std::uint64_t>(size_, number == 0 ? text.size() : taken), now, writer_.origin);
  }
  return {number, taken};
}

/// A write that ended early is undone back to the end of a line; how many bytes of the chunk are left in the file.
std::size_t log_sink::take_back(std::string_view chunk, std::size_t written) {
  const bool is_raw = rules_.format == log_format::raw;
  const auto end = is_raw ? chunk.substr(0, written).rfind('\n') : std::string_view::npos;
  const auto kept = end == std::string_view::npos ? 0 : end + 1;
  const auto left = size_ - std::min<std::uint64_t>(size_, written - kept);
  if (!os::cut_file(file_.get(), left)) return is_raw ? written : chunk.size();
  size_ = left;
  bytes_written_ -= written - kept;
  in_line_ = false; // when nothing is kept, the caller knows better
  return kept;
}

/// Every line of a chunk was written at the same moment, for all that is known.
std::string_view log_sink::formatted(std::string_view chunk, os::file_time now) {
  const auto at = std::chrono::floor<std::chrono::milliseconds>(now);
  const bool is_iso = rules_.date_format.empty();
  const bool is_utc = is_iso && !rules_.zone;
  const auto time = wire::moment_text(is_iso ? wire::iso_format : std::string_view{rules_.date_format}, at,
                                      is_utc ? std::chrono::seconds{0} : utc_offset_at(now));
  buffer_.clear();
  bool in_line = raw_in_line_;
  while (!chunk.empty()) {
    const auto end = chunk.find('\n');
    const auto line = chunk.substr(0, end);
    const bool is_whole = end != std::string_view::npos;
    if (rules_.format == log_format::json) {
      wire::add_log_object(
          buffer_, {.time = time, .stream = writer_.origin.err ? "err" : "out", .line = line, .partial = !is_whole});
    } else {
      if (!in_line) (buffer_ += time) += ' ';
      buffer_ += line;
      if (is_whole) buffer_ += '\n';
    }
    in_line = !is_whole;
    chunk.remove_prefix(is_whole ? end + 1 : chunk.size());
  }
  return buffer_;
}

void log_sink::drop(std::string_view bytes) {
  if (bytes.empty()) return;
  owes_line_end_ = owes_line_end_ || in_line();
  bytes_lost_ += bytes.size();
  lines_lost_ += static_cast<std::uint64_t>(std::count(bytes.begin(), bytes.end(), '\n'));
  if (next_try_) lost_this_time_ += bytes.size();
  lost_in_line_ = bytes.back() != '\n';
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

void log_sink::add_to_index(std::uint64_t offset, moment now, wire::log_origin who, std::uint64_t mark) {
  if (!is_regular_) return;
  const auto ns = static_cast<std::uint64_t>(std::max<std::int64_t>(now.wall.time_since_epoch().count(), 0));
  index_.add({.offset = offset, .unix_ns = ns | mark, .origin = who}, now.steady);
}

/// Counts `lost`; `number` 0: no new try was made.
log_sink::report log_sink::fail(int number, std::string_view lost, moment now) {
  const bool first = !next_try_.has_value();
  if (number != 0) next_try_ = now.steady + retry_after_;
  if (number != 0 && number != EAGAIN && sends_lines()) file_.reset(); // who listens there may be another by then
  drop(lost);
  report told;
  if (number == 0 || !first) return told;
  told.failed = number;
  if (!file_) told.why = refusal_;
  return told;
}

log_sink::report log_sink::end_line(moment now) {
  const bool is_spilled = spill_ && (next_try_ || spill_->any());
  const bool has_begun = is_spilled ? in_line() : raw_in_line_ && in_line_ && !next_try_;
  lost_in_line_ = owes_line_end_ = false; // here it comes
  const auto told = has_begun ? append("\n", now) : report{};
  if (!is_spilled) raw_in_line_ = false;
  lost_in_line_ = false;
  return told;
}

void log_sink::mark_end_of_run(moment now) {
  if (spill_ && spill_->any()) return spill_->put_end_of_run(now.wall, writer_.origin);
  // What is in the archives before is of processes that have ended, too.
  if (size_ > 0 || (is_regular_ && index_.predecessor() != wire::archive_time{}))
    add_to_index(size_, now, writer_.origin, wire::log_index_record::end_of_run);
}

log_sink::report log_sink::reopen(moment now) {
  file_.reset();
  index_.forget();
  const int number = open_files();
  if (number != 0) return fail(number, {}, now);
  if (next_try_) next_try_ = now.steady; // the next chunk finds out whether it works
  return {};
}

} // namespace alder::logs

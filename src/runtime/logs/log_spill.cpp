#include "runtime/logs/log_spill.hpp"

#include "runtime/os/safe_open.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace alder::logs {
namespace {

constexpr std::uint64_t header_mark = 0x31'4c'4c'49'50'53'4c'41; // "ALSPILL1"
constexpr std::size_t header_size = 64;
constexpr std::size_t record_size = wire::log_index_record_size;
constexpr std::size_t most_read = std::size_t{256} * 1024; // of a piece at once
constexpr std::uint64_t between_frees = std::uint64_t{4} * 1024 * 1024;

/// "%var%log%web.out.log.spill" of "/var/log/web.out.log".
std::string name_for(const std::string& file) {
  std::string name;
  for (const char c : file)
    name += c == '/' ? "%" : c == '%' ? "%%" : std::string{c};
  return name + ".spill";
}

std::uint64_t ns_of(os::file_time at) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(at.time_since_epoch().count(), 0));
}

/// True when all was written; else errno says why.
bool write_at(int fd, std::string_view bytes, std::uint64_t offset) {
  while (!bytes.empty()) {
    const auto got = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(got));
    offset += static_cast<std::size_t>(got);
  }
  return true;
}

} // namespace

/// Written by one call, so that the end of the daemon never leaves half of it.
struct log_spill::header {
  std::uint64_t mark = header_mark;
  std::uint64_t front = header_size;
  std::uint64_t done = 0;
  file_addition adding; ///< of what is written back; no bytes: nothing is under way
};

log_spill::log_spill(const std::string& directory, std::string file, std::uint64_t most)
    : directory_(directory), file_(std::move(file)), path_(directory + "/" + name_for(file_)), most_(most) {
  static_assert(sizeof(header) <= header_size);
}

int log_spill::open() {
  auto opened = os::open_to_write(path_, {.at_end = false, .through_link = false, .make_directories = 0700});
  refusal_ = opened ? "" : os::refusal_text(opened.failure());
  if (!opened) return opened.failure().os_errno;
  struct stat s {};
  if (::fstat(opened->fd.get(), &s) != 0) return errno;
  // What waits is written to the service's file: nobody else may say what that is.
  if (s.st_uid != ::geteuid()) {
    refusal_ = path_ + " belongs to " + os::user_text(s.st_uid) + "; remove it";
    return EPERM;
  }
  fd_ = std::move(opened->fd);
  end_ = static_cast<std::uint64_t>(s.st_size);
  return 0;
}

int log_spill::take_up() {
  struct stat s {};
  if (::lstat(path_.c_str(), &s) != 0) return errno == ENOENT || errno == ENOTDIR ? 0 : errno;
  if (const int number = open(); number != 0) return number;
  header h;
  if (!read_header(h)) {
    clear();
    return 0;
  }
  if (h.adding.bytes > 0) {
    undo(h.adding, file_.c_str());
    h.adding = {};
    if (!write_header(h)) return errno;
  }
  front_ = freed_ = h.front;
  done_ = static_cast<std::size_t>(h.done);
  measure();
  if (waiting_ == 0) {
    clear();
  } else if (done_ > length_at(front_)) {
    done_ = 0; // it is damaged: better twice than not at all
  }
  return 0;
}

/// Of the piece there; 0 when it cannot be read.
std::uint64_t log_spill::length_at(std::uint64_t offset) const {
  wire::log_index_bytes head{};
  const auto got = os::read_at(fd_.get(), offset, head);
  return got && *got == head.size() ? wire::decode_log_index(head.data()).offset : 0;
}

/// What is behind the last whole piece is no output: whatever was cut short is still in its pipe.
void log_spill::measure() {
  auto at = front_;
  std::uint64_t last_byte = 0;
  while (at + record_size <= end_) {
    wire::log_index_bytes bytes{};
    const auto got = os::read_at(fd_.get(), at, bytes);
    if (!got || *got != bytes.size()) break;
    const auto length = wire::decode_log_index(bytes.data()).offset;
    if (at + record_size + length > end_) break;
    at += record_size + length;
    if (length > 0) last_byte = at - 1;
  }
  char last = '\n';
  if (last_byte > 0) (void)os::read_at(fd_.get(), last_byte, {&last, 1}); // else it counts as the end of a line
  in_line_ = last != '\n';
  if (at != end_ && os::cut_file(fd_.get(), at)) end_ = at;
  waiting_ = at > front_ ? at - front_ : 0;
}

bool log_spill::read_header(header& into) const {
  std::array<char, sizeof(header)> bytes{};
  const auto got = os::read_at(fd_.get(), 0, bytes);
  if (!got || *got != bytes.size()) return false;
  std::memcpy(&into, bytes.data(), bytes.size());
  return into.mark == header_mark && into.front >= header_size && into.front <= end_;
}

bool log_spill::write_header(const header& from) const {
  std::array<char, header_size> bytes{};
  std::memcpy(bytes.data(), &from, sizeof from);
  return write_at(fd_.get(), {bytes.data(), bytes.size()}, 0);
}

/// 0 or an errno; then nothing was added.
int log_spill::append_piece(std::string_view bytes, const wire::log_index_record& record, log_stage* stage) {
  if (!fd_) { // there may be something that could not be taken up before
    if (const int number = take_up(); number != 0) return number;
  }
  if (!fd_) {
    if (const int number = open(); number != 0) return number;
  }
  if (end_ < header_size) { // new, or what could not be begun
    front_ = end_ = freed_ = header_size;
    done_ = 0;
    if (!write_header({})) {
      const int number = errno;
      clear();
      return number;
    }
  }
  if (stage != nullptr) stage->begin_write(fd_.get(), path_, record_size + bytes.size());
  const auto head = wire::encode(record);
  if (!write_at(fd_.get(), {head.data(), head.size()}, end_) || !write_at(fd_.get(), bytes, end_ + record_size)) {
    const int number = errno;
    (void)os::cut_file(fd_.get(), end_); // what stays is cut off by `measure`, or overwritten
    if (waiting_ == 0) clear();
    return number;
  }
  end_ += record_size + bytes.size();
  waiting_ += record_size + bytes.size();
  return 0;
}

log_spill::put_result log_spill::put(std::string_view bytes, os::file_time at, wire::log_origin who, log_stage* stage) {
  const auto all = bytes.size();
  const auto room = most_ - std::min(most_, waiting_);
  if (room < record_size + all) {
    const auto line_end = room > record_size ? bytes.substr(0, room - record_size).rfind('\n') : std::string_view::npos;
    bytes = bytes.substr(0, line_end == std::string_view::npos ? 0 : line_end + 1);
  }
  if (bytes.empty()) return {EFBIG, 0};
  if (const int number = append_piece(bytes, {bytes.size(), ns_of(at), who}, stage); number != 0) return {number, 0};
  in_line_ = bytes.back() != '\n';
  return {bytes.size() == all ? 0 : EFBIG, bytes.size()};
}

void log_spill::put_end_of_run(os::file_time at, wire::log_origin who) {
  // Nothing is lost without it but where a run ended.
  (void)append_piece({}, {0, ns_of(at) | wire::log_index_record::end_of_run, who}, nullptr);
}

std::optional<log_spill::piece> log_spill::front() {
  if (!any()) return std::nullopt;
  wire::log_index_bytes head{};
  const auto got = os::read_at(fd_.get(), front_, head);
  const auto record = wire::decode_log_index(head.data());
  if (!got || *got != head.size() || record.offset < done_) {
    clear();
    return std::nullopt;
  }
  front_length_ = record.offset;
  buffer_.resize(std::min<std::size_t>(most_read, record.offset - done_));
  const auto filled = os::read_at(fd_.get(), front_ + record_size + done_, buffer_);
  if (!filled || *filled != buffer_.size()) {
    clear();
    return std::nullopt;
  }
  return piece{buffer_, os::file_time{std::chrono::nanoseconds{record.moment_ns()}}, record.origin};
}

void log_spill::begin_write_back(int file, std::size_t bytes) {
  header h;
  h.front = front_;
  h.done = done_;
  if (!about_to_add(file, bytes, h.adding)) return;
  (void)write_header(h); // overwrites what is there: a crash right now might leave a line twice, no more
}

void log_spill::took(std::size_t count) {
  done_ += count;
  if (done_ >= front_length_) {
    const auto gone = std::min(waiting_, record_size + front_length_);
    front_ += gone;
    waiting_ -= gone;
    done_ = 0;
  }
  if (waiting_ == 0) return clear();
  header h;
  h.front = front_;
  h.done = done_;
  (void)write_header(h);
  if (front_ - freed_ < between_frees) return;
  // Where this is not supported, the file shrinks when it is empty.
  (void)::fallocate(fd_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(freed_),
                    static_cast<off_t>(front_ - freed_));
  freed_ = front_;
}

void log_spill::clear() {
  if (fd_) (void)os::remove_file(path_); // it stays when the directory refuses: then it is empty
  if (fd_) (void)os::cut_file(fd_.get(), 0);
  fd_.reset();
  front_ = freed_ = end_ = waiting_ = 0;
  done_ = 0;
  in_line_ = false;
}

} // namespace alder::logs

#include "runtime/logs/log_stage.hpp"

#include "runtime/base/assert.hpp"
#include "runtime/base/words.hpp"
#include "runtime/os/safe_open.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace alder::logs {
namespace {

constexpr std::uint32_t record_mark = 0x414c4c31;
constexpr std::size_t longest_path = 4096;

std::size_t bytes_in(int pipe) {
  int count = 0;
  return ::ioctl(pipe, FIONREAD, &count) == 0 && count > 0 ? static_cast<std::size_t>(count) : 0;
}

std::uint64_t inode_of(int fd) {
  struct stat s {};
  return ::fstat(fd, &s) == 0 ? s.st_ino : 0;
}

} // namespace

enum class log_stage::phase : std::uint32_t { idle, writing, moving };

/// In shared memory. The phase is stored last, so that what it speaks of is there when it is read; another process
/// reads it only after the one that wrote it is gone.
struct log_stage::record {
  std::uint32_t mark;
  std::atomic<phase> now;
  file_addition adding;
  std::uint64_t pipe; ///< inode of the pipe that is taken from; pipes have one of their own as long as they live
  std::uint64_t take;
  std::array<char, longest_path> path; ///< ends with NUL
};

bool about_to_add(int file, std::size_t bytes, file_addition& what) {
  struct stat s {};
  if (::fstat(file, &s) != 0) return false;
  what = {s.st_dev, s.st_ino, static_cast<std::uint64_t>(s.st_size), bytes};
  return true;
}

void undo(const file_addition& what, const char* path) {
  const auto opened = os::open_to_write(path, {.create = false, .any_owner = true});
  const int file = opened ? opened->fd.get() : -1;
  struct stat s {};
  const bool is_it =
      file >= 0 && ::fstat(file, &s) == 0 && S_ISREG(s.st_mode) && s.st_dev == what.device && s.st_ino == what.inode;
  const auto size = static_cast<std::uint64_t>(s.st_size);
  // More than was to be added is somebody else's: better a line twice than one of theirs lost.
  if (is_it && size > what.size && size - what.size <= what.bytes)
    (void)::ftruncate(file, static_cast<off_t>(what.size)); // a disk that refuses this takes no new lines either
}

void unsettled_bytes::begin(const file_addition& what) {
  const std::lock_guard lock{mutex_};
  adding_ = what;
}

void unsettled_bytes::end() {
  const std::lock_guard lock{mutex_};
  adding_.reset();
}

std::uint64_t unsettled_bytes::settled(const os::file_facts& file) const {
  const std::lock_guard lock{mutex_};
  const bool is_it = adding_ && adding_->inode == file.inode && adding_->device == file.device;
  return is_it ? std::min(file.size, adding_->size) : file.size;
}

result<log_stage> log_stage::take_over(os::log_stage_files files, std::span<const int> pipes) {
  static_assert(sizeof(record) <= os::log_stage_memory);
  if (!files.valid()) {
    auto own = os::make_log_stage();
    if (!own) return own.failure();
    files = std::move(*own);
  }
  log_stage stage;
  stage.files_ = std::move(files);
  if (auto opened = stage.open_own(); !opened) return opened.failure();
  stage.recover(pipes);
  return stage;
}

outcome log_stage::open_own() {
  void* const at = ::mmap(nullptr, os::log_stage_memory, PROT_READ | PROT_WRITE, MAP_SHARED, files_.memory.get(), 0);
  if (at == MAP_FAILED) return os::stage_refused("mmap");
  record_ = static_cast<record*>(at);
  if (auto made = os::make_stage_pipe(look_read_, look_write_); !made) return made;
  // What is looked at must fit into the staging pipe, which is smaller if its maker had used up its quota.
  const int largest = ::fcntl(files_.write.get(), F_GETPIPE_SZ);
  if (largest > 0 && ::fcntl(look_write_.get(), F_GETPIPE_SZ) > largest &&
      ::fcntl(look_write_.get(), F_SETPIPE_SZ, largest) < 0)
    return os::stage_refused("pipe");
  nowhere_.reset(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  if (!nowhere_) return os::stage_refused("/dev/null");
  buffer_.resize(most_peeked);
  return success();
}

log_stage::log_stage(log_stage&& other) noexcept
    : files_(std::move(other.files_)), record_(std::exchange(other.record_, nullptr)), unsettled_(other.unsettled_),
      look_read_(std::move(other.look_read_)), look_write_(std::move(other.look_write_)),
      nowhere_(std::move(other.nowhere_)), buffer_(std::move(other.buffer_)) {}

log_stage::~log_stage() {
  if (record_ != nullptr) (void)::munmap(record_, os::log_stage_memory); // of a mapping of ours: cannot fail
}

void log_stage::recover(std::span<const int> pipes) {
  auto& r = *record_;
  r.path.back() = '\0';
  const auto before = r.mark == record_mark ? r.now.load() : phase::idle;
  if (before == phase::writing) undo(r.adding, r.path.data());
  if (before == phase::moving) {
    const auto moved = std::min<std::uint64_t>(bytes_in(files_.read.get()), r.take);
    const auto pipe = std::find_if(pipes.begin(), pipes.end(), [&](int fd) { return inode_of(fd) == r.pipe; });
    if (pipe != pipes.end()) finish_move(*pipe, static_cast<std::size_t>(r.take - moved));
  }
  r.now.store(phase::idle);
  r.mark = record_mark;
  empty_stage();
}

log_stage::sight log_stage::peek(int pipe, std::size_t most) {
  most = std::min(most, buffer_.size());
  const auto seen = ::tee(pipe, look_write_.get(), most, SPLICE_F_NONBLOCK);
  if (seen < 0) return {{}, errno != EAGAIN && errno != EINTR};
  if (seen == 0) return {{}, true};
  std::size_t copied = 0;
  while (copied < static_cast<std::size_t>(seen)) {
    const auto got = ::read(look_read_.get(), buffer_.data() + copied, static_cast<std::size_t>(seen) - copied);
    if (got < 0 && errno == EINTR) continue;
    ALDER_ASSERT(got > 0); // it was put there by the line above
    copied += static_cast<std::size_t>(got);
  }
  return {{buffer_.data(), copied}, false};
}

void log_stage::begin_write(int file, const std::string& path, std::size_t bytes) {
  auto& r = *record_;
  if (path.size() >= longest_path || !about_to_add(file, bytes, r.adding)) return;
  unsettled_->begin(r.adding);
  std::memcpy(r.path.data(), path.c_str(), path.size() + 1);
  r.now.store(phase::writing);
}

void log_stage::give_up() {
  record_->now.store(phase::idle);
  unsettled_->end();
}

void log_stage::take(int pipe, std::size_t count) {
  auto& r = *record_;
  r.pipe = inode_of(pipe);
  r.take = count;
  r.now.store(phase::moving);
  unsettled_->end();
  finish_move(pipe, count);
  r.now.store(phase::idle);
  empty_stage();
}

/// Moves `count` bytes from the front of the pipe to the staging pipe, which grows by what is done.
void log_stage::finish_move(int pipe, std::size_t count) {
  while (count > 0) {
    const auto moved = ::splice(pipe, nullptr, files_.write.get(), nullptr, count, SPLICE_F_NONBLOCK);
    if (moved < 0 && errno == EINTR) continue;
    if (moved <= 0) return; // the pipe has less than was seen in it: somebody else reads from it
    count -= static_cast<std::size_t>(moved);
  }
}

void log_stage::empty_stage() {
  while (const auto left = bytes_in(files_.read.get())) {
    const auto gone = ::splice(files_.read.get(), nullptr, nowhere_.get(), nullptr, left, SPLICE_F_NONBLOCK);
    if (gone < 0 && errno == EINTR) continue;
    if (gone <= 0) return;
  }
}

} // namespace alder::logs

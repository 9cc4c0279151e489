#include "runtime/os/gzip.hpp"

#include "runtime/base/words.hpp"
#include "runtime/os/files.hpp"

#include <array>
#include <cerrno>
#include <string_view>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

namespace alder::os {
namespace {

constexpr std::size_t block_bytes = std::size_t{64} * 1024;
constexpr std::size_t breath_bytes = std::size_t{1024} * 1024; // between two questions whether it is still wanted
constexpr int level = 4;                                       // twice as fast as gzip's own, a tenth larger
constexpr int gzip_window = 15 + 16;                           // zlib: the largest window, with gzip's header
constexpr int memory_level = 8;

error refused(const std::string& what) { return {error_kind::io, what + ": " + errno_text(errno), errno}; }

Bytef* bytes_of(char* text) { return reinterpret_cast<Bytef*>(text); } // NOLINT: zlib's type for bytes

outcome deflate_all(int from, int to, z_stream& z, const std::function<bool()>& is_wanted) {
  std::vector<char> in(block_bytes);
  std::vector<char> out(block_bytes);
  std::size_t done = 0;
  for (;;) {
    const auto got = read_at(from, done, in);
    if (!got) return got.failure();
    done += *got;
    if (done % breath_bytes < block_bytes && !is_wanted())
      return error{error_kind::unavailable, "it is not wanted any more", 0};
    z.next_in = bytes_of(in.data());
    z.avail_in = static_cast<uInt>(*got);
    const bool is_end = *got < in.size();
    int state = Z_OK;
    do {
      z.next_out = bytes_of(out.data());
      z.avail_out = static_cast<uInt>(out.size());
      state = ::deflate(&z, is_end ? Z_FINISH : Z_NO_FLUSH);
      if (auto written = write_all(to, {out.data(), out.size() - z.avail_out}); !written) return written;
    } while (z.avail_out == 0);
    if (is_end) return state == Z_STREAM_END ? success() : outcome{error{error_kind::io, "zlib failed", 0}};
  }
}

} // namespace

outcome compress_file(const std::string& from, const std::string& to, const std::function<bool()>& is_wanted) {
  auto in = open_for_reading(from);
  if (!in) return in.failure();
  struct stat facts {};
  if (::fstat(in->get(), &facts) != 0) return refused("cannot look at '" + from + "'");
  unique_fd out{::open(to.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (!out) return refused("cannot create '" + to + "'");
  z_stream z{};
  if (::deflateInit2(&z, level, Z_DEFLATED, gzip_window, memory_level, Z_DEFAULT_STRATEGY) != Z_OK)
    return error{error_kind::io, "zlib has no memory", 0};
  auto done = deflate_all(in->get(), out.get(), z, is_wanted);
  (void)::deflateEnd(&z); // tells only that there was more to come
  if (done) {
    (void)::fchown(out.get(), facts.st_uid, facts.st_gid); // of a file of ours that belongs to us anyway
    (void)::fchmod(out.get(), facts.st_mode & 0777U);      // else it stays as private as it was created
    const std::array<timespec, 2> times{facts.st_atim, facts.st_mtim};
    (void)::futimens(out.get(), times.data()); // its name tells its time too
    done = sync_data(out.get());
  }
  if (!done) (void)::unlink(to.c_str()); // what is left of it is cleared away as unfinished
  return done;
}

struct gzip_reader::state {
  unique_fd file;
  z_stream z{};
  std::vector<char> in = std::vector<char>(block_bytes);
  std::uint64_t position = 0;
  bool is_ready = false;
  bool has_ended = false;
};

gzip_reader::gzip_reader(unique_fd file) : state_(std::make_unique<state>()) {
  state_->file = std::move(file);
  state_->is_ready = ::inflateInit2(&state_->z, gzip_window) == Z_OK;
}
gzip_reader::~gzip_reader() {
  if (state_ && state_->is_ready) (void)::inflateEnd(&state_->z); // tells nothing
}
gzip_reader::gzip_reader(gzip_reader&&) noexcept = default;
gzip_reader& gzip_reader::operator=(gzip_reader&& other) noexcept {
  std::swap(state_, other.state_);
  return *this;
}

result<std::size_t> gzip_reader::read(std::span<char> into) {
  auto& s = *state_;
  if (!s.is_ready) return error{error_kind::io, "zlib has no memory", 0};
  s.z.next_out = bytes_of(into.data());
  s.z.avail_out = static_cast<uInt>(into.size());
  while (s.z.avail_out > 0 && !s.has_ended) {
    if (s.z.avail_in == 0) {
      const auto got = read_at(s.file.get(), s.position, s.in);
      if (!got) return got.failure();
      if (*got == 0) break;
      s.position += *got;
      s.z.next_in = bytes_of(s.in.data());
      s.z.avail_in = static_cast<uInt>(*got);
    }
    const int found = ::inflate(&s.z, Z_NO_FLUSH);
    s.has_ended = found != Z_OK && found != Z_BUF_ERROR;
  }
  return into.size() - s.z.avail_out;
}

} // namespace alder::os

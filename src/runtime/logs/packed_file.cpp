#include "runtime/logs/packed_file.hpp"

#include "runtime/base/words.hpp"
#include "runtime/logs/codec.hpp"
#include "runtime/os/files.hpp"
#include "runtime/os/safe_open.hpp"
#include "runtime/wire/log_archive_name.hpp"

#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace alder::logs {
namespace {

constexpr std::size_t packed_block_bytes = std::size_t{64} * 1024;
constexpr std::size_t breath_bytes = std::size_t{1024} * 1024; // between two questions whether it is still wanted

error refused(const std::string& what) { return {error_kind::io, what + ": " + errno_text(errno), errno}; }

outcome press_all(int from, int to, compressor& codec, const std::function<bool()>& is_wanted) {
  std::vector<char> in(packed_block_bytes);
  std::size_t done = 0;
  for (;;) {
    const auto got = os::read_at(from, done, in);
    if (!got) return got.failure();
    done += *got;
    if (done % breath_bytes < packed_block_bytes && !is_wanted())
      return error{error_kind::unavailable, "it is no longer needed", 0};
    const bool is_end = *got < in.size();
    auto pressed = codec.press({in.data(), *got}, is_end, [&](std::string_view out) { return os::write_all(to, out); });
    if (!pressed || is_end) return pressed;
  }
}

} // namespace

outcome compress_file(const std::string& from, const std::string& to, log_compression how,
                      const std::function<bool()>& is_wanted) {
  auto in = os::open_to_read(from);
  if (!in) return in.failure();
  struct stat facts {};
  if (::fstat(in->get(), &facts) != 0) return refused("cannot stat '" + from + "'");
  const auto there = os::find_place(to);
  if (!there) return there.failure();
  const auto out = os::create_anew(*there);
  if (!out) return out.failure();
  const auto codec = how == log_compression::zstd ? make_zstd_compressor() : make_gzip_compressor();
  auto done = press_all(in->get(), out->get(), *codec, is_wanted);
  if (done) {
    (void)::fchown(out->get(), facts.st_uid, facts.st_gid); // of a file of ours that belongs to us anyway
    (void)::fchmod(out->get(), facts.st_mode & 0777U);      // else it stays as private as it was created
    const std::array<timespec, 2> times{facts.st_atim, facts.st_mtim};
    (void)::futimens(out->get(), times.data()); // its name tells its time too
    done = os::sync_data(out->get());
  }
  if (!done)
    (void)::unlinkat(there->directory.get(), there->name.c_str(),
                     0); // what is left of it is cleared away as unfinished
  return done;
}

result<maybe_packed> open_packed(const std::string& plain) {
  for (const auto how : wire::every_compression) {
    auto opened = os::open_to_read(plain + std::string{wire::ending_of(how)});
    if (opened) return maybe_packed{std::move(*opened), how};
    if (opened.failure().kind != error_kind::not_found) return opened.failure();
  }
  return error{error_kind::not_found, "there is no '" + plain + "', not even a compressed one", ENOENT};
}

packed_reader::packed_reader(unique_fd file, log_compression how)
    : file_(std::move(file)),
      codec_(how == log_compression::zstd ? make_zstd_decompressor() : make_gzip_decompressor()),
      block_(packed_block_bytes) {}
packed_reader::~packed_reader() = default;
packed_reader::packed_reader(packed_reader&&) noexcept = default;
packed_reader& packed_reader::operator=(packed_reader&&) noexcept = default;

/// Whether there is more of the file.
result<bool> packed_reader::refill() {
  const auto got = os::read_at(file_.get(), position_, block_);
  if (!got) return got.failure();
  position_ += *got;
  in_ = {block_.data(), *got};
  return *got > 0;
}

result<std::size_t> packed_reader::read(std::span<char> into) {
  const auto wanted = into.size();
  while (!into.empty() && !has_ended_) {
    // Asked without more input too: it may hold what had no room the last time.
    const auto room = into.size();
    has_ended_ = !codec_->unpack(in_, into);
    if (has_ended_ || into.size() < room || !in_.empty()) continue;
    const auto more = refill();
    if (!more) return more.failure();
    if (!*more) break; // cut short
  }
  return wanted - into.size();
}

} // namespace alder::logs

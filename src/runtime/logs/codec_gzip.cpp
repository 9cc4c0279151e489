#include "runtime/logs/codec.hpp"

#include <array>

#include <zlib.h>

namespace alder::logs {
namespace {

constexpr int gzip_level = 4;        // twice as fast as gzip's own, a tenth larger
constexpr int gzip_window = 15 + 16; // zlib: the largest window, with gzip's header
constexpr int memory_level = 8;
constexpr std::size_t gzip_block_bytes = std::size_t{64} * 1024;

Bytef* bytes_of(char* text) { return reinterpret_cast<Bytef*>(text); }          // NOLINT: zlib's type for bytes
Bytef* bytes_of(const char* text) { return bytes_of(const_cast<char*>(text)); } // NOLINT: it only reads them

class gzip_compressor final : public compressor {
public:
  gzip_compressor()
      : is_ready_(::deflateInit2(&z_, gzip_level, Z_DEFLATED, gzip_window, memory_level, Z_DEFAULT_STRATEGY) == Z_OK) {}
  ~gzip_compressor() override {
    if (is_ready_) (void)::deflateEnd(&z_); // tells only that there was more to come
  }
  gzip_compressor(const gzip_compressor&) = delete;
  gzip_compressor& operator=(const gzip_compressor&) = delete;

  outcome press(std::span<const char> in, bool is_end, const sink& out) override {
    if (!is_ready_) return error{error_kind::io, "zlib is out of memory", 0};
    z_.next_in = bytes_of(in.data());
    z_.avail_in = static_cast<uInt>(in.size());
    int state = Z_OK;
    do {
      z_.next_out = bytes_of(out_.data());
      z_.avail_out = static_cast<uInt>(out_.size());
      state = ::deflate(&z_, is_end ? Z_FINISH : Z_NO_FLUSH);
      if (auto taken = out({out_.data(), out_.size() - z_.avail_out}); !taken) return taken;
    } while (z_.avail_out == 0);
    return !is_end || state == Z_STREAM_END ? success() : outcome{error{error_kind::io, "zlib failed", 0}};
  }

private:
  z_stream z_{};
  bool is_ready_;
  std::array<char, gzip_block_bytes> out_{};
};

class gzip_decompressor final : public decompressor {
public:
  gzip_decompressor() : is_ready_(::inflateInit2(&z_, gzip_window) == Z_OK) {}
  ~gzip_decompressor() override {
    if (is_ready_) (void)::inflateEnd(&z_); // tells nothing
  }
  gzip_decompressor(const gzip_decompressor&) = delete;
  gzip_decompressor& operator=(const gzip_decompressor&) = delete;

  bool unpack(std::span<const char>& in, std::span<char>& into) override {
    if (!is_ready_) return false;
    z_.next_in = bytes_of(in.data());
    z_.avail_in = static_cast<uInt>(in.size());
    z_.next_out = bytes_of(into.data());
    z_.avail_out = static_cast<uInt>(into.size());
    const int found = ::inflate(&z_, Z_NO_FLUSH);
    in = in.last(z_.avail_in);
    into = into.last(z_.avail_out);
    return found == Z_OK || found == Z_BUF_ERROR;
  }

private:
  z_stream z_{};
  bool is_ready_;
};

} // namespace

std::unique_ptr<compressor> make_gzip_compressor() { return std::make_unique<gzip_compressor>(); }
std::unique_ptr<decompressor> make_gzip_decompressor() { return std::make_unique<gzip_decompressor>(); }

} // namespace alder::logs

#include "runtime/logs/codec.hpp"

#include <string>
#include <vector>

#include <zstd.h>

namespace alder::logs {
namespace {

constexpr int zstd_level = ZSTD_CLEVEL_DEFAULT;
constexpr int window = 18; // 256 KiB: a reader needs that much, and hundreds of files may be read at once

class zstd_compressor final : public compressor {
public:
  zstd_compressor() {
    if (!context_) return;
    // None can be refused: these are values that are always allowed.
    (void)::ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, zstd_level);
    (void)::ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_checksumFlag, 1);
    (void)::ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_windowLog, window);
  }

  outcome press(std::span<const char> in, bool is_end, const sink& out) override {
    if (!context_) return error{error_kind::io, "zstd is out of memory", 0};
    ZSTD_inBuffer from{in.data(), in.size(), 0};
    for (;;) {
      ZSTD_outBuffer to{out_.data(), out_.size(), 0};
      const auto left = ::ZSTD_compressStream2(context_.get(), &to, &from, is_end ? ZSTD_e_end : ZSTD_e_continue);
      if (::ZSTD_isError(left) != 0)
        return error{error_kind::io, std::string{"zstd failed: "} + ::ZSTD_getErrorName(left), 0};
      if (auto taken = out({out_.data(), to.pos}); !taken) return taken;
      if (is_end ? left == 0 : from.pos == from.size) return success();
    }
  }

private:
  std::unique_ptr<ZSTD_CCtx, std::size_t (*)(ZSTD_CCtx*)> context_{::ZSTD_createCCtx(), ::ZSTD_freeCCtx};
  std::vector<char> out_ = std::vector<char>(::ZSTD_CStreamOutSize());
};

class zstd_decompressor final : public decompressor {
public:
  bool unpack(std::span<const char>& in, std::span<char>& into) override {
    if (!context_) return false;
    ZSTD_inBuffer from{in.data(), in.size(), 0};
    ZSTD_outBuffer to{into.data(), into.size(), 0};
    const auto left = ::ZSTD_decompressStream(context_.get(), &to, &from);
    in = in.subspan(from.pos);
    into = into.subspan(to.pos);
    return left != 0 && ::ZSTD_isError(left) == 0;
  }

private:
  std::unique_ptr<ZSTD_DCtx, std::size_t (*)(ZSTD_DCtx*)> context_{::ZSTD_createDCtx(), ::ZSTD_freeDCtx};
};

} // namespace

std::unique_ptr<compressor> make_zstd_compressor() { return std::make_unique<zstd_compressor>(); }
std::unique_ptr<decompressor> make_zstd_decompressor() { return std::make_unique<zstd_decompressor>(); }

} // namespace alder::logs

// The ways to compress: what packed files are made of.
#pragma once

#include "alder/error.hpp"
#include "alder/log_spec.hpp"

#include <functional>
#include <memory>
#include <span>
#include <string_view>

namespace alder::logs {

class compressor {
public:
  using sink = std::function<outcome(std::string_view)>;

  compressor() = default;
  virtual ~compressor() = default;
  compressor(const compressor&) = delete;
  compressor& operator=(const compressor&) = delete;

  /// Takes all of `in`, and gives `out` what has come of it by then; with `is_end` everything. Errors: io (no memory),
  /// those of `out`.
  virtual outcome press(std::span<const char> in, bool is_end, const sink& out) = 0;
};

class decompressor {
public:
  decompressor() = default;
  virtual ~decompressor() = default;
  decompressor(const decompressor&) = delete;
  decompressor& operator=(const decompressor&) = delete;

  /// Fills `into` from `in` and takes from the front of both what was used; takes nothing from either when it needs
  /// more. Returns whether more may come: not behind the end, or where it is damaged.
  [[nodiscard]] virtual bool unpack(std::span<const char>& in, std::span<char>& into) = 0;
};

[[nodiscard]] std::unique_ptr<compressor> make_gzip_compressor();
[[nodiscard]] std::unique_ptr<decompressor> make_gzip_decompressor();
[[nodiscard]] std::unique_ptr<compressor> make_zstd_compressor();
[[nodiscard]] std::unique_ptr<decompressor> make_zstd_decompressor();

} // namespace alder::logs

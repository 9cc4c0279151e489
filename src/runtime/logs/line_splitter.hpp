// Bytes of an output file into lines; pure, so that it can be fuzzed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace alder::logs {

/// A longer line comes in pieces, which end between characters.
inline constexpr std::size_t longest_line = 1024 * 1024;

struct line_piece {
  std::uint64_t offset = 0; ///< of its first byte in the file
  std::string text;         ///< without the line end
  bool partial = false;     ///< the line continues after it
  bool operator==(const line_piece&) const = default;
};

/// Takes bytes in portions of any size and gives whole lines.
class line_splitter {
public:
  /// `offset`: where the first byte comes from. `longest`: bytes a piece has at most, at least 1.
  explicit line_splitter(std::uint64_t offset = 0, std::size_t longest = longest_line);

  /// Adds to `pieces` what is complete now.
  void feed(std::string_view bytes, std::vector<line_piece>& pieces);
  /// What came after the last line end, as a partial piece; nothing when there is none. Afterwards it is gone.
  [[nodiscard]] std::optional<line_piece> take_rest();
  /// Where the piece being collected begins.
  [[nodiscard]] std::uint64_t line_begin() const { return begin_; }

private:
  [[nodiscard]] std::size_t clipped_size() const;
  void end_piece(std::vector<line_piece>& pieces, bool partial, std::size_t skipped);

  std::uint64_t begin_ = 0;
  std::size_t longest_;
  std::string pending_;
};

/// Looks for the beginning of the last `lines` lines from the end of a file backwards, block by block.
class tail_search {
public:
  explicit tail_search(std::size_t lines) : missing_(lines) {}

  /// `block` comes directly before the block given last. Its position in the block where the lines begin; nothing: it
  /// is further to the front.
  [[nodiscard]] std::optional<std::size_t> look(std::string_view block);
  /// How many line beginnings were not found.
  [[nodiscard]] std::size_t missing() const { return missing_; }

private:
  std::size_t missing_;
  bool is_last_byte_ = true; ///< the line end at the very end of the file ends the last line, it begins none
};

} // namespace alder::logs

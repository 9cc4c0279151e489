#include "runtime/logs/line_splitter.hpp"

#include "runtime/base/utf8.hpp"

#include <algorithm>
#include <utility>

namespace alder::logs {

line_splitter::line_splitter(std::uint64_t offset, std::size_t longest)
    : begin_(offset), longest_(std::max<std::size_t>(longest, 1)) {}

void line_splitter::feed(std::string_view bytes, std::vector<line_piece>& pieces) {
  while (!bytes.empty()) {
    const std::size_t room = longest_ - pending_.size();
    const auto end = bytes.substr(0, room + 1).find('\n');
    if (end != std::string_view::npos) {
      pending_ += bytes.substr(0, end);
      bytes.remove_prefix(end + 1);
      end_piece(pieces, /*partial=*/false, /*skipped=*/1);
    } else if (bytes.size() > room) { // a line of exactly the longest length is whole, so one byte more decides
      pending_ += bytes.substr(0, room);
      bytes.remove_prefix(room);
      // A character that the cut goes through is of the next piece.
      const auto whole = clipped_size();
      auto rest = pending_.substr(whole);
      pending_.resize(whole);
      end_piece(pieces, /*partial=*/true, /*skipped=*/0);
      pending_ = std::move(rest);
    } else {
      pending_ += bytes;
      return;
    }
  }
}

std::size_t line_splitter::clipped_size() const {
  const auto cut = unfinished_character(pending_);
  return cut < pending_.size() ? pending_.size() - cut : pending_.size();
}

void line_splitter::end_piece(std::vector<line_piece>& pieces, bool partial, std::size_t skipped) {
  const auto next = begin_ + pending_.size() + skipped;
  pieces.push_back({begin_, std::exchange(pending_, {}), partial});
  begin_ = next;
}

std::optional<line_piece> line_splitter::take_rest() {
  if (pending_.empty()) return std::nullopt;
  std::vector<line_piece> pieces;
  end_piece(pieces, /*partial=*/true, /*skipped=*/0);
  return std::move(pieces.front());
}

std::optional<std::size_t> tail_search::look(std::string_view block) {
  for (std::size_t i = block.size(); i > 0; --i) {
    const bool is_end = std::exchange(is_last_byte_, false);
    if (block[i - 1] != '\n' || is_end) continue;
    if (missing_ <= 1) return i;
    --missing_;
  }
  return std::nullopt;
}

} // namespace alder::logs

#include "runtime/base/line_search.hpp"

namespace alder {

bool line_search::found_in(std::string_view bytes) {
  while (!is_over()) {
    const auto end = bytes.find('\n');
    const auto piece = bytes.substr(0, end);
    line_.append(piece.substr(0, longest_line - line_.size()));
    if (end == std::string_view::npos) return false;
    bytes.remove_prefix(end + 1);
    if (!line_.empty() && line_.back() == '\r') line_.pop_back();
    const bool matches = what_->wanted.matches(line_);
    line_.clear();
    if (matches) return !what_->has_come.exchange(true);
  }
  return false;
}

} // namespace alder

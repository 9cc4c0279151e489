#include "runtime/config/document.hpp"

#include <algorithm>

namespace alder::config {
namespace {

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

} // namespace

bool node::is_null() const {
  return is == shape::scalar && written == style::plain &&
         (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL");
}

const mapping_entry* node::find(std::string_view key) const {
  const auto found = std::find_if(entries.begin(), entries.end(), [&](const auto& entry) { return entry.key == key; });
  return found == entries.end() ? nullptr : &*found;
}

text_map::text_map(std::string_view text) : text_(text), starts_{0} {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') starts_.push_back(i + 1);
  }
}

position text_map::locate(std::size_t offset) const {
  offset = std::min(offset, text_.size());
  const auto next = std::upper_bound(starts_.begin(), starts_.end(), offset);
  const auto start = *(next - 1);
  return {static_cast<unsigned>(next - starts_.begin()), count_characters(text_.substr(start, offset - start)) + 1};
}

std::string_view text_map::line_at(std::size_t offset) const {
  const auto start = *(std::upper_bound(starts_.begin(), starts_.end(), std::min(offset, text_.size())) - 1);
  auto line = text_.substr(start, text_.find('\n', start) - start);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

unsigned text_map::end_column(span where) const {
  const auto line = line_at(where.begin);
  const auto line_end = static_cast<std::size_t>(line.data() - text_.data()) + line.size();
  const auto end = std::clamp(where.end, where.begin, std::max(where.begin, line_end));
  return std::max(locate(end).column, locate(where.begin).column + 1);
}

std::size_t text_map::start_of_line(unsigned line) const {
  return line == 0 || line > starts_.size() ? text_.size() : starts_[line - 1];
}

unsigned count_characters(std::string_view text) {
  return static_cast<unsigned>(std::count_if(text.begin(), text.end(), [](char c) { return !continues_character(c); }));
}

} // namespace alder::config

#include "cli/common/resumption.hpp"

#include <vector>

namespace alder::cli {
namespace {

constexpr auto lines = "application/x-ndjson";

} // namespace

void log_resumption::note_cursor(const std::string& cursor) {
  if (!cursor.empty()) cursors_[cursor.substr(0, cursor.rfind('@'))] = cursor;
}

void log_resumption::note(const log_item& line) {
  has_begun_ = true;
  if (const auto* one = std::get_if<log_line>(&line)) note_cursor(one->cursor);
  if (const auto* all = std::get_if<log_cursors>(&line))
    for (const auto& cursor : all->cursors)
      note_cursor(cursor);
}

call log_resumption::next() const {
  if (!has_begun_) return {.method = "GET", .target = first_ + "&cursors=1", .body = {}, .accept = lines};
  std::vector<std::string> after;
  after.reserve(cursors_.size());
  for (const auto& [source, cursor] : cursors_)
    after.push_back(cursor);
  return {.method = "POST", .target = again_ + "&cursors=1", .body = after_body(after), .accept = lines};
}

void event_resumption::note(const event_item& line) {
  if (const auto* one = std::get_if<event_view>(&line)) seen_ = one->seq;
}

call event_resumption::next() const {
  const auto target = seen_ ? again_ + "&since=" + std::to_string(*seen_) : first_;
  return {.method = "GET", .target = target, .body = {}, .accept = lines};
}

} // namespace alder::cli

#include "runtime/config/report.hpp"

#include <algorithm>

namespace alder::config {
namespace {

std::string cut(std::string_view line) {
  if (line.size() <= report::max_snippet) return std::string{line};
  auto end = report::max_snippet;
  while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xC0U) == 0x80U)
    --end; // never inside a character
  return std::string{line.substr(0, end)};
}

/// Sentences quote what the file says, and that may be very long.
std::string shortened(std::string&& sentence) {
  return sentence.size() <= report::max_snippet ? std::move(sentence) : cut(sentence) + "...";
}

remarks shortened(remarks&& more) {
  more.label = shortened(std::move(more.label));
  for (auto& help : more.help)
    help = shortened(std::move(help));
  return std::move(more);
}

} // namespace

void report::add(code what, span where, std::string message, remarks more) {
  if (is_dropped(what)) return;
  message = shortened(std::move(message));
  more = shortened(std::move(more));
  const auto key = std::string{entry_of(what).text} + ":" + std::to_string(where.begin) + ":" + message;
  if (seen_.count(key) > 0) return;
  const auto at = map_.locate(where.begin);
  store(what, key,
        {diagnostic::level::error, "", std::move(message), std::move(more.label), file_, at.line, at.column,
         map_.end_column(where), cut(map_.line_at(where.begin)), std::move(more.help)});
}

void report::add_whole(code what, std::string message, remarks more) {
  if (is_dropped(what)) return;
  const auto key = std::string{entry_of(what).text} + "::" + message;
  if (seen_.count(key) > 0) return;
  store(what, key,
        {diagnostic::level::error, "", std::move(message), std::move(more.label), file_, 0, 0, 0, "",
         std::move(more.help)});
}

void report::add_elsewhere(code what, const std::string& file, const text_map& text, unsigned line, std::string message,
                           remarks more) {
  if (is_dropped(what)) return;
  message = shortened(std::move(message));
  const auto key = std::string{entry_of(what).text} + ":" + file + ":" + std::to_string(line) + ":" + message;
  if (seen_.count(key) > 0) return;
  const auto start = text.start_of_line(line);
  const auto content = text.line_at(start);
  store(what, key,
        {diagnostic::level::error, "", std::move(message), std::move(more.label), file, line, 1,
         text.end_column({start, start + content.size()}), cut(content), std::move(more.help)});
}

diagnostic report::unsaid(code what, span where) const {
  const auto at = map_.locate(where.begin);
  diagnostic d{
      diagnostic::level::error, std::string{entry_of(what).text}, "", "", file_, at.line, at.column, 0, "", {}};
  d.end_column = map_.end_column(where);
  d.snippet = cut(map_.line_at(where.begin));
  return d;
}

/// Counts one more of those that are not shown. Before anything is looked up for it: a file can have 100000 mistakes in
/// one line of 1 MiB.
bool report::is_dropped(code what) {
  const bool is_error = entry_of(what).text.front() == 'E';
  auto& count = is_error ? errors_ : warnings_;
  if (count < (is_error ? max_errors : max_warnings)) return false;
  ++count;
  return true;
}

void report::store(code what, const std::string& key, diagnostic d) {
  const auto text = entry_of(what).text;
  const bool is_error = text.front() == 'E';
  ++(is_error ? errors_ : warnings_);
  seen_.insert(key);
  d.code = text;
  d.severity = is_error ? diagnostic::level::error : diagnostic::level::warning;
  kept_.push_back(std::move(d));
}

std::string report::place(span where) const {
  const auto at = map_.locate(where.begin);
  const auto name = file_.substr(file_.rfind('/') + 1);
  return name + ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
}

std::vector<diagnostic> report::take() {
  std::stable_sort(kept_.begin(), kept_.end(), [&](const diagnostic& a, const diagnostic& b) {
    const auto rank = [&](const diagnostic& d) {
      return std::tuple{d.file != file_, d.file != file_ ? d.file : std::string{}, d.line, d.column};
    };
    return rank(a) < rank(b);
  });
  auto all = std::move(kept_);
  kept_.clear();
  const auto note = [&](code what, diagnostic::level severity, std::string message) {
    diagnostic d;
    d.severity = severity;
    d.code = entry_of(what).text;
    d.message = std::move(message);
    d.file = file_;
    all.push_back(std::move(d));
  };
  if (errors_ > max_errors) note(code::too_many, diagnostic::level::error, "there are more errors that are not shown");
  if (warnings_ > max_warnings)
    note(code::more_warnings, diagnostic::level::warning, "there are more warnings that are not shown");
  return all;
}

} // namespace alder::config

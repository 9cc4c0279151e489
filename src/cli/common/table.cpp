#include "cli/common/table.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

namespace alder::cli {
namespace {

constexpr std::size_t gap = 2;

struct shown_column {
  std::size_t index = 0;
  std::size_t width = 0;
};

std::size_t total(const std::vector<shown_column>& shown) {
  std::size_t sum = shown.empty() ? 0 : gap * (shown.size() - 1);
  for (const auto& one : shown)
    sum += one.width;
  return sum;
}

/// Cuts the columns that allow it, as far as needed.
void shrink(std::vector<shown_column>& shown, const std::vector<table_column>& columns, std::size_t width) {
  for (auto& one : shown) {
    const std::size_t least = columns[one.index].least_width;
    const auto sum = total(shown);
    if (sum <= width || least == 0 || one.width <= least) continue;
    one.width = std::max(least, one.width - std::min(one.width, sum - width));
  }
}

std::vector<shown_column> fit(const look& on, const std::vector<table_column>& columns,
                              std::vector<shown_column> shown) {
  if (on.width == 0) return shown;
  while (true) {
    auto tried = shown;
    shrink(tried, columns, on.width);
    if (total(tried) <= on.width || shown.size() == 1) {
      if (tried.size() == 1) tried[0].width = std::min<std::size_t>(tried[0].width, on.width);
      return tried;
    }
    const auto least = std::min_element(shown.begin() + 1, shown.end(), [&](const auto& a, const auto& b) {
      return columns[a.index].importance < columns[b.index].importance;
    });
    shown.erase(least);
  }
}

} // namespace

std::string table(const look& on, const std::vector<table_column>& columns,
                  const std::vector<std::vector<table_cell>>& rows) {
  std::vector<shown_column> shown;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    auto width = columns_of(columns[i].title);
    for (const auto& row : rows)
      width = std::max(width, columns_of(row.at(i).text));
    shown.push_back({.index = i, .width = width});
  }
  shown = fit(on, columns, std::move(shown));

  std::string text;
  const auto add = [&](std::size_t position, const std::string& content, tone how) {
    const auto& place = shown[position];
    const bool is_last = position + 1 == shown.size();
    const auto fitted = cut(on, content, place.width);
    const std::string space(place.width - columns_of(fitted), ' ');
    if (columns[place.index].is_right) text += space;
    text += paint(on, how, fitted);
    if (!columns[place.index].is_right && !is_last) text += space;
    text += is_last ? "\n" : std::string(gap, ' ');
  };
  for (std::size_t i = 0; i < shown.size(); ++i)
    add(i, std::string{columns[shown[i].index].title}, tone::bold);
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < shown.size(); ++i)
      add(i, row[shown[i].index].text, row[shown[i].index].how);
  }
  return text;
}

} // namespace alder::cli

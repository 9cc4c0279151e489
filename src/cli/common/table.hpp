// A table that fits its terminal: columns go by priority, the last one takes what is left.
#pragma once

#include "cli/common/look.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace alder::cli {

struct table_column {
  std::string_view title;
  unsigned importance =
      0;                 ///< of columns that do not fit, the least important goes first; the first column always stays
  bool is_right = false; ///< numbers
  unsigned least_width = 0; ///< not 0: may be cut down to this many columns before it goes
};

struct table_cell {
  std::string text;
  tone how = tone::plain;
};

/// Heading and rows, each line with its end. Every row has as many cells as there are columns. When nothing else helps
/// the first column is cut.
[[nodiscard]] std::string table(const look& on, const std::vector<table_column>& columns,
                                const std::vector<std::vector<table_cell>>& rows);

} // namespace alder::cli

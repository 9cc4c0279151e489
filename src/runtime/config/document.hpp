// A configuration text as a neutral tree of scalars, sequences and mappings, each with its place in the text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace alder::config {

/// Bytes [begin, end) of the text.
struct span {
  std::size_t begin = 0;
  std::size_t end = 0;
  bool operator==(const span&) const = default;
};

struct node;

/// An alias is the node it stands for: nodes are shared, never changed.
using node_ptr = std::shared_ptr<const node>;

struct mapping_entry {
  std::string key;
  span where; ///< of the key
  node_ptr value;
};

struct node {
  enum class shape : std::uint8_t { scalar, sequence, mapping };
  enum class style : std::uint8_t { plain, quoted, block };

  shape is = shape::scalar;
  style written = style::plain;       ///< of a scalar
  std::string text;                   ///< of a scalar, escapes replaced
  std::vector<node_ptr> items;        ///< of a sequence
  std::vector<mapping_entry> entries; ///< of a mapping, in order, keys unique
  span where;                         ///< with quotes; of a collection its first token
  std::size_t values = 1;             ///< nodes from here down, aliases counted as often as they are used
  unsigned height = 1;                ///< levels from here down
  bool refused = false;               ///< what is wrong with it is reported: nobody reads it

  /// Nothing, "null" or "~", not in quotes.
  [[nodiscard]] bool is_null() const;
  [[nodiscard]] bool is_scalar() const { return is == shape::scalar && !is_null(); }
  /// Of a mapping: the entry with this key, or null.
  [[nodiscard]] const mapping_entry* find(std::string_view key) const;
};

/// A place as people count: from 1, columns in characters.
struct position {
  unsigned line = 1;
  unsigned column = 1;
};

/// Finds lines and columns of a text.
class text_map {
public:
  /// `text` must outlive this.
  explicit text_map(std::string_view text);

  /// `offset` past the end means the end.
  [[nodiscard]] position locate(std::size_t offset) const;
  /// The line that `offset` is in, without its line end.
  [[nodiscard]] std::string_view line_at(std::size_t offset) const;
  /// The column (from 1) after `where`, which is cut off at the end of its first line.
  [[nodiscard]] unsigned end_column(span where) const;
  /// The byte at which a line starts (both from: line 1 at byte 0).
  [[nodiscard]] std::size_t start_of_line(unsigned line) const;
  [[nodiscard]] std::string_view text() const { return text_; }

private:
  std::string_view text_;
  std::vector<std::size_t> starts_;
};

/// The number of characters (code points) of UTF-8 text.
[[nodiscard]] unsigned count_characters(std::string_view text);

} // namespace alder::config

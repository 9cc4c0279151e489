// The keys of one mapping, checked against the table: known, and with values of the right shape.
#pragma once

#include "runtime/config/context.hpp"
#include "runtime/config/document.hpp"
#include "runtime/config/schema.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace alder::config {

struct field {
  const key_entry* key = nullptr;
  span key_where;
  const node* value = nullptr;
};

class fields {
public:
  /// Reports unknown keys and values of a wrong shape. `mapping` must outlive this.
  fields(context& in, const node& mapping, place where);

  /// The value of a key, or null when it is not there, refused or of a wrong shape (then it is reported).
  [[nodiscard]] const field* find(std::string_view name) const;
  /// Where the value of a key is, right or wrong; the beginning of the file when it is not there under this name.
  [[nodiscard]] span place_of(std::string_view name) const;
  /// Whether the key is there at all, right or wrong, or an unknown key that is likely to mean it.
  [[nodiscard]] bool has(std::string_view name) const;

private:
  std::vector<field> known_;
  std::vector<field> wrong_;        ///< known keys whose values nobody can read
  std::vector<std::string> likely_; ///< unknown keys
};

/// "a list", "a mapping", "nothing", "text": what stands there.
[[nodiscard]] std::string_view found_phrase(const node& value);

/// Reports a value that is not what `expected` says.
void wrong_type(context& in, std::string_view key, span where, std::string_view expected, std::string_view found);

} // namespace alder::config

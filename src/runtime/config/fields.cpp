#include "runtime/config/fields.hpp"

#include "runtime/base/text.hpp"
#include "runtime/config/foreign_keys.hpp"

#include <algorithm>
#include <string>

namespace alder::config {
namespace {

/// Of a mapping's unknown keys so many are reported, and taken for what they are likely to mean.
constexpr std::size_t most_compared = report::max_errors + 1;

bool has_right_shape(value_kind kind, const node& value) {
  switch (kind) {
  case value_kind::name:
  case value_kind::word:
  case value_kind::boolean:
  case value_kind::whole_number:
  case value_kind::number:
  case value_kind::share:
  case value_kind::duration:
  case value_kind::timeout:
  case value_kind::signal:
  case value_kind::size:
  case value_kind::processors:
  case value_kind::octal:
  case value_kind::path:
  case value_kind::text:
  case value_kind::tcp_address:
  case value_kind::http_url: return value.is_scalar();
  case value_kind::input: return value.is == node::shape::scalar;
  case value_kind::paths:
  case value_kind::statuses:
  case value_kind::texts:
  case value_kind::words:
  case value_kind::command:
  case value_kind::inherit: return value.is_scalar() || value.is == node::shape::sequence;
  case value_kind::files: return value.is != node::shape::scalar || value.is_scalar();
  case value_kind::exit_codes:
  case value_kind::signals:
  case value_kind::groups:
  case value_kind::children: return value.is == node::shape::sequence;
  case value_kind::environment:
  case value_kind::limits:
  case value_kind::secrets:
  case value_kind::group: return value.is == node::shape::mapping;
  case value_kind::optional_group:
    return value.is == node::shape::mapping || (value.is_scalar() && value.text == "none");
  }
  return false;
}

/// The places other than `where` that have this key, for a key that stands at the wrong level.
std::vector<std::string> elsewhere(std::string_view name, place where) {
  std::vector<std::string> help;
  for (const auto& [p, mapping, words] : all_places) {
    if (p == where || find_key(p, name) == nullptr) continue;
    help.push_back("'" + std::string{name} + "' is a key of " + std::string{words});
    break;
  }
  return help;
}

void report_unknown(context& in, const mapping_entry& entry, place where) {
  const auto known = key_names(where);
  auto help = elsewhere(entry.key, where);
  if (help.empty()) {
    const auto near = nearest(entry.key, known);
    if (const auto ours = foreign_key(entry.key)) {
      in.mistakes.add(code::unknown_key, entry.where, "unknown key '" + entry.key + "'",
                      {std::string{phrase(where)} + " has no such key", {*ours}});
      return;
    }
    help.push_back(near ? "did you mean '" + *near + "'?"
                        : "keys of " + std::string{phrase(where)} + ": " + join(known, ", "));
  }
  in.mistakes.add(code::unknown_key, entry.where, "unknown key '" + entry.key + "'",
                  {std::string{phrase(where)} + " has no such key", help});
}

} // namespace

fields::fields(context& in, const node& mapping, place where) {
  std::size_t unknown = 0;
  for (const auto& entry : mapping.entries) {
    const auto* key = find_key(where, entry.key);
    if (key == nullptr) {
      if (++unknown > most_compared) continue; // there are more mistakes than are shown
      report_unknown(in, entry, where);
      likely_.push_back(entry.key);
    } else if (entry.value->refused) {
      wrong_.push_back({key, entry.where, entry.value.get()});
    } else if (!has_right_shape(key->kind, *entry.value)) {
      const auto at = entry.value->is_null() && entry.value->text.empty() ? entry.where : entry.value->where;
      wrong_type(in, entry.key, at, phrase(key->kind), found_phrase(*entry.value));
      wrong_.push_back({key, entry.where, entry.value.get()});
    } else {
      known_.push_back({key, entry.where, entry.value.get()});
    }
  }
}

bool fields::has(std::string_view name) const {
  const auto is_it = [&](const field& f) { return f.key->name == name; };
  return std::any_of(known_.begin(), known_.end(), is_it) || std::any_of(wrong_.begin(), wrong_.end(), is_it) ||
         std::any_of(likely_.begin(), likely_.end(),
                     [&](const std::string& key) { return nearest(key, {std::string{name}}).has_value(); });
}

const field* fields::find(std::string_view name) const {
  const auto found = std::find_if(known_.begin(), known_.end(), [&](const auto& f) { return f.key->name == name; });
  return found == known_.end() ? nullptr : &*found;
}

span fields::place_of(std::string_view name) const {
  for (const auto* all : {&known_, &wrong_})
    for (const auto& f : *all)
      if (f.key->name == name) return f.value->where;
  return {};
}

std::string_view found_phrase(const node& value) {
  switch (value.is) {
  case node::shape::sequence: return "a list";
  case node::shape::mapping: return "a mapping";
  case node::shape::scalar: break;
  }
  return value.is_null() ? "nothing" : "text";
}

void wrong_type(context& in, std::string_view key, span where, std::string_view expected, std::string_view found) {
  in.mistakes.add(code::wrong_type, where, "wrong type for '" + std::string{key} + "'",
                  {"expected " + std::string{expected} + ", found " + std::string{found}, {}});
}

} // namespace alder::config

#include "runtime/store/tree_records.hpp"

#include "runtime/base/text.hpp"
#include "runtime/store/journal_values.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace alder::store {
namespace {

constexpr std::size_t digits = 12; // so that keys are in the order of their numbers

std::string edits_of(const std::string& tree) { return std::string{edit_key} + tree + "/"; }

std::string key_of(const std::string& tree, std::uint64_t number) {
  auto text = std::to_string(number);
  return edits_of(tree) + std::string(digits - std::min(digits, text.size()), '0') + text;
}

std::uint64_t number_in(std::string_view key) {
  std::uint64_t number = 0;
  const auto text = key.substr(key.rfind('/') + 1);
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

/// The values whose keys begin with this.
auto those_below(const std::map<std::string, std::string>& values, const std::string& prefix) {
  auto end = values.lower_bound(prefix);
  const auto begin = end;
  while (end != values.end() && end->first.rfind(prefix, 0) == 0)
    ++end;
  return std::pair{begin, end};
}

} // namespace

std::vector<saved_tree> tree_records::read(std::vector<std::string>& wrong) {
  std::vector<saved_tree> all;
  const auto [begin, end] = those_below(journal_.values(), std::string{tree_key});
  for (auto record = begin; record != end; ++record) {
    const auto name = record->first.substr(tree_key.size());
    auto tree = parse_tree_value(record->second);
    if (!tree) {
      wrong.push_back("tree " + name + " was up, but its record in the journal is damaged: " + tree.failure().message);
      continue;
    }
    auto& known = edits_[name];
    const auto [first, last] = those_below(journal_.values(), edits_of(name));
    for (auto at = first; at != last; ++at) {
      const auto edit = parse_edit_value(at->second, *tree);
      if (edit)
        take_up(*tree, *edit);
      else
        wrong.push_back("a change of tree " + name + " is damaged in the journal: " + edit.failure().message);
      known.keys.push_back(at->first);
      known.next = number_in(at->first) + 1;
    }
    all.push_back(std::move(*tree));
  }
  return all;
}

void tree_records::set(saved_tree& tree, wall_time now) {
  const auto ms = now.time_since_epoch().count();
  tree.revision = std::max(tree.revision + 1, ms > 0 ? static_cast<std::uint64_t>(ms) : 0);
  journal_.set(std::string{tree_key} + tree.name, tree_value(tree));
  auto& known = edits_[tree.name];
  overtaken_.insert(overtaken_.end(), known.keys.begin(), known.keys.end());
  known.keys.clear();
  known.source = nullptr;
}

void tree_records::note_added(const saved_tree& tree, const saved_tree::graft& graft) {
  auto& known = edits_[tree.name];
  const auto as = known.source == graft.from.get() ? known.child : std::string{};
  note(tree, {tree.revision, graft, {}}, as);
  known.source = graft.from.get();
  known.child = graft.child;
}

void tree_records::note_removed(const saved_tree& tree, const std::string& child) {
  edits_[tree.name].source = nullptr; // it may be the one that has the source
  note(tree, {tree.revision, {}, child}, {});
}

void tree_records::note(const saved_tree& tree, const tree_edit& edit, const std::string& as) {
  auto& known = edits_[tree.name];
  known.keys.push_back(key_of(tree.name, known.next++));
  journal_.set(known.keys.back(), edit_value(edit, as));
}

void tree_records::forget(const std::string& tree) {
  journal_.forget(std::string{tree_key} + tree);
  const auto [begin, end] = those_below(journal_.values(), edits_of(tree));
  std::vector<std::string> keys;
  for (auto at = begin; at != end; ++at)
    keys.push_back(at->first);
  for (const auto& key : keys)
    journal_.forget(key);
  if (const auto known = edits_.find(tree); known != edits_.end()) {
    known->second.keys.clear();
    known->second.source = nullptr;
  }
}

void tree_records::on_written() {
  for (const auto& key : std::exchange(overtaken_, {}))
    journal_.forget(key);
}

} // namespace alder::store

#include "runtime/config/dependencies.hpp"

#include "runtime/base/overloaded.hpp"
#include "runtime/base/text.hpp"
#include "runtime/config/values.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

namespace alder::config {
namespace {

const std::vector<std::string>& after_of(const child_spec& child) {
  return std::visit([](const auto& node) -> const std::vector<std::string>& { return node->after; }, child);
}

/// A task, or a pool of them.
bool is_task(const child_spec& child) {
  return std::visit(overloaded{[](const service_ptr& service) { return service->task; },
                               [](const supervisor_ptr& nested) {
                                 return nested->pool && !nested->children.empty() && is_task(nested->children.front());
                               }},
                    child);
}

bool waits_for_schedule(const child_spec& child) {
  const auto* service = std::get_if<service_ptr>(&child);
  return service != nullptr && (*service)->waits_for_schedule();
}

/// "db (ready)": the name and the word.
std::pair<std::string, std::string> taken_apart(std::string_view text) {
  const auto open = text.find('(');
  if (open == std::string_view::npos || text.back() != ')') return {std::string{text}, ""};
  auto name = text.substr(0, open);
  while (!name.empty() && name.back() == ' ')
    name.remove_suffix(1);
  return {std::string{name}, std::string{text.substr(open + 1, text.size() - open - 2)}};
}

using children_by_name = std::map<std::string_view, const child_spec*>;

void check_one(context& in, const dependency& d, const std::set<std::string>& known, const children_by_name& children,
               const supervisor_spec& spec) {
  if (known.count(d.on) == 0) {
    std::vector<std::string> help;
    const bool is_shown = in.mistakes.errors() < report::max_errors; // a long look for nobody, else
    if (const auto near = is_shown ? nearest(d.on, {known.begin(), known.end()}) : std::nullopt)
      help.push_back("did you mean '" + *near + "'?");
    if (in.names.count(d.on) > 0) help.push_back("'after' can only name children of the same supervisor");
    in.mistakes.add(code::unknown_sibling, d.where,
                    "'" + d.child + "' waits for '" + d.on + "', which is not a sibling",
                    {"not a child of '" + spec.name + "'", help});
    return;
  }
  const auto on = children.find(d.on);
  if (on == children.end()) return; // its mistakes are told
  if (d.completed && !is_task(*on->second))
    in.mistakes.add(code::unknown_sibling, d.where, "'" + d.on + "' is not a task and is never completed",
                    {"only tasks are completed", {"write '" + d.on + " (ready)', or give it 'task: true'"}});
  if (const auto* service = std::get_if<service_ptr>(on->second); service != nullptr && !(*service)->autostart)
    in.mistakes.add(code::impossible, d.where,
                    "'" + d.on + "' has 'autostart: false' and is not started when '" + spec.name + "' starts",
                    {"there is nothing to wait for", {}});
  if (waits_for_schedule(*on->second))
    in.mistakes.add(code::impossible, d.where,
                    "'" + d.on + "' runs on its schedule, not when '" + spec.name + "' starts",
                    {"there is nothing to wait for", {}});
}

/// The names on the circle that begins and ends with the last of `path`.
std::string circle_text(const std::vector<std::string>& path) {
  const auto begin = std::find(path.begin(), path.end() - 1, path.back());
  return join({begin, path.end()}, " -> ");
}

/// Puts children behind those they wait for, depth first, so that the order of the file stays as far as it can.
class sorter {
public:
  explicit sorter(std::vector<child_spec> children) : children_(std::move(children)) {
    for (std::size_t i = 0; i < children_.size(); ++i)
      places_[name_of(children_[i])] = i;
    marks_.resize(children_.size(), mark::fresh);
  }

  /// The circle that was found, or nothing: then `sorted` has all.
  std::optional<std::vector<std::string>> sort() {
    for (std::size_t i = 0; i < children_.size(); ++i)
      if (!visit(i)) return path_;
    return std::nullopt;
  }
  std::vector<child_spec> sorted() {
    std::vector<child_spec> all;
    for (const auto i : order_)
      all.push_back(std::move(children_[i]));
    return all;
  }

private:
  enum class mark : std::uint8_t { fresh, open, done };

  /// A child on the way down, and which of those it waits for come next.
  struct step {
    std::size_t child;
    std::size_t next = 0;
  };

  /// Puts `first` into the order, behind all it waits for; false when that is a circle, which then ends `path_`.
  /// Without recursion: a chain may be as long as a file has children.
  bool visit(std::size_t first) {
    std::vector<step> way;
    if (!enter(first, way)) return false;
    while (!way.empty()) {
      auto& here = way.back();
      const auto& others = after_of(children_[here.child]);
      if (here.next == others.size()) {
        marks_[here.child] = mark::done;
        order_.push_back(here.child);
        path_.pop_back();
        way.pop_back();
        continue;
      }
      const auto place = places_.find(others[here.next++]);
      if (place != places_.end() && !enter(place->second, way)) return false;
    }
    return true;
  }

  bool enter(std::size_t child, std::vector<step>& way) {
    if (marks_[child] == mark::done) return true;
    path_.push_back(name_of(children_[child]));
    if (marks_[child] == mark::open) return false;
    marks_[child] = mark::open;
    way.push_back({child});
    return true;
  }

  std::vector<child_spec> children_;
  std::map<std::string, std::size_t> places_;
  std::vector<mark> marks_;
  std::vector<std::string> path_;
  std::vector<std::size_t> order_;
};

} // namespace

std::vector<std::string> read_after(context& in, const field* after, const std::string& child) {
  std::vector<std::string> names;
  if (after == nullptr) return names;
  std::set<std::string> seen;
  for (const auto* item : scalars_of(in, *after)) {
    const auto text = read_text(in, *item);
    if (!text) continue;
    auto [name, word] = taken_apart(*text);
    if (!word.empty() && word != "ready" && word != "completed") {
      in.mistakes.add(code::unknown_word, item->where, "invalid value for 'after'",
                      {"unknown condition '" + word + "'", {"one of: ready, completed"}});
      continue;
    }
    in.dependencies.push_back({child, name, word == "completed", item->where});
    if (seen.insert(name).second) names.push_back(std::move(name));
  }
  return names;
}

void order_children(context& in, std::size_t first, const std::set<std::string>& known, supervisor_spec& spec) {
  const std::vector<dependency> own{in.dependencies.begin() + static_cast<std::ptrdiff_t>(first),
                                    in.dependencies.end()};
  in.dependencies.resize(first);
  if (own.empty()) return;
  children_by_name children;
  for (const auto& child : spec.children)
    children.emplace(name_of(child), &child);
  for (const auto& d : own)
    check_one(in, d, known, children, spec);
  sorter sorting{spec.children};
  if (const auto circle = sorting.sort()) {
    const auto& last = circle->back();
    const auto at = std::find_if(own.begin(), own.end(), [&](const auto& d) { return d.on == last; });
    in.mistakes.add(code::circle, at->where,
                    "children of '" + spec.name + "' wait for each other: " + circle_text(*circle),
                    {"none of them can start", {}});
    return;
  }
  spec.children = sorting.sorted();
}

} // namespace alder::config

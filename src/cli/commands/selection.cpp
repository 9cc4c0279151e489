#include "cli/commands/selection.hpp"

#include "runtime/base/text.hpp"
#include "runtime/os/caller.hpp"

#include "alder/node_id.hpp"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <iterator>
#include <utility>

namespace alder::cli {
namespace {

constexpr std::string_view all_word = "all";
constexpr int in_fd = 0;

using nodes = std::vector<const node_view*>;
using names = std::vector<std::string>;

void collect(const node_view& node, bool (*is_wanted)(const node_view&), nodes& into) {
  if (is_wanted(node)) into.push_back(&node);
  for (const auto& child : node.children)
    collect(child, is_wanted, into);
}

bool is_service(const node_view& node) { return node.type == "service"; }
bool is_pool(const node_view& node) { return node.pool; }

bool has_node(const node_view& node, std::string_view name) {
  return node.name == name ||
         std::any_of(node.children.begin(), node.children.end(), [&](const auto& c) { return has_node(c, name); });
}

bool has_node(const tree_view& up, std::string_view name) {
  return std::any_of(up.trees.begin(), up.trees.end(), [&](const auto& root) { return has_node(root, name); });
}

bool is_down(const node_view& node) { return node.state == "stopped" || node.state == "failed"; }
bool is_finished(const node_view& node) { return node.state == "finished"; }
/// The start of its tree would leave it down, or it has done its work: to do that again may do harm (a migration).
bool is_left_alone(const node_view& node) { return is_finished(node) || (!node.started_by.empty() && is_down(node)); }
bool runs(const node_view& node) {
  if (node.pid > 0 || (is_service(node) && (node.state == "running" || node.state == "stopping"))) return true;
  return std::any_of(node.children.begin(), node.children.end(), runs);
}

std::string full_name(const node_view& node) { return node_id{node.tree, node.name}.text(); }

bool matches(const std::string& pattern, const node_view& node) {
  return node_id{node.tree, node.name}.matches(pattern);
}

/// What is found for the words of one command line.
class selection {
public:
  selection(session& s, const tree_view& up, purpose what) : s_{s}, up_{up}, what_{what} {
    for (const auto& root : up.trees)
      collect(root, what == purpose::scale ? is_pool : is_service, candidates_);
  }

  /// What goes wrong has been reported; then nothing may be done.
  bool add_pattern(const std::string& pattern) {
    nodes found;
    std::copy_if(candidates_.begin(), candidates_.end(), std::back_inserter(found),
                 [&](const auto* one) { return matches(pattern, *one); });
    if (found.empty()) return refuse(nothing_matches(pattern));
    if (what_ == purpose::tell) {
      std::erase_if(found, [](const auto* one) { return !runs(*one); });
      if (found.empty()) return refuse(nothing_runs("no service that matches '" + pattern + "' is running"));
    }
    for (const auto* one : found)
      consider(*one);
    return true;
  }

  bool add_all() {
    if (up_.trees.empty()) {
      s_.note("there are no trees\n");
      return true;
    }
    const auto known = selected_.size();
    for (const auto& root : up_.trees)
      add_all_of(root);
    if (selected_.size() > known) return true;
    if (what_ == purpose::tell) return refuse(nothing_runs("no service is running"));
    if (what_ == purpose::start && left_alone_.empty()) s_.note("nothing is stopped\n");
    if (what_ == purpose::scale) s_.note("there are no pools\n");
    return true;
  }

  void add(const std::string& name) {
    if (!has(name)) selected_.push_back(name);
  }

  /// Tells what was left out.
  names take() {
    std::erase_if(left_alone_, [&](const auto* one) { return has(full_name(*one)); }); // named exactly
    tell_left_alone("schedule", {" is", " are"}, " left to the schedule; to run it now: alder start ");
    tell_left_alone("request", {" is", " are"}, " started by name only: alder start ");
    tell_left_alone("", {" has", " have"}, " finished; to run it again: alder start ");
    return std::move(selected_);
  }

private:
  /// Whether the node is selected, with its tree or without.
  [[nodiscard]] bool has(const std::string& name) const {
    return std::any_of(selected_.begin(), selected_.end(), [&](const auto& one) {
      return one == name || is_short_of(one, name) || is_short_of(name, one);
    });
  }
  static bool is_short_of(const std::string& name, const std::string& full) {
    const auto node = node_id::parse(full);
    return node && node->name == name;
  }
  void consider(const node_view& service) {
    const bool starts = what_ == purpose::start || what_ == purpose::restart;
    if (!starts || !is_left_alone(service)) return add(full_name(service));
    left_alone_.push_back(&service);
  }

  void add_all_of(const node_view& root) {
    switch (what_) {
    case purpose::change:
    case purpose::restart: return add(full_name(root));
    case purpose::start: return add_down(root);
    case purpose::tell:
      if (runs(root)) add(full_name(root));
      return;
    case purpose::look:
    case purpose::scale: break;
    }
    nodes found;
    collect(root, what_ == purpose::scale ? is_pool : is_service, found);
    for (const auto* one : found)
      add(full_name(*one));
  }

  /// A supervisor that is down starts all below it, in its order. One that has finished is left as it is, with all
  /// below it.
  void add_down(const node_view& node) {
    if (is_down(node) || is_finished(node)) return consider(node);
    for (const auto& child : node.children)
      add_down(child);
  }

  /// `verb`: for one, and for several.
  void tell_left_alone(std::string_view started_by, const std::pair<std::string, std::string>& verb,
                       const std::string& why) {
    names of_these;
    for (const auto* one : left_alone_)
      if (one->started_by == started_by) of_these.push_back(one->name);
    constexpr std::size_t most = 8;
    if (of_these.empty()) return;
    const auto first = of_these.front();
    const auto more = of_these.size() - std::min(of_these.size(), most);
    of_these.resize(of_these.size() - more);
    s_.note("alder: " + join(of_these, ", ") + (more == 0 ? "" : " and " + std::to_string(more) + " more") +
            (of_these.size() == 1 ? verb.first : verb.second) + why + first + "\n");
  }

  bool refuse(const failure& why) {
    (void)s_.fail(why);
    return false;
  }

  [[nodiscard]] failure nothing_matches(const std::string& pattern) const {
    const bool is_scale = what_ == purpose::scale;
    return {.code = exit_code::no_such_node,
            .what = std::string{is_scale ? "no pool matches '" : "no service matches '"} + pattern + "'",
            .help = {is_scale ? "a service that is no pool yet is scaled by its name: alder scale NAME N"
                              : "list all services: alder ls"},
            .diagnostics = {}};
  }
  static failure nothing_runs(const std::string& what) {
    return {.code = exit_code::failed, .what = what, .help = {"list all services: alder ls"}, .diagnostics = {}};
  }

  session& s_;
  const tree_view& up_;
  purpose what_;
  nodes candidates_;
  names selected_;
  nodes left_alone_;
};

std::optional<tree_view> trees_of(session& s) {
  const auto body = s.get("/v1/tree");
  return body ? s.understood(*body, read_tree) : std::nullopt;
}

/// The nodes that a name may mean, each behind the supervisors above it.
std::vector<nodes> paths_to(const std::string& name, const tree_view& up) {
  std::vector<nodes> found;
  nodes path;
  const std::function<void(const node_view&)> walk = [&](const node_view& node) {
    path.push_back(&node);
    if (node.name == name || full_name(node) == name) found.push_back(path);
    for (const auto& child : node.children)
      walk(child);
    path.pop_back();
  };
  for (const auto& root : up.trees)
    walk(root);
  return found;
}

/// Each node once, however it was named: not again by its full name, and not beside a supervisor above it, whose name
/// stands for it too. What is started or restarted beside its supervisor is left out only if that takes it along.
std::optional<names> without_doubles(session& s, const names& words, purpose what) {
  const auto up = trees_of(s);
  if (!up) return std::nullopt;
  std::vector<nodes> meant;
  for (const auto& word : words) {
    auto paths = paths_to(word, *up);
    meant.push_back(paths.size() == 1 ? std::move(paths.front()) : nodes{}); // else it turns out when it is acted on
  }
  const auto takes_along = [&](const nodes& path) {
    return what == purpose::tell || what == purpose::change || (what == purpose::restart && runs(*path.back()));
  };
  names once;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto& own = meant[i];
    bool is_double = std::find(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(i), words[i]) !=
                     words.begin() + static_cast<std::ptrdiff_t>(i);
    for (std::size_t j = 0; j < words.size() && !own.empty(); ++j) {
      if (j == i || meant[j].empty()) continue;
      const bool is_same = meant[j].back() == own.back() && j < i;
      const bool is_above =
          meant[j].back() != own.back() && std::find(own.begin(), own.end(), meant[j].back()) != own.end();
      is_double = is_double || is_same || (is_above && takes_along(own));
    }
    if (!is_double) once.push_back(words[i]);
  }
  return once;
}

} // namespace

bool is_pattern(const std::string& word) { return word.find_first_of("*?[") != std::string::npos; }

std::optional<std::vector<std::string>> select_nodes(session& s, const std::vector<std::string>& words, purpose what) {
  const auto is_special = [](const std::string& word) { return word == all_word || is_pattern(word); };
  if (std::none_of(words.begin(), words.end(), is_special)) {
    return words.size() < 2 ? std::optional{words} : without_doubles(s, words, what);
  }
  const auto up = trees_of(s);
  if (!up) return std::nullopt;
  selection found{s, *up, what};
  for (const auto& word : words) {
    if (is_pattern(word)) {
      if (!found.add_pattern(word)) return std::nullopt;
    } else if (word == all_word && !has_node(*up, all_word)) {
      if (!found.add_all()) return std::nullopt;
    } else {
      found.add(word);
    }
  }
  return found.take();
}

std::optional<std::vector<std::string>> filter_words(session& s, const std::vector<std::string>& words) {
  if (std::find(words.begin(), words.end(), all_word) == words.end()) return words;
  const auto up = trees_of(s);
  if (!up) return std::nullopt;
  return has_node(*up, all_word) ? words : std::vector<std::string>{};
}

bool is_confirmed(session& s, const std::string& question) {
  if (!s.err().terminal || !os::is_terminal(in_fd) || s.wanted().json) return true;
  s.note(question + " [y/N] ");
  const auto said = os::read_terminal_line(in_fd);
  return said == "y" || said == "Y" || said == "yes";
}

} // namespace alder::cli

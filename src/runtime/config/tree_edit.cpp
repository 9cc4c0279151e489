#include "runtime/config/tree_edit.hpp"

#include "runtime/base/overloaded.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

namespace alder::config {
namespace {

using kind = tree_change::kind;
using boxed = std::shared_ptr<const supervisor_spec>;

struct place {
  const child_spec* child = nullptr;
  std::string parent;
};

void collect(const supervisor_spec& supervisor, std::map<std::string, place>& into) {
  for (const auto& child : supervisor.children) {
    into[name_of(child)] = {&child, supervisor.name};
    if (const auto* nested = std::get_if<boxed>(&child)) collect(**nested, into);
  }
}

bool is_alike(const child_spec& a, const child_spec& b) {
  const auto* first = std::get_if<boxed>(&a);
  const auto* second = std::get_if<boxed>(&b);
  if (first == nullptr || second == nullptr) return first == second;
  return (*first)->pool == (*second)->pool;
}

std::vector<std::string> rules_that_differ(const supervisor_spec& a, const supervisor_spec& b) {
  std::vector<std::string> names;
  const auto note = [&](bool differs, const char* name) {
    if (differs) names.emplace_back(name);
  };
  note(a.strategy != b.strategy, "strategy");
  note(a.intensity != b.intensity, "intensity");
  note(a.auto_shutdown != b.auto_shutdown, "auto_shutdown");
  note(a.sticky_stop != b.sticky_stop, "sticky_stop");
  note(a.finish_starts != b.finish_starts, "finish_starts");
  note(a.parallel_start != b.parallel_start, "start");
  note(a.after != b.after, "after");
  note(a.restart != b.restart, "restart");
  note(a.significant != b.significant, "significant");
  note(a.backoff != b.backoff, "backoff");
  return names;
}

/// What only the next start of its process takes up, and what counts at once.
tree_change change_of(const service_spec& a, const service_spec& b) {
  tree_change change{kind::changed, b.name, {}, {}, false};
  const auto note = [&](bool differs, const char* name, bool restart) {
    if (!differs) return;
    change.details.emplace_back(name);
    change.needs_restart = change.needs_restart || restart;
  };
  note(a.command != b.command, "command", true);
  note(a.cwd != b.cwd, "cwd", true);
  note(a.environment != b.environment, "environment", true);
  note(a.stdin_file != b.stdin_file || a.stdin_pipe != b.stdin_pipe, "stdin", true);
  note(a.terminal != b.terminal, "pty", true);
  note(a.umask != b.umask, "umask", true);
  note(!(a.ready == b.ready), "ready", true);
  note(!(a.stop == b.stop), "stop", false);
  note(a.restart != b.restart, "restart", false);
  note(a.significant != b.significant, "significant", false);
  note(a.after != b.after, "after", false);
  note(!(a.schedule == b.schedule), "schedule", false);
  note(!(a.watch == b.watch), "watch", false);
  note(!(a.hooks == b.hooks), "hooks", true);
  note(a.task != b.task || a.task_timeout != b.task_timeout, "task", true);
  note(a.backoff != b.backoff, "backoff", false);
  note(a.clean_exit_codes != b.clean_exit_codes, "clean_exit_codes", true);
  note(a.clean_signals != b.clean_signals, "clean_signals", true);
  if (change.details.empty() && !(a == b)) { // keys this list has not heard of
    change.details.emplace_back("settings");
    change.needs_restart = true;
  }
  return change;
}

class comparison {
public:
  comparison(const supervisor_spec& before, const supervisor_spec& after) {
    collect(before, before_);
    collect(after, after_);
  }

  std::vector<tree_change> of(const supervisor_spec& before, const supervisor_spec& after) {
    compare(before, after);
    return std::move(found_);
  }

private:
  void compare(const supervisor_spec& before, const supervisor_spec& after) {
    if (auto rules = rules_that_differ(before, after); !rules.empty())
      found_.push_back({kind::rules, after.name, {}, std::move(rules), false});
    for (const auto& child : before.children) {
      if (after_.count(name_of(child)) == 0) found_.push_back({kind::removed, name_of(child), before.name, {}, false});
    }
    std::vector<std::string> stayed; // in the new order
    for (const auto& child : after.children)
      compare_child(child, after.name, stayed);
    std::vector<std::string> was;
    for (const auto& child : before.children) {
      if (std::find(stayed.begin(), stayed.end(), name_of(child)) != stayed.end()) was.push_back(name_of(child));
    }
    if (was != stayed) found_.push_back({kind::order, after.name, {}, {}, false});
  }

  void compare_child(const child_spec& child, const std::string& parent, std::vector<std::string>& stayed) {
    const auto& name = name_of(child);
    const auto known = before_.find(name);
    if (known == before_.end()) {
      found_.push_back({kind::added, name, parent, {}, false});
      return;
    }
    const bool moved = known->second.parent != parent;
    if (moved || !is_alike(*known->second.child, child)) {
      found_.push_back({kind::replaced, name, parent, {moved ? "supervisor" : "kind"}, true});
      return;
    }
    stayed.push_back(name);
    if (const auto* nested = std::get_if<boxed>(&child)) {
      compare(*std::get<boxed>(*known->second.child), **nested);
      return;
    }
    auto change = change_of(std::get<service_spec>(*known->second.child), std::get<service_spec>(child));
    change.parent = parent;
    if (!change.details.empty()) found_.push_back(std::move(change));
  }

  std::map<std::string, place> before_;
  std::map<std::string, place> after_;
  std::vector<tree_change> found_;
};

/// A copy in which `edit` was applied to every supervisor's children.
template <class Edit> supervisor_spec rebuilt(const supervisor_spec& supervisor, const Edit& edit) {
  auto copy = supervisor;
  for (auto& child : copy.children) {
    if (const auto* nested = std::get_if<boxed>(&child))
      child = std::make_shared<const supervisor_spec>(rebuilt(**nested, edit));
  }
  edit(copy);
  return copy;
}

} // namespace

const std::string& name_of(const child_spec& child) {
  return std::visit(overloaded{[](const service_spec& service) -> const std::string& { return service.name; },
                               [](const boxed& nested) -> const std::string& { return nested->name; }},
                    child);
}

supervisor_spec with_child(const supervisor_spec& root, const std::string& parent, const child_spec& child) {
  return rebuilt(root, [&](supervisor_spec& supervisor) {
    if (supervisor.name == parent) supervisor.children.push_back(child);
  });
}

supervisor_spec without(const supervisor_spec& root, const std::string& name) {
  return rebuilt(root, [&](supervisor_spec& supervisor) {
    std::erase_if(supervisor.children, [&](const child_spec& child) { return name_of(child) == name; });
  });
}

const child_spec* find_child(const supervisor_spec& root, const std::string& name) {
  std::map<std::string, place> all;
  collect(root, all);
  const auto found = all.find(name);
  return found == all.end() ? nullptr : found->second.child;
}

std::string_view word(tree_change::kind what) {
  switch (what) {
  case kind::added: return "added";
  case kind::removed: return "removed";
  case kind::changed: return "changed";
  case kind::replaced: return "replaced";
  case kind::rules: return "rules";
  case kind::order: return "order";
  }
  return {};
}

std::vector<tree_change> difference(const supervisor_spec& before, const supervisor_spec& after) {
  return comparison{before, after}.of(before, after);
}

} // namespace alder::config

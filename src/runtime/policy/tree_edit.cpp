#include "runtime/policy/tree_edit.hpp"

#include "runtime/base/overloaded.hpp"

#include <algorithm>
#include <memory>
#include <type_traits>
#include <utility>

namespace alder::policy {
namespace {

using kind = tree_change::kind;

void collect(const supervisor_spec& supervisor, std::map<std::string, tree_place>& into) {
  for (const auto& child : supervisor.children) {
    into[name_of(child)] = {&child, supervisor.name};
    if (const auto* nested = std::get_if<supervisor_ptr>(&child)) collect(**nested, into);
  }
}

bool is_alike(const child_spec& a, const child_spec& b) {
  return std::visit(
      overloaded{[](const service_ptr&, const service_ptr&) { return true; },
                 [](const supervisor_ptr& first, const supervisor_ptr& second) { return first->pool == second->pool; },
                 [](const auto& first, const auto& second) {
                   static_assert(!std::is_same_v<decltype(first), decltype(second)>, "compare them");
                   return false;
                 }},
      a, b);
}

std::vector<std::string> rules_that_differ(const supervisor_spec& a, const supervisor_spec& b) {
  // Does not compile with a member more or less: a new one has to get a name for its change here. The name, by which
  // the two were matched, `pool` (a supervisor of another kind) and the children are not rules.
  [[maybe_unused]] const auto& [name, strategy, intensity, restart, significant, auto_shutdown, sticky_stop,
                                finish_starts, parallel_start, after, backoff, pool, children] = a;
  std::vector<std::string> names;
  const auto note = [&](bool differs, const char* key) {
    if (differs) names.emplace_back(key);
  };
  note(strategy != b.strategy, "strategy");
  note(intensity != b.intensity, "intensity");
  note(auto_shutdown != b.auto_shutdown, "auto_shutdown");
  note(sticky_stop != b.sticky_stop, "sticky_stop");
  note(finish_starts != b.finish_starts, "finish_starts");
  note(parallel_start != b.parallel_start, "start");
  note(after != b.after, "after");
  note(restart != b.restart, "restart");
  note(significant != b.significant, "significant");
  note(backoff != b.backoff, "backoff");
  return names;
}

/// Compares two values member by member. What is compared is what is made equal, so that the rest, whatever it is and
/// whatever else differs, cannot get lost.
template <class Value> class member_comparison {
public:
  member_comparison(const Value& a, const Value& b) : rest_(a), b_(b) {}

  /// Whether any of these members differs. They do not any more afterwards.
  template <class... Members> bool takes(Members... members) {
    const bool differ = (!(rest_.*members == b_.*members) || ...);
    ((rest_.*members = b_.*members), ...);
    return differ;
  }
  /// Whether anything is left that differs.
  [[nodiscard]] bool is_more() const { return !(rest_ == b_); }

private:
  Value rest_;
  const Value& b_;
};

/// By the keys of the configuration.
std::vector<std::string> attributes_that_differ(const process_attributes& a, const process_attributes& b) {
  using has = process_attributes;
  std::vector<std::string> names;
  member_comparison<has> compared{a, b};
  const auto key = [&](const char* name, auto... members) {
    if (compared.takes(members...)) names.emplace_back(name);
  };
  key("user", &has::who);
  key("nice", &has::nice);
  key("ionice", &has::io_priority);
  key("oom_score_adj", &has::oom_score_adj);
  key("rlimits", &has::limits);
  key("cpus", &has::cpus);
  key("no_new_privileges", &has::no_new_privileges);
  key("private_tmp", &has::private_tmp);
  key("read_only_paths", &has::read_only_paths);
  key("cgroup", &has::cgroup);
  compared.takes(&has::left_out); // what is left out is seen above, in what it would have been
  if (compared.is_more()) names.emplace_back("settings");
  return names;
}

std::vector<std::string> variables_that_differ(const std::map<std::string, std::string>& a,
                                               const std::map<std::string, std::string>& b) {
  std::vector<std::string> names;
  for (const auto& [name, value] : a) {
    const auto now = b.find(name);
    if (now == b.end())
      names.push_back("-" + name);
    else if (now->second != value)
      names.push_back("~" + name);
  }
  for (const auto& [name, value] : b)
    if (a.count(name) == 0) names.push_back("+" + name);
  return names;
}

/// What differs, by the keys of the configuration, and whether one of them takes effect only at the next start.
tree_change change_of(const service_spec& a, const service_spec& b, effect_lookup effect_of) {
  using has = service_spec;
  tree_change change{kind::changed, b.name, {}, {}, false};
  if (&a == &b || a == b) return change; // as most are
  member_comparison<has> compared{a, b};
  const auto note = [&](const std::string& name, takes_effect when) {
    change.details.push_back(name);
    change.needs_restart = change.needs_restart || when == takes_effect::next_start;
  };
  const auto key = [&](const char* name, auto... members) {
    if (compared.takes(members...)) note(name, effect_of(name));
  };
  key("command", &has::command);
  key("cwd", &has::cwd);
  if (compared.takes(&has::environment)) note("environment", effect_of("env"));
  key("secrets", &has::secrets);
  key("stdin", &has::stdin_file, &has::stdin_pipe);
  key("pty", &has::terminal);
  key("umask", &has::umask);
  for (const auto& name : attributes_that_differ(a.attributes, b.attributes))
    note(name, effect_of(name));
  compared.takes(&has::attributes);
  key("ready", &has::ready);
  key("health", &has::health);
  key("heartbeat", &has::heartbeat);
  key("limits", &has::limits);
  key("ipc", &has::ipc);
  key("log", &has::log);
  key("stop", &has::stop);
  key("restart", &has::restart);
  key("significant", &has::significant);
  key("after", &has::after);
  key("autostart", &has::autostart);
  key("schedule", &has::schedule);
  key("watch", &has::watch);
  key("hooks", &has::hooks);
  key("task", &has::task);
  key("task_timeout", &has::task_timeout);
  key("backoff", &has::backoff);
  key("restart_limit", &has::restart_limit);
  key("fatal_exit_codes", &has::fatal_exit_codes);
  key("clean_exit_codes", &has::clean_exit_codes);
  key("clean_signals", &has::clean_signals);
  change.variables = variables_that_differ(a.environment, b.environment);
  if (compared.is_more()) note("settings", takes_effect::next_start); // keys this list has not heard of
  return change;
}

class comparison {
public:
  comparison(const supervisor_spec& before, const supervisor_spec& after, effect_lookup effect_of)
      : before_(places_in(before)), after_(places_in(after)), effect_of_(effect_of) {}

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
    const std::set<std::string_view> both{stayed.begin(), stayed.end()};
    std::vector<std::string> was;
    for (const auto& child : before.children) {
      if (both.count(name_of(child)) > 0) was.push_back(name_of(child));
    }
    if (was != stayed) found_.push_back({kind::order, after.name, {}, {}, false});
  }

  void compare_child(const child_spec& child, const std::string& parent, std::vector<std::string>& stayed) {
    const auto& name = name_of(child);
    const auto known = before_.find(name);
    if (known == before_.end()) {
      found_.push_back({kind::added, name, parent, {}, false, stays_down_at_start(child)});
      return;
    }
    const bool moved = known->second.parent != parent;
    if (moved || !is_alike(*known->second.child, child)) {
      found_.push_back(
          {kind::replaced, name, parent, {moved ? "supervisor" : "kind"}, true, stays_down_at_start(child)});
      return;
    }
    stayed.push_back(name);
    const auto& before = *known->second.child; // which is of the same kind
    std::visit(overloaded{[&](const service_ptr& service) {
                            auto change = change_of(*std::get<service_ptr>(before), *service, effect_of_);
                            change.parent = parent;
                            if (!change.details.empty()) found_.push_back(std::move(change));
                          },
                          [&](const supervisor_ptr& nested) { compare(*std::get<supervisor_ptr>(before), *nested); }},
               child);
  }

  std::map<std::string, tree_place> before_;
  std::map<std::string, tree_place> after_;
  effect_lookup effect_of_;
  std::vector<tree_change> found_;
};

/// A copy in which `edit` was applied to every supervisor's children, from top to bottom.
template <class Edit> supervisor_spec rebuilt(const supervisor_spec& supervisor, const Edit& edit) {
  auto copy = supervisor;
  edit(copy);
  for (auto& child : copy.children) {
    if (const auto* nested = std::get_if<supervisor_ptr>(&child))
      child = std::make_shared<const supervisor_spec>(rebuilt(**nested, edit));
  }
  return copy;
}

} // namespace

std::map<std::string, tree_place> places_in(const supervisor_spec& root) {
  std::map<std::string, tree_place> all;
  collect(root, all);
  return all;
}

const child_spec* find_child(const supervisor_spec& root, const std::string& name) {
  for (const auto& child : root.children) {
    if (name_of(child) == name) return &child;
    const auto* nested = std::get_if<supervisor_ptr>(&child);
    const auto* below = nested == nullptr ? nullptr : find_child(**nested, name);
    if (below != nullptr) return below;
  }
  return nullptr;
}

supervisor_spec with_children(const supervisor_spec& root, const additions& children) {
  return rebuilt(root, [&](supervisor_spec& supervisor) {
    const auto own = children.find(supervisor.name);
    if (own != children.end())
      supervisor.children.insert(supervisor.children.end(), own->second.begin(), own->second.end());
  });
}

supervisor_spec without(const supervisor_spec& root, const std::set<std::string>& names) {
  return rebuilt(root, [&](supervisor_spec& supervisor) {
    std::erase_if(supervisor.children, [&](const child_spec& child) { return names.count(name_of(child)) > 0; });
  });
}

supervisor_spec sharing(const supervisor_spec& before, const supervisor_spec& after) {
  const auto known = places_in(before);
  return rebuilt(after, [&](supervisor_spec& supervisor) {
    for (auto& child : supervisor.children) {
      auto* service = std::get_if<service_ptr>(&child);
      const auto place = service == nullptr ? known.end() : known.find((*service)->name);
      const auto* former = place == known.end() ? nullptr : std::get_if<service_ptr>(place->second.child);
      if (former != nullptr && **former == **service) *service = *former;
    }
  });
}

bool stays_down_at_start(const child_spec& child) {
  const auto* service = std::get_if<service_ptr>(&child);
  return service != nullptr && ((*service)->waits_for_schedule() || !(*service)->autostart);
}

std::string_view word(tree_change::kind what) {
  switch (what) {
  case kind::added: return "added";
  case kind::removed: return "removed";
  case kind::changed: return "changed";
  case kind::replaced: return "replaced";
  case kind::rules: return "rules";
  case kind::order: return "order";
  case kind::scaled: return "scaled";
  case kind::failed: return "failed";
  }
  return {};
}

std::vector<tree_change> difference(const supervisor_spec& before, const supervisor_spec& after,
                                    effect_lookup effect_of) {
  return comparison{before, after, effect_of}.of(before, after);
}

} // namespace alder::policy

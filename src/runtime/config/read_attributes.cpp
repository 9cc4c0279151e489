#include "runtime/config/read_attributes.hpp"

#include "runtime/base/text.hpp"
#include "runtime/base/units.hpp"
#include "runtime/base/words.hpp"
#include "runtime/config/values.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <utility>

namespace alder::config {
namespace {

std::optional<std::uint32_t> number_of(std::string_view text) {
  std::uint32_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  // To the kernel the highest number means "as it is", which would be the daemon's.
  const bool whole = !text.empty() && parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size() &&
                     value != std::numeric_limits<std::uint32_t>::max();
  return whole ? std::optional{value} : std::nullopt;
}

std::string limit_text(std::uint64_t value) {
  return value == resource_limit::unlimited ? "unlimited" : std::to_string(value);
}

/// Reads the keys of one service, its own and those handed down.
class attribute_reader {
public:
  attribute_reader(context& in, const settings& own) : in_(in), own_(own), here_(in.from.here.get()) {
    if (const auto* list = key("optional")) {
      for (const auto* item : scalars_of(in_, *list)) {
        if (const auto name = read_word_of(in_, *list, *item)) optional_.push_back(*name);
      }
    }
  }

  launch_terms read(const limit_terms& limits) {
    launch_terms terms;
    auto& to = terms.attributes;
    terms.user = read_identity(to);
    read_nice(to);
    read_io_priority(to);
    read_oom_score(to);
    if (const auto* rlimits = key("rlimits")) {
      for (const auto& entry : rlimits->value->entries)
        read_limit(entry, to);
    }
    read_cpus(to);
    to.no_new_privileges = read_boolean(in_, key("no_new_privileges")).value_or(false);
    read_mounts(to);
    read_cgroup(limits, to);
    to.left_out = std::move(left_out_);
    return terms;
  }

private:
  [[nodiscard]] const field* key(std::string_view name) const {
    const auto found = own_.attributes.find(name);
    return found == own_.attributes.end() ? nullptr : found->second;
  }

  [[nodiscard]] bool is_optional(std::string_view name) const {
    return std::find(optional_.begin(), optional_.end(), name) != optional_.end();
  }

  /// Reports what is not possible here; false.
  bool refuse(std::string_view name, span where, const std::string& message, const std::string& label,
              std::vector<std::string> help = {}) {
    const bool skipped = is_optional(name);
    if (skipped) {
      left_out_.push_back(message);
    } else {
      help.push_back("with 'optional: [" + std::string{name} + "]' it is ignored where it is not supported");
    }
    in_.mistakes.add(skipped ? code::left_out : code::not_allowed, where, message, {label, std::move(help)});
    return false;
  }

  std::optional<account> find_user(const field& f, const std::string& text) {
    const auto id = number_of(text);
    std::optional<account> found;
    found = id ? here_->user_with_id(*id) : here_->user_named(text);
    if (!found && id) {
      account nameless;
      nameless.uid = *id;
      return nameless;
    }
    if (!found)
      in_.mistakes.add(code::unknown_account, f.value->where, "there is no user '" + text + "'",
                       {"not in the user database", {"'getent passwd' lists the users of this machine"}});
    return found;
  }

  std::optional<std::uint32_t> find_group(const node& item) {
    const auto text = read_text(in_, item);
    if (!text) return std::nullopt;
    auto id = number_of(*text);
    if (!id) id = here_->group_named(*text);
    if (!id)
      in_.mistakes.add(code::unknown_account, item.where, "there is no group '" + *text + "'",
                       {"not in the group database", {"'getent group' lists the groups of this machine"}});
    return id;
  }

  std::optional<account> read_identity(process_attributes& to) {
    const auto* user = key("user");
    const auto* group = key("group");
    const auto* groups = key("groups");
    const auto* first = user != nullptr ? user : group != nullptr ? group : groups;
    if (first == nullptr || here_ == nullptr) return std::nullopt;
    const auto text = user == nullptr ? std::to_string(here_->uid) : read_text(in_, *user->value);
    if (!text) return std::nullopt;
    auto who = find_user(*first, *text);
    const auto own_group = group == nullptr ? std::nullopt : find_group(*group->value);
    std::vector<std::uint32_t> more;
    if (groups != nullptr) {
      for (const auto* item : scalars_of(in_, *groups))
        if (const auto id = find_group(*item)) more.push_back(*id);
    }
    if (!who || (group != nullptr && !own_group)) return std::nullopt; // all that is wrong has been said
    identity wanted{who->uid, own_group.value_or(who->gid), groups == nullptr ? who->groups : more, *text};
    if (group != nullptr) {
      wanted.text += ":" + group->value->text;
    } else if (who->name.empty()) {
      in_.mistakes.add(code::missing_key, first->value->where, "the group of user " + *text + " is not known",
                       {"not in the user database", {"add 'group'"}});
      return std::nullopt;
    }
    const bool same = here_->uid == wanted.uid && group == nullptr && groups == nullptr;
    if (!here_->may_change_user && !same) {
      refuse("user", first->value->where, "this user cannot start programs as '" + wanted.text + "'", "needs root",
             {"start the daemon as root, or remove '" + std::string{first->key->name} + "'"});
      return std::nullopt;
    }
    if (here_->may_change_user) to.who = std::move(wanted);
    return user == nullptr || who->name.empty() ? std::nullopt : who;
  }

  void read_nice(process_attributes& to) {
    const auto* f = key("nice");
    const auto value = read_whole_number(in_, f);
    if (!value) return;
    const auto nice = static_cast<std::int32_t>(*value);
    if (here_ != nullptr && !here_->may_raise_priority && nice < here_->lowest_nice) {
      refuse("nice", f->value->where, "nice " + std::to_string(nice) + " is not allowed here",
             "the lowest allowed is " + std::to_string(here_->lowest_nice));
      return;
    }
    to.nice = nice;
  }

  void read_io_priority(process_attributes& to) {
    const auto* f = key("ionice");
    const auto text = f == nullptr ? std::nullopt : read_text(in_, *f->value);
    if (!text) return;
    const auto colon = text->find(':');
    const auto name = text->substr(0, colon);
    const std::array<std::string_view, 4> classes{"", "realtime", "best-effort", "idle"};
    const auto which = static_cast<unsigned>(std::find(classes.begin() + 1, classes.end(), name) - classes.begin());
    const auto level = colon == std::string::npos ? std::optional<std::uint32_t>{which == 3 ? 0 : 4}
                                                  : number_of(text->substr(colon + 1));
    if (which >= classes.size() || !level || *level > 7 || (which == 3 && colon != std::string::npos)) {
      in_.mistakes.add(code::unknown_word, f->value->where, "invalid value for 'ionice'",
                       {"unknown class or level", {"idle, best-effort:0 to best-effort:7, realtime:0 to realtime:7"}});
      return;
    }
    if (which == 1 && here_ != nullptr && !here_->may_raise_priority) {
      refuse("ionice", f->value->where, "ionice realtime is not allowed here", "needs root");
      return;
    }
    to.io_priority = io_priority_of(which, *level);
  }

  void read_oom_score(process_attributes& to) {
    const auto* f = key("oom_score_adj");
    const auto value = read_whole_number(in_, f);
    if (!value) return;
    const auto score = static_cast<std::int32_t>(*value);
    if (here_ != nullptr && !here_->may_raise_limits && score < here_->lowest_oom_score_adj) {
      refuse("oom_score_adj", f->value->where, "oom_score_adj " + std::to_string(score) + " is not allowed here",
             "the lowest allowed is " + std::to_string(here_->lowest_oom_score_adj));
      return;
    }
    to.oom_score_adj = score;
  }

  std::optional<std::uint64_t> limit_value(const node& value, std::string_view text) {
    if (text == "unlimited" || text == "infinity") return resource_limit::unlimited;
    if (const auto size = parse_size(text)) return *size;
    in_.mistakes.add(code::wrong_type, value.where, "invalid resource limit",
                     {"expected a number, a size such as 8M, 'unlimited' or SOFT:HARD", {}});
    return std::nullopt;
  }

  void read_limit(const mapping_entry& entry, process_attributes& to) {
    const auto resource = resource_named(entry.key);
    if (!resource) {
      const auto names = resource_names();
      std::vector<std::string> help;
      if (const auto near = nearest(entry.key, names)) help.push_back("did you mean '" + *near + "'?");
      help.push_back("one of: " + join(names, ", "));
      in_.mistakes.add(code::unknown_key, entry.where, "unknown resource '" + entry.key + "'", {"no such limit", help});
      return;
    }
    if (entry.value->refused) return;
    if (!entry.value->is_scalar())
      return wrong_type(in_, entry.key, entry.value->where, "a limit", found_phrase(*entry.value));
    const auto text = read_text(in_, *entry.value);
    if (!text) return;
    const auto colon = text->find(':');
    const auto soft = limit_value(*entry.value, std::string_view{*text}.substr(0, colon));
    const auto hard =
        colon == std::string::npos ? soft : limit_value(*entry.value, std::string_view{*text}.substr(colon + 1));
    if (!soft || !hard) return;
    if (*soft > *hard) {
      in_.mistakes.add(code::impossible, entry.value->where, "the soft limit is above the hard limit",
                       {"SOFT:HARD", {}});
      return;
    }
    if (here_ != nullptr && !here_->may_raise_limits) {
      const auto most = here_->hard_limits.find(*resource);
      if (most != here_->hard_limits.end() && *hard > most->second) {
        refuse("rlimits", entry.value->where,
               "the limit " + entry.key + " " + limit_text(*hard) + " is above the hard limit of this machine",
               "the highest allowed is " + limit_text(most->second));
        return;
      }
    }
    to.limits.push_back({*resource, *soft, *hard});
  }

  void read_cpus(process_attributes& to) {
    const auto* f = key("cpus");
    if (f == nullptr) return;
    for (const auto* item : scalars_of(in_, *f)) {
      const auto text = read_text(in_, *item);
      if (!text) continue;
      for (const auto piece : split(*text, ','))
        add_cpus(*item, trim(piece), to);
    }
    std::sort(to.cpus.begin(), to.cpus.end());
  }

  void add_cpus(const node& item, std::string_view range, process_attributes& to) {
    constexpr std::uint32_t most = 1023; // of cpu_set_t
    const auto dash = range.find('-');
    const auto first = number_of(range.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : number_of(range.substr(dash + 1));
    if (!first || !last || *first > *last || *last > most) {
      in_.mistakes.add(code::wrong_type, item.where, "invalid value for 'cpus'",
                       {"expected processors such as 0 or 0-3", {}});
      return;
    }
    for (auto cpu = *first; cpu <= *last; ++cpu) {
      if (here_ != nullptr && std::find(here_->cpus.begin(), here_->cpus.end(), cpu) == here_->cpus.end()) {
        refuse("cpus", item.where, "processor " + std::to_string(cpu) + " is not available",
               "processors available: " + std::to_string(here_->cpus.size()),
               {"numbering starts at 0; 'nproc' prints how many there are"});
        return;
      }
      if (std::find(to.cpus.begin(), to.cpus.end(), cpu) == to.cpus.end()) to.cpus.push_back(cpu);
    }
  }

  bool may_mount(const field& f) {
    if (here_ == nullptr || !here_->mount_trouble) return true;
    const std::string name{f.key->name};
    const auto& [cause, remedy] = *here_->mount_trouble;
    return refuse(name, f.value->where, "'" + name + "' is not allowed here", cause, {remedy});
  }

  void read_mounts(process_attributes& to) {
    const auto* tmp = key("private_tmp");
    to.private_tmp = read_boolean(in_, tmp).value_or(false) && may_mount(*tmp);
    const auto* paths = key("read_only_paths");
    if (paths == nullptr || !may_mount(*paths)) return;
    for (const auto* item : scalars_of(in_, *paths)) {
      const auto text = read_text(in_, *item);
      if (text) add_read_only(*item, absolute_path(in_, *text), to);
    }
  }

  /// Whether such a group is to be had.
  bool may_have_cgroup(std::string_view optional_key, std::string_view key, span where, const std::string& controller) {
    if (here_ == nullptr || !here_->cgroup_trouble_with) return true;
    if (here_->was_accepted && !is_optional(optional_key)) return true;
    const auto trouble = here_->cgroup_trouble_with(controller);
    if (!trouble) return true;
    std::vector<std::string> help;
    if (!trouble->remedy.empty()) help.push_back(trouble->remedy);
    return refuse(optional_key, where, "'" + std::string{key} + "' is not supported here", trouble->cause, help);
  }

  void read_cgroup(const limit_terms& limits, process_attributes& to) {
    const auto* own = key("cgroup");
    if (read_boolean(in_, own).value_or(false) && may_have_cgroup("cgroup", "cgroup", own->value->where, ""))
      to.cgroup.emplace();
    auto hard = limits.hard;
    const auto check = [&](const char* name, const char* controller, auto& value) {
      const auto given = limits.where.find(name);
      if (given == limits.where.end() || value == 0) return;
      if (!may_have_cgroup("limits", name, given->second, controller)) value = 0;
    };
    check("memory_max", "memory", hard.memory_max);
    check("memory_high", "memory", hard.memory_high);
    check("cpu_max", "cpu", hard.cpu_max);
    check("pids_max", "pids", hard.pids_max);
    if (hard.memory_max > 0 && hard.memory_high > hard.memory_max)
      in_.mistakes.add(code::impossible, limits.where.at("memory_high"), "'memory_high' is above 'memory_max'",
                       {"it would never be reached", {}});
    if (hard.any()) to.cgroup = hard;
  }

  void add_read_only(const node& item, std::string path, process_attributes& to) {
    if (here_ != nullptr && (!here_->was_accepted || is_optional("read_only_paths"))) {
      if (const auto there = here_->can_read(path); !there) {
        refuse("read_only_paths", item.where, "'" + path + "' cannot be made read-only", there.failure().message);
        return;
      }
    }
    if (to.private_tmp && is_in_tmp(path)) {
      in_.mistakes.add(code::impossible, item.where, "'private_tmp' hides '" + path + "'",
                       {"the service cannot see it", {"remove it"}});
      return;
    }
    to.read_only_paths.push_back(std::move(path));
  }

  context& in_;
  const settings& own_;
  const machine* here_;
  std::vector<std::string> optional_;
  std::vector<std::string> left_out_;
};

} // namespace

bool is_in_tmp(std::string_view path) {
  constexpr std::array<std::string_view, 2> all{"/tmp", "/var/tmp"};
  return std::any_of(all.begin(), all.end(), [&](std::string_view directory) {
    const auto rest = path.substr(0, directory.size()) == directory ? path.substr(directory.size()) : "x";
    return rest.empty() || rest.front() == '/';
  });
}

launch_terms read_attributes(context& in, const settings& own, const limit_terms& limits) {
  return attribute_reader{in, own}.read(limits);
}

} // namespace alder::config

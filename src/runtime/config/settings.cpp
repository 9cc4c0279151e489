#include "runtime/config/settings.hpp"

#include "runtime/base/default_path.hpp"
#include "runtime/config/expand.hpp"
#include "runtime/config/parse_document.hpp"
#include "runtime/config/values.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace alder::config {
namespace {

using environment = std::map<std::string, std::string>;

constexpr std::array<std::string_view, 13> attribute_keys{"user",
                                                          "group",
                                                          "groups",
                                                          "nice",
                                                          "ionice",
                                                          "oom_score_adj",
                                                          "rlimits",
                                                          "cpus",
                                                          "no_new_privileges",
                                                          "private_tmp",
                                                          "read_only_paths",
                                                          "cgroup",
                                                          "optional"};

backoff backoff_below(context& in, backoff base, const field* given) {
  if (given == nullptr) return base;
  if (given->value->is == node::shape::scalar) return {}; // "none"
  if (base == backoff{}) base = default_backoff;
  const fields keys{in, *given->value, place::backoff};
  const auto first = read_duration(in, keys.find("first"));
  const auto min = read_duration(in, keys.find("min"));
  const auto max = read_duration(in, keys.find("max"));
  if (first || min) base.first = first; // `min` alone is the first delay, too
  base.min = min.value_or(max ? std::min(base.min, *max) : base.min);
  if (max && *max < base.min)
    in.mistakes.add(code::impossible, keys.place_of("max"), "'max' is less than 'min'",
                    {"shorter than the first delay", {}});
  base.max = std::max(max.value_or(base.max), base.min);
  base.factor = read_number(in, keys.find("factor")).value_or(base.factor);
  base.jitter = read_share(in, keys.find("jitter")).value_or(base.jitter);
  base.reset_after = read_duration(in, keys.find("reset_after")).value_or(base.reset_after);
  return base;
}

/// One step of `stop.steps`: exactly one way of asking.
std::optional<stop_step> read_stop_step(context& in, const node& item, const instance_scope& which) {
  if (item.refused) return std::nullopt;
  if (item.is != node::shape::mapping) {
    wrong_type(in, "steps", item.where, "a mapping with 'signal', 'command' or 'message'", found_phrase(item));
    return std::nullopt;
  }
  const fields keys{in, item, place::stop_step};
  stop_step step;
  step.wait = read_duration(in, keys.find("wait")).value_or(step.wait);
  unsigned ways = 0;
  if (const auto signal = read_signal(in, keys.find("signal"))) step.how = *signal, ++ways;
  if (auto command = read_command(in, keys.find("command"), which)) step.how = std::move(*command), ++ways;
  if (read_word(in, keys.find("message"))) step.how = stop_step::message{}, ++ways;
  const bool any = keys.has("signal") || keys.has("command") || keys.has("message");
  if (ways > 1 || !any)
    in.mistakes.add(ways > 1 ? code::exclusive_keys : code::missing_key, item.where,
                    ways > 1 ? "a stop step has more than one action" : "a stop step without an action",
                    {"", {"give exactly one of signal, command and message"}});
  return ways == 1 ? std::optional{std::move(step)} : std::nullopt;
}

stop_spec stop_below(context& in, stop_spec base, const field& given, const instance_scope& which) {
  const fields keys{in, *given.value, place::stop};
  base.signal = read_signal(in, keys.find("signal")).value_or(base.signal);
  if (const auto scope = read_word(in, keys.find("scope"))) base.main_only = *scope == "main";
  if (const auto rest = read_word(in, keys.find("leftovers"))) base.kill_leftovers = *rest == "kill";
  if (const auto* steps = keys.find("steps")) {
    base.steps.clear();
    for (const auto& item : steps->value->items)
      if (auto step = read_stop_step(in, *item, which)) base.steps.push_back(std::move(*step));
  }
  const auto* timeout = keys.find("timeout");
  if (timeout == nullptr) return base;
  if (read_text(in, *timeout->value) == "infinity") {
    base.timeout.reset();
  } else if (const auto limit = read_duration(in, timeout)) {
    base.timeout = limit;
  }
  return base;
}

/// The env file at `path`, read once; null when it cannot be read. Its mistakes are reported. `at` is where it is
/// named.
std::shared_ptr<const known_env_file> load_env_file(context& in, span at, const std::string& path) {
  const auto known = in.env_files.find(path);
  if (known != in.env_files.end()) return known->second;
  auto& slot = in.env_files[path];
  result<std::string> text =
      in.from.read_file ? in.from.read_file(path) : error{error_kind::unavailable, "files cannot be read here"};
  if (!text || text->size() > max_text) {
    const auto why = text ? std::string{"it is larger than 1 MiB"} : text.failure().message;
    in.mistakes.add(code::unreadable_env_file, at, "the env file '" + path + "' cannot be read", {why, {}});
    return nullptr;
  }
  slot = std::make_shared<const known_env_file>(std::move(*text));
  for (const auto& problem : slot->parsed.problems) {
    in.mistakes.add_elsewhere(
        problem.is_warning ? code::odd_variable : code::bad_env_line, path, slot->map, problem.line, problem.what,
        {problem.is_warning ? "" : "expected NAME=VALUE", {"this file is named at " + in.mistakes.place(at)}});
  }
  return slot;
}

/// The value with its ${NAME} replaced by what is set so far, in this file too; nothing, and it is reported, when that
/// is not possible.
std::optional<std::string> expanded_value(context& in, const std::string& path, const known_env_file& file,
                                          const env_variable& variable, const environment& so_far) {
  if (in.read_bytes > max_read_bytes) return std::nullopt;
  const auto e = expand(*variable.expandable, [&](std::string_view name) -> std::optional<std::string> {
    const auto found = so_far.find(std::string{name});
    return found == so_far.end() ? std::nullopt : std::optional{found->second};
  });
  using kind = expansion_problem::kind;
  for (const auto& problem : e.problems)
    in.mistakes.add_elsewhere(problem.what == kind::undefined   ? code::undefined_variable
                              : problem.what == kind::malformed ? code::bad_variable
                                                                : code::too_large,
                              path, file.map, variable.line,
                              problem.what == kind::undefined ? "the variable '" + problem.name + "' is not set"
                              : problem.what == kind::malformed
                                  ? "the value of '" + variable.name + "' contains an incomplete variable"
                                  : "'" + variable.name + "' exceeds 1 MiB after its variables are replaced",
                              {"", {"write ${NAME:-default} for a default value, or \\${NAME} for literal text"}});
  if (!e.problems.empty()) return std::nullopt;
  auto value = joined(e);
  in.read_bytes += value.size();
  if (in.read_bytes <= max_read_bytes) return value;
  in.mistakes.add_elsewhere(code::too_large, path, file.map, variable.line,
                            "the values of the service exceed 64 MiB after their variables are replaced", {});
  return std::nullopt;
}

void apply_file(context& in, const node& named, const instance_scope& which, bool expands, environment& to) {
  const auto path = read_text(in, named, which);
  if (!path) return;
  const auto absolute = absolute_path(in, *path);
  const auto file = load_env_file(in, named.where, absolute);
  if (file == nullptr) return;
  for (const auto& variable : file->parsed.variables) {
    if (!expands || !variable.expandable) {
      to[variable.name] = variable.value;
    } else if (auto value = expanded_value(in, absolute, *file, variable, to)) {
      to[variable.name] = std::move(*value);
    }
  }
}

/// One of the files: its path, or a mapping.
void apply_item(context& in, const field& files, const node& item, const instance_scope& which, environment& to) {
  if (item.refused) return;
  if (item.is_scalar()) return apply_file(in, item, which, /*expands=*/false, to);
  if (item.is != node::shape::mapping)
    return wrong_type(in, files.key->name, item.where, "a path, or a mapping with 'path'", found_phrase(item));
  const fields keys{in, item, place::env_file};
  if (!keys.has("path"))
    in.mistakes.add(code::missing_key, item.where, "an env file without 'path'",
                    {"", {"for example: env_file: { path: api.env, expand: true }"}});
  const bool expands = read_boolean(in, keys.find("expand")).value_or(false);
  if (const auto* path = keys.find("path")) apply_file(in, *path->value, which, expands, to);
}

void apply_files(context& in, const field* files, const instance_scope& which, environment& to) {
  if (files == nullptr) return;
  if (files->value->is != node::shape::sequence) return apply_item(in, *files, *files->value, which, to);
  for (const auto& item : files->value->items)
    apply_item(in, *files, *item, which, to);
}

void apply_env(context& in, const node& env, const instance_scope& which, environment& to) {
  for (const auto& entry : env.entries) {
    if (entry.key.empty() || entry.key.find('=') != std::string::npos || entry.key.find('\0') != std::string::npos) {
      in.mistakes.add(code::bad_name, entry.where, "'" + entry.key + "' is not a valid variable name",
                      {"empty or contains '='", {}});
    } else if (entry.value->refused) {
      continue;
    } else if (entry.value->is_null()) {
      to.erase(entry.key);
    } else if (entry.value->is != node::shape::scalar) {
      wrong_type(in, entry.key, entry.value->where, "text or null", found_phrase(*entry.value));
    } else if (auto value = read_text(in, *entry.value, which)) {
      to[entry.key] = std::move(*value);
    }
  }
}

environment inherited(context& in, const field* choice) {
  const auto& all = in.from.environment;
  if (choice == nullptr) return all;
  if (choice->value->is == node::shape::scalar) return read_boolean(in, choice).value_or(true) ? all : environment{};
  environment chosen;
  for (const auto& name : read_texts(in, choice).value_or(std::vector<std::string>{})) {
    const auto found = all.find(name);
    if (found != all.end()) chosen.insert(*found);
  }
  return chosen;
}

} // namespace

settings settings_below(context& in, const settings& above, const fields& own) {
  auto below = above;
  const auto* env = own.find("env");
  const auto* files = own.find("env_file");
  const auto* secrets = own.find("secrets");
  if (env != nullptr || files != nullptr || secrets != nullptr)
    below.environment.push_back({env == nullptr ? nullptr : env->value, files, secrets});
  for (const auto name : attribute_keys) {
    if (const auto* given = own.find(name)) below.attributes[name] = given;
  }
  if (const auto* inherit = own.find("inherit_env")) below.inherit_env = inherit;
  if (const auto* cwd = own.find("cwd")) below.cwd = cwd;
  if (const auto umask = read_octal(in, own.find("umask"))) below.umask = umask;
  if (const auto* log = own.find("log")) below.log.push_back(log);
  below.backoff = backoff_below(in, below.backoff, own.find("backoff"));
  if (const auto* stop = own.find("stop")) {
    below.stop.push_back(stop);
    (void)stop_below(in, {}, *stop, instance{0, 1}); // its mistakes are told even if nobody below uses it
  }
  return below;
}

stop_spec stop_of(context& in, const settings& of, const instance_scope& which) {
  stop_spec stop;
  for (const auto* layer : of.stop)
    stop = stop_below(in, std::move(stop), *layer, which);
  return stop;
}

environment environment_of(context& in, const settings& of, const instance_scope& which, const account* user) {
  auto result = inherited(in, of.inherit_env);
  if (user != nullptr) {
    result["USER"] = result["LOGNAME"] = user->name;
    result["HOME"] = user->home;
    result["SHELL"] = user->shell;
  }
  for (const auto& layer : of.environment) {
    apply_files(in, layer.env_file, which, result);
    if (layer.env != nullptr) apply_env(in, *layer.env, which, result);
  }
  result.emplace("PATH", default_path);
  return result;
}

std::map<std::string, std::string> secrets_of(context& in, const settings& of, const instance_scope& which) {
  std::map<std::string, std::string> files;
  for (const auto& layer : of.environment) {
    if (layer.secrets != nullptr) {
      for (const auto& entry : layer.secrets->value->entries) {
        if (entry.value->refused) continue;
        const auto path = entry.value->is == node::shape::scalar ? read_text(in, *entry.value, which) : std::nullopt;
        if (!path || path->empty() || entry.key.empty() || entry.key.find('=') != std::string::npos) {
          wrong_type(in, entry.key, entry.value->where, "the path of a file", found_phrase(*entry.value));
          continue;
        }
        const auto file = absolute_path(in, *path);
        if (in.from.here != nullptr && !in.from.here->was_accepted) {
          if (const auto readable = in.from.here->can_read_file(file); !readable)
            in.mistakes.add(code::unreadable_env_file, entry.value->where,
                            "the file '" + file + "' of the secret " + entry.key + " cannot be read",
                            {readable.failure().message, {}});
        }
        files[entry.key] = file;
      }
    }
    if (layer.env != nullptr) {
      for (const auto& entry : layer.env->entries)
        if (layer.secrets == nullptr || layer.secrets->value->find(entry.key) == nullptr) files.erase(entry.key);
    }
  }
  return files;
}

std::string directory_of(context& in, const settings& of, const instance_scope& which) {
  return read_path(in, of.cwd, which).value_or(absolute_path(in, ""));
}

} // namespace alder::config

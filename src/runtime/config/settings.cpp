#include "runtime/config/settings.hpp"

#include "runtime/config/parse_document.hpp"
#include "runtime/config/values.hpp"

#include <algorithm>
#include <utility>

namespace alder::config {
namespace {

using environment = std::map<std::string, std::string>;

constexpr const char* default_path = "/usr/local/bin:/usr/bin:/bin";

backoff backoff_below(context& in, backoff base, const field* given) {
  if (given == nullptr) return base;
  const fields keys{in, *given->value, place::backoff};
  base.min = read_duration(in, keys.find("min")).value_or(base.min);
  const auto max = read_duration(in, keys.find("max"));
  if (max && *max < base.min)
    in.mistakes.add(code::impossible, keys.find("max")->value->where, "'max' is less than 'min'",
                    {"shorter than the first delay", {}});
  base.max = std::max(max.value_or(base.max), base.min);
  base.factor = read_number(in, keys.find("factor")).value_or(base.factor);
  base.jitter = read_share(in, keys.find("jitter")).value_or(base.jitter);
  base.reset_after = read_duration(in, keys.find("reset_after")).value_or(base.reset_after);
  return base;
}

stop_spec stop_below(context& in, stop_spec base, const field* given) {
  if (given == nullptr) return base;
  const fields keys{in, *given->value, place::stop};
  base.signal = read_signal(in, keys.find("signal")).value_or(base.signal);
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
std::shared_ptr<const env_file> load_env_file(context& in, span at, const std::string& path) {
  const auto known = in.env_files.find(path);
  if (known != in.env_files.end()) return known->second;
  auto& slot = in.env_files[path];
  const result<std::string> text =
      in.from.read_file ? in.from.read_file(path) : error{error_kind::unavailable, "files cannot be read here"};
  if (!text || text->size() > max_text) {
    const auto why = text ? std::string{"it has more than 1 MiB"} : text.failure().message;
    in.mistakes.add(code::unreadable_env_file, at, "the env file '" + path + "' cannot be read", {why, {}});
    return nullptr;
  }
  auto parsed = std::make_shared<env_file>(parse_env_file(*text));
  const text_map map{*text};
  for (const auto& problem : parsed->problems) {
    in.mistakes.add_elsewhere(code::bad_env_line, path, map, problem.line, problem.what,
                              {"expected NAME=VALUE", {"it is read because of " + in.mistakes.place(at)}});
  }
  slot = std::move(parsed);
  return slot;
}

void apply_file(context& in, const node& named, const instance_scope& which, environment& to) {
  const auto path = read_text(in, named, which);
  if (!path) return;
  const auto file = load_env_file(in, named.where, absolute_path(in, *path));
  if (file == nullptr) return;
  for (const auto& [name, value] : file->variables)
    to[name] = value;
}

void apply_files(context& in, const field* files, const instance_scope& which, environment& to) {
  if (files == nullptr) return;
  for (const auto* item : scalars_of(in, *files))
    apply_file(in, *item, which, to);
}

void apply_env(context& in, const node& env, const instance_scope& which, environment& to) {
  for (const auto& entry : env.entries) {
    if (entry.key.empty() || entry.key.find('=') != std::string::npos || entry.key.find('\0') != std::string::npos) {
      in.mistakes.add(code::bad_name, entry.where, "'" + entry.key + "' cannot be the name of a variable",
                      {"it is empty or has a '='", {}});
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
  if (env != nullptr || files != nullptr) below.environment.push_back({env == nullptr ? nullptr : env->value, files});
  if (const auto* inherit = own.find("inherit_env")) below.inherit_env = inherit;
  if (const auto* cwd = own.find("cwd")) below.cwd = cwd;
  if (const auto umask = read_octal(in, own.find("umask"))) below.umask = umask;
  below.backoff = backoff_below(in, below.backoff, own.find("backoff"));
  below.stop = stop_below(in, below.stop, own.find("stop"));
  return below;
}

environment environment_of(context& in, const settings& of, const instance_scope& which) {
  auto result = inherited(in, of.inherit_env);
  for (const auto& layer : of.environment) {
    apply_files(in, layer.env_file, which, result);
    if (layer.env != nullptr) apply_env(in, *layer.env, which, result);
  }
  result.emplace("PATH", default_path);
  return result;
}

std::string directory_of(context& in, const settings& of, const instance_scope& which) {
  return read_path(in, of.cwd, which).value_or(absolute_path(in, ""));
}

} // namespace alder::config

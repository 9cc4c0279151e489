#include "runtime/config/read_routines.hpp"

#include "runtime/config/values.hpp"

namespace alder::config {

const std::vector<std::string>& ignored_by_default() {
  static const std::vector<std::string> globs{
      ".git",  ".hg",          ".svn",      "node_modules", "__pycache__", ".venv", "*.pyc", "*.pyc.*",
      "*.log", "*.log.[0-9]*", "*.log.idx", "*.pid",        "*.swp",       "*.swx", ".#*",   "*~"};
  return globs;
}

watch_spec read_watch(context& in, const field* watch, const std::string& cwd, const instance_scope& which) {
  watch_spec spec;
  if (watch == nullptr) return spec;
  const fields keys{in, *watch->value, place::watch};
  spec.ignore = ignored_by_default();
  for (const auto& path : read_texts(in, keys.find("paths"), which).value_or(std::vector<std::string>{}))
    spec.paths.push_back(absolute_path(in, path));
  if (spec.paths.empty()) spec.paths = {cwd};
  spec.ignore = read_texts(in, keys.find("ignore"), which).value_or(spec.ignore);
  spec.debounce = read_duration(in, keys.find("debounce")).value_or(spec.debounce);
  spec.content = read_boolean(in, keys.find("content")).value_or(spec.content);
  return spec;
}

hooks_spec read_hooks(context& in, const field* hooks, const instance_scope& which) {
  hooks_spec spec;
  if (hooks == nullptr) return spec;
  const fields keys{in, *hooks->value, place::hooks};
  spec.before_start = read_command(in, keys.find("before_start"), which).value_or(spec.before_start);
  spec.after_start = read_command(in, keys.find("after_start"), which).value_or(spec.after_start);
  spec.before_stop = read_command(in, keys.find("before_stop"), which).value_or(spec.before_stop);
  spec.after_exit = read_command(in, keys.find("after_exit"), which).value_or(spec.after_exit);
  spec.timeout = read_duration(in, keys.find("timeout")).value_or(spec.timeout);
  return spec;
}

} // namespace alder::config

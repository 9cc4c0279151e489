#include "cli/common/project.hpp"

#include "runtime/os/caller.hpp"
#include "runtime/os/files.hpp"
#include "runtime/os/machine.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>

namespace alder::cli {

std::optional<std::string> find_project_file(const os::surroundings& around) {
  return os::find_upwards(around.cwd, {"alder.yaml", "alder.yml", "alder.json"});
}

std::variant<project, failure> open_project(const std::string& file, const os::surroundings& around, int keeper) {
  project opened;
  if (file.empty()) {
    const auto found = find_project_file(around);
    if (!found) {
      return failure{.code = exit_code::usage,
                     .what = "there is no alder.yaml in this directory or a parent directory",
                     .help = {"name a file, or start a single program with 'alder start -- COMMAND'"},
                     .diagnostics = {}};
    }
    opened.file = *found;
  } else {
    opened.file = os::name_of_file(file, around.cwd);
  }
  auto text = os::read_input(opened.file, max_config);
  if (!text) return failure{.code = exit_code::usage, .what = text.failure().message, .help = {}, .diagnostics = {}};
  opened.text = std::move(*text);
  opened.loaded =
      config::load_tree({.file = opened.file,
                         .text = opened.text,
                         .environment = around.environment,
                         .read_file = [](const std::string& path) { return os::read_file(path, max_config); },
                         .here = std::make_shared<const machine>(os::this_machine(keeper)),
                         .through_link = os::is_through_link(opened.file)});
  return opened;
}

bool names_a_file(const std::string& word, const os::surroundings& around) {
  constexpr std::array<std::string_view, 3> endings{".yaml", ".yml", ".json"};
  const bool looks_like_one =
      word.find('/') != std::string::npos || std::any_of(endings.begin(), endings.end(), [&](auto ending) {
        return word.size() > ending.size() && word.compare(word.size() - ending.size(), ending.size(), ending) == 0;
      });
  return looks_like_one && os::file_exists(os::name_of_file(word, around.cwd));
}

} // namespace alder::cli

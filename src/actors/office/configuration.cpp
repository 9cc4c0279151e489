#include "actors/office/configuration.hpp"

#include "actors/base/extensions.hpp"

#include "runtime/os/caller.hpp"
#include "runtime/os/files.hpp"
#include "runtime/os/machine.hpp"
#include "runtime/policy/tree_edit.hpp"
#include "runtime/wire/ad_hoc.hpp"
#include "runtime/wire/request_json.hpp"

#include <functional>
#include <memory>
#include <set>
#include <utility>
#include <vector>

namespace alder::actors {
namespace {

constexpr std::size_t largest_env_file = 1024 * 1024;

/// Asks once.
template <class Answer>
auto noted(std::map<std::string, Answer>& notes, std::function<Answer(const std::string&)> ask) {
  return [&notes, ask = std::move(ask)](const std::string& path) -> Answer {
    const auto known = notes.find(path);
    return known != notes.end() ? known->second : notes.emplace(path, ask(path)).first->second;
  };
}

config::loaded read_text(const std::string& file, const std::string& text,
                         const std::map<std::string, std::string>& environment,
                         std::map<std::string, std::string>& files, const std::map<std::string, unsigned>& instances,
                         text_is from, file_notes& notes) {
  const auto read_file = [&files, &notes](const std::string& path) -> result<std::string> {
    if (const auto kept = files.find(path); kept != files.end()) return kept->second;
    const auto read = noted<result<std::string>>(
        notes.contents, [](const std::string& name) { return os::read_file(name, largest_env_file); })(path);
    if (read) files[path] = *read;
    return read;
  };
  auto here = os::this_machine();
  here.can_read = noted(notes.readable, std::move(here.can_read));
  here.can_read_file = noted(notes.readable_files, std::move(here.can_read_file));
  here.can_have_directory = noted(notes.directories, std::move(here.can_have_directory));
  here.zone_data = noted(notes.zones, std::move(here.zone_data));
  here.program_trouble_with = [&notes, ask = std::move(here.program_trouble_with)](
                                  const std::string& name, const std::string& path, const std::string& directory) {
    const auto key = name + "\n" + path + "\n" + directory;
    const auto seen = notes.programs.find(key);
    return seen != notes.programs.end() ? seen->second
                                        : notes.programs.emplace(key, ask(name, path, directory)).first->second;
  };
  here.was_accepted = from == text_is::known;
  const auto through_link = noted<bool>(notes.through_links, os::is_through_link);
  return config::load_tree({file.empty() ? "/ad-hoc" + wire::ad_hoc_ending(text) : file, text, environment, read_file,
                            std::make_shared<const machine>(std::move(here)), instances,
                            !file.empty() && through_link(file)});
}

/// Adds children that the text does not have. What several were described by is read once.
void graft(const std::vector<store::saved_tree::graft>& grafts, supervisor_spec& root, config::loaded& loaded,
           file_notes& notes) {
  if (grafts.empty()) return;
  struct described {
    config::loaded loaded;
    std::map<std::string, policy::tree_place> places;
  };
  std::map<const store::read_source*, described> sources;
  std::set<std::string> names;
  for (const auto& [name, place] : policy::places_in(root))
    names.insert(name);
  policy::additions added;
  for (const auto& graft : grafts) {
    const auto [found, is_new] = sources.try_emplace(graft.from.get());
    auto& other = found->second;
    if (is_new) {
      const auto& from = *graft.from;
      auto files = from.files;
      other.loaded = read_text(from.file, from.text, from.environment, files, from.instances, text_is::known, notes);
      auto& [tree, diagnostics, extensions, actors] = other.loaded;
      loaded.extensions.insert(loaded.extensions.end(), extensions.begin(), extensions.end());
      loaded.actors.insert(loaded.actors.end(), actors.begin(), actors.end());
      if (tree) other.places = policy::places_in(tree->root);
    }
    const auto place = other.places.find(graft.child);
    if (place == other.places.end() || !names.insert(graft.child).second) continue;
    added[graft.parent].push_back(*place->second.child);
  }
  root = policy::with_children(root, added);
}

} // namespace

config::loaded read_configuration(store::saved_tree& source, text_is from, file_notes* notes) {
  file_notes own;
  if (notes == nullptr) notes = &own;
  auto loaded = read_text(source.file, source.text, source.environment, source.files, source.instances, from, *notes);
  if (!loaded.tree) return loaded;
  auto& root = loaded.tree->root;
  root = policy::without(root, {source.removed.begin(), source.removed.end()});
  graft(source.grafts, root, loaded, *notes);
  return loaded;
}

configuration read_configuration(const wire::config_request& request) {
  configuration read;
  read.source.file = request.file;
  read.source.text = request.text;
  read.source.environment = request.environment;
  read.loaded = read_configuration(read.source, text_is::given);
  return read;
}

void load_extensions(config::loaded& configuration, extensions& offered) {
  if (!configuration.tree) return;
  for (auto& wrong : offered.take_up(configuration)) {
    configuration.tree.reset();
    configuration.diagnostics.push_back(std::move(wrong));
  }
}

} // namespace alder::actors

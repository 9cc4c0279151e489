#include "actors/office/proposed_change.hpp"

#include "actors/base/extensions.hpp"
#include "actors/base/runtime.hpp"
#include "actors/office/office_context.hpp"
#include "actors/office/outcomes.hpp"
#include "actors/office/process_notes.hpp"
#include "actors/office/wishes.hpp"

#include "runtime/base/overloaded.hpp"
#include "runtime/base/text.hpp"
#include "runtime/config/codes.hpp"
#include "runtime/config/schema.hpp"
#include "runtime/os/caller.hpp"
#include "runtime/os/fingerprint.hpp"

#include "alder/node_id.hpp"

#include <algorithm>
#include <memory>
#include <optional>

namespace alder::actors {
namespace {

using policy::tree_change;

wire::problem problem(std::string code, std::string detail, std::vector<std::string> help = {}) {
  return {std::move(code), std::move(detail), std::move(help), {}};
}

/// The tree that is up from this file: the only one, or, where its name comes from a variable, that of the caller.
const tree_up* up_from(const store::saved_tree& as_caller, const std::vector<tree_up>& up, file_notes& notes) {
  std::vector<const tree_up*> all;
  for (const auto& one : up)
    if (!one.file.empty() && is_same_configuration(one.file, as_caller.file, &notes)) all.push_back(&one);
  if (all.size() < 2) return all.empty() ? nullptr : all.front();
  auto source = as_caller;
  const auto loaded = read_configuration(source, text_is::given, &notes);
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const auto* one) { return loaded.tree && one->name == loaded.tree->root.name; });
  return found == all.end() ? nullptr : *found;
}

/// How many processes a service has; none when there is no such service.
std::optional<unsigned> count_of(const supervisor_spec& root, const std::string& service) {
  const auto* child = policy::find_child(root, service);
  if (child == nullptr) return std::nullopt;
  return std::visit(overloaded{[](const service_ptr&) { return std::optional{1U}; },
                               [](const supervisor_ptr& nested) {
                                 return nested->pool ? std::optional{static_cast<unsigned>(nested->children.size())}
                                                     : std::nullopt;
                               }},
                    *child);
}

std::string instances_phrase(unsigned count) { return counted(count, "instance"); }

/// What was scaled stays scaled, and is told of, unless the tree is to be what its configuration says.
std::vector<tree_change> keep_scaled(const tree_up& known, const policy::change_options& options,
                                     const supervisor_spec& plain, store::saved_tree& source) {
  std::vector<tree_change> told;
  for (const auto& [name, count] : known.instances) {
    const auto written = count_of(plain, name);
    if (!written || options.syncs()) continue;
    source.instances[name] = count;
    if (*written != count)
      told.push_back({tree_change::kind::scaled,
                      name,
                      {},
                      {instances_phrase(count) + " running", instances_phrase(*written) + " in the file"},
                      false});
  }
  return told;
}

/// Whoever set a variable and then applies is told why it is not there.
void point_out_environment(std::vector<config::diagnostic>& diagnostics) {
  const auto undefined = config::entry_of(config::code::undefined_variable).text;
  for (auto& one : diagnostics)
    if (one.code == undefined)
      one.help.emplace_back("apply uses the environment of 'alder up'; 'alder apply --env' uses the current one");
}

wire::problem mistakes_in(std::vector<config::diagnostic> diagnostics, const apply_config& wanted) {
  if (!wanted.takes_environment) point_out_environment(diagnostics);
  auto told = problem("invalid_config", "the configuration is invalid; nothing was changed");
  told.diagnostics = diagnostic_entries(diagnostics);
  return told;
}

using read_or_problem = std::variant<std::shared_ptr<const reading>, wire::problem>;

std::shared_ptr<const reading> finished(reading&& read, const supervisor_spec& before) {
  read.root = std::make_shared<const supervisor_spec>(policy::sharing(before, read.loaded.tree->root));
  read.loaded.tree->root = {};
  read.difference = policy::difference(before, *read.root, config::effect_of);
  return std::make_shared<const reading>(std::move(read));
}

read_or_problem read_for(const apply_config& wanted, std::vector<tree_up> trees) {
  auto& notes = *wanted.files;
  reading read;
  read.up = std::move(trees);
  const auto& up = read.up;
  auto& source = read.source;
  source.file = wanted.source.file;
  source.text = wanted.source.text;
  source.environment = wanted.source.environment;
  const auto* known = up_from(source, up, notes);
  if (known == nullptr) { // by the name in it, which may come from a variable
    const auto loaded = read_configuration(source, text_is::given, &notes);
    if (!loaded.tree) return mistakes_in(loaded.diagnostics, {{}, {}, /*takes_environment=*/true});
    const auto& name = loaded.tree->root.name;
    const auto other = std::find_if(up.begin(), up.end(), [&](const auto& one) { return one.name == name; });
    if (other == up.end())
      return problem("no_such_tree", "there is no tree '" + name + "'",
                     {"bring it up: alder up" + (source.file.empty() ? "" : " " + shell_quote({source.file}))});
    return problem("conflict",
                   "tree '" + name + "' is up from " +
                       (other->file.empty() ? "the command line" : "another file: " + other->file),
                   {"change that file, or take the tree down first: alder down " + name});
  }
  source.files.clear();
  source.name = known->name;
  source.file = known->file; // by the name that people have used
  if (!wanted.takes_environment) source.environment = known->environment;
  read.loaded = read_configuration(source, text_is::given, &notes);
  if (!read.loaded.tree) return mistakes_in(std::move(read.loaded.diagnostics), wanted);
  if (read.loaded.tree->root.name != source.name)
    return problem("conflict",
                   "the file now names its tree '" + read.loaded.tree->root.name + "', but it is up as '" +
                       source.name + "': the name cannot change while the tree is up",
                   {"take it down first: alder down " + source.name});
  read.scaled = keep_scaled(*known, wanted.options, read.loaded.tree->root, source);
  if (source.instances.empty()) return finished(std::move(read), *known->root);
  read.loaded = read_configuration(source, text_is::known, &notes);
  if (!read.loaded.tree) return problem("invalid_config", "with the scaled services the tree is too large");
  return finished(std::move(read), *known->root);
}

void note_secrets(const supervisor_spec& supervisor, file_notes& notes) {
  for (const auto& child : supervisor.children) {
    std::visit(overloaded{[&](const service_ptr& service) {
                            if (!service->secrets.empty())
                              notes.secrets[service->name] = os::fingerprint_of(service->secrets);
                          },
                          [&](const supervisor_ptr& nested) { note_secrets(*nested, notes); }},
               child);
  }
}

} // namespace

bool is_same_configuration(const std::string& a, const std::string& b, file_notes* notes) {
  if (a == b) return true;
  if (notes == nullptr) return os::is_same_file(a, b);
  const auto both = a + "\n" + b;
  const auto known = notes->same_files.find(both);
  return known != notes->same_files.end() ? known->second
                                          : notes->same_files.emplace(both, os::is_same_file(a, b)).first->second;
}

policy::node_lookup nodes_of(const board& nodes, const std::string& tree) {
  return [&nodes, tree](const std::string& name) { return nodes.find(tree, name); };
}

std::vector<tree_up> trees_up(const known_trees& trees) {
  std::vector<tree_up> all;
  for (const auto& [name, known] : trees.trees())
    all.push_back({name, known.source.file, known.source.environment, known.source.instances, known.root});
  return all;
}

void look_at_files(apply_config& wanted, std::vector<tree_up> up) {
  const auto read = read_for(wanted, std::move(up));
  if (const auto* found = std::get_if<std::shared_ptr<const reading>>(&read)) {
    wanted.read = *found;
    note_secrets(*wanted.read->root, *wanted.files);
  }
}

scaled_tree read_scaled(const known_tree& now, const std::string& service, unsigned instances) {
  scaled_tree scaled{now.root, now.source, {}};
  auto& source = scaled.source;
  source.instances[service] = instances;
  for (auto& graft : source.grafts) {
    if (graft.child != service) continue;
    auto from = *graft.from;
    from.instances[service] = instances;
    graft.from = std::make_shared<const store::read_source>(std::move(from));
  }
  std::erase_if(source.removed, // an instance removed by hand comes back with the others
                [&](const std::string& name) { return name != service && pool_of(name) == service; });
  scaled.loaded = read_configuration(source, text_is::known);
  if (auto& tree = scaled.loaded.tree) tree->root = policy::sharing(*now.root, tree->root);
  return scaled;
}

std::variant<proposed_change, wire::problem> propose(const apply_config& wanted, office_context& context,
                                                     extensions_are extensions) {
  auto up = trees_up(context.trees);
  auto found = wanted.read && wanted.read->up == up ? read_or_problem{wanted.read} : read_for(wanted, std::move(up));
  if (auto* wrong = std::get_if<wire::problem>(&found)) return std::move(*wrong);
  const auto& read = *std::get<std::shared_ptr<const reading>>(found);
  if (extensions == extensions_are::loaded)
    if (auto wrong = context.offered.take_up(read.loaded); !wrong.empty()) return mistakes_in(std::move(wrong), wanted);
  const auto* known = context.trees.find(read.source.name);
  proposed_change proposed;
  proposed.tree.source = read.source;
  proposed.tree.source.up_since = known->source.up_since;
  proposed.tree.root = read.root;
  const auto has_old_secrets = [&, &secrets = wanted.files->secrets](const std::string& service) {
    const auto now = secrets.find(service);
    return now != secrets.end() && context.processes.has_old_secrets(id_of(read.source.name, service), now->second);
  };
  const auto node = nodes_of(context.shared.nodes, read.source.name);
  proposed.changes = policy::outstanding(*read.root, read.difference, known->source.left, node, has_old_secrets);
  for (const auto& change : proposed.changes) {
    const auto then = policy::consequence_of(change, wanted.options, node);
    if (then == policy::consequence::refuse && proposed.refusal.empty())
      proposed.refusal =
          "'" + change.name + "' changes its kind or supervisor, which requires a restart; nothing is changed";
  }
  proposed.scaled = read.scaled;
  return proposed;
}

} // namespace alder::actors

#include "actors/office/catalog.hpp"

#include "runtime/os/caller.hpp"
#include "runtime/os/clock.hpp"
#include "runtime/os/damaged_file.hpp"
#include "runtime/os/files.hpp"
#include "runtime/os/machine.hpp"
#include "runtime/os/shared_library.hpp"
#include "runtime/policy/tree_edit.hpp"
#include "runtime/wire/ad_hoc.hpp"

#include <algorithm>

namespace alder::actors {
namespace {

constexpr std::size_t largest_env_file = 1024 * 1024;
constexpr std::chrono::milliseconds write_delay{20};
/// Of what programs say of themselves, which may be something else many times a second.
constexpr std::chrono::milliseconds status_delay{1000};
constexpr std::chrono::milliseconds first_retry{1000}; // of a journal that cannot be written
constexpr std::chrono::milliseconds longest_retry{10000};
/// `shutdown` is what a root that gave up ends with: clean, so a transient root stays down and is shown as failed.
constexpr restart_kind root_restart = restart_kind::transient;

/// The values whose keys begin with `prefix`, with what follows it.
template <class Take>
void for_each(const std::map<std::string, std::string>& values, std::string_view prefix, Take take) {
  for (auto it = values.lower_bound(std::string{prefix}); it != values.end() && it->first.rfind(prefix, 0) == 0; ++it)
    take(it->first.substr(prefix.size()), it->second);
}

bool is_down(node_state state) {
  return state == node_state::stopped || state == node_state::failed || state == node_state::finished;
}

bool is_end_of_daemon(const cause& why) { return why.what == end_of_daemon.what && why.detail == end_of_daemon.detail; }

bool is_settled(const node_ptr& node) { return node && node->settled; }

/// Whether there was a process, as far as is known.
bool had_process(const former_state& former) {
  return former.state == node_state::starting || former.state == node_state::running ||
         former.state == node_state::stopping;
}

/// Whether both are the same to a successor, but for what programs say of themselves.
bool is_same_record(const node_snapshot& a, const node_snapshot& b) {
  return a.settled == b.settled && a.state == b.state && a.since == b.since && a.reason == b.reason && a.why == b.why &&
         a.restarts == b.restarts && a.last_exit == b.last_exit && a.health == b.health &&
         a.complaints == b.complaints && a.forced == b.forced && a.reloading == b.reloading;
}

std::string lost_words(const std::string& tree, const std::string& file) {
  const auto again = file.empty() ? "start its program again: alder start" : "bring it up again: alder up " + file;
  return "tree " + tree + " was up but is missing from the journal; processes of it that still run are unsupervised; " +
         again + ", or remove it: alder down " + tree;
}

} // namespace

namespace {

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

catalog::catalog(boost::asio::io_context& loop, runtime& shared, const std::string& state_dir)
    : timer_(loop), shared_(shared), directory_(state_dir), journal_(store::journal_file(state_dir + "/journal")),
      list_(store::journal_file(state_dir + "/journal.trees")), offered_(os::load_symbol) {
  shared_.nodes.on_change = [this](const node_ptr& before, const node_ptr& after) { on_node_changed(before, after); };
  shared_.nodes.on_remove = [this](const std::string& tree, const std::string& name) { on_node_removed(tree, name); };
  shared_.changing_to = [this](const std::string& tree, const std::string& name) { return changing_to(tree, name); };
  shared_.on_forgotten = [this](const std::string& tree, const std::string& name) { prune(tree, name); };
  shared_.on_remembered = [this](const node_id& supervisor, const std::vector<std::string>& children) {
    changed_memories_[supervisor].insert(children.begin(), children.end());
    write_soon(write_delay);
  };
}

/// What is to be told of a file of ours that could not be read as a whole; nothing: it could.
std::string catalog::take_note(const std::string& file, const store::journal::opened& found) {
  if (found.is_sound()) return {};
  auto told = file + " " + found.problem +
              (found.kept.empty() ? "; nothing is recorded while it cannot be renamed; move it away"
                                  : "; kept as " + found.kept);
  kept_[found.kept.empty() ? file : found.kept] = told;
  return told;
}

std::vector<std::string> catalog::take_note_of_kept(const std::string& directory) {
  std::vector<std::string> all;
  for (const auto& kept : os::damaged_files(directory))
    all.push_back(take_note_of_kept_file(kept));
  return all;
}

std::string catalog::take_note_of_kept_file(const std::string& path) {
  return kept_[path] = path + " was kept because part of it could not be read";
}

std::vector<std::string> catalog::open(const std::string& line, history before) {
  std::vector<std::string> complaints;
  const std::string file = directory_ + "/journal";
  (void)take_note_of_kept(directory_); // a former daemon has told of it
  const auto opened = journal_.open();
  const auto listed = list_.open();
  if (auto told = take_note(file, opened); !told.empty()) complaints.push_back(std::move(told));
  if (auto told = take_note(file + ".trees", listed); !told.empty()) complaints.push_back(std::move(told));
  const bool is_expected = before == history::known || !listed.is_first;
  if (opened.is_first && is_expected && !os::is_taken(directory_ + "/trees.json"))
    complaints.push_back("the journal " + file +
                         " is missing although Alder has run here before: it is unknown which trees were up");
  const std::string mark = "\"" + line + "\"";
  const auto known = journal_.values().find(std::string{store::line_key});
  goes_on_ = known != journal_.values().end() && known->second == mark;
  std::vector<std::string> others;
  for_each(journal_.values(), store::process_key, [&](const std::string& id, const std::string& value) {
    auto process = store::parse_process_value(value);
    if (!process || !goes_on_) return others.push_back(std::string{store::process_key} + id);
    process->id = id;
    noted_[id] = std::move(*process);
  });
  for (const auto& key : others)
    journal_.forget(key);
  journal_.set(std::string{store::line_key}, mark);
  list_.set(std::string{store::line_key}, mark); // neither is ever without a record
  return complaints;
}

std::vector<std::string> catalog::notices() {
  std::erase_if(kept_, [](const auto& entry) { return !os::is_taken(entry.first); });
  std::vector<std::string> all;
  for (const auto& [path, told] : kept_) {
    const bool is_kept = path.find(".damaged") != std::string::npos; // else it is the journal, and still in use
    all.push_back(told + (is_kept ? "; delete that file once you have inspected it" : ""));
  }
  for (const auto& [tree, file] : lost_)
    all.push_back(lost_words(tree, file));
  return all;
}

void catalog::forget_lost(const std::string& tree) {
  const auto key = std::string{store::tree_key} + tree;
  lost_.erase(tree);
  if (list_.values().count(key) == 0) return;
  list_.forget(key);
  (void)list_.write(store::journal::durable::machine); // else it is told of again
}

/// Trees that were up and are not in the journal. One whose record cannot be read is not lost: it is told of by itself.
void catalog::find_lost_trees(std::vector<std::string>& complaints) {
  for_each(list_.values(), store::tree_key, [&](const std::string& tree, const std::string& value) {
    if (journal_.values().count(std::string{store::tree_key} + tree) > 0) return;
    const auto file = store::parse_listed_tree_value(value);
    lost_[tree] = file ? *file : std::string{};
    complaints.push_back(lost_words(tree, lost_[tree]));
  });
  for (const auto& [tree, known] : trees_)
    list(tree, known.source.file);
}

/// From now on it is missed when the journal does not have it.
void catalog::list(const std::string& tree, const std::string& file) {
  lost_.erase(tree);
  list_.set(std::string{store::tree_key} + tree, store::listed_tree_value(file));
}

std::vector<store::noted_process> catalog::noted_processes() const {
  std::vector<store::noted_process> all;
  for (const auto& [id, process] : noted_)
    all.push_back(process);
  return all;
}

void catalog::note(const store::noted_process& told) {
  auto& known = noted_[told.id];
  auto process = told;
  const bool is_same = known.generation == told.generation && known.start_ticks == told.start_ticks;
  if (is_same && told.secrets == 0) process.secrets = known.secrets; // a former daemon started it, and knew
  if (known == process || known.generation > process.generation) return;
  known = process;
  journal_.set(std::string{store::process_key} + process.id, store::process_value(process));
  write_soon(write_delay);
}

bool catalog::has_old_secrets(const node_id& node, std::uint64_t fingerprint) const {
  const auto found = noted_.find(node);
  return found != noted_.end() && found->second.secrets != 0 && fingerprint != 0 &&
         found->second.secrets != fingerprint;
}

void catalog::forget(const node_id& node, generation gen) {
  const auto found = noted_.find(node);
  if (found == noted_.end() || found->second.generation != gen) return;
  noted_.erase(found);
  journal_.forget(std::string{store::process_key} + node);
  write_soon(write_delay);
}

std::vector<std::string> catalog::restore(what_ended before) {
  std::vector<std::string> complaints;
  if (before != what_ended::daemon) { // with their processes gone, trees that were being taken down are down
    std::vector<std::string> taken_down;
    for_each(journal_.values(), store::down_key,
             [&](const std::string& tree, const std::string&) { taken_down.push_back(tree); });
    for (const auto& tree : taken_down) {
      forget_all(tree);
      journal_.forget(std::string{store::down_key} + tree);
    }
  }
  for (auto& source : recorded_trees(complaints)) {
    auto loaded = read_configuration(source, text_is::known);
    if (!loaded.tree) { // its record stays
      complaints.push_back("tree " + source.name + " was up, but its saved configuration cannot be loaded:\n" +
                           config::render(loaded.diagnostics, /*colour=*/false));
      continue;
    }
    const std::string name = source.name;
    // Its services run, and go on; whoever wants what is missing waits for it.
    if (const auto wrong = offered_.take_up(loaded); !wrong.empty())
      complaints.push_back("tree " + name + " has extensions that can no longer be used:\n" +
                           config::render(wrong, /*colour=*/false));
    if (before != what_ended::daemon) // every process is a new one
      std::erase_if(source.left, [](const auto& change) { return !change.added; });
    lay_out(name, "", loaded.tree->root);
    trees_[name] = {std::move(source), std::make_shared<const supervisor_spec>(std::move(loaded.tree->root))};
  }
  find_lost_trees(complaints);
  restore_nodes(before, complaints);
  keep_down();
  if (before == what_ended::daemon) {
    restore_memories(complaints);
    shutting_down_ = journal_.values().count(std::string{store::shutdown_key}) > 0;
  } else { // numbers of processes begin anew with a keeper
    std::vector<std::string> keys{std::string{store::shutdown_key}};
    for (const auto& [name, tree] : trees())
      end_change(name);
    for (const auto prefix : {store::memory_key, store::past_key, store::change_key, store::act_key})
      for_each(journal_.values(), prefix,
               [&](const std::string& id, const std::string&) { keys.push_back(std::string{prefix} + id); });
    for (const auto& key : keys)
      journal_.forget(key);
  }
  for (const auto& [name, tree] : trees_) {
    if (before == what_ended::daemon) continue;
    if (before == what_ended::reboot && !is_settled(shared_.nodes.find(name, name))) coming_back_.insert(name);
    note_ends(name);
    if (before == what_ended::keeper) lay_down(name);
  }
  if (before == what_ended::reboot) (void)take_interrupted(); // also what was down through an earlier start
  write();                                                    // a journal that is missing from here on was lost
  return complaints;
}

/// A change that was not finished before everything ended: what it was to stop is stopped, and does not come back.
void catalog::end_change(const std::string& tree) {
  const auto noted = journal_.values().find(std::string{store::change_key} + tree);
  if (noted == journal_.values().end()) return;
  const auto change = store::parse_change_value(noted->second);
  if (!change || change->removed.empty()) return;
  auto known = trees_.at(tree);
  auto& grafts = known.source.grafts;
  std::set<std::string> gone;
  for (const auto& name : change->removed) {
    const auto graft = std::find_if(grafts.begin(), grafts.end(), [&](const auto& one) { return one.child == name; });
    if (graft == grafts.end()) continue; // it was removed
    grafts.erase(graft);
    gone.insert(name);
  }
  known.root = std::make_shared<const supervisor_spec>(policy::without(*known.root, gone));
  for (const auto& name : gone)
    shared_.nodes.remove_branch(tree, name);
  replace(std::move(known));
}

std::vector<store::saved_tree> catalog::recorded_trees(std::vector<std::string>& complaints) {
  return journal_.file_size() == 0 ? trees_of_old_format(complaints) : records_.read(complaints);
}

/// Trees of a daemon that had no journal yet; they are in the journal from now on.
std::vector<store::saved_tree> catalog::trees_of_old_format(std::vector<std::string>& complaints) {
  const std::string file = directory_ + "/trees.json";
  auto saved = store::load_saved_trees(file);
  if (!saved) {
    complaints.push_back("the saved trees in " + file + " could not be read: " + saved.failure().message);
    return {};
  }
  for (auto& tree : *saved) {
    records_.set(tree, shared_.wall_now());
    for (const auto& node : tree.settled)
      journal_.set(std::string{store::node_key} + id_of(node.tree, node.name), store::node_value(node, node_clock()));
  }
  if (!saved->empty() && journal_.write(store::journal::durable::machine)) (void)os::remove_file(file);
  return std::move(*saved);
}

void catalog::restore_nodes(what_ended before, std::vector<std::string>& complaints) {
  for_each(journal_.values(), store::node_key, [&](const std::string& id, const std::string& value) {
    const auto slash = id.find('/');
    const auto tree = id.substr(0, slash);
    const auto known = store::parse_node_value(value, node_clock());
    if (!known) {
      complaints.push_back("the record of " + id + " in the journal is damaged: " + known.failure().message);
    } else if (trees_.count(tree) > 0 && slash != std::string::npos) {
      shared_.nodes.update(tree, id.substr(slash + 1), [&](node_snapshot& node) {
        node.restarts = known->restarts;
        if (before == what_ended::daemon) node.generation = known->generation; // else numbers begin anew
        node.last_exit = known->last_exit;
        node.former = known->former;
        if (before == what_ended::daemon) { // else it was about processes that are gone
          node.status = known->status;
          node.reloading = known->reloading;
          node.health = known->health;
          node.complaints = known->complaints;
          node.forced = known->forced;
        }
        if (known->settled) {
          node.state = known->state;
          node.settled = true;
          node.since = known->since;
          node.reason = known->reason;
        } else if (known->former && is_down(known->former->state)) { // perhaps nobody looks after it
          node.state = known->former->state;
          node.since = known->former->since;
          node.reason = known->former->reason;
          node.why = known->former->why;
        }
      });
    }
  });
}

/// What a change brought and did not start is down, also when its supervisor had no time to say so.
void catalog::keep_down() {
  for (const auto& [tree, known] : trees_) {
    const auto noted = journal_.values().find(std::string{store::change_key} + tree);
    if (noted == journal_.values().end()) continue;
    const auto change = store::parse_change_value(noted->second);
    if (!change) continue;
    for (const auto& name : change->down) {
      const auto node = shared_.nodes.find(tree, name);
      if (!node || node->settled || node->former) continue; // it is not there, or more is known of it
      shared_.nodes.update(tree, name, [&](node_snapshot& added) {
        added.state = node_state::stopped;
        added.settled = true;
        added.since = shared_.steady_now();
        added.reason = "added by a new configuration";
      });
    }
  }
}

store::node_clock catalog::node_clock() const { return {boot_id_, shared_.boot, shared_.clock_shift()}; }

/// The processes of a tree ended with their keeper. Of those that were stopped it is known how.
void catalog::note_ends(const std::string& tree) {
  for (const auto& known : shared_.nodes.in_order(tree)) {
    if (!known->former) continue;
    shared_.nodes.update(tree, known->name, [](node_snapshot& node) {
      const auto former = *std::exchange(node.former, std::nullopt);
      if (node.what == node_snapshot::kind::service && had_process(former)) node.last_exit = last_exit{};
    });
  }
}

void catalog::restore_memories(std::vector<std::string>& complaints) {
  const store::both_clocks now{os::timer_now(), shared_.wall_now(), boot_id_};
  for_each(journal_.values(), store::memory_key, [&](const std::string& id, const std::string& value) {
    auto memory = store::parse_memory_value(value, now);
    if (!memory) {
      complaints.push_back("the restart history of " + id + " in the journal is damaged: " + memory.failure().message);
      return;
    }
    for (const auto& [child, known] : memory->children)
      changed_memories_[id].insert(child); // it may have no record of its own yet
    shared_.memories[id] = std::move(*memory);
  });
  for_each(journal_.values(), store::past_key, [&](const std::string& id, const std::string& value) {
    auto past = store::parse_past_value(value, now);
    if (!past) {
      complaints.push_back("the history of " + id + " in the journal is damaged: " + past.failure().message);
      return;
    }
    const auto memory = shared_.memories.find(past->supervisor);
    if (memory == shared_.memories.end()) return;
    memory->second.children.emplace(id.substr(id.find('/') + 1), std::move(past->child)); // unless known better
  });
}

/// What a tree is made of is known before its supervisors start, and also when they do not.
void catalog::lay_out(const std::string& tree, const std::string& parent, const supervisor_spec& spec) {
  std::vector<std::string> children;
  for (const auto& child : spec.children) {
    if (const auto* found = std::get_if<service_ptr>(&child)) {
      const auto& service = *found;
      children.push_back(service->name);
      const auto known = shared_.nodes.find(tree, service->name);
      const bool is_same = known && known->service && known->parent == spec.name &&
                           known->restart == service->restart &&
                           (known->service == service || *known->service == *service);
      if (is_same) continue;
      shared_.nodes.update(tree, service->name, [&](node_snapshot& node) {
        node.parent = spec.name;
        node.restart = service->restart;
        node.service = service;
      });
    } else {
      const auto& nested = *std::get<supervisor_ptr>(child);
      children.push_back(nested.name);
      lay_out(tree, spec.name, nested);
    }
  }
  shared_.nodes.update(tree, spec.name, [&](node_snapshot& node) {
    node.what = node_snapshot::kind::supervisor;
    node.parent = parent;
    node.restart = parent.empty() ? root_restart : spec.restart;
    node.strategy = spec.strategy;
    node.intensity = spec.intensity;
    node.pool = spec.pool;
  });
  shared_.nodes.order_children(tree, spec.name, children);
}

/// A tree that was up when everything ended stays down until somebody starts it.
void catalog::lay_down(const std::string& tree) {
  const auto root = shared_.nodes.find(tree, tree);
  if (is_settled(root)) return;
  journal_.set(std::string{store::interrupted_key} + tree, "true");
  const bool in_order = root && root->why.what == cause::kind::tree_stop && root->since != wall_time{};
  const std::string why =
      in_order ? "stopped because the daemon was stopped" : "stopped because the machine or its keeper went down";
  for (const auto& known : shared_.nodes.in_order(tree)) {
    if (known->settled || known->name == tree) continue;
    const bool was_down = is_down(known->state) && known->since != wall_time{};
    if (was_down && !is_end_of_daemon(known->why)) continue; // before, and for a reason of its own
    shared_.nodes.update(tree, known->name, [&](node_snapshot& node) {
      node.state = node_state::stopped;
      if (!in_order) node.since = {}; // nobody saw it
      node.reason = why;
      node.why = {};
    });
  }
  shared_.nodes.update(tree, tree, [&](node_snapshot& node) {
    node.state = node_state::stopped;
    node.settled = true;
    if (!in_order) node.since = shared_.steady_now();
    node.why = {};
    node.reason = why + "; to start what was running before: alder daemon start --resurrect";
  });
}

std::vector<std::string> catalog::interrupted() const {
  std::vector<std::string> trees;
  for_each(journal_.values(), store::interrupted_key, [&](const std::string& tree, const std::string&) {
    if (trees_.count(tree) > 0) trees.push_back(tree);
  });
  return trees;
}

std::vector<std::string> catalog::take_interrupted() {
  const auto trees = interrupted();
  for (const auto& tree : trees) {
    shared_.nodes.update(tree, tree, [&](node_snapshot& node) {
      node.state = node_state::starting;
      node.settled = false;
      node.reason.clear();
    });
    coming_back_.insert(tree);
    forget_interrupted(tree);
  }
  return trees;
}

void catalog::forget_interrupted(const std::string& tree) {
  const auto key = std::string{store::interrupted_key} + tree;
  if (journal_.values().count(key) == 0) return;
  journal_.forget(key);
  write_soon(write_delay);
}

const known_tree* catalog::find(const std::string& tree) const {
  fold(tree);
  const auto found = trees_.find(tree);
  return found == trees_.end() ? nullptr : &found->second;
}

const std::map<std::string, known_tree>& catalog::trees() const {
  for (const auto& [tree, known] : trees_)
    fold(tree);
  return trees_;
}

void catalog::add(known_tree tree) {
  const std::string name = tree.source.name;
  const auto before = trees_.find(name);
  if (before != trees_.end()) tree.source.revision = before->second.source.revision;
  records_.set(tree.source, shared_.wall_now());
  list(name, tree.source.file);
  edits_.erase(name);
  trees_[name] = std::move(tree);
}

void catalog::replace(known_tree tree) {
  lay_out(tree.source.name, "", *tree.root);
  add(std::move(tree));
}

void catalog::remove(const std::string& tree) {
  trees_.erase(tree);
  coming_back_.erase(tree);
  edits_.erase(tree);
  shared_.nodes.remove_tree(tree);
  forget_all(tree);
}

void catalog::note_added(const std::string& tree, added_child child) {
  const auto known = trees_.find(tree);
  if (known == trees_.end()) return;
  records_.note_added(known->second.source, child.graft);
  edits_[tree].emplace_back(std::move(child));
  write_soon(write_delay);
}

void catalog::note_removed(const std::string& tree, const std::string& child) {
  const auto known = trees_.find(tree);
  if (known == trees_.end()) return;
  records_.note_removed(known->second.source, child);
  edits_[tree].emplace_back(child);
  write_soon(write_delay);
}

void catalog::settle(const std::string& tree) {
  const auto* known = find(tree);
  if (known == nullptr) return;
  auto settled = *known;
  settled.target = nullptr;
  add(std::move(settled));
}

/// Takes up what came and went since somebody last looked, as many of a kind at once as come together.
void catalog::fold(const std::string& tree) const {
  const auto waiting = edits_.find(tree);
  if (waiting == edits_.end()) return;
  auto edits = std::move(waiting->second);
  edits_.erase(waiting);
  auto& known = trees_.at(tree);
  const auto revision = known.source.revision;
  const auto is_addition = [](const edit& one) { return std::holds_alternative<added_child>(one); };
  for (auto next = edits.begin(); next != edits.end();) {
    const auto end =
        std::find_if(next, edits.end(), [&](const edit& one) { return is_addition(one) != is_addition(*next); });
    policy::additions added;
    std::set<std::string> removed;
    for (; next != end; ++next) {
      if (auto* child = std::get_if<added_child>(&*next)) {
        store::take_up(known.source, {revision, child->graft, {}});
        added[child->graft.parent].push_back(std::move(child->spec));
      } else {
        store::take_up(known.source, {revision, {}, std::get<std::string>(*next)});
        removed.insert(std::move(std::get<std::string>(*next)));
      }
    }
    known.root = std::make_shared<const supervisor_spec>(removed.empty() ? policy::with_children(*known.root, added)
                                                                         : policy::without(*known.root, removed));
  }
}

/// A child that came by hand went with the life of its supervisor, and so did what was added below it: a successor must
/// not bring them back.
void catalog::prune(const std::string& tree, const std::string& name) {
  const auto waiting = edits_.find(tree);
  const bool has_come =
      waiting != edits_.end() && std::any_of(waiting->second.begin(), waiting->second.end(),
                                             [](const edit& one) { return std::holds_alternative<added_child>(one); });
  if (has_come) fold(tree); // it may be one of these
  const auto is_gone = [&](const std::string& child) {
    const auto pending = edits_.find(tree);
    return pending != edits_.end() && std::any_of(pending->second.begin(), pending->second.end(), [&](const edit& one) {
             const auto* removed = std::get_if<std::string>(&one);
             return removed != nullptr && *removed == child;
           });
  };
  const auto found = trees_.find(tree);
  if (found == trees_.end()) return;
  const auto* gone = policy::find_child(*found->second.root, name);
  const auto* boxed = gone == nullptr ? nullptr : std::get_if<supervisor_ptr>(gone);
  std::vector<std::string> children;
  for (const auto& graft : found->second.source.grafts)
    if (graft.child == name || (boxed != nullptr && policy::find_child(**boxed, graft.child) != nullptr))
      children.push_back(graft.child);
  for (const auto& child : children)
    if (!is_gone(child)) note_removed(tree, child);
}

/// Of a tree that is no more, and of its holder.
void catalog::forget_all(const std::string& tree) {
  forget_lost(tree); // first: it is not to be missed when only this is known after a crash
  records_.forget(tree);
  std::vector<std::string> keys{std::string{store::memory_key} + id_of("", "tree " + tree),
                                std::string{store::interrupted_key} + tree};
  for (const auto prefix : {store::node_key, store::memory_key, store::past_key})
    for_each(journal_.values(), std::string{prefix} + tree + "/", [&](const std::string& name, const std::string&) {
      keys.push_back(std::string{prefix} + id_of(tree, name));
    });
  for (const auto& key : keys)
    journal_.forget(key);
  std::erase_if(shared_.memories, [&](const auto& entry) {
    return entry.first.rfind(tree + "/", 0) == 0 || entry.first == id_of("", "tree " + tree);
  });
}

void catalog::begin_operation(const std::string& key, const std::string& detail, store::journal::durable how) {
  journal_.set(key, detail);
  if (key == store::shutdown_key) { // what was up then is what comes up again after a boot
    record_changes();
    shutting_down_ = true;
  }
  write(how);
}

void catalog::end_operation(const std::string& key) { journal_.forget(key); }

std::map<std::string, std::string> catalog::operations() const {
  std::map<std::string, std::string> all;
  for_each(journal_.values(), "operation/",
           [&](const std::string& rest, const std::string& value) { all["operation/" + rest] = value; });
  return all;
}

child_entry catalog::entry_of(const known_tree& tree) const {
  child_entry entry;
  entry.name = tree.root->name;
  entry.restart = root_restart;
  entry.supervisor = tree.target ? tree.target : tree.root;
  entry.tree = tree.source.name;
  return entry;
}

supervisor_ptr catalog::changing_to(const std::string& tree, const std::string& name) const {
  const auto known = trees_.find(tree);
  if (known == trees_.end() || !known->second.target) return nullptr;
  if (name == tree) return known->second.target;
  const auto* child = policy::find_child(*known->second.target, name);
  const auto* nested = child == nullptr ? nullptr : std::get_if<supervisor_ptr>(child);
  return nested == nullptr ? nullptr : *nested;
}

/// What cannot be seen from a process, and is worth a record.
void catalog::on_node_changed(const node_ptr& before, const node_ptr& after) {
  if (after->tree.empty()) return; // the daemon's own branch
  const bool is_same = before ? is_same_record(*before, *after) : !after->settled;
  if (is_same && (!before || before->status == after->status)) return;
  const bool starts = after->name == after->tree && !after->settled && !shutting_down_;
  if (starts && !is_same) forget_interrupted(after->tree);
  changed_nodes_.insert({after->tree, after->name});
  write_soon(is_same ? status_delay : write_delay);
}

/// A node of the same name that comes later has nothing to do with it.
void catalog::on_node_removed(const std::string& tree, const std::string& name) {
  if (tree.empty()) return;
  changed_nodes_.insert({tree, name});
  journal_.forget(std::string{store::past_key} + id_of(tree, name));
  if (shared_.memories.erase(id_of(tree, name)) > 0) changed_memories_[id_of(tree, name)];
  write_soon(write_delay);
}

/// Changes often come together: they are written once, at the latest before something is done that follows from them.
void catalog::write_soon(std::chrono::milliseconds delay) {
  if (writing_soon_ && (!trouble_.empty() || delay >= soon_)) return;
  writing_soon_ = true;
  soon_ = delay;
  timer_.expires_after(delay);
  timer_.async_wait([this](const boost::system::error_code& failed) {
    if (failed) return; // it is to be sooner
    writing_soon_ = false;
    write();
    journal_.compact();
    list_.compact();
  });
}

void catalog::record_changes() {
  for (const auto& [tree, name] : std::exchange(changed_nodes_, {})) {
    const auto node = shared_.nodes.find(tree, name);
    const auto key = std::string{store::node_key} + id_of(tree, name);
    if (node && trees_.count(tree) > 0)
      record_node(*node);
    else
      journal_.forget(key);
  }
  for (const auto& [supervisor, children] : std::exchange(changed_memories_, {}))
    record_memory(supervisor, children);
}

/// While everything stops it is still written down how, but what was up then is what comes up again after a boot. What
/// was down keeps its reason; all others are down because everything stopped, also those whose start was cut short.
void catalog::record_node(const node_snapshot& node) {
  const auto key = std::string{store::node_key} + id_of(node.tree, node.name);
  if (!shutting_down_) return journal_.set(key, store::node_value(node, node_clock()));
  const auto noted = journal_.values().find(key);
  if (noted != journal_.values().end()) {
    const auto known = store::parse_node_value(noted->second);
    if (known && known->settled) return;
    const auto* former = known && known->former ? &*known->former : nullptr;
    if (former != nullptr && is_down(former->state) && !is_end_of_daemon(former->why)) return;
  }
  auto up = node;
  up.settled = false;
  if (is_down(up.state)) up.why = end_of_daemon;
  journal_.set(key, store::node_value(up, node_clock()));
}

/// The one record of the supervisor holds all that changed, so that no part of it can be there without the rest.
void catalog::record_memory(const node_id& supervisor, const std::set<std::string>& children) {
  const store::both_clocks now{os::timer_now(), shared_.wall_now(), boot_id_};
  const auto memory = shared_.memories.find(supervisor);
  const auto tree = supervisor.substr(0, supervisor.find('/'));
  const bool is_known = memory != shared_.memories.end() && (tree.empty() || trees_.count(tree) > 0);
  const auto key = std::string{store::memory_key} + supervisor;
  if (is_known)
    journal_.set(key, store::memory_value(memory->second, children, now));
  else
    journal_.forget(key);
  for (const auto& child : children) {
    const auto child_key = std::string{store::past_key} + id_of(tree.empty() ? child : tree, child);
    const auto known =
        is_known ? memory->second.children.find(child) : std::map<std::string, policy::child_memory>::iterator{};
    if (is_known && known != memory->second.children.end())
      journal_.set(child_key, store::past_value({supervisor, known->second}, now));
    else
      journal_.forget(child_key);
  }
}

bool catalog::may_forget(const node_id& id, generation gen) {
  write();
  if (!trouble_.empty()) return false;
  const auto slash = id.find('/');
  const auto tree = id.substr(0, slash);
  const auto node = shared_.nodes.find(tree, slash == std::string::npos ? "" : id.substr(slash + 1));
  if (!node || node->settled || node->generation > gen) return true;
  const auto memory = shared_.memories.find(id_of(tree, node->parent));
  if (memory == shared_.memories.end()) return true; // nobody looks after it
  const auto child = memory->second.children.find(node->name);
  return child != memory->second.children.end() && child->second.ended >= gen;
}

void catalog::write(store::journal::durable how) {
  record_changes();
  if (!journal_.has_changes() && !list_.has_changes()) return;
  if (!trouble_.empty() && writing_soon_ && how == store::journal::durable::daemon) return; // the next try is planned
  auto written = journal_.write(how);
  if (written) written = list_.write(how); // behind it
  const bool was_in_trouble = !trouble_.empty();
  trouble_ = written ? "" : written.failure().message;
  if (written) {
    records_.on_written();
    retry_delay_ = first_retry;
    if (journal_.wants_compaction()) write_soon(write_delay); // not now: what follows from the change comes first
    if (was_in_trouble && on_trouble) on_trouble({});
    if (on_written) on_written();
    return;
  }
  write_soon(retry_delay_);
  retry_delay_ = std::min(2 * retry_delay_, longest_retry);
  if (!was_in_trouble && on_trouble) on_trouble(trouble_);
}

} // namespace alder::actors

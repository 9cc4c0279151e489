#include "actors/edge/catalog.hpp"

#include "runtime/os/files.hpp"

#include <algorithm>

namespace alder::actors {
namespace {

constexpr std::size_t largest_env_file = 1024 * 1024;
constexpr std::chrono::milliseconds save_delay{20};
/// `shutdown` is what a root that gave up ends with: clean, so a transient root stays down and is shown as failed.
constexpr restart_kind root_restart = restart_kind::transient;

bool is_settled(const node_ptr& node) { return node && node->settled; }

} // namespace

config::loaded read_configuration(store::saved_tree& source) {
  const auto read_file = [&source](const std::string& path) -> result<std::string> {
    if (const auto kept = source.files.find(path); kept != source.files.end()) return kept->second;
    const auto facts = os::facts_of(path);
    if (facts && !facts->is_regular) return error{error_kind::invalid_input, path + " is not a regular file"};
    auto text = os::read_file(path, largest_env_file);
    if (text) source.files[path] = *text;
    return text;
  };
  const std::string file = source.file.empty() ? "/ad-hoc.json" : source.file;
  return config::load_tree({file, source.text, source.environment, read_file});
}

catalog::catalog(boost::asio::io_context& loop, runtime& shared, std::string file)
    : timer_(loop), shared_(shared), file_(std::move(file)) {
  shared_.nodes.on_change = [this](const node_ptr& before, const node_ptr& after) { on_node_changed(before, after); };
}

std::vector<std::string> catalog::restore(what_ended before) {
  std::vector<std::string> complaints;
  auto saved = store::load_saved_trees(file_);
  if (!saved) {
    const std::string aside = file_ + ".damaged";
    const bool kept = os::rename_file(file_, aside).ok();
    return {"the saved trees in " + file_ + " could not be read: " + saved.failure().message +
            (kept ? "; kept as " + aside : "")};
  }
  for (auto& source : *saved) {
    auto loaded = read_configuration(source);
    if (!loaded.tree) {
      complaints.push_back("tree " + source.name + " was up and could not be read again:\n" +
                           config::render(loaded.diagnostics, /*colour=*/false));
      unreadable_.push_back(std::move(source));
      continue;
    }
    for (const auto& node : std::exchange(source.settled, {})) {
      shared_.nodes.update(node.tree, node.name, [&](node_snapshot& snapshot) {
        snapshot.state = node.state;
        snapshot.settled = true;
        snapshot.since = node.since;
        snapshot.reason = node.reason;
        snapshot.restarts = node.restarts;
        snapshot.last_exit = node.last_exit;
      });
    }
    const std::string name = source.name;
    lay_out(name, "", loaded.tree->root);
    if (before == what_ended::keeper) lay_down(name);
    trees_[name] = {std::move(source), std::make_shared<const supervisor_spec>(std::move(loaded.tree->root))};
  }
  return complaints;
}

/// What a tree is made of is known before its supervisors start, and also when they do not.
void catalog::lay_out(const std::string& tree, const std::string& parent, const supervisor_spec& spec) {
  std::vector<std::string> children;
  for (const auto& child : spec.children) {
    if (const auto* service = std::get_if<service_spec>(&child)) {
      children.push_back(service->name);
      shared_.nodes.update(tree, service->name, [&](node_snapshot& node) {
        node.parent = spec.name;
        node.restart = service->restart;
        node.service = std::make_shared<const service_spec>(*service);
      });
    } else {
      const auto& nested = *std::get<std::shared_ptr<const supervisor_spec>>(child);
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
  shared_.nodes.update(tree, tree, [&](node_snapshot& node) {
    node.state = node_state::stopped;
    node.settled = true;
    node.since = shared_.wall_now();
    node.reason = "it ended with the machine or its keeper; start it with: alder start " + tree;
  });
}

const known_tree* catalog::find(const std::string& tree) const {
  const auto found = trees_.find(tree);
  return found == trees_.end() ? nullptr : &found->second;
}

void catalog::add(known_tree tree) {
  const std::string name = tree.source.name;
  std::erase_if(unreadable_, [&](const auto& former) { return former.name == name; });
  trees_[name] = std::move(tree);
  changed_ = true;
  save_soon();
}

void catalog::remove(const std::string& tree) {
  trees_.erase(tree);
  shared_.nodes.remove_tree(tree);
  changed_ = true;
  save_soon();
}

child_entry catalog::entry_of(const known_tree& tree) const {
  child_entry entry;
  entry.name = tree.root->name;
  entry.restart = root_restart;
  entry.supervisor = tree.root;
  entry.tree = tree.source.name;
  return entry;
}

void catalog::on_node_changed(const node_ptr& before, const node_ptr& after) {
  if (after->tree.empty()) return; // the daemon's own branch
  if (!is_settled(before) && !is_settled(after)) return;
  if (is_settled(before) && is_settled(after) && before->state == after->state) return;
  changed_ = true;
  save_soon();
}

/// Nodes often settle together: they are written once.
void catalog::save_soon() {
  if (std::exchange(saving_soon_, true)) return;
  timer_.expires_after(save_delay);
  timer_.async_wait([this](const boost::system::error_code& failed) {
    saving_soon_ = false;
    if (failed) return;
    const auto saved = save();
    if (!saved && on_save_failed) on_save_failed(saved.failure());
  });
}

outcome catalog::save() {
  if (!std::exchange(changed_, false)) return success();
  std::vector<store::saved_tree> all = unreadable_;
  for (const auto& [name, tree] : trees_) {
    auto saved = tree.source;
    for (const auto& node : shared_.nodes.in_order(name)) {
      if (is_settled(node)) saved.settled.push_back(*node);
    }
    all.push_back(std::move(saved));
  }
  const auto stored = store::store_saved_trees(file_, all);
  changed_ = !stored.ok();
  return stored;
}

} // namespace alder::actors

#include "actors/office/process_notes.hpp"

#include <string>
#include <utility>

namespace alder::actors {
namespace {

std::string key_of_process(const node_id& node) { return std::string{store::process_key} + node.text(); }

} // namespace

void process_notes::take_up() {
  std::vector<std::string> others;
  archive_.each(store::process_key, [&](const std::string& id, const std::string& value) {
    auto process = store::parse_process_value(value);
    auto node = node_id::parse(id);
    if (!process || !node || !archive_.goes_on()) return others.push_back(std::string{store::process_key} + id);
    process->id = *node;
    noted_[std::move(*node)] = std::move(*process);
  });
  for (const auto& key : others)
    archive_.forget(key);
}

std::vector<store::noted_process> process_notes::all() const {
  std::vector<store::noted_process> all;
  for (const auto& [id, process] : noted_)
    all.push_back(process);
  return all;
}

void process_notes::note(const store::noted_process& told) {
  auto& known = noted_[told.id];
  auto process = told;
  const bool is_same = known.generation == told.generation && known.start_ticks == told.start_ticks;
  if (is_same && told.secrets == 0) process.secrets = known.secrets; // a former daemon started it, and knew
  if (known == process || known.generation > process.generation) return;
  known = process;
  archive_.set(key_of_process(process.id), store::process_value(process));
  archive_.write_soon();
}

void process_notes::forget(const node_id& node, generation gen) {
  const auto found = noted_.find(node);
  if (found == noted_.end() || found->second.generation != gen) return;
  noted_.erase(found);
  archive_.forget(key_of_process(node));
  archive_.write_soon();
}

bool process_notes::has_old_secrets(const node_id& node, std::uint64_t fingerprint) const {
  const auto found = noted_.find(node);
  return found != noted_.end() && found->second.secrets != 0 && fingerprint != 0 &&
         found->second.secrets != fingerprint;
}

} // namespace alder::actors

#include "actors/host/usage_survey.hpp"

#include "runtime/os/usage.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <utility>

namespace alder::actors {
namespace {

/// Processor time is counted from the last look if that was so long ago.
constexpr std::chrono::milliseconds youngest_look{500};
constexpr std::chrono::minutes oldest_look{1};
/// Many who ask at once are told the same.
constexpr std::chrono::milliseconds as_good_as_new{1000};
/// Services whose use is measured in one turn of the loop: some milliseconds.
constexpr std::size_t looks_a_turn = 64;
constexpr std::size_t exact_looks_a_turn = 4; // the kernel walks their memory

/// Processors used since the last look, or since the start.
double processors_used(const held_process& process, wall_time now, std::chrono::milliseconds cpu) {
  std::chrono::duration<double> elapsed = now - process.looked_at;
  auto before = process.looked_cpu;
  if (now - process.looked_at > oldest_look || now - process.looked_at < std::chrono::milliseconds{50}) {
    elapsed = now - process.started;
    before = {};
  }
  const std::chrono::duration<double> worked = cpu - before; // less than 0 when one of its processes has ended
  return elapsed.count() <= 0 ? 0 : std::max(0.0, worked / elapsed);
}

} // namespace

/// One after the other, for with thousands of services the loop has other things to do meanwhile.
struct usage_survey::round {
  std::vector<node_id> nodes;
  std::size_t next = 0;
  bool exact = false;
  std::function<wall_time()> clock;
  std::function<void(const usage_of_nodes&)> done;
  usage_of_nodes found;
};

process_sample usage_survey::of(const process_id& id) {
  if (table_.find(id) == nullptr) return {};
  const auto used = os::usage_of(members_.processes(id));
  return {used.memory, used.cpu_time};
}

void usage_survey::look_at(std::vector<node_id> nodes, bool exact, std::function<wall_time()> clock,
                           std::function<void(const usage_of_nodes&)> done) {
  go_on_with(std::make_shared<round>(round{std::move(nodes), 0, exact, std::move(clock), std::move(done), {}}));
}

void usage_survey::go_on_with(const std::shared_ptr<round>& looks) {
  const auto end = std::min(looks->nodes.size(), looks->next + (looks->exact ? exact_looks_a_turn : looks_a_turn));
  members_.update();
  for (; looks->next < end; ++looks->next) {
    const auto& node = looks->nodes[looks->next];
    for (const auto& id : table_.of(node))
      if (table_.find(id)->alive) measure(id, looks->exact, looks->clock(), looks->found[node]);
  }
  if (looks->next == looks->nodes.size()) return looks->done(looks->found);
  boost::asio::post(loop_, [this, looks] { go_on_with(looks); });
}

void usage_survey::measure(const process_id& id, bool exact, wall_time now, usage_snapshot& usage) {
  auto& process = *table_.find(id);
  if (!exact && process.measured && now - process.measured_at < as_good_as_new) {
    usage = *process.measured;
    return;
  }
  const auto used = os::usage_of(members_.known_processes(id), exact ? os::detail::exact : os::detail::quick);
  usage.memory = used.memory;
  usage.processes = used.processes;
  usage.threads = used.threads;
  if (exact) usage.descriptors = used.descriptors;
  if (exact) usage.proportional_memory = used.proportional_memory;
  usage.cpu = processors_used(process, now, used.cpu_time);
  if (!exact) process.measured = usage;
  if (!exact) process.measured_at = now;
  if (now - process.looked_at < youngest_look) return; // or two who look by turns would see noise
  process.looked_at = now;
  process.looked_cpu = used.cpu_time;
}

} // namespace alder::actors

#include "cli/common/run_verdict.hpp"

#include "runtime/base/words.hpp"

namespace alder::cli {
namespace {

struct tally {
  const node_view* last = nullptr; ///< the only one, when there is one
  unsigned services = 0;
  unsigned active = 0;
  std::string first_failure;
};

bool is_over(const std::string& state) { return state == "finished" || state == "stopped" || state == "failed"; }

bool ended_abnormally(const node_view& node) {
  if (node.state == "failed") return true;
  if (node.state != "finished" || !node.last_exit) return false;
  if (node.last_exit->code) return *node.last_exit->code != 0;
  const auto& signal = node.last_exit->signal;
  return !signal.empty() && signal != "SIGTERM" && signal != "SIGINT" && signal != "SIGHUP";
}

std::string failure_of(const node_view& node) {
  if (!node.reason.empty()) return node.name + ": " + node.reason;
  return node.name + (node.last_exit ? " ended with " + node.last_exit->text : " " + node.state);
}

void count(const node_view& node, tally& into) {
  for (const auto& child : node.children)
    count(child, into);
  if (node.type == "supervisor") return;
  ++into.services;
  into.last = &node;
  if (!is_over(node.state)) ++into.active;
  if (into.first_failure.empty() && ended_abnormally(node)) into.first_failure = failure_of(node);
}

/// What a shell says of how it ended last; 1 for a failure that no exit of its own explains.
exit_code code_of(const node_view& service) {
  constexpr int signal_base = 128;
  if (!service.last_exit) return exit_code::failed;
  if (const auto signal = signal_named(service.last_exit->signal)) return static_cast<exit_code>(signal_base + *signal);
  const auto code = service.last_exit->code.value_or(0);
  return code == 0 ? exit_code::failed : static_cast<exit_code>(code);
}

const node_view* find_service(const node_view& node, std::string_view name) {
  if (node.type != "supervisor") return node.name == name ? &node : nullptr;
  for (const auto& child : node.children)
    if (const auto* found = find_service(child, name)) return found;
  return nullptr;
}

} // namespace

std::optional<run_result> verdict(const node_view& root, std::string_view from) {
  tally all;
  count(root, all);
  const auto* named = find_service(root, from);
  const auto* counted = named == nullptr && all.services == 1 ? all.last : named;
  const auto failed = [&](std::string why) {
    return run_result{.code = counted == nullptr ? exit_code::failed : code_of(*counted), .reason = std::move(why)};
  };
  if (named != nullptr && is_over(named->state))
    return ended_abnormally(*named) ? failed(failure_of(*named)) : run_result{};
  if (root.state == "failed") return failed(failure_of(root));
  if (root.state == "starting" || root.state == "stopping" || root.state == "backoff") return std::nullopt;
  const bool nothing_left = all.services > 0 && all.active == 0;
  if (!is_over(root.state) && !nothing_left) return std::nullopt;
  if (root.state == "stopped" || all.first_failure.empty()) return run_result{};
  return failed(all.first_failure);
}

} // namespace alder::cli

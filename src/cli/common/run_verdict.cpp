#include "cli/common/run_verdict.hpp"

namespace alder::cli {
namespace {

struct tally {
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
  if (!is_over(node.state)) ++into.active;
  if (into.first_failure.empty() && ended_abnormally(node)) into.first_failure = failure_of(node);
}

} // namespace

std::optional<run_result> verdict(const node_view& root) {
  if (root.state == "failed") return run_result{.code = exit_code::failed, .reason = failure_of(root)};
  if (root.state == "starting" || root.state == "stopping" || root.state == "backoff") return std::nullopt;
  tally all;
  count(root, all);
  const bool nothing_left = all.services > 0 && all.active == 0;
  if (!is_over(root.state) && !nothing_left) return std::nullopt;
  if (root.state == "stopped" || all.first_failure.empty()) return run_result{};
  return run_result{.code = exit_code::failed, .reason = all.first_failure};
}

} // namespace alder::cli

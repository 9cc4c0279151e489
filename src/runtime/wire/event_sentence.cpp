#include "runtime/wire/event_sentence.hpp"

#include "runtime/base/units.hpp"
#include "runtime/base/words.hpp"

namespace alder::wire {
namespace {

/// Why, seen from the node `name`: a cause that began at the node itself speaks of "it". Empty when there is nothing to
/// say.
std::string why_of(const std::string& name, cause why) {
  if (why.what == cause::kind::own_exit) {
    const std::string who = why.origin.empty() || why.origin == name ? "it" : why.origin;
    return "because " + who + " " + (why.detail.empty() ? "ended" : why.detail);
  }
  if (why.what == cause::kind::failed_attempt && why.origin == name) why.origin.clear();
  if (why.what == cause::kind::auto_shutdown && why.origin.empty()) return "because a significant child ended";
  if (why.what == cause::kind::start_unwound && why.origin.empty()) why.origin = "a sibling";
  if (why.what == cause::kind::sibling_exit && why.detail.empty()) why.detail = "ended";
  return phrase(why);
}

/// `lead` and why, with a blank between.
std::string because(std::string lead, const event& e) {
  const auto why = why_of(e.name, e.cause);
  return why.empty() ? lead : lead + " " + why;
}

/// `lead` and the detail after a colon; without detail the cause says it.
std::string detailed(const std::string& lead, const event& e) {
  return e.cause.detail.empty() ? because(lead, e) : lead + ": " + e.cause.detail;
}

std::string subject(const event& e) {
  if (!e.name.empty()) return e.name;
  return e.tree.empty() ? "the daemon" : "tree " + e.tree;
}

std::string tree_of(const event& e) { return "tree " + (e.tree.empty() ? e.name : e.tree); }

bool is_restart(cause::kind kind) {
  return kind == cause::kind::own_exit || kind == cause::kind::sibling_exit || kind == cause::kind::failed_attempt;
}

std::string started(const event& e) {
  const std::string runs = subject(e) + " is running" + (e.pid > 0 ? " (pid " + std::to_string(e.pid) + ")" : "");
  if (e.cause.what == cause::kind::adopted) return runs + ", " + phrase(e.cause);
  const auto why = why_of(e.name, e.cause);
  if (why.empty()) return runs;
  return runs + (is_restart(e.cause.what) ? ", restarted " : ", started ") + why;
}

std::string exited(const event& e) {
  // The detail says more than the status when we ended it: "sent no heartbeat for 15s".
  if (!e.cause.detail.empty()) return subject(e) + " " + e.cause.detail;
  return subject(e) + " " + (e.status ? phrase(*e.status) : "ended");
}

std::string finished(const event& e) {
  const auto why = e.status ? "because it " + phrase(*e.status) : why_of(e.name, e.cause);
  return subject(e) + " has finished and will not be restarted" + (why.empty() ? "" : " " + why);
}

std::string restart_planned(const event& e) {
  const auto when = e.delay.count() > 0 ? " in " + format_duration(e.delay) : " immediately";
  return because(subject(e) + " will be restarted" + when, e);
}

std::string start_failed(const event& e) {
  return subject(e) + " failed to start" + (e.cause.detail.empty() ? "" : ": " + e.cause.detail);
}

/// "tree shop failed: gave up: more than 3 …", or that its start failed.
std::string tree_failed(const event& e) {
  switch (e.cause.what) {
  case cause::kind::gave_up:
    return tree_of(e) + " failed because it gave up" + (e.cause.detail.empty() ? "" : ": " + e.cause.detail);
  case cause::kind::start_unwound:
  case cause::kind::failed_attempt: return because(tree_of(e) + " failed", e);
  case cause::kind::tree_start:
  case cause::kind::own_exit:
  case cause::kind::sibling_exit:
  case cause::kind::request:
  case cause::kind::tree_stop:
  case cause::kind::auto_shutdown:
  case cause::kind::adopted:
  case cause::kind::schedule:
  case cause::kind::file_change: break;
  }
  return detailed(tree_of(e) + " failed", e);
}

std::string daemon_started(const event& e) {
  const std::string text = "the daemon is up" + (e.pid > 0 ? " (pid " + std::to_string(e.pid) + ")" : std::string{});
  return e.cause.detail.empty() ? text : text + ": " + e.cause.detail;
}

std::string warning(const event& e) {
  const std::string text = e.cause.detail.empty() ? "unknown problem" : e.cause.detail;
  return (e.name.empty() && e.tree.empty() ? "warning" : subject(e)) + ": " + text;
}

} // namespace

std::string sentence(const event& e) {
  switch (e.kind) {
  case event_kind::starting:
    return because(subject(e) + (is_restart(e.cause.what) ? " is being restarted" : " is being started"), e);
  case event_kind::started: return started(e);
  case event_kind::start_failed: return start_failed(e);
  case event_kind::exited: return exited(e);
  case event_kind::restart_planned: return restart_planned(e);
  case event_kind::stopping: return because(subject(e) + " is being stopped", e);
  case event_kind::stopped: return because(subject(e) + " was stopped", e);
  case event_kind::finished: return finished(e);
  case event_kind::failed: return detailed(subject(e) + " has failed and will not be restarted", e);
  case event_kind::message: return detailed(subject(e) + " says", e);
  case event_kind::gave_up: return detailed(subject(e) + " gave up", e);
  case event_kind::tree_failed: return tree_failed(e);
  case event_kind::tree_removed: return because(tree_of(e) + " was removed", e);
  case event_kind::adopted:
    return subject(e) + " kept running" + (e.pid > 0 ? " (pid " + std::to_string(e.pid) + ")" : "") +
           " while the daemon was down";
  case event_kind::resumed:
    return "the " + (e.cause.detail.empty() ? "work" : e.cause.detail) + " of " + subject(e) +
           ", interrupted when the daemon exited, has been completed";
  case event_kind::daemon_started: return daemon_started(e);
  case event_kind::daemon_stopping: return because("the daemon is stopping", e);
  case event_kind::queued: return "a change of " + tree_of(e) + " waits until an earlier one is complete";
  case event_kind::warning: return warning(e);
  }
  return {};
}

std::string state_reason(node_state state, const std::string& name, const cause& why) {
  if (why.what == cause::kind::adopted) return phrase(why);
  const auto text = why_of(name, why);
  const auto after = [&](std::string lead) { return text.empty() ? lead : lead + " " + text; };
  const bool again = is_restart(why.what);
  switch (state) {
  case node_state::stopped: return text.empty() ? "not started yet" : "stopped " + text;
  case node_state::starting: return after(again ? "is being restarted" : "is being started");
  case node_state::running: return after(again ? "restarted" : "started");
  case node_state::stopping: return after("is being stopped");
  case node_state::backoff: return after("waiting to be restarted");
  case node_state::finished: return after("finished");
  case node_state::failed:
    return why.what == cause::kind::gave_up && !why.detail.empty() ? "gave up: " + why.detail : after("failed");
  }
  return {};
}

} // namespace alder::wire

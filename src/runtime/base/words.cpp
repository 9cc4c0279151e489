#include "runtime/base/words.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <cstring>
#include <utility>

namespace alder {
namespace {

template <class Enum, std::size_t N> using table = std::array<std::pair<Enum, std::string_view>, N>;

constexpr table<strategy, 4> strategies{{{strategy::one_for_one, "one_for_one"},
                                         {strategy::one_for_all, "one_for_all"},
                                         {strategy::rest_for_one, "rest_for_one"},
                                         {strategy::simple_one_for_one, "simple_one_for_one"}}};

constexpr table<restart_kind, 6> restarts{{{restart_kind::permanent, "permanent"},
                                           {restart_kind::transient, "transient"},
                                           {restart_kind::temporary, "temporary"},
                                           {restart_kind::permanent, "always"},
                                           {restart_kind::transient, "on-failure"},
                                           {restart_kind::temporary, "never"}}};

constexpr table<auto_shutdown, 3> auto_shutdowns{{{auto_shutdown::never, "never"},
                                                  {auto_shutdown::any_significant, "any_significant"},
                                                  {auto_shutdown::all_significant, "all_significant"}}};

constexpr table<node_state, 7> states{{{node_state::stopped, "stopped"},
                                       {node_state::starting, "starting"},
                                       {node_state::running, "running"},
                                       {node_state::stopping, "stopping"},
                                       {node_state::backoff, "backoff"},
                                       {node_state::finished, "finished"},
                                       {node_state::failed, "failed"}}};

constexpr table<event_kind, 19> events{{{event_kind::starting, "starting"},
                                        {event_kind::started, "started"},
                                        {event_kind::start_failed, "start_failed"},
                                        {event_kind::exited, "exited"},
                                        {event_kind::restart_planned, "restart_planned"},
                                        {event_kind::stopping, "stopping"},
                                        {event_kind::stopped, "stopped"},
                                        {event_kind::finished, "finished"},
                                        {event_kind::gave_up, "gave_up"},
                                        {event_kind::failed, "failed"},
                                        {event_kind::message, "message"},
                                        {event_kind::tree_failed, "tree_failed"},
                                        {event_kind::tree_removed, "tree_removed"},
                                        {event_kind::adopted, "adopted"},
                                        {event_kind::resumed, "resumed"},
                                        {event_kind::daemon_started, "daemon_started"},
                                        {event_kind::daemon_stopping, "daemon_stopping"},
                                        {event_kind::queued, "queued"},
                                        {event_kind::warning, "warning"}}};

constexpr table<cause::kind, 12> causes{{{cause::kind::tree_start, "tree_start"},
                                         {cause::kind::own_exit, "own_exit"},
                                         {cause::kind::sibling_exit, "sibling_exit"},
                                         {cause::kind::failed_attempt, "failed_attempt"},
                                         {cause::kind::request, "request"},
                                         {cause::kind::tree_stop, "tree_stop"},
                                         {cause::kind::gave_up, "gave_up"},
                                         {cause::kind::auto_shutdown, "auto_shutdown"},
                                         {cause::kind::start_unwound, "start_unwound"},
                                         {cause::kind::adopted, "adopted"},
                                         {cause::kind::schedule, "schedule"},
                                         {cause::kind::file_change, "file_change"}}};

constexpr table<exit_reason::kind, 5> reasons{{{exit_reason::kind::normal, "normal"},
                                               {exit_reason::kind::shutdown, "shutdown"},
                                               {exit_reason::kind::shutdown_term, "shutdown_term"},
                                               {exit_reason::kind::killed, "killed"},
                                               {exit_reason::kind::crash, "crash"}}};

template <class Enum, std::size_t N> std::string_view find_word(const table<Enum, N>& words, Enum value) {
  const auto found = std::find_if(words.begin(), words.end(), [&](const auto& entry) { return entry.first == value; });
  return found == words.end() ? "?" : found->second;
}

template <class Enum, std::size_t N>
std::optional<Enum> find_value(const table<Enum, N>& words, std::string_view text) {
  const auto found = std::find_if(words.begin(), words.end(), [&](const auto& entry) { return entry.second == text; });
  return found == words.end() ? std::nullopt : std::optional{found->first};
}

std::string because_of(const cause& why, std::string_view relation) {
  std::string text = "because " + std::string{relation};
  if (!why.origin.empty()) text += " " + why.origin;
  if (!why.detail.empty()) text += " " + why.detail;
  if (!why.strategy.empty()) text += " (" + why.strategy + ")";
  return text;
}

std::string with_detail(std::string text, const cause& why) {
  return why.detail.empty() ? text : text + ": " + why.detail;
}

// The numbers are Linux's on every machine we build for; child_setup.cpp, which hands them on, asserts them.
constexpr std::array<std::pair<std::string_view, int>, 16> resources{{{"as", 9},
                                                                      {"core", 4},
                                                                      {"cpu", 0},
                                                                      {"data", 2},
                                                                      {"fsize", 1},
                                                                      {"locks", 10},
                                                                      {"memlock", 8},
                                                                      {"msgqueue", 12},
                                                                      {"nice", 13},
                                                                      {"nofile", 7},
                                                                      {"nproc", 6},
                                                                      {"rss", 5},
                                                                      {"rtprio", 14},
                                                                      {"rttime", 15},
                                                                      {"sigpending", 11},
                                                                      {"stack", 3}}};

} // namespace

std::string_view word(strategy s) { return find_word(strategies, s); }
std::string_view word(restart_kind r) { return find_word(restarts, r); }
std::string_view word(auto_shutdown a) { return find_word(auto_shutdowns, a); }
std::string_view word(node_state s) { return find_word(states, s); }
std::string_view word(event_kind k) { return find_word(events, k); }
std::string_view word(cause::kind k) { return find_word(causes, k); }
std::string_view word(exit_reason::kind k) { return find_word(reasons, k); }

std::optional<strategy> strategy_named(std::string_view text) { return find_value(strategies, text); }
std::optional<restart_kind> restart_named(std::string_view text) { return find_value(restarts, text); }
std::optional<auto_shutdown> auto_shutdown_named(std::string_view text) { return find_value(auto_shutdowns, text); }
std::optional<node_state> node_state_named(std::string_view text) { return find_value(states, text); }
std::optional<event_kind> event_kind_named(std::string_view text) { return find_value(events, text); }
std::optional<cause::kind> cause_named(std::string_view text) { return find_value(causes, text); }

std::string signal_name(int signal) {
  const char* name = ::sigabbrev_np(signal);
  return name != nullptr ? "SIG" + std::string{name} : "signal " + std::to_string(signal);
}

std::optional<int> signal_named(std::string_view text) {
  int number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size())
    return number > 0 && number < NSIG ? std::optional{number} : std::nullopt;
  std::string name{text};
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  if (name.rfind("SIG", 0) == 0) name.erase(0, 3);
  for (int signal = 1; signal < NSIG; ++signal) {
    const char* known = ::sigabbrev_np(signal);
    if (known != nullptr && name == known) return signal;
  }
  return std::nullopt;
}

std::optional<int> resource_named(std::string_view text) {
  for (const auto& [name, resource] : resources)
    if (name == text) return resource;
  return std::nullopt;
}

std::string resource_name(int resource) {
  for (const auto& [name, number] : resources)
    if (number == resource) return std::string{name};
  return "resource " + std::to_string(resource);
}

std::vector<std::string> resource_names() {
  std::vector<std::string> names;
  for (const auto& [name, resource] : resources)
    names.emplace_back(name);
  return names;
}

std::string brief(const exit_status& status) {
  switch (status.kind) {
  case exit_status::how::exited: return "code " + std::to_string(status.value);
  case exit_status::how::signaled: return signal_name(status.value);
  case exit_status::how::unknown: break;
  }
  return "unknown";
}

std::string phrase(const exit_status& status) {
  switch (status.kind) {
  case exit_status::how::exited: return "exited with code " + std::to_string(status.value);
  case exit_status::how::signaled: return "was killed by " + signal_name(status.value);
  case exit_status::how::unknown: break;
  }
  return "ended with an unknown exit status";
}

std::string phrase(const cause& why) {
  switch (why.what) {
  case cause::kind::tree_start:
    if (why.origin.empty()) return "";
    return why.detail.empty() ? "by its supervisor" : "because " + why.detail;
  case cause::kind::own_exit: return because_of(why, "it");
  case cause::kind::sibling_exit: return because_of(why, "sibling");
  case cause::kind::failed_attempt:
    return with_detail(
        why.origin.empty() ? "because its last start failed" : "because the start of " + why.origin + " failed", why);
  case cause::kind::request: return with_detail("on request", why);
  case cause::kind::tree_stop: return with_detail("because its supervisor is stopping", why);
  case cause::kind::gave_up: return with_detail("because its supervisor gave up", why);
  case cause::kind::auto_shutdown: return "because significant child " + why.origin + " ended";
  case cause::kind::start_unwound: return with_detail("because the start of " + why.origin + " failed", why);
  case cause::kind::adopted: return "it kept running while the daemon was down";
  case cause::kind::schedule: return with_detail("because of its schedule", why);
  case cause::kind::file_change: return with_detail("because a file changed", why);
  }
  return {};
}

std::string errno_text(int number) {
  const char* description = ::strerrordesc_np(number);
  const char* name = ::strerrorname_np(number);
  if (description == nullptr || name == nullptr) return "error " + std::to_string(number);
  std::string text{description};
  if (text.size() > 1 && text[0] >= 'A' && text[0] <= 'Z' && text[1] >= 'a') text[0] = static_cast<char>(text[0] + 32);
  return text + " (" + name + ")";
}

} // namespace alder

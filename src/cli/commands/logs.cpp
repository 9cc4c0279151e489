#include "cli/commands/command.hpp"
#include "cli/commands/follow.hpp"
#include "cli/commands/search.hpp"
#include "cli/commands/selection.hpp"
#include "cli/common/resumption.hpp"
#include "cli/common/screens.hpp"

#include "runtime/base/overloaded.hpp"
#include "runtime/base/text.hpp"
#include "runtime/os/background.hpp"
#include "runtime/os/kept_logs.hpp"

#include "alder/node_id.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string>

namespace alder::cli {
namespace {

constexpr unsigned default_log_tail = 20;

/// The target of the services with these names, or below supervisors with these names.
std::string services_target(const std::vector<std::string>& names) {
  std::string target = "/v1/services";
  for (const auto& name : names)
    target += (&name == &names.front() ? "?service=" : "&service=") + percent_encoded(name);
  return target;
}

/// The columns of the longest name that will turn up, so that the lines stand below each other from the first on.
std::size_t longest_name(session& s, const std::vector<std::string>& names) {
  const auto answer = s.try_request({.method = "GET", .target = services_target(names), .body = {}, .accept = {}});
  const auto* body = std::get_if<std::string>(&answer);
  const auto list = body == nullptr ? result<service_list>{service_list{}} : read_services(*body);
  std::size_t width = 0;
  if (!list) return width;
  for (const auto& node : list->services)
    width = std::max(width, columns_of(node.name));
  return width;
}

/// The fields of a search.
std::string search_query(const invocation& wanted, const search& asked) {
  std::string query;
  const auto add = [&](std::string_view key, const std::optional<wall_time>& at) {
    if (at) query += "&" + std::string{key} + "=" + std::to_string(at->time_since_epoch().count());
  };
  add("since", asked.since);
  add("until", asked.until);
  if (asked.grep) query += "&grep=" + percent_encoded(wanted.grep);
  if (wanted.previous) query += "&previous=1";
  return query;
}

/// What is done with the files instead of reading them; a service of such a name is written TREE/NAME.
constexpr std::array<std::string_view, 4> actions{"clear", "reopen", "rotate", "path"};

exit_code act(session& s, const std::string& action, const std::string& names) {
  const bool is_clear = action == "clear";
  const auto answer = s.try_request({.method = is_clear ? "DELETE" : "POST",
                                     .target = "/v1/logs" + (is_clear ? "" : "/" + action) + "?" + names,
                                     .body = {},
                                     .accept = {}});
  if (const auto* failed = std::get_if<failure>(&answer)) return s.fail(*failed);
  const auto& body = std::get<std::string>(answer);
  if (s.wanted().json) (void)s.print(body + "\n");
  const auto files = read_file_count(body);
  if (s.wanted().json || s.wanted().quiet || !files) return s.end_code(); // an older daemon does not count them
  const std::string done = is_clear ? "cleared" : action == "rotate" ? "rotated" : "reopened";
  (void)s.print(*files == 0 ? "no log file had to be " + done + "\n" : done + " " + counted(*files, "file") + "\n");
  return s.end_code();
}

/// The files of each service, one a line.
exit_code show_paths(session& s, const std::vector<std::string>& names) {
  const auto body = s.get(services_target(names));
  if (!body) return s.end_code();
  const auto list = s.understood(*body, read_services);
  if (!list) return s.end_code();
  std::set<std::string> shown; // files may be shared
  for (const auto& node : list->services) {
    const auto one = s.get(service_target(node_id{node.tree, node.name}.text()));
    const auto known = one ? s.understood(*one, read_node) : std::nullopt;
    if (!known) return s.end_code();
    if (!known->detail) continue;
    for (const auto& path : {known->detail->log_out, known->detail->log_err})
      if (!path.empty() && shown.insert(path).second && !s.print(path + "\n")) return s.end_code();
  }
  if (shown.empty() && !names.empty()) s.note("alder: " + join(names, ", ") + ": no log files\n");
  return s.end_code();
}

/// As the daemon understands them, as far as the names of files tell: "all", a tree, a service or its pool, a pattern.
bool is_meant(const std::vector<std::string>& words, const os::kept_log& file) {
  const node_id service{file.tree, file.service};
  return words.empty() || std::any_of(words.begin(), words.end(), [&](const auto& word) {
           return word == "all" || word == file.tree || service.matches(word);
         });
}

/// Without a daemon the files are still there: where, and what to type to read them.
failure with_files(failure told, const session& s, const std::vector<std::string>& words) {
  constexpr std::size_t most = 6;
  const auto& directory = s.setup().where.log_dir;
  auto files = os::kept_logs(directory);
  std::erase_if(files, [&](const auto& file) { return !is_meant(words, file); });
  if (files.empty()) {
    const auto whose = words.empty() ? std::string{} : " of " + join(words, ", ");
    told.help.push_back("there is no log file" + whose + " in " + directory);
    return told;
  }
  const auto& wanted = s.wanted();
  std::erase_if(files, [&](const auto& file) { // of those that say nothing only when there is nothing else
    return (wanted.stream == "out" && file.is_err) || (wanted.stream == "err" && !file.is_err);
  });
  const auto is_empty = [](const auto& file) { return file.bytes == 0; };
  if (!std::all_of(files.begin(), files.end(), is_empty)) std::erase_if(files, is_empty);
  std::vector<std::string> paths;
  for (const auto& file : files)
    paths.push_back(file.path);
  const auto lines = std::to_string(wanted.tail.value_or(default_log_tail));
  told.help.push_back("log files are in " + directory);
  if (!paths.empty())
    told.help.push_back("to read them without the daemon: tail -n " + lines + " " +
                        (paths.size() > most ? shell_quote({directory}) + "/*/*.log" : shell_quote(paths)));
  return told;
}

exit_code run_logs(session& s) {
  const auto& wanted = s.wanted();
  const bool is_action =
      !wanted.words.empty() && std::find(actions.begin(), actions.end(), wanted.words.front()) != actions.end();
  const std::vector<std::string> words{wanted.words.begin() + (is_action ? 1 : 0), wanted.words.end()};
  const bool is_about_files = !is_action || wanted.words.front() == "path";
  if (is_about_files && !os::is_served(s.setup().where.socket))
    if (auto absent = s.rouse(); absent && absent->code == exit_code::no_daemon)
      return s.fail(with_files(std::move(*absent), s, words));
  const auto names = filter_words(s, words);
  if (!names) return s.end_code();
  if (is_action) {
    if (wanted.words.front() == "path") return show_paths(s, *names);
    std::string query;
    for (const auto& name : *names)
      query += (query.empty() ? "service=" : "&service=") + percent_encoded(name);
    return act(s, wanted.words.front(), query);
  }
  const auto asked = read_search(s);
  if (!asked) return s.end_code();
  const auto query = search_query(wanted, *asked);
  const log_style style{.has_prefix = !wanted.no_prefix && !wanted.raw,
                        .is_raw = wanted.raw,
                        .name_width = wanted.json ? 0 : longest_name(s, *names)};
  const auto target = [&](stream_past past) {
    return "/v1/logs" + stream_query(wanted, *names, "service", default_log_tail, past) + query;
  };
  log_resumption place{target(stream_past::shown), target(stream_past::known)};
  const auto next = [&] {
    if (wanted.follow) return place.next();
    return call{.method = "GET", .target = target(stream_past::shown), .body = {}, .accept = "application/x-ndjson"};
  };
  const auto on_line = [&](std::string_view text) {
    const auto line = s.understood(std::string{text}, read_log_item);
    if (!line) return false;
    place.note(*line);
    if (std::holds_alternative<log_cursors>(*line)) return true;
    if (wanted.json) return s.print(std::string{text} + "\n");
    return std::visit(overloaded{[&](const log_line& log) { return s.print(log_text(s.out(), log, style)); },
                                 [&](const log_gap& gap) {
                                   s.note(gap_text(s.err(), gap));
                                   return true;
                                 },
                                 [](const log_cursors&) { return true; }},
                      *line);
  };
  return follow_lines(s, {.next = next, .on_line = on_line, .goes_on = wanted.follow});
}

} // namespace

command_info logs_command() {
  return {.name = "logs",
          .aliases = {"log"},
          .group = command_group::inspection,
          .usage = "[clear | reopen | rotate | path] [NAME… | PATTERN… | all]",
          .summary = "show the output of services",
          .options = {option::follow, option::tail, option::since, option::until, option::grep, option::previous,
                      option::out, option::err, option::no_prefix, option::raw},
          .most_words = any_number,
          .examples = {"alder logs -f                # all output as it arrives", "alder logs -n 100 --err api",
                       "alder logs -f 'worker-*'", "alder logs --since 10m --grep 'timeout|refused'",
                       "alder logs --previous api    # up to the crash",
                       "alder logs clear api         # empty its files, delete its archives",
                       "alder logs reopen            # after the files were moved"},
          .run = run_logs};
}

} // namespace alder::cli

#include "runtime/config/codes.hpp"

#include "runtime/base/assert.hpp"
#include "runtime/config/diagnostic.hpp"

#include <algorithm>

namespace alder::config {

const std::vector<code_entry>& code_table() {
  static const std::vector<code_entry> table{
      {code::bad_syntax, "E001",
       "The text is not valid YAML, or, in a file that ends in .json, not valid JSON. Reading stops at the first such "
       "place, so "
       "mistakes further on show up only when it is repaired. Frequent causes: a quote that is not closed, a tab used "
       "for "
       "indentation, a value that starts with @ or ` or % and needs quotes."},
      {code::too_large, "E002",
       "A limit is exceeded: a file has at most 1 MiB, 64 levels and 100000 values (aliases count as often as they are "
       "used), a value "
       "at most 1 MiB after its variables are replaced, a tree at most 20000 services and 256 MiB of their values, one "
       "service or supervisor 64 MiB."},
      {code::not_a_tree, "E003",
       "A configuration is one document, and that is a mapping: keys with values, among them 'children'. This file is "
       "empty, or it "
       "holds a list or a single value, or several documents separated by '---'."},
      {code::bad_alias, "E004",
       "An alias (*name) must name an anchor (&name) that stands before it and is complete, a merge key (<<) takes a "
       "mapping or a list "
       "of mappings, and the only tag is !!str."},
      {code::duplicate_key, "E005",
       "A mapping has the same key twice. Remove one: the second would silently win or lose."},
      {code::too_many, "E009", "There are more mistakes than are shown. Repair these first."},
      {code::unknown_key, "E010",
       "There is no such key here. Keys are checked so that a typing mistake does not go unnoticed. docs/config.md "
       "lists them."},
      {code::wrong_type, "E011",
       "The value has the wrong shape: a list where one value belongs, a word where a number belongs, nothing at all, "
       "or text with a "
       "NUL character."},
      {code::unknown_word, "E012", "The key takes one of a fixed set of words, and this is none of them."},
      {code::bad_duration, "E013",
       "A duration is a number with a unit: 250ms, 10s, 1.5s, 2m, 1h30m, 3d. Only 0 needs no unit. A number without "
       "one is refused "
       "because programs disagree whether it means seconds or milliseconds."},
      {code::out_of_range, "E014", "The value is of the right kind, but too small or too large for this key."},
      {code::missing_key, "E015", "A key that has no default is missing."},
      {code::bad_name, "E016",
       "Names consist of the letters A-Z and a-z, digits, '_', '.' and '-', start with a letter, a digit or '_' and "
       "have at most 64 "
       "characters. ':' is kept for instances (api:0) and '/' for full names (shop/api). The name of an environment "
       "variable is not "
       "empty and has no '='."},
      {code::duplicate_name, "E017",
       "All supervisors and services of a tree, the root among them, have different names, because commands address "
       "them by name."},
      {code::exclusive_keys, "E018", "Only one of these keys can be given."},
      {code::bad_command, "E019",
       "A command is a list of words, or a text that is split into words as a shell does it. It must not be empty and "
       "its quotes must "
       "be closed. With 'shell: true' it is one text for /bin/sh."},
      {code::impossible, "E021",
       "These settings contradict each other. 'significant' needs a supervisor with auto_shutdown any_significant or "
       "all_significant and "
       "a child that is transient or temporary, as in OTP; instances of a pool cannot be significant; a maximum is not "
       "below its minimum."},
      {code::bad_address, "E022",
       "A TCP address is HOST:PORT, [IPV6]:PORT or PORT; a URL is http://HOST[:PORT][/PATH]. HTTPS is not checked: use "
       "tcp, or exec with "
       "a command such as curl."},
      {code::unknown_account, "E023",
       "The user or group is not in the database of this machine. A number is taken as it is; with a user that is only "
       "a number 'group' must say the group."},
      {code::not_allowed, "E024",
       "This machine, or the user the daemon runs as, does not allow it: another user, a higher priority, a limit "
       "above "
       "the hard limit, a processor that is not there. Start the daemon as root, or name the key in 'optional', and it "
       "is left out where it is not possible."},
      {code::bad_pattern, "E025",
       "The text is not a regular expression in the syntax of RE2, or it is too long or too complex: at most 1024 "
       "bytes and "
       "1000 instructions when it is compiled (250 for 'log'), where each repetition counts as often as it may repeat. "
       "There "
       "are no back-references and no look-around, because they can take exponential time."},
      {code::unknown_sibling, "E026",
       "'after' names children of the same supervisor: services, pools and supervisors beside this one. '(completed)' "
       "can "
       "be asked of tasks only, for others never end well."},
      {code::circle, "E027",
       "These children wait for each other in a circle, so that none of them could start. Take one 'after' away."},
      {code::bad_schedule, "E028",
       "A cron expression has five fields (minute, hour, day of the month, month, day of the week) or six, with "
       "seconds "
       "first; each is a list of *, n, a-b, */n and a-b/n. A time zone is a name of the system's database such as "
       "Europe/Berlin."},
      {code::undefined_variable, "E030",
       "The variable is neither set in the environment of the caller nor has it a default. Write ${NAME:-default}, or "
       "$${NAME} for the "
       "text itself. The 'env' settings of a service are for its process and do not count here."},
      {code::bad_variable, "E031", "Variables are written ${NAME} or ${NAME:-default}; $$ stands for one $."},
      {code::unreadable_env_file, "E032",
       "A file named by 'env_file' could not be read. Its path is relative to the directory of the configuration."},
      {code::bad_env_line, "E033",
       "A line of an env file is NAME=VALUE, empty, or a comment that starts with #. VALUE may be in single or double "
       "quotes, and then have several lines; nothing may follow the closing quote but a comment."},
      {code::bad_extension, "E034",
       "An extension is a shared library with actors for the daemon. It is not named, could not be loaded, was built "
       "for another "
       "version of Alder, or does not offer what the configuration wants of it. docs/extensions.md says how one is "
       "made. 'alder check' runs no foreign code, so only the daemon finds this out."},
      {code::swallows_escalation, "W001",
       "A supervisor that gives up ends with 'shutdown', which counts as a clean exit. If it is transient or "
       "temporary, its own "
       "supervisor does not restart it: everything below stays down, and nobody is told. Use permanent unless this is "
       "meant."},
      {code::restarts_after_shutdown, "W002",
       "A supervisor that shuts itself down (auto_shutdown) is restarted at once if it is permanent, and each time "
       "counts against the "
       "intensity of its own supervisor. Use transient or temporary."},
      {code::endless_stop, "W003",
       "With 'timeout: infinity' a service that does not react to its stop signal is never killed, and stopping the "
       "tree waits for it."},
      {code::no_restarts, "W004",
       "With 'max_restarts: 0' the first restart, whatever its cause, makes the supervisor give up."},
      {code::revived_by_group, "W005",
       "With one_for_all and rest_for_one a restart starts the whole group again, also services that had ended as they "
       "should: a transient "
       "one runs again; a temporary one is forgotten if it still runs and a sibling takes it along."},
      {code::no_effect, "W006", "The setting is legal but changes nothing here."},
      {code::more_warnings, "W007", "There are more warnings than are shown."},
      {code::left_out, "W008",
       "The setting is not possible here and is named in 'optional', so the service runs without it."},
      {code::odd_variable, "W009",
       "The name of a variable in an env file begins with a digit. Programs get it, but no shell can use it, and many "
       "other readers of such files leave it out."},
      {code::stops_badly, "W010",
       "How this service is stopped does not suit its program: the signal cuts requests that another lets it finish, "
       "or "
       "does not end it, or the time is known to be too short, or a shell stays between Alder and the program. The "
       "help "
       "names the line to write. A `stop` that names another signal, or leaves enough time, settles it."},
      {code::shared_check, "W011",
       "Readiness or health of every instance of a pool is checked at the same address or file. Only one program can "
       "listen on an address (unless all of them set SO_REUSEPORT), so the other instances exit and are restarted over "
       "and over, or the one that listens passes the check for all. Use ${INSTANCE} in 'ready', 'health', 'command' "
       "and "
       "'env' to tell instances apart."},
  };
  return table;
}

const code_entry& entry_of(code what) {
  const auto& table = code_table();
  const auto found = std::find_if(table.begin(), table.end(), [&](const auto& entry) { return entry.what == what; });
  ALDER_ASSERT(found != table.end());
  return *found;
}

std::optional<std::string> explain(std::string_view code) {
  for (const auto& entry : code_table()) {
    if (entry.text == code) return std::string{entry.explanation};
  }
  return std::nullopt;
}

std::vector<std::string> known_codes() {
  std::vector<std::string> codes;
  for (const auto& entry : code_table())
    codes.emplace_back(entry.text);
  return codes;
}

} // namespace alder::config

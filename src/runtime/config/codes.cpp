#include "runtime/config/codes.hpp"

#include "runtime/base/assert.hpp"
#include "runtime/config/diagnostic.hpp"

#include <algorithm>

namespace alder::config {

const std::vector<code_entry>& code_table() {
  static const std::vector<code_entry> table{
      {code::bad_syntax, "E001",
       "The text is not valid YAML, or, in a file that ends in .json, not valid JSON. Reading stops there, so errors "
       "further down are reported only after this one is fixed. Frequent causes: an unclosed quote, a tab used for "
       "indentation, an unquoted value that starts with @, ` or %."},
      {code::too_large, "E002",
       "A limit is exceeded: a file has at most 1 MiB, 64 levels and 100000 values (aliases count as often as they are "
       "used), a value at most 1 MiB after its variables are replaced, a tree at most 20000 services and 256 MiB of "
       "their values, one service or supervisor 64 MiB."},
      {code::not_a_tree, "E003",
       "A configuration is a single document that contains a mapping of keys to values, among them 'children'. This "
       "file is empty, or it contains a list, a single value, or several documents separated by '---'."},
      {code::bad_alias, "E004",
       "An alias (*name) must refer to an anchor (&name) that is complete and comes before it; a merge key (<<) takes "
       "a mapping or a list of mappings, and the only tags are !!str and !!binary."},
      {code::duplicate_key, "E005",
       "A mapping has the same key twice. Remove one of them: it would not be obvious which one takes effect."},
      {code::too_many, "E009", "There are more errors than are shown. Fix these first."},
      {code::unknown_key, "E010",
       "There is no such key here. Unknown keys are errors so that typing mistakes do not go unnoticed. docs/config.md "
       "lists all keys."},
      {code::wrong_type, "E011",
       "The value has the wrong shape: a list where one value belongs, a word where a number belongs, nothing at all, "
       "or text with a NUL character."},
      {code::unknown_word, "E012", "The value is not one of the words that this key accepts."},
      {code::bad_duration, "E013",
       "A duration is a number with a unit: 250ms, 10s, 1.5s, 2m, 1h30m, 3d. Only 0 needs no unit. Other numbers "
       "without a unit are rejected because programs disagree on whether they mean seconds or milliseconds."},
      {code::out_of_range, "E014", "The value is of the right kind, but too small or too large for this key."},
      {code::missing_key, "E015", "A required key is missing."},
      {code::bad_name, "E016",
       "Names consist of the letters A-Z and a-z, digits, '_', '.' and '-', start with a letter, a digit or '_', and "
       "have at most 64 characters. ':' is reserved for instances (api:0) and '/' for full names (shop/api). The name "
       "of an environment variable must not be empty or contain '='."},
      {code::duplicate_name, "E017",
       "All supervisors and services of a tree, the root among them, must have different names, because commands "
       "address them by name."},
      {code::exclusive_keys, "E018", "Only one of these keys can be given."},
      {code::bad_command, "E019",
       "A command is a list of words, or a text that is split into words as by a shell. It must not be empty and its "
       "quotes must be closed. With 'shell: true' it is one text for /bin/sh."},
      {code::impossible, "E021",
       "These settings contradict each other. 'significant' needs a supervisor with auto_shutdown any_significant or "
       "all_significant and a child that is transient or temporary, as in OTP; instances of a pool cannot be "
       "significant; a maximum is not below its minimum."},
      {code::bad_address, "E022",
       "A TCP address is HOST:PORT, [IPV6]:PORT or PORT; a URL is http://HOST[:PORT][/PATH]. HTTPS is not supported: "
       "use tcp, or exec with a command such as curl."},
      {code::unknown_account, "E023",
       "The user or group is not in the database of this machine. A numeric ID is used as it is; for a user given by a "
       "number, 'group' is required."},
      {code::not_allowed, "E024",
       "This machine, or the user the daemon runs as, does not allow it: another user, a higher priority, a limit "
       "above the hard limit, a processor that does not exist. Start the daemon as root, or list the key in "
       "'optional', so that it is ignored where it is not supported."},
      {code::bad_pattern, "E025",
       "The text is not a regular expression in the syntax of RE2, or it is too long or too complex: at most 1024 "
       "bytes and 1000 instructions when it is compiled (250 for 'log'), where each repetition counts as often as it "
       "may repeat. Back-references and look-around are not supported, because they can take exponential time."},
      {code::unknown_sibling, "E026",
       "'after' names children of the same supervisor: services, pools and supervisors beside this one. '(completed)' "
       "applies only to tasks, because other services are never completed."},
      {code::circle, "E027",
       "These children wait for each other in a circle, so none of them can start. Remove one 'after'."},
      {code::bad_schedule, "E028",
       "A cron expression has five fields (minute, hour, day of the month, month, day of the week) or six, with "
       "seconds first; each is a list of *, n, a-b, */n and a-b/n. A time zone is a name of the system's database such "
       "as Europe/Berlin."},
      {code::undefined_variable, "E030",
       "The variable is not set in the environment of the caller and has no default. Write ${NAME:-default}, or "
       "$${NAME} for literal text. The 'env' settings of a service apply to its process and are not used here."},
      {code::bad_variable, "E031", "Variables are written ${NAME} or ${NAME:-default}; $$ is a literal $."},
      {code::unreadable_env_file, "E032",
       "A file named by 'env_file' could not be read. Its path is relative to the directory of the configuration."},
      {code::bad_env_line, "E033",
       "A line of an env file is NAME=VALUE, empty, or a comment that starts with #. VALUE may be in single or double "
       "quotes, and may then span several lines; only a comment may follow the closing quote."},
      {code::bad_extension, "E034",
       "An extension is a shared library with actors for the daemon. It is not named, could not be loaded, was built "
       "for another version of Alder, or does not provide what the configuration uses. docs/extensions.md describes "
       "how to build one. 'alder check' does not load extensions, so only the daemon detects this."},
      {code::swallows_escalation, "W001",
       "A supervisor that gives up ends with 'shutdown', which counts as a clean exit. If it is transient or "
       "temporary, its own supervisor does not restart it: everything below it stays down and nothing escalates. Use "
       "permanent unless this is intended."},
      {code::restarts_after_shutdown, "W002",
       "A supervisor that shuts itself down (auto_shutdown) is restarted immediately if it is permanent, and each "
       "restart counts against the intensity of its own supervisor. Use transient or temporary."},
      {code::endless_stop, "W003",
       "With 'timeout: infinity' a service that does not react to its stop signal is never killed, and stopping the "
       "tree waits for it."},
      {code::no_restarts, "W004",
       "With 'max_restarts: 0' the first restart, whatever its cause, makes the supervisor give up."},
      {code::revived_by_group, "W005",
       "With one_for_all and rest_for_one a restart starts the whole group again, including services that had finished "
       "as intended: a transient one runs again; a temporary one that is still running is stopped and removed."},
      {code::no_effect, "W006", "The setting is valid but has no effect here."},
      {code::more_warnings, "W007", "There are more warnings than are shown."},
      {code::left_out, "W008",
       "The setting is not supported here and is listed in 'optional', so the service runs without it."},
      {code::odd_variable, "W009",
       "The name of a variable in an env file starts with a digit. Programs receive it, but shells cannot use it, and "
       "many other readers of such files ignore it."},
      {code::stops_badly, "W010",
       "The way this service is stopped does not suit its program: the signal drops requests that another signal would "
       "let it finish, or does not stop it, or the time is known to be too short, or a shell remains between Alder and "
       "the program. The help shows the line to write. A `stop` with another signal or with enough time silences this "
       "warning."},
      {code::shared_check, "W011",
       "Readiness or health of every instance of a pool is checked at the same address or file. Only one program can "
       "listen on an address (unless all of them set SO_REUSEPORT), so the other instances exit and are restarted over "
       "and over, or the one that listens passes the check for all. Use ${INSTANCE} in 'ready', 'health', 'command' "
       "and 'env' to tell instances apart."},
      {code::no_program, "W012",
       "There is no such program where the service would look for it: a name without '/' in the PATH of its "
       "environment, a name with '/' relative to its 'cwd'. Unless something creates it before the service starts, the "
       "start fails. Commands with 'shell: true' are not checked."},
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

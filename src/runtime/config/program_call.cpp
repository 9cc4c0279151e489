#include "runtime/config/program_call.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

namespace alder::config {
namespace {

using words = std::vector<std::string>;

constexpr int deepest = 8; // wrappers in wrappers

std::string base_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

template <std::size_t N> bool is_one_of(const std::array<std::string_view, N>& all, std::string_view word) {
  return std::find(all.begin(), all.end(), word) != all.end();
}

bool is_assignment(const std::string& word) {
  const auto equals = word.find('=');
  if (equals == std::string::npos || equals == 0) return false;
  return std::all_of(word.begin(), word.begin() + static_cast<std::ptrdiff_t>(equals),
                     [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
}

void drop(words& command, std::size_t number) {
  command.erase(command.begin(), command.begin() + static_cast<std::ptrdiff_t>(std::min(number, command.size())));
}

void drop_assignments(words& command) {
  const auto program = std::find_if_not(command.begin(), command.end(), is_assignment);
  command.erase(command.begin(), program);
}

/// A program that becomes what its arguments say.
struct wrapper {
  std::string_view name;
  std::string_view valued; ///< its options with a value of their own
  std::size_t operands = 0;
};

const wrapper* find_wrapper(std::string_view name) {
  static const std::array<wrapper, 10> wrappers{{{"env", "uSC"},
                                                 {"exec", "a"},
                                                 {"nice", "n"},
                                                 {"ionice", "cn"},
                                                 {"nohup", ""},
                                                 {"stdbuf", "ioe"},
                                                 {"chrt", "TPD", 1},
                                                 {"taskset", "", 1},
                                                 {"setpriv", ""},
                                                 {"command", ""}}};
  const auto found = std::find_if(wrappers.begin(), wrappers.end(), [&](const auto& one) { return one.name == name; });
  return found == wrappers.end() ? nullptr : &*found;
}

/// Without variables and wrappers before the program.
words unwrapped(words command) {
  for (int depth = 0; depth < deepest; ++depth) {
    drop_assignments(command);
    const auto* one = command.empty() ? nullptr : find_wrapper(base_name(command.front()));
    if (one == nullptr) return command;
    std::size_t next = 1;
    while (next < command.size() && command[next].size() > 1 && command[next].front() == '-') {
      const auto& option = command[next++];
      if (option == "--") break;
      if (option.size() == 2 && one->valued.find(option[1]) != std::string_view::npos) ++next;
    }
    drop(command, next + one->operands);
  }
  return command;
}

/// Reads a list of commands (`;`, `&&`, line breaks) for its last one.
class script_reader {
public:
  explicit script_reader(const std::string& text) : text_(text) {}

  /// Its words; nothing when it is more than a list: pipes, loops, jobs in the background, traps.
  std::optional<words> last_command() {
    while (at_ < text_.size())
      if (!read_one()) return std::nullopt;
    end_command();
    return std::move(last_);
  }

private:
  /// False: this is more than a list.
  bool read_one() {
    const char c = text_[at_++];
    const char next = at_ < text_.size() ? text_[at_] : '\0';
    switch (c) {
    case '\'':
    case '"': return read_quoted(c);
    case '\\':
      if (next != '\n' && next != '\0') add(next);
      at_ = std::min(at_ + 1, text_.size());
      return true;
    case '#':
      if (in_word_) return add(c);
      at_ = std::min(text_.find('\n', at_), text_.size());
      return true;
    case '>':
    case '<':
      add(c);
      if (next == '&' || next == c) add(text_[at_++]); // 2>&1 is no job in the background
      return true;
    case '&':
      if (next != '&') return false;
      ++at_;
      return end_command();
    case ';':
    case '\n': return end_command();
    case '|':
    case '(':
    case ')':
    case '`': return false;
    case ' ':
    case '\t': return end_word();
    default: return add(c);
    }
  }

  bool read_quoted(char quote) {
    const auto close = text_.find(quote, at_);
    if (close == std::string::npos) return false;
    word_ += text_.substr(at_, close - at_);
    in_word_ = true;
    at_ = close + 1;
    return true;
  }

  bool add(char c) {
    word_ += c;
    return in_word_ = true;
  }

  bool end_word() {
    if (std::exchange(in_word_, false)) current_.push_back(std::exchange(word_, {}));
    return true;
  }

  bool end_command() {
    static constexpr std::array<std::string_view, 18> more_than_a_list{
        "if",   "then", "else", "fi", "for", "while", "until",    "do",  "done",
        "case", "esac", "{",    "}",  "!",   "trap",  "function", "set", "wait"};
    end_word();
    if (current_.empty()) return true;
    last_ = std::exchange(current_, {});
    return !is_one_of(more_than_a_list, last_.front());
  }

  const std::string& text_;
  std::size_t at_ = 0;
  std::string word_;
  bool in_word_ = false;
  words current_;
  words last_;
};

/// The script of `sh -c SCRIPT`, where sh may be dash; bash becomes the last command by itself.
const std::string* script_of(const words& command) {
  constexpr std::array<std::string_view, 3> shells{"sh", "dash", "ash"};
  if (command.size() < 3 || !is_one_of(shells, base_name(command.front()))) return nullptr;
  const auto& option = command[1];
  return option.size() > 1 && option.front() == '-' && option.back() == 'c' ? &command[2] : nullptr;
}

bool is_builtin(const std::string& name) {
  constexpr std::array<std::string_view, 12> builtins{"exit", "echo", "cd",   "true",   "false", ":",
                                                      "test", "[",    "read", "printf", "kill",  "export"};
  return is_one_of(builtins, name);
}

/// `python3 -m gunicorn`, `python3 /usr/bin/gunicorn`, `bundle exec puma`, `poetry run gunicorn`.
words without_launcher(words command) {
  const auto name = base_name(command.front());
  if (name.rfind("python", 0) == 0) {
    std::size_t place = 1;
    for (; place < command.size() && command[place].size() > 1 && command[place].front() == '-'; ++place) {
      if (command[place] == "-c") return command;
      if (command[place] == "-W" || command[place] == "-X") ++place;
      if (place < command.size() && command[place] == "-m") {
        ++place;
        break;
      }
    }
    if (place < command.size()) drop(command, place);
  } else if (command.size() > 2 && ((name == "bundle" && command[1] == "exec") ||
                                    ((name == "poetry" || name == "pipenv") && command[1] == "run"))) {
    drop(command, 2);
  }
  return command;
}

} // namespace

program_call program_of(const std::vector<std::string>& command) {
  program_call call;
  auto rest = unwrapped(command);
  for (int depth = 0; depth < deepest; ++depth) {
    const auto* script = script_of(rest);
    if (script == nullptr) break;
    auto last = script_reader{*script}.last_command();
    if (!last) return {};
    drop_assignments(*last);
    const bool becomes_it = !last->empty() && last->front() == "exec";
    rest = unwrapped(std::move(*last));
    if (rest.empty() || is_builtin(rest.front())) return {};
    call.behind_shell = call.behind_shell || !becomes_it;
  }
  for (std::size_t before = 0; !rest.empty() && before != rest.size();) {
    before = rest.size();
    rest = unwrapped(without_launcher(std::move(rest)));
  }
  if (rest.empty()) return {};
  call.name = base_name(rest.front());
  call.arguments.assign(rest.begin() + 1, rest.end());
  return call;
}

} // namespace alder::config

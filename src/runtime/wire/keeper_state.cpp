#include "runtime/wire/keeper_state.hpp"

#include <charconv>
#include <type_traits>

namespace alder::wire {
namespace {

constexpr std::string_view state_title = "alder-keeper-state 1";

/// Text in one word: bytes up to the space, and the percent sign, as %XX.
std::string escaped(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string word;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > 0x20 && c != '%') {
      word += c;
      continue;
    }
    word += '%';
    word += digits[byte >> 4U];
    word += digits[byte & 0xFU];
  }
  return word;
}

std::string unescaped(std::string_view word) {
  std::string text;
  for (std::size_t i = 0; i < word.size(); ++i) {
    unsigned byte = 0;
    if (word[i] == '%' && i + 2 < word.size() &&
        std::from_chars(word.data() + i + 1, word.data() + i + 3, byte, 16).ptr == word.data() + i + 3) {
      text += static_cast<char>(byte);
      i += 2;
    } else {
      text += word[i];
    }
  }
  return text;
}

std::string status_word(const exit_status& status) {
  switch (status.kind) {
  case exit_status::how::exited: return "code " + std::to_string(status.value);
  case exit_status::how::signaled: return "signal " + std::to_string(status.value);
  case exit_status::how::unknown: break;
  }
  return "unknown 0";
}

class lines {
public:
  void add(std::string_view name, const std::string& value) { text_ += std::string{name} + " " + value + "\n"; }
  template <class Number>
  requires std::is_integral_v<Number>
  void add(std::string_view name, Number value) { add(name, std::to_string(value)); }
  void add(const named_descriptors& fds) {
    for (const auto& [name, fd] : fds)
      if (fd >= 0) add("fd " + name, fd);
  }
  [[nodiscard]] std::string take() { return std::move(text_); }

private:
  std::string text_ = std::string{state_title} + "\n";
};

/// Takes the text apart line by line; after the first number that is none nothing counts.
class state_reader {
public:
  bool line(std::string_view name, std::string_view value) {
    if (name == "child") {
      auto id = node_id::parse(unescaped(value));
      if (!id) return false;
      state.children.push_back({.id = std::move(*id), .note = {}, .exited = {}, .fds = {}});
    } else if (name == "fd") {
      const auto space = value.find(' ');
      if (space == std::string_view::npos) return false;
      auto& fds = state.children.empty() ? state.fds : state.children.back().fds;
      return number(value.substr(space + 1), fds[std::string{value.substr(0, space)}]);
    } else if (!state.children.empty()) {
      return child_line(state.children.back(), name, value);
    } else {
      return own_line(name, value);
    }
    return true;
  }
  keeper_state state;

private:
  template <class Number> static bool number(std::string_view text, Number& into) {
    const auto read = std::from_chars(text.data(), text.data() + text.size(), into);
    return read.ec == std::errc{} && read.ptr == text.data() + text.size();
  }
  bool own_line(std::string_view name, std::string_view value) {
    if (name == "epoch") return number(value, state.epoch);
    if (name == "started") return number(value, state.started_ms);
    if (name == "file-limit") return number(value, state.file_limit_soft.emplace());
    if (name == "mark") state.mark = unescaped(value);
    if (name == "daemon") state.daemon = unescaped(value);
    if (name == "daemon-argument") state.daemon_arguments.push_back(unescaped(value));
    if (name == "former-daemon") state.former_daemon = unescaped(value);
    if (name == "news") state.news = unescaped(value);
    if (name == "on-trial") state.on_trial = value == "1";
    return true;
  }
  static bool child_line(held_child& child, std::string_view name, std::string_view value) {
    if (name == "generation") return number(value, child.generation);
    if (name == "pid") return number(value, child.pid);
    if (name == "started") return number(value, child.started_ms);
    if (name == "note") child.note = unescaped(value);
    if (name == "adrift") child.adrift = value == "1";
    if (name != "exited") return true;
    const auto space = value.find(' ');
    int code = 0;
    if (space == std::string_view::npos || !number(value.substr(space + 1), code)) return false;
    const auto how = value.substr(0, space);
    child.exited = how == "code"     ? exit_status::code(code)
                   : how == "signal" ? exit_status::signal(code)
                                     : exit_status{};
    return true;
  }
};

} // namespace

std::string encode(const keeper_state& state) {
  lines out;
  out.add("epoch", state.epoch);
  out.add("started", state.started_ms);
  out.add("mark", escaped(state.mark));
  out.add("daemon", escaped(state.daemon));
  for (const auto& argument : state.daemon_arguments)
    out.add("daemon-argument", escaped(argument));
  if (!state.former_daemon.empty()) out.add("former-daemon", escaped(state.former_daemon));
  if (!state.news.empty()) out.add("news", escaped(state.news));
  if (state.on_trial) out.add("on-trial", "1");
  if (state.file_limit_soft) out.add("file-limit", *state.file_limit_soft);
  out.add(state.fds);
  for (const auto& child : state.children) {
    out.add("child", escaped(child.id.text()));
    out.add("generation", child.generation);
    out.add("pid", child.pid);
    out.add("started", child.started_ms);
    if (!child.note.empty()) out.add("note", escaped(child.note));
    if (child.adrift) out.add("adrift", "1");
    if (child.exited) out.add("exited", status_word(*child.exited));
    out.add(child.fds);
  }
  return out.take();
}

result<keeper_state> decode_keeper_state(std::string_view text) {
  state_reader reader;
  bool titled = false;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const auto line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (!titled) {
      if (line != state_title) return error{error_kind::invalid_input, "it is not the state of a keeper", 0};
      titled = true;
      continue;
    }
    const auto space = line.find(' ');
    if (space == std::string_view::npos) continue;
    if (!reader.line(line.substr(0, space), line.substr(space + 1)))
      return error{error_kind::invalid_input, "the keeper's state has a bad line: " + std::string{line}, 0};
  }
  if (!titled) return error{error_kind::invalid_input, "it is not the state of a keeper", 0};
  return std::move(reader.state);
}

} // namespace alder::wire

#include "runtime/config/values.hpp"

#include "runtime/base/text.hpp"
#include "runtime/base/units.hpp"
#include "runtime/base/words.hpp"
#include "runtime/config/expand.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <type_traits>
#include <utility>

namespace alder::config {
namespace {

variable_lookup lookup_in(const context& in, const instance_scope& which) {
  return [&in, &which](std::string_view name) -> std::optional<std::string> {
    if (which && name == "INSTANCE") return std::to_string(which->index);
    if (which && name == "INSTANCES") return std::to_string(which->count);
    const auto found = in.from.environment.find(std::string{name});
    return found == in.from.environment.end() ? std::nullopt : std::optional{found->second};
  };
}

/// Where in the file a "${" of a value stands: the value's n-th one is the file's n-th one, unless escapes made it.
span place_of(const context& in, const node& scalar, const expansion_problem& problem) {
  const auto count_before = [&] {
    std::size_t count = 0;
    for (auto at = scalar.text.find("${"); at < problem.offset; at = scalar.text.find("${", at + 1))
      ++count;
    return count;
  };
  const auto raw = in.mistakes.map().text().substr(scalar.where.begin, scalar.where.end - scalar.where.begin);
  auto at = raw.find("${");
  for (auto skip = count_before(); skip > 0 && at != std::string_view::npos; --skip)
    at = raw.find("${", at + 1);
  if (at == std::string_view::npos || raw.substr(at + 2, problem.name.size()) != problem.name) return scalar.where;
  return {scalar.where.begin + at, std::min(scalar.where.begin + at + problem.length, scalar.where.end)};
}

void report_problem(context& in, const node& scalar, const expansion_problem& problem) {
  const auto at = place_of(in, scalar, problem);
  switch (problem.what) {
  case expansion_problem::kind::undefined: {
    std::vector<std::string> help{"write ${" + problem.name + ":-default} for a default value, or $${" + problem.name +
                                  "} for literal text"};
    if (problem.name == "INSTANCE" || problem.name == "INSTANCES")
      help = {problem.name + " is set only in values of services"};
    in.mistakes.add(code::undefined_variable, at, "the variable '" + problem.name + "' is not set", {"not set", help});
    return;
  }
  case expansion_problem::kind::malformed:
    in.mistakes.add(code::bad_variable, at, "this variable is incomplete",
                    {"not closed or not a name", {"write ${NAME} or ${NAME:-default}; write $$ for a literal $"}});
    return;
  case expansion_problem::kind::too_long:
    in.mistakes.add(code::too_large, at, "this value exceeds 1 MiB after its variables are replaced");
    return;
  }
}

/// Nothing for a value that is reported as wrong, here or when the text was read.
std::optional<expansion> expanded(context& in, const node& scalar, const instance_scope& which) {
  if (scalar.refused || in.read_bytes > max_read_bytes) return std::nullopt;
  auto e = expand(scalar.text, lookup_in(in, which));
  for (const auto& problem : e.problems)
    report_problem(in, scalar, problem);
  for (const auto& piece : e.pieces)
    in.read_bytes += sizeof(piece) + piece.text.size();
  if (in.read_bytes > max_read_bytes)
    in.mistakes.add(code::too_large, scalar.where, "the values of this service or supervisor exceed 64 MiB",
                    {"after variables and aliases are replaced", {}});
  return e.problems.empty() && in.read_bytes <= max_read_bytes ? std::optional{std::move(e)} : std::nullopt;
}

void out_of_range(context& in, const node& value, std::string_view key, const std::string& allowed) {
  in.mistakes.add(code::out_of_range, value.where, "'" + std::string{key} + "' is out of range",
                  {"allowed: " + allowed, {}});
}

/// The whole text as a number of type T; nothing when it is not one.
template <class T> std::optional<T> parse_number(std::string_view text, int base = 10) {
  T value{};
  std::from_chars_result parsed{};
  if constexpr (std::is_integral_v<T>) {
    parsed = std::from_chars(text.data(), text.data() + text.size(), value, base);
  } else {
    parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  }
  if (text.empty() || parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string range_text(const key_entry& key) { return std::to_string(key.low) + " to " + std::to_string(key.high); }

std::string duration_range(const key_entry& key) {
  return key.low <= 1 ? "more than 0" : "at least " + format_duration(milliseconds{key.low});
}

std::optional<int> signal_of(context& in, const key_entry& key, const node& scalar) {
  const auto text = read_text(in, scalar);
  if (!text) return std::nullopt;
  if (const auto signal = signal_named(*text)) return signal;
  const std::vector<std::string> usual{"TERM", "INT", "QUIT", "HUP", "USR1", "USR2", "KILL"};
  std::vector<std::string> help;
  if (const auto near = nearest(*text, usual)) help.push_back("did you mean '" + *near + "'?");
  help.push_back("common signals: " + join(usual, ", "));
  in.mistakes.add(code::unknown_word, scalar.where, "invalid value for '" + std::string{key.name} + "'",
                  {"unknown signal", help});
  return std::nullopt;
}

bool is_host(std::string_view host) {
  return !host.empty() && std::all_of(host.begin(), host.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view{".-_"}.find(c) < 3;
  });
}

bool is_ipv6(std::string_view host) {
  return host.find(':') != std::string_view::npos &&
         host.find_first_not_of("0123456789abcdefABCDEF:.%") == std::string_view::npos;
}

struct host_port {
  std::string host;
  std::string_view port; ///< empty: none given
};

/// Splits "host", "host:port", "[ipv6]:port"; nothing when the host is not one.
std::optional<host_port> split_address(std::string_view text) {
  std::string_view host = text;
  std::string_view rest;
  if (text.substr(0, 1) == "[") {
    const auto end = text.find(']');
    if (end == std::string_view::npos || !is_ipv6(text.substr(1, end - 1))) return std::nullopt;
    host = text.substr(1, end - 1);
    rest = text.substr(end + 1);
  } else {
    const auto colon = text.find(':');
    host = text.substr(0, colon);
    if (colon != std::string_view::npos) rest = text.substr(colon);
    if (!is_host(host)) return std::nullopt;
  }
  if (!rest.empty() && (rest.front() != ':' || rest.size() == 1)) return std::nullopt;
  return host_port{std::string{host}, rest.empty() ? rest : rest.substr(1)};
}

void bad_address(context& in, const field& f, std::string label, std::vector<std::string> help) {
  in.mistakes.add(code::bad_address, f.value->where, "invalid value for '" + std::string{f.key->name} + "'",
                  {std::move(label), std::move(help)});
}

std::optional<std::uint16_t> read_port(context& in, const field& f, std::string_view text) {
  const auto port = parse_number<long>(text);
  if (!port) {
    bad_address(in, f, "'" + std::string{text} + "' is not a port", {"expected " + std::string{phrase(f.key->kind)}});
    return std::nullopt;
  }
  if (*port < 1 || *port > 65535) {
    in.mistakes.add(code::out_of_range, f.value->where, "port " + std::to_string(*port) + " does not exist",
                    {"ports range from 1 to 65535", {}});
    return std::nullopt;
  }
  return static_cast<std::uint16_t>(*port);
}

bool has_refused_item(const node& list) {
  return std::any_of(list.items.begin(), list.items.end(), [](const auto& item) { return item->refused; });
}

} // namespace

std::vector<const node*> scalars_of(context& in, const field& f) {
  if (f.value->is != node::shape::sequence) return {f.value};
  std::vector<const node*> items;
  for (const auto& item : f.value->items) {
    if (item->refused) continue;
    if (item->is_scalar()) {
      items.push_back(item.get());
    } else {
      wrong_type(in, f.key->name, item->where, "text as an element of the list", found_phrase(*item));
    }
  }
  return items;
}

std::optional<std::string> read_text(context& in, const node& scalar, const instance_scope& which) {
  const auto e = expanded(in, scalar, which);
  return e ? std::optional{joined(*e)} : std::nullopt;
}

std::optional<std::string> read_path(context& in, const field* f, const instance_scope& which) {
  const auto text = f == nullptr ? std::nullopt : read_text(in, *f->value, which);
  if (!text) return std::nullopt;
  if (!text->empty()) return absolute_path(in, *text);
  wrong_type(in, f->key->name, f->value->where, phrase(f->key->kind), "empty text");
  return std::nullopt;
}

std::optional<std::string> read_word(context& in, const field* f) {
  return f == nullptr ? std::nullopt : read_word_of(in, *f, *f->value);
}

std::optional<std::string> read_word_of(context& in, const field& f, const node& item) {
  const auto text = read_text(in, item);
  if (!text) return std::nullopt;
  const auto& words = f.key->words;
  if (std::find(words.begin(), words.end(), *text) != words.end()) return text;
  std::vector<std::string> help;
  if (const auto near = nearest(*text, words)) help.push_back("did you mean '" + *near + "'?");
  help.push_back("one of: " + join(words, ", "));
  in.mistakes.add(code::unknown_word, item.where, "invalid value for '" + std::string{f.key->name} + "'",
                  {"unknown " + std::string{f.key->noun}, help});
  return std::nullopt;
}

std::optional<bool> read_boolean(context& in, const field* f) {
  const auto text = f == nullptr ? std::nullopt : read_text(in, *f->value);
  if (!text) return std::nullopt;
  if (*text == "true" || *text == "false") return *text == "true";
  wrong_type(in, f->key->name, f->value->where, "true or false", "'" + *text + "'");
  return std::nullopt;
}

std::optional<long> read_whole_number(context& in, const field* f) {
  const auto text = f == nullptr ? std::nullopt : read_text(in, *f->value);
  if (!text) return std::nullopt;
  const auto value = parse_number<long>(*text);
  if (!value) {
    wrong_type(in, f->key->name, f->value->where, "a whole number", "'" + *text + "'");
    return std::nullopt;
  }
  if (*value >= f->key->low && *value <= f->key->high) return value;
  out_of_range(in, *f->value, f->key->name, range_text(*f->key));
  return std::nullopt;
}

std::optional<double> read_number(context& in, const field* f) {
  const auto text = f == nullptr ? std::nullopt : read_text(in, *f->value);
  if (!text) return std::nullopt;
  const auto value = parse_number<double>(*text);
  if (!value || !std::isfinite(*value)) {
    wrong_type(in, f->key->name, f->value->where, "a number", "'" + *text + "'");
    return std::nullopt;
  }
  if (*value >= static_cast<double>(f->key->low) && *value <= static_cast<double>(f->key->high)) return value;
  out_of_range(in, *f->value, f->key->name, range_text(*f->key));
  return std::nullopt;
}

std::optional<double> read_share(context& in, const field* f) {
  const auto text = f == nullptr ? std::nullopt : read_text(in, *f->value);
  if (!text) return std::nullopt;
  const bool percent = !text->empty() && text->back() == '%';
  const auto value = parse_number<double>(std::string_view{*text}.substr(0, text->size() - (percent ? 1 : 0)));
  if (!value || !std::isfinite(*value)) {
    wrong_type(in, f->key->name, f->value->where, phrase(value_kind::share), "'" + *text + "'");
    return std::nullopt;
  }
  const double share = percent ? *value / 100 : *value;
  if (share >= 0 && share <= 1) return share;
  out_of_range(in, *f->value, f->key->name, "0% to 100%, or 0 to 1");
  return std::nullopt;
}

std::optional<milliseconds> read_duration(context& in, const field* f) {
  const auto text = f == nullptr ? std::nullopt : read_text(in, *f->value);
  if (!text) return std::nullopt;
  const auto value = parse_duration(*text);
  if (!value) {
    std::vector<std::string> help;
    if (parse_number<double>(*text) && text->front() != '-')
      help.push_back("write '" + *text + "s' or '" + *text + "ms'");
    in.mistakes.add(code::bad_duration, f->value->where, "invalid value for '" + std::string{f->key->name} + "'",
                    {help.empty() ? value.failure().message : "a duration needs a unit", help});
    return std::nullopt;
  }
  if (value->count() >= f->key->low) return *value;
  out_of_range(in, *f->value, f->key->name, duration_range(*f->key));
  return std::nullopt;
}

std::optional<unsigned> read_octal(context& in, const field* f) {
  const auto text = f == nullptr ? std::nullopt : read_text(in, *f->value);
  if (!text) return std::nullopt;
  const auto digits = text->rfind("0o", 0) == 0 ? std::string_view{*text}.substr(2) : std::string_view{*text};
  const auto value = parse_number<unsigned>(digits, 8);
  if (!value) {
    wrong_type(in, f->key->name, f->value->where, phrase(value_kind::octal), "'" + *text + "'");
    return std::nullopt;
  }
  if (*value <= 0777) return value;
  out_of_range(in, *f->value, f->key->name, "000 to 777, octal");
  return std::nullopt;
}

std::optional<int> read_signal(context& in, const field* f) {
  return f == nullptr ? std::nullopt : signal_of(in, *f->key, *f->value);
}

std::optional<std::vector<int>> read_signals(context& in, const field* f) {
  if (f == nullptr) return std::nullopt;
  std::vector<int> signals;
  for (const auto* item : scalars_of(in, *f)) {
    const auto signal = signal_of(in, *f->key, *item);
    if (signal && std::find(signals.begin(), signals.end(), *signal) == signals.end()) signals.push_back(*signal);
  }
  return signals;
}

std::optional<std::vector<int>> read_exit_codes(context& in, const field* f) {
  if (f == nullptr) return std::nullopt;
  std::vector<int> codes;
  for (const auto* item : scalars_of(in, *f)) {
    const auto text = read_text(in, *item);
    if (!text) continue;
    const auto value = parse_number<int>(*text);
    if (!value) {
      wrong_type(in, f->key->name, item->where, "an exit code", "'" + *text + "'");
    } else if (*value < 0 || *value > 255) {
      out_of_range(in, *item, f->key->name, "0 to 255");
    } else if (std::find(codes.begin(), codes.end(), *value) == codes.end()) {
      codes.push_back(*value);
    }
  }
  return codes;
}

std::optional<std::vector<int>> read_statuses(context& in, const field* f) {
  if (f == nullptr) return std::nullopt;
  std::vector<int> statuses;
  for (const auto* item : scalars_of(in, *f)) {
    const auto text = read_text(in, *item);
    if (!text) continue;
    const bool hundred = text->size() == 3 && text->substr(1) == "xx";
    const auto value = parse_number<int>(hundred ? text->substr(0, 1) + "00" : *text);
    if (!value || *value < 100 || *value > 599) {
      wrong_type(in, f->key->name, item->where, "an HTTP status such as 200, or 2xx", "'" + *text + "'");
      continue;
    }
    for (int status = *value; status < *value + (hundred ? 100 : 1); ++status)
      if (std::find(statuses.begin(), statuses.end(), status) == statuses.end()) statuses.push_back(status);
  }
  return statuses;
}

std::optional<std::uint64_t> read_size(context& in, const field* f) {
  const auto text = f == nullptr ? std::nullopt : read_text(in, *f->value);
  if (!text) return std::nullopt;
  const auto size = parse_size(*text);
  if (!size) {
    wrong_type(in, f->key->name, f->value->where, phrase(f->key->kind), "'" + *text + "'");
    return std::nullopt;
  }
  if (*size > 0) return *size;
  out_of_range(in, *f->value, f->key->name, "more than 0");
  return std::nullopt;
}

std::optional<double> read_processors(context& in, const field* f) {
  const auto text = f == nullptr ? std::nullopt : read_text(in, *f->value);
  if (!text) return std::nullopt;
  const bool percent = !text->empty() && text->back() == '%';
  const auto value = parse_number<double>(std::string_view{*text}.substr(0, text->size() - (percent ? 1 : 0)));
  if (!value || !std::isfinite(*value)) {
    wrong_type(in, f->key->name, f->value->where, phrase(f->key->kind), "'" + *text + "'");
    return std::nullopt;
  }
  if (*value > 0 && *value <= 1e6) return percent ? *value / 100 : *value;
  out_of_range(in, *f->value, f->key->name,
               percent ? "more than 0%, at most 1000000%" : "more than 0, at most 1000000");
  return std::nullopt;
}

std::optional<std::vector<std::string>> read_texts(context& in, const field* f, const instance_scope& which) {
  if (f == nullptr || has_refused_item(*f->value)) return std::nullopt;
  std::vector<std::string> texts;
  const auto errors = in.mistakes.errors();
  for (const auto* item : scalars_of(in, *f)) {
    if (auto text = read_text(in, *item, which)) texts.push_back(std::move(*text));
  }
  return in.mistakes.errors() == errors ? std::optional{std::move(texts)} : std::nullopt;
}

std::optional<std::vector<std::string>> read_command(context& in, const field* f, const instance_scope& which) {
  if (f == nullptr) return std::nullopt;
  std::optional<std::vector<std::string>> words;
  const std::string key{f->key->name};
  if (f->value->is == node::shape::sequence) {
    words = read_texts(in, f, which);
    if (!words) return std::nullopt;
  } else {
    const auto e = expanded(in, *f->value, which);
    if (!e) return std::nullopt;
    words = expanded_words(*e);
    if (!words) {
      in.mistakes.add(code::bad_command, f->value->where, "a quote in '" + key + "' is not closed",
                      {"quotes must be closed", {"or write a list of words: [program, argument]"}});
      return std::nullopt;
    }
  }
  if (!words->empty() && !words->front().empty()) return words;
  in.mistakes.add(code::bad_command, f->value->where, "'" + key + "' is empty",
                  {"there is no program", {"for example: " + key + ": " + std::string{f->key->example}}});
  return std::nullopt;
}

std::optional<ready_tcp> read_tcp(context& in, const field* f, const instance_scope& which) {
  const auto text = f == nullptr ? std::nullopt : read_text(in, *f->value, which);
  if (!text) return std::nullopt;
  ready_tcp tcp;
  std::string_view port = *text;
  if (text->find_first_not_of("0123456789-") != std::string::npos) {
    const auto address = split_address(*text);
    if (!address || address->port.empty()) {
      bad_address(in, *f, "not an address",
                  {"expected HOST:PORT or PORT; write IPv6 addresses in brackets: [::1]:8080"});
      return std::nullopt;
    }
    tcp.host = address->host;
    port = address->port;
  }
  const auto number = read_port(in, *f, port);
  if (!number) return std::nullopt;
  tcp.port = *number;
  return tcp;
}

std::optional<ready_http> read_http(context& in, const field* f, const instance_scope& which) {
  constexpr std::string_view scheme = "http://";
  const auto text = f == nullptr ? std::nullopt : read_text(in, *f->value, which);
  if (!text) return std::nullopt;
  if (text->rfind(scheme, 0) != 0) {
    std::vector<std::string> help{"a URL such as http://127.0.0.1:3000/health"};
    if (text->rfind("https://", 0) == 0)
      help = {"https is not supported; use 'tcp', or 'exec' with a command such as curl"};
    bad_address(in, *f, "a URL starts with http://", help);
    return std::nullopt;
  }
  const auto rest = std::string_view{*text}.substr(scheme.size());
  const auto path_at = std::min(rest.find_first_of("/?#"), rest.size());
  const auto address = split_address(rest.substr(0, path_at));
  const auto path = rest.substr(path_at, rest.find('#') - path_at);
  const bool printable = std::all_of(path.begin(), path.end(), [](char c) { return c > ' ' && c < 0x7F; });
  if (!address || !printable) {
    bad_address(in, *f,
                address ? "write blanks and special characters of the path as %XX" : "not a host, or not HOST:PORT",
                {});
    return std::nullopt;
  }
  ready_http http;
  http.host = address->host;
  http.path = path.empty() || path.front() != '/' ? "/" + std::string{path} : std::string{path};
  if (address->port.empty()) return http;
  const auto number = read_port(in, *f, address->port);
  if (!number) return std::nullopt;
  http.port = *number;
  return http;
}

} // namespace alder::config

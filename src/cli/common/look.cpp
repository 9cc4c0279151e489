#include "cli/common/look.hpp"

#include <array>
#include <cwchar>

namespace alder::cli {
namespace {

constexpr std::string_view reset = "\033[0m";
constexpr char escape = '\033';

struct decoded {
  char32_t character = U'\uFFFD';
  std::size_t size = 1; ///< bytes
  bool valid = false;
};

/// The character at the start of `text`, which is not empty. Only shortest forms are valid.
decoded decode(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return {.character = lead, .size = 1, .valid = true};
  std::size_t size = 0;
  if (lead >= 0xC2 && lead <= 0xDF) size = 2;
  if (lead >= 0xE0 && lead <= 0xEF) size = 3;
  if (lead >= 0xF0 && lead <= 0xF4) size = 4;
  if (size == 0 || text.size() < size) return {};
  char32_t character = lead & (0xFFU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xC0U) != 0x80U) return {};
    character = (character << 6U) | (byte & 0x3FU);
  }
  constexpr std::array<char32_t, 5> least{0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = character >= 0xD800 && character <= 0xDFFF;
  if (character < least.at(size) || character > 0x10FFFF || surrogate) return {};
  return {.character = character, .size = size, .valid = true};
}

std::size_t width_of(const decoded& one) {
  if (!one.valid) return 1;
  const int width = ::wcwidth(static_cast<wchar_t>(one.character));
  return width < 0 ? 1 : static_cast<std::size_t>(width);
}

/// The bytes of a colour sequence (ESC [ … m) at the start of `text`; 0: there is none.
std::size_t colour_size(std::string_view text) {
  if (text.size() < 3 || text[0] != escape || text[1] != '[') return 0;
  const auto end = text.find_first_not_of("0123456789;:", 2);
  return end != std::string_view::npos && text[end] == 'm' ? end + 1 : 0;
}

std::string_view code_of(tone how) {
  switch (how) {
  case tone::plain: return "";
  case tone::bold: return "\033[1m";
  case tone::dim: return "\033[2m";
  case tone::good: return "\033[32m";
  case tone::warning: return "\033[33m";
  case tone::bad: return "\033[31m";
  case tone::heading: return "\033[1;4m";
  }
  return "";
}

struct mark {
  std::string_view state;
  std::string_view unicode;
  std::string_view ascii;
  tone how;
};

constexpr std::array<mark, 7> marks{{{"running", "●", "*", tone::good},
                                     {"starting", "◌", ">", tone::warning},
                                     {"stopping", "◍", "<", tone::warning},
                                     {"backoff", "◐", "~", tone::warning},
                                     {"failed", "✗", "x", tone::bad},
                                     {"finished", "✓", "+", tone::dim},
                                     {"stopped", "○", "-", tone::dim}}};

const mark* mark_of(std::string_view state) {
  for (const auto& one : marks)
    if (one.state == state) return &one;
  return nullptr;
}

std::string variable(const std::map<std::string, std::string>& environment, const std::string& name) {
  const auto found = environment.find(name);
  return found == environment.end() ? std::string{} : found->second;
}

} // namespace

look choose_look(const look_wishes& wishes, const std::map<std::string, std::string>& environment) {
  const auto term = variable(environment, "TERM");
  const auto force = variable(environment, "CLICOLOR_FORCE");
  const bool is_forced = !force.empty() && force != "0";
  const bool is_refused = wishes.no_colour || !variable(environment, "NO_COLOR").empty();
  const bool is_dumb = term == "dumb";
  return {.colour = !is_refused && (is_forced || (wishes.terminal && !is_dumb)),
          .unicode = wishes.utf8,
          .terminal = wishes.terminal && !is_dumb,
          .width = wishes.terminal ? wishes.width : 0};
}

std::string paint(const look& on, tone how, std::string_view text) {
  if (!on.colour || how == tone::plain || text.empty()) return std::string{text};
  return std::string{code_of(how)} + std::string{text} + std::string{reset};
}

std::string paint_name(const look& on, std::string_view name, std::string_view text) {
  if (!on.colour) return std::string{text};
  // Not red: that says something is wrong.
  constexpr std::array<std::string_view, 10> colours{"32", "33", "34", "35", "36", "92", "93", "94", "95", "96"};
  std::uint32_t hash = 2166136261U; // FNV-1a
  for (const char c : name)
    hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return "\033[" + std::string{colours.at(hash % colours.size())} + "m" + std::string{text} + std::string{reset};
}

std::string_view state_mark(const look& on, std::string_view state) {
  const auto* found = mark_of(state);
  if (found == nullptr) return "?";
  return on.unicode ? found->unicode : found->ascii;
}

tone state_tone(std::string_view state) {
  const auto* found = mark_of(state);
  return found == nullptr ? tone::plain : found->how;
}

std::string_view separator(const look& on) { return on.unicode ? " · " : ", "; }

std::size_t columns_of(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) {
    const auto colour = colour_size(text);
    const auto one = colour > 0 ? decoded{.character = 0, .size = colour, .valid = true} : decode(text);
    if (colour == 0) columns += width_of(one);
    text.remove_prefix(one.size);
  }
  return columns;
}

std::string cut(const look& on, std::string_view text, std::size_t width) {
  if (columns_of(text) <= width) return std::string{text};
  if (width == 0) return {};
  std::string kept;
  std::size_t used = 0;
  bool painted = false;
  while (!text.empty()) {
    const auto colour = colour_size(text);
    const auto one = colour > 0 ? decoded{.character = 0, .size = colour, .valid = true} : decode(text);
    const auto columns = colour > 0 ? 0 : width_of(one);
    if (used + columns > width - 1) break;
    painted = painted || colour > 0;
    used += columns;
    kept += text.substr(0, one.size);
    text.remove_prefix(one.size);
  }
  kept += on.unicode ? "…" : "~";
  if (painted) kept += reset;
  return kept;
}

std::string pad(std::string text, std::size_t width) {
  const auto columns = columns_of(text);
  if (columns < width) text.append(width - columns, ' ');
  return text;
}

std::string pad_left(std::string text, std::size_t width) {
  const auto columns = columns_of(text);
  if (columns < width) text.insert(0, width - columns, ' ');
  return text;
}

std::string harmless(std::string_view text) {
  std::string clean;
  clean.reserve(text.size());
  while (!text.empty()) {
    if (const auto colour = colour_size(text); colour > 0) {
      text.remove_prefix(colour);
      continue;
    }
    const auto one = decode(text);
    // C1 controls too: some terminals take U+009B for ESC [.
    if (!one.valid || (one.character >= 0x80 && one.character < 0xA0)) {
      clean += '?';
    } else if (one.character == U'\t') {
      clean += "    ";
    } else if (one.character < 0x20 || one.character == 0x7F) {
      clean += '^';
      clean += static_cast<char>(one.character ^ 0x40U);
    } else {
      clean += text.substr(0, one.size);
    }
    text.remove_prefix(one.size);
  }
  return clean;
}

std::string foreign(const look& on, const std::string& text) { return on.terminal ? harmless(text) : text; }

} // namespace alder::cli

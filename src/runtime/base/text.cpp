#include "runtime/base/text.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace alder {
namespace {

/// Optimal string alignment distance: insertion, deletion, substitution, swap of neighbours.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i)
    d[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j)
    d[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  }
  return d[a.size()][b.size()];
}

constexpr std::string_view blanks = " \t\r\n";
constexpr std::size_t longest_compared = 64; // a longer word is nobody's typing mistake

/// Reads one word of a command line from `at` on; false when a quote is not closed.
bool take_word(std::string_view text, std::size_t& at, std::string& word) {
  char quote = 0;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (quote == 0 && blanks.find(c) != std::string_view::npos) break;
    if (quote == 0 && (c == '\'' || c == '"')) {
      quote = c;
    } else if (quote != 0 && c == quote) {
      quote = 0;
    } else if (c == '\\' && quote != '\'' && at + 1 < text.size() && text[at + 1] == '\n') {
      ++at; // the line continues
    } else if (c == '\\' && quote != '\'' && at + 1 < text.size() &&
               (quote == 0 || std::string_view{"\"\\$`"}.find(text[at + 1]) != std::string_view::npos)) {
      word += text[++at];
    } else {
      word += c;
    }
  }
  return quote == 0;
}

/// Where the next word of a command line begins, npos when there is none.
std::size_t next_word(std::string_view text, std::size_t at) {
  while ((at = text.find_first_not_of(blanks, at)) != std::string_view::npos && text.substr(at, 2) == "\\\n")
    at += 2; // only the end of a line that continues
  return at;
}

bool is_plain(std::string_view word) {
  return !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view{"-_./:=,@%+^"}.find(c) != std::string_view::npos;
  });
}

} // namespace

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> pieces;
  while (true) {
    const auto end = text.find(separator);
    pieces.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return pieces;
    text.remove_prefix(end + 1);
  }
}

std::string join(const std::vector<std::string>& pieces, std::string_view separator) {
  std::string text;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    if (i > 0) text += separator;
    text += pieces[i];
  }
  return text;
}

std::string counted(std::uint64_t number, std::string_view noun) {
  auto text = std::to_string(number) + " " + std::string{noun};
  if (number == 1) return text;
  const bool hisses = noun.ends_with("s") || noun.ends_with("x") || noun.ends_with("ch") || noun.ends_with("sh");
  if (!noun.ends_with("y")) return text + (hisses ? "es" : "s");
  text.pop_back();
  return text + "ies"; // after a consonant; English has others, our sentences do not
}

std::string_view trim(std::string_view text) {
  const auto begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

std::optional<std::string> nearest(std::string_view text, const std::vector<std::string>& known) {
  if (text.empty() || text.size() > longest_compared) return std::nullopt;
  std::optional<std::string> best;
  std::size_t best_distance = std::max<std::size_t>(1, text.size() / 3) + 1;
  for (const auto& candidate : known) {
    if (candidate.size() > longest_compared) continue;
    const auto distance = edit_distance(text, candidate);
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

std::optional<std::vector<std::string>> shell_words(std::string_view text) {
  std::vector<std::string> words;
  std::size_t at = 0;
  while ((at = next_word(text, at)) != std::string_view::npos) {
    std::string word;
    if (!take_word(text, at, word)) return std::nullopt;
    words.push_back(std::move(word));
  }
  return words;
}

std::string shell_quote(const std::vector<std::string>& words) {
  std::vector<std::string> quoted;
  for (const auto& word : words) {
    if (is_plain(word)) {
      quoted.push_back(word);
      continue;
    }
    std::string safe = "'";
    for (const char c : word)
      safe += c == '\'' ? std::string{"'\\''"} : std::string{c};
    quoted.push_back(safe + "'");
  }
  return join(quoted, " ");
}

} // namespace alder

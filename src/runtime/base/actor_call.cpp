#include "runtime/base/actor_call.hpp"

#include "runtime/base/text.hpp"

namespace alder {

std::optional<actor_call> parse_actor_call(std::string_view text) {
  const auto words = shell_words(text);
  if (!words || words->empty() || words->front().empty() || words->front().find('=') != std::string::npos)
    return std::nullopt;
  actor_call call{words->front(), {}};
  for (std::size_t i = 1; i < words->size(); ++i) {
    const auto& word = (*words)[i];
    const auto equals = word.find('=');
    if (equals == std::string::npos || equals == 0) return std::nullopt;
    call.options[word.substr(0, equals)] = word.substr(equals + 1);
  }
  return call;
}

} // namespace alder

#include "runtime/base/pattern.hpp"

#include <array>

#include <regex.h>

namespace alder {

struct pattern::compiled {
  regex_t expression{};
  bool good = false;

  compiled() = default;
  compiled(const compiled&) = delete;
  compiled& operator=(const compiled&) = delete;
  ~compiled() {
    if (good) ::regfree(&expression);
  }
};

result<pattern> pattern::compile(const std::string& text) {
  auto made = std::make_shared<compiled>();
  const int failed = ::regcomp(&made->expression, text.c_str(), REG_EXTENDED | REG_NOSUB);
  if (failed == 0) {
    made->good = true;
    return pattern{std::move(made)};
  }
  std::array<char, 256> words{};
  (void)::regerror(failed, &made->expression, words.data(), words.size()); // cut short at most
  return error{error_kind::invalid_input, words.data()};
}

bool pattern::matches(const std::string& text) const {
  return ::regexec(&compiled_->expression, text.c_str(), 0, nullptr, 0) == 0;
}

} // namespace alder

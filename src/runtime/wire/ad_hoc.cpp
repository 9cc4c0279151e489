#include "runtime/wire/ad_hoc.hpp"

#include "runtime/base/utf8.hpp"
#include "runtime/base/words.hpp"

#include <nlohmann/json.hpp>

#include <vector>

namespace alder::wire {
namespace {

/// A value in which the configuration reader finds no variables.
std::string literal(const std::string& text) {
  std::string out;
  for (const char c : text)
    out += c == '$' ? std::string{"$$"} : std::string{c};
  return out;
}

/// Values of a configuration in JSON. What is not UTF-8 stands for itself as YAML's !!binary, which JSON does not have.
class values {
public:
  std::string add(const std::string& bytes) {
    auto text = literal(bytes);
    const bool is_text = find_invalid_utf8(text) == text.size() && text.rfind(mark, 0) != 0;
    if (is_text) return text;
    binary_.push_back("!!binary \"" + base64(text) + "\"");
    return mark + std::to_string(binary_.size());
  }
  /// The document that was made of them.
  [[nodiscard]] std::string finish(std::string document) const {
    for (std::size_t i = 0; i < binary_.size(); ++i) {
      const auto place = nlohmann::json(mark + std::to_string(i + 1)).dump();
      const auto at = document.find(place);
      if (at != std::string::npos) document.replace(at, place.size(), binary_[i]);
    }
    return document;
  }

private:
  static constexpr const char* mark = "\x01";
  std::vector<std::string> binary_;
};

} // namespace

std::string ad_hoc_tree(const std::string& service) { return "adhoc." + service; }

std::string ad_hoc_config(const service_request& request) {
  using nlohmann::json;
  values given;
  json command = json::array();
  for (const auto& piece : request.command)
    command.push_back(given.add(piece));
  const json service{{"service", request.name},
                     {"command", std::move(command)},
                     {"cwd", given.add(request.cwd)},
                     {"restart", word(request.restart.value_or(restart_kind::permanent))}};
  const json tree{{"name", ad_hoc_tree(request.name)}, {"children", json::array({service})}};
  return given.finish(tree.dump(1, ' ', /*ensure_ascii=*/false, json::error_handler_t::replace));
}

std::string ad_hoc_ending(std::string_view configuration) {
  return configuration.find("!!binary") == std::string_view::npos ? ".json" : ".yaml";
}

} // namespace alder::wire

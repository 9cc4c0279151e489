#include "cli/common/answers.hpp"

#include <nlohmann/json.hpp>

namespace alder::cli {

std::string complaint_json(const std::string& what, const std::vector<std::string>& help, int exit_code) {
  return wire::written(
      {{"schema", wire::answer_schema}, {"error", {{"message", what}, {"help", help}, {"exit_code", exit_code}}}});
}

std::string strings_json(const std::vector<std::pair<std::string, std::string>>& fields) {
  wire::json_value value{{"schema", wire::answer_schema}};
  for (const auto& [name, text] : fields)
    value[name] = text;
  return wire::written(value);
}

} // namespace alder::cli

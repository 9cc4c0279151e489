#include "cli/common/service_name.hpp"

#include "runtime/config/context.hpp"

#include <array>

namespace alder::cli {

std::string service_name_for(std::string_view program) {
  auto base = program.substr(program.find_last_of('/') + 1);
  constexpr std::array<std::string_view, 10> endings{".sh",  ".bash", ".py", ".js", ".mjs",
                                                     ".cjs", ".ts",   ".rb", ".pl", ".php"};
  for (const auto ending : endings) {
    if (base.size() <= ending.size() || base.substr(base.size() - ending.size()) != ending) continue;
    base.remove_suffix(ending.size());
    break;
  }
  return config::made_valid(base);
}

} // namespace alder::cli

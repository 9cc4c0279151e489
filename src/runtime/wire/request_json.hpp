// The bodies of requests: as clients write them, and as the daemon reads them, strictly. Bytes that are not UTF-8
// arrive as they are (docs/api.md).
#pragma once

#include "alder/error.hpp"
#include "alder/spec.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace alder::wire {

// Errors of reading (invalid_input): which field is wrong, and what is expected.

/// The body of PUT /v1/config.
struct config_request {
  std::string file; ///< absolute
  std::string text;
  std::map<std::string, std::string> environment;
};
[[nodiscard]] std::string config_body(const config_request& request);
[[nodiscard]] result<config_request> parse_config_request(std::string_view body);

/// The body of POST /v1/services. Whether the name is allowed is checked elsewhere.
struct service_request {
  std::string name;
  std::vector<std::string> command; ///< not empty
  std::string cwd;                  ///< absolute
  std::map<std::string, std::string> environment;
  std::optional<restart_kind> restart;
};
[[nodiscard]] std::string service_body(const service_request& request);
[[nodiscard]] result<service_request> parse_service_request(std::string_view body);

/// The body of POST /v1/daemon/upgrade: the programs to continue with, absolute paths.
struct upgrade_request {
  std::string keeper;
  std::string daemon;
};
[[nodiscard]] std::string upgrade_body(const upgrade_request& request);
[[nodiscard]] result<upgrade_request> parse_upgrade_request(std::string_view body);

/// The body of POST /v1/services/{name}/scale: {"instances": N}, N from 1 to 10000.
[[nodiscard]] std::string scale_body(unsigned instances);
[[nodiscard]] result<unsigned> parse_scale_request(std::string_view body);

/// The body of POST /v1/services/{name}/signal: {"signal": "HUP"}, by name, with or without SIG, or by number as text.
[[nodiscard]] std::string signal_body(const std::string& signal);
[[nodiscard]] result<int> parse_signal_request(std::string_view body);

} // namespace alder::wire

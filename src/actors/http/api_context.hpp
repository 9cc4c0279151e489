// What the API works on.
#pragma once

#include "actors/http/kept_answer.hpp"
#include "actors/http/open_streams.hpp"
#include "actors/office/office_context.hpp"

#include "runtime/os/paths.hpp"

#include "alder/event.hpp"

#include <functional>
#include <string>
#include <vector>

namespace alder::actors {

class keeper_host;

/// Loop thread only; lives as long as the daemon.
struct api_context : office_context {
  keeper_host& host;
  os::locations home;
  wall_time started_at{};
  std::function<std::vector<std::string>()> notices = {}; ///< what everybody who looks should know
  open_streams streams = {};
  kept_answer services = {}; ///< of GET /v1/services
};

} // namespace alder::actors

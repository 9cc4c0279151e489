// Who writes a line of output.
#pragma once

#include "runtime/wire/log_index_record.hpp"

#include <string>

namespace alder::logs {

struct log_author {
  wire::log_origin origin = {};
  std::string service = {}; ///< TREE/NAME
};

} // namespace alder::logs

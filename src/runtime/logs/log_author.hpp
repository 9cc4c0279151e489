// Who writes a line of output.
#pragma once

#include "runtime/wire/log_index_record.hpp"

#include "alder/node_id.hpp"

namespace alder::logs {

struct log_author {
  wire::log_origin origin = {};
  node_id service = {};
};

} // namespace alder::logs

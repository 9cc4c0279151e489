// What the daemon answers and is sent, whose shapes are those of runtime/wire; and the JSON that commands print
// themselves.
#pragma once

#include "runtime/wire/change_json.hpp"
#include "runtime/wire/daemon_json.hpp"
#include "runtime/wire/event_json.hpp"
#include "runtime/wire/log_json.hpp"
#include "runtime/wire/node_pieces.hpp"
#include "runtime/wire/problem_json.hpp"
#include "runtime/wire/request_json.hpp"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace alder::cli {

using std::chrono::milliseconds;

using wire::change_entry;
using wire::daemon_info;
using wire::difference;
using wire::event_gap;
using wire::event_item;
using wire::event_view;
using wire::exit_view;
using wire::intensity_view;
using wire::log_cursors;
using wire::log_gap;
using wire::log_item;
using wire::log_line;
using wire::node_detail;
using wire::node_view;
using wire::operation_result;
using wire::ping_answer;
using wire::problem;
using wire::process_entry;
using wire::service_request;
using wire::tree_config;
using wire::tree_view;

using wire::read_changes;
using wire::read_configs;
using wire::read_event_item;
using wire::read_file_count;
using wire::read_info;
using wire::read_log_item;
using wire::read_node;
using wire::read_pong;
using wire::read_problem;
using wire::read_services;
using wire::read_tree;
using wire::read_tree_names;
using wire::service_list;

using wire::after_body;
using wire::config_body;
using wire::scale_body;
using wire::service_body;
using wire::signal_body;
using wire::upgrade_body;

/// {"schema":1,"error":{…}}: what a command with --json prints when it fails.
[[nodiscard]] std::string complaint_json(const std::string& what, const std::vector<std::string>& help, int exit_code);
/// One flat JSON object of strings, with "schema": 1.
[[nodiscard]] std::string strings_json(const std::vector<std::pair<std::string, std::string>>& fields);

} // namespace alder::cli

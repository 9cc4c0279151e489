// The commands: each does its work through a session and returns the exit code.
#pragma once

#include "cli/common/session.hpp"

#include <string_view>

namespace alder::cli {

exit_code run_add(session& s);
exit_code run_apply(session& s);
exit_code run_check(session& s);
exit_code run_daemon(session& s);
exit_code run_describe(session& s);
exit_code run_down(session& s);
exit_code run_events(session& s);
exit_code run_foreground(session& s);
exit_code run_help(session& s);
exit_code run_info(session& s);
exit_code run_logs(session& s);
exit_code run_ls(session& s);
exit_code run_msg(session& s);
exit_code run_paths(session& s);
exit_code run_ping(session& s);
exit_code run_reset(session& s);
exit_code run_remove(session& s);
exit_code run_restart(session& s);
exit_code run_scale(session& s);
exit_code run_schema(session& s);
exit_code run_send(session& s);
exit_code run_signal(session& s);
exit_code run_start(session& s);
exit_code run_startup(session& s);
exit_code run_stop(session& s);
exit_code run_tree(session& s);
exit_code run_unstartup(session& s);
exit_code run_up(session& s);

/// Runs what the session's command line wants.
exit_code run_command(session& s);

} // namespace alder::cli

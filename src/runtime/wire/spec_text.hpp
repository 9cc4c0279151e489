// Parts of a service's specification in a few words, as `describe` shows them and docs/api.md has them as texts.
#pragma once

#include "alder/spec.hpp"

#include <string>

namespace alder::wire {

/// "tcp 127.0.0.1:6400 within 10s"; "as soon as it runs" without a check.
[[nodiscard]] std::string ready_text(const ready_spec& ready);
/// "SIGTERM, SIGKILL after 10s".
[[nodiscard]] std::string stop_text(const stop_spec& stop);
/// "100ms to 30s, factor 2"; "none".
[[nodiscard]] std::string backoff_text(const backoff& delay);

/// "when it has ended well and then file /srv/done, within 10m".
[[nodiscard]] std::string task_text(const service_spec& task);
/// "cron 0 3 * * * (Europe/Berlin)", "max_age 1d ± 10%"; empty without one.
[[nodiscard]] std::string schedule_text(const schedule_spec& schedule);
/// "/srv/src without *.log, restarts it after 200ms"; empty without one.
[[nodiscard]] std::string watch_text(const watch_spec& watch);
/// "before_start ./migrate.sh, after_exit ./tidy.sh"; empty without one.
[[nodiscard]] std::string hooks_text(const hooks_spec& hooks);

/// "tcp 127.0.0.1:6400 every 10s, 3 failures restart it"; empty without one.
[[nodiscard]] std::string health_text(const std::optional<health_spec>& health);
[[nodiscard]] std::string heartbeat_text(const std::optional<heartbeat_spec>& heartbeat);
[[nodiscard]] std::string limits_text(const usage_limits& limits);
[[nodiscard]] std::string restart_limit_text(const restart_limit& limit);

/// "clean: 0, 3, SIGTERM; never restarted after 64"; empty when all is as usual.
[[nodiscard]] std::string exits_text(const service_spec& spec);
/// "json, 10M x 20, block, 1000 lines a second"; empty when all is as usual.
[[nodiscard]] std::string log_rules_text(const log_spec& log);

/// "as www-data, nice 10, nofile 1024, cpus 0 2"; empty when nothing is set.
[[nodiscard]] std::string attributes_text(const process_attributes& attributes);
/// The same with "umask 022".
[[nodiscard]] std::string launch_text(const service_spec& spec);
/// "pipe", "pty" or the path of a file; empty: /dev/null.
[[nodiscard]] std::string stdin_text(const service_spec& spec);

} // namespace alder::wire

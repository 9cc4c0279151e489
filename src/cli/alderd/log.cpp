#include "cli/alderd/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace alder::daemon {

void open_log() {
  spdlog::set_default_logger(spdlog::stderr_logger_st("alderd"));
  spdlog::flush_on(spdlog::level::info);
}

void log_info(const std::string& text) { spdlog::info("{}", text); }
void log_warning(const std::string& text) { spdlog::warn("{}", text); }
void log_error(const std::string& text) { spdlog::error("{}", text); }

} // namespace alder::daemon

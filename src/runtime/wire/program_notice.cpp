#include "runtime/wire/program_notice.hpp"

#include "runtime/base/text.hpp"
#include "runtime/base/utf8.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>

namespace alder::wire {
namespace {

using nlohmann::json;

constexpr int deepest_notice = 64;
constexpr std::uint64_t most_pids = std::uint64_t{1} << 22U; // of Linux
constexpr std::uint64_t longest_extension_us = 24ULL * 3600 * 1'000'000;

/// One line without control characters.
std::string clean(std::string_view text) {
  std::string line{clipped(text, max_notice_text)};
  std::replace_if(
      line.begin(), line.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; }, ' ');
  return line;
}

std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = !text.empty() && parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size();
  return whole ? std::optional{value} : std::nullopt;
}

std::optional<program_notice> notice_of(std::string_view key, std::string_view value) {
  if (key == "READY" && value == "1") return said_ready{said_ready::over::notify};
  if (key == "WATCHDOG" && value == "1") return said_alive{};
  if (key == "WATCHDOG" && value == "trigger") return said_unwell{"asked for a restart (WATCHDOG=trigger)"};
  if (key == "STATUS") return said_status{clean(value)};
  if (key == "RELOADING" && value == "1") return said_reloading{};
  if (key == "MAINPID") {
    const auto pid = number_of(value);
    if (!pid || *pid == 0 || *pid > most_pids) return said_nonsense{"MAINPID=" + clean(value) + " is not a process ID"};
    return said_main_process{static_cast<int>(*pid)};
  }
  if (key != "EXTEND_TIMEOUT_USEC") return std::nullopt;
  const auto us = number_of(value);
  if (!us || *us == 0) return said_nonsense{"EXTEND_TIMEOUT_USEC=" + clean(value) + " is not a time"};
  return said_more_time{std::chrono::milliseconds{(std::min(*us, longest_extension_us) + 999) / 1000}};
}

/// Parses without recursion deeper than `deepest_notice`; discarded when it is not JSON.
json parsed(std::string_view text) {
  const auto limit = [](int depth, json::parse_event_t, json&) { return depth <= deepest_notice; };
  return json::parse(text.begin(), text.end(), limit, /*allow_exceptions=*/false);
}

std::string text_of(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? clean(found->get_ref<const std::string&>()) : std::string{};
}

/// {"requests": 42} or PM2's {"requests": {"value": 42, "unit": "rps"}}; a value may be a text that begins with a
/// number.
said_metrics metrics_of(const json& data) {
  said_metrics metrics;
  if (!data.is_object()) return metrics;
  for (const auto& [name, given] : data.items()) {
    if (metrics.values.size() >= max_metrics) break;
    const auto& value = given.is_object() && given.contains("value") ? given["value"] : given;
    program_metric metric;
    if (value.is_number()) {
      metric.value = value.get<double>();
    } else if (value.is_string()) {
      const auto& text = value.get_ref<const std::string&>();
      if (std::from_chars(text.data(), text.data() + text.size(), metric.value).ec != std::errc{}) continue;
    } else {
      continue;
    }
    if (given.is_object()) metric.unit = std::string{clipped(text_of(given, "unit"), 32)};
    metrics.values[clean(clipped(name, 64))] = std::move(metric);
  }
  return metrics;
}

program_notice message_of(const json& message) {
  auto text = message.dump(-1, ' ', false, json::error_handler_t::replace);
  if (text.size() > max_notice_text) text = std::string{clipped(text, max_notice_text - 3)} + "...";
  return said_message{clean(text)};
}

} // namespace

std::vector<program_notice> read_notify(std::string_view datagram) {
  std::vector<program_notice> notices;
  for (const auto line : split(datagram, '\n')) {
    const auto equals = line.find('=');
    if (equals == std::string_view::npos) continue;
    if (auto notice = notice_of(line.substr(0, equals), line.substr(equals + 1))) notices.push_back(std::move(*notice));
  }
  return notices;
}

std::vector<program_notice> read_ipc_line(std::string_view line) {
  const auto message = parsed(line);
  if (message.is_discarded())
    return {said_nonsense{"a line on its IPC channel is not JSON: " + clean(clipped(line, 80))}};
  if (message == "ready") return {said_ready{said_ready::over::ipc}};
  if (message == "heartbeat") return {said_alive{}};
  if (!message.is_object()) return {message_of(message)};
  const auto command = text_of(message, "cmd");
  if (command.size() > 5 && command.rfind("NODE_", 0) == 0) return {};
  const auto type = text_of(message, "type");
  const auto data = message.find("data");
  if (type == "ready") return {said_ready{said_ready::over::ipc}};
  if (type == "heartbeat") return {said_alive{}};
  if (type == "error") {
    auto text = text_of(message, "message");
    return {said_error{text.empty() ? "reported an error" : std::move(text)}};
  }
  if (type == "status") return {said_status{text_of(message, "text")}};
  if ((type == "metrics" || type == "axm:monitor") && data != message.end()) return {metrics_of(*data)};
  return {message_of(message)};
}

result<std::string> ipc_line(std::string_view text) {
  const auto message = parsed(text);
  if (message.is_discarded()) return error{error_kind::invalid_input, "the message is not JSON"};
  auto line = message.dump(-1, ' ', /*ensure_ascii=*/false, json::error_handler_t::replace) + "\n";
  if (line.size() > max_ipc_message) return error{error_kind::too_large, "a message may have at most 32 KiB"};
  return line;
}

} // namespace alder::wire

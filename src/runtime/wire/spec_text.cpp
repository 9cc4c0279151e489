#include "runtime/wire/spec_text.hpp"

#include "runtime/base/overloaded.hpp"
#include "runtime/base/text.hpp"
#include "runtime/base/units.hpp"
#include "runtime/base/words.hpp"

#include <array>
#include <csignal>
#include <cstdio>

namespace alder::wire {
namespace {

std::string address(const std::string& host, std::uint16_t port) {
  const bool is_v6 = host.find(':') != std::string::npos;
  return (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

} // namespace

std::string ready_text(const ready_spec& ready) {
  const std::string within = " within " + format_duration(ready.timeout);
  return std::visit(overloaded{
                        [](const std::monostate&) -> std::string { return "as soon as it runs"; },
                        [](const ready_after& r) { return "after " + format_duration(r.delay); },
                        [&](const ready_tcp& r) { return "tcp " + address(r.host, r.port) + within; },
                        [&](const ready_http& r) { return "http " + address(r.host, r.port) + r.path + within; },
                        [&](const ready_exec& r) { return "exec " + shell_quote(r.command) + within; },
                    },
                    ready.check);
}

std::string stop_text(const stop_spec& stop) {
  const auto signal = signal_name(stop.signal);
  if (stop.signal == SIGKILL) return signal;
  return signal + (stop.timeout ? ", SIGKILL after " + format_duration(*stop.timeout) : ", then waits without limit");
}

std::string backoff_text(const backoff& delay) {
  if (delay.min.count() == 0) return "none";
  std::array<char, 32> factor{};
  (void)std::snprintf(factor.data(), factor.size(), "%g", delay.factor); // 32 characters are enough for %g
  return format_duration(delay.min) + " to " + format_duration(delay.max) + ", factor " + factor.data();
}

} // namespace alder::wire

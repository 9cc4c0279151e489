// The facts were measured by us on Debian 12, with the packages named here: a handler that takes 3 s, one idle
// keep-alive connection, a new connection every 50 ms, and a client that connects and says nothing. Signals went to the
// main process alone, hence `scope: main` for programs that pass them on to their workers.
#include "runtime/config/known_programs.hpp"

#include "runtime/base/known_by.hpp"
#include "runtime/base/units.hpp"
#include "runtime/base/words.hpp"
#include "runtime/config/program_call.hpp"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <csignal>
#include <cstddef>

namespace alder::config {

const std::vector<known_program>& known_programs() {
  using trouble = known_program::trouble;
  using std::chrono::seconds;
  // The first that fits counts: those with an argument come before those without.
  static const std::vector<known_program> table{
      {{"nginx"},
       "",
       "nginx 1.22.1",
       trouble::cuts,
       {SIGTERM, SIGINT},
       {},
       "finishes its requests on SIGQUIT and waits up to 60s for idle clients",
       "stop: { signal: QUIT, scope: main, timeout: 75s }"},
      {{"apache2", "httpd"},
       "",
       "apache2 2.4.71",
       trouble::cuts,
       {SIGTERM, SIGINT},
       {},
       "finishes its requests on SIGWINCH; on SIGTERM it takes up to 10.4s and accepts connections that it never "
       "answers",
       "stop: { signal: WINCH, scope: main, timeout: 30s }"},
      {{"lighttpd"},
       "",
       "lighttpd 1.4.69",
       trouble::cuts,
       {SIGTERM},
       {},
       "finishes its requests on SIGINT and waits up to 9s for idle clients",
       "stop: { signal: INT, timeout: 15s }"},
      {{"haproxy"},
       "",
       "haproxy 2.6.12",
       trouble::cuts,
       {SIGTERM, SIGINT},
       {},
       "finishes its requests on SIGUSR1 and waits for clients as long as its 'timeout client' allows",
       "stop: { signal: USR1, scope: main, timeout: 75s }"},
      {{"waitress-serve", "waitress"},
       "",
       "waitress 2.1.2",
       trouble::cuts,
       {SIGTERM},
       {},
       "finishes its requests on SIGINT",
       "stop: { signal: INT }"},
      {{"php"},
       "-S",
       "PHP 8.2",
       trouble::cuts,
       {SIGTERM},
       {},
       "finishes its requests on SIGINT",
       "stop: { signal: INT }"},
      {{"php-fpm"},
       "",
       "PHP 8.2",
       trouble::cuts,
       {SIGTERM, SIGINT},
       {},
       "finishes its requests on SIGQUIT if its process_control_timeout is set",
       "stop: { signal: QUIT, scope: main, timeout: 30s }"},
      {{"uwsgi"},
       "--exit-on-reload",
       "uWSGI 2.0.21",
       trouble::no_stop,
       {SIGTERM},
       {},
       "reloads on SIGTERM; with --exit-on-reload it finishes its requests and exits on SIGHUP",
       "stop: { signal: HUP, scope: main, timeout: 30s }"},
      {{"uwsgi"},
       "--die-on-term",
       "uWSGI 2.0.21",
       trouble::cuts,
       {SIGTERM, SIGINT, SIGQUIT},
       {},
       "finishes its requests only on SIGHUP, and with --exit-on-reload instead of --die-on-term",
       "stop: { signal: HUP, scope: main, timeout: 30s }"},
      {{"uwsgi"},
       "",
       "uWSGI 2.0.21",
       trouble::no_stop,
       {SIGTERM, SIGHUP},
       {},
       "reloads on SIGTERM unless it has --die-on-term; SIGINT stops it and drops its requests",
       "stop: { signal: INT, scope: main }"},
      {{"postgres", "postmaster"},
       "",
       "PostgreSQL 15.20",
       trouble::no_stop,
       {SIGTERM},
       {},
       "waits without limit on SIGTERM while a client is connected; SIGINT stops it in order",
       "stop: { signal: INT, scope: main, timeout: 60s }"},
      {{"squid"},
       "",
       "Squid 5.7",
       trouble::slow,
       {},
       seconds{32},
       "takes 32s to stop (its shutdown_lifetime), even when idle",
       "stop: { timeout: 45s }"},
      {{"gunicorn"},
       "",
       "gunicorn 20.1.0",
       trouble::slow,
       {},
       seconds{30},
       "takes up to 30s to stop (its graceful_timeout) while a request is running or a client is idle",
       "stop: { timeout: 40s }"},
      {{"mariadbd", "mysqld"},
       "",
       "MariaDB 10.11.19",
       trouble::slow,
       {},
       {},
       "asks for more time while it stops, which needs NOTIFY_SOCKET",
       "ready: { notify: true }"},
  };
  return table;
}

namespace {

bool is_called(const std::string& name, std::string_view known) {
  if (name.rfind(known, 0) != 0) return false;
  return std::all_of(name.begin() + static_cast<std::ptrdiff_t>(known.size()), name.end(),
                     [](unsigned char c) { return std::isdigit(c) != 0 || c == '.' || c == '-'; });
}

const known_program* find_program(const program_call& call) {
  const auto& table = known_programs();
  const auto found = std::find_if(table.begin(), table.end(), [&](const known_program& one) {
    const bool named = std::any_of(one.names.begin(), one.names.end(),
                                   [&](std::string_view name) { return is_called(call.name, name); });
    const bool argued = one.argument.empty() ||
                        std::find(call.arguments.begin(), call.arguments.end(), one.argument) != call.arguments.end();
    return named && argued;
  });
  return found == table.end() ? nullptr : &*found;
}

/// The signals it is sent one after the other; a command or a message counts for none.
int first_signal(const stop_spec& stop) {
  if (stop.steps.empty()) return stop.signal;
  const auto* signal = std::get_if<int>(&stop.steps.front().how);
  return signal == nullptr ? 0 : *signal;
}

milliseconds time_of(const stop_spec& stop) {
  auto all = stop.timeout.value_or(std::chrono::hours{24});
  for (const auto& step : stop.steps)
    all += step.wait;
  return all;
}

bool hears_from(const service_spec& service) {
  return service.heartbeat.has_value() || told_over(service.ready.check) == ready_channel::notify;
}

std::optional<stop_advice> advise(const known_program& known, const program_call& call, const service_spec& service,
                                  bool is_own_signal) {
  using trouble = known_program::trouble;
  const auto signal = first_signal(service.stop);
  const bool is_sent = std::find(known.signals.begin(), known.signals.end(), signal) != known.signals.end();
  stop_advice advice;
  const auto time = format_duration(time_of(service.stop));
  switch (known.what) {
  case trouble::cuts:
    if (!is_sent || is_own_signal) return std::nullopt;
    advice.message = signal_name(signal) + " drops the requests that " + call.name + " is serving";
    break;
  case trouble::no_stop:
    if (!is_sent) return std::nullopt;
    advice.message = signal_name(signal) + " does not stop " + call.name + ", which is killed after " + time;
    break;
  case trouble::slow:
    if (known.needs.count() == 0 ? hears_from(service) || time_of(service.stop) > std::chrono::minutes{1}
                                 : time_of(service.stop) > known.needs)
      return std::nullopt;
    advice.message = call.name + " may need longer than " + time + " to stop, after which it is killed";
    break;
  }
  advice.label = "it " + std::string{known.fact};
  advice.help = "write '" + std::string{known.line} + "' (measured with " + std::string{known.measured} + ")";
  return advice;
}

} // namespace

std::optional<stop_advice> advise_stop(const service_spec& service, bool is_own_signal) {
  if (service.task || service.command.empty()) return std::nullopt;
  const auto call = program_of(service.command);
  if (const auto* known = find_program(call))
    if (auto advice = advise(*known, call, service, is_own_signal)) return advice;
  if (!call.behind_shell) return std::nullopt;
  return stop_advice{
      "a shell remains between Alder and '" + call.name + "'",
      "where /bin/sh is dash, the shell is the main process and decides about signals, exit code and MAINPID",
      "write 'exec' before '" + call.name + "'"};
}

} // namespace alder::config

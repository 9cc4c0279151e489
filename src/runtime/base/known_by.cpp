#include "runtime/base/known_by.hpp"

#include "runtime/base/overloaded.hpp"

namespace alder {

check_source known_by(const check_spec& check) {
  using source = check_source;
  return std::visit(
      overloaded{[](const std::monostate&) { return source::none; }, [](const ready_after&) { return source::timed; },
                 [](const ready_tcp&) { return source::polled; }, [](const ready_http&) { return source::polled; },
                 [](const ready_exec&) { return source::polled; }, [](const ready_file&) { return source::polled; },
                 [](const ready_notify&) { return source::told; }, [](const ready_message&) { return source::told; },
                 [](const ready_descriptor&) { return source::told; }, [](const ready_log&) { return source::told; }},
      check);
}

std::optional<ready_channel> told_over(const check_spec& check) {
  using channel = std::optional<ready_channel>;
  return std::visit(overloaded{[](const std::monostate&) { return channel{}; },
                               [](const ready_after&) { return channel{}; }, [](const ready_tcp&) { return channel{}; },
                               [](const ready_http&) { return channel{}; }, [](const ready_exec&) { return channel{}; },
                               [](const ready_file&) { return channel{}; },
                               [](const ready_notify&) { return channel{ready_channel::notify}; },
                               [](const ready_message&) { return channel{ready_channel::ipc}; },
                               [](const ready_descriptor&) { return channel{ready_channel::descriptor}; },
                               [](const ready_log&) { return channel{ready_channel::log}; }},
                    check);
}

std::optional<check_address> address_of(const check_spec& check) {
  using address = std::optional<check_address>;
  return std::visit(
      overloaded{[](const std::monostate&) { return address{}; }, [](const ready_after&) { return address{}; },
                 [](const ready_tcp& tcp) {
                   return address{{tcp.host, tcp.port}};
                 },
                 [](const ready_http& http) {
                   return address{{http.host, http.port}};
                 },
                 [](const ready_exec&) { return address{}; }, [](const ready_file&) { return address{}; },
                 [](const ready_notify&) { return address{}; }, [](const ready_message&) { return address{}; },
                 [](const ready_descriptor&) { return address{}; }, [](const ready_log&) { return address{}; }},
      check);
}

} // namespace alder

// A place for log lines, as an extension makes it: what it receives, what it answers, and what it derives from.
//
// One actor is started for each service that wants it, and gets the lines of both its streams. Of each stream at most
// one batch is under way: the next comes when the actor has answered. Bytes travel in messages here and nowhere else in
// Alder; this limit is why they may.
#pragma once

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/behavior.hpp>
#include <caf/error.hpp>
#include <caf/make_message.hpp>
#include <caf/sec.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace alder {

enum class log_stream : std::uint8_t { out, err };

/// Some lines of one stream.
struct log_batch {
  std::string tree;
  std::string service;              ///< with its instance: "web:1"
  std::optional<unsigned> instance; ///< when it has several
  log_stream stream = log_stream::out;
  std::chrono::system_clock::time_point at; ///< when the daemon read them
  /// 1 to 65536 bytes, as they were written: whole lines with their ends. Inside a line ends only what is followed by
  /// the rest of a very long line (16 KiB or more), and the last a process has written.
  std::string lines;
  /// Whether this batch was given to an actor before that ended without an answer. Not so marked, a batch may still
  /// have been dealt with before: by a daemon that was killed.
  bool again = false;
};

/// The batch is dealt with, for good: it will not come again, and the next may come.
struct log_batch_done {};

/// What the daemon wants of it. An actor that ends, by an exception or of its own accord, is started again after a
/// moment, and gets what it has not answered; services do not notice.
using log_destination_actor = caf::typed_actor<caf::replies_to<log_batch>::with<log_batch_done>>;

/// What a destination is made for.
struct log_destination_settings {
  std::string tree;
  std::string service;
  std::map<std::string, std::string> options; ///< from the configuration
};

/// Derive from this, `make_behavior` being yours. It makes that nothing is printed, that unexpected messages are
/// dropped, and that people hear the text of an exception that ends the actor: with CAF's own handler that is lost.
class log_destination : public log_destination_actor::base {
public:
  explicit log_destination(caf::actor_config& config) : log_destination_actor::base(config) {
    set_default_handler(caf::drop);
    set_down_handler([](caf::down_msg&) {});
    set_error_handler([](caf::error&) {});
    set_exception_handler([](std::exception_ptr& thrown) -> caf::error {
      try {
        std::rethrow_exception(thrown);
      } catch (const std::exception& e) {
        return caf::make_error(caf::sec::runtime_error, std::string{e.what()});
      } catch (...) {
        return caf::make_error(caf::sec::runtime_error, std::string{"an exception of unknown type"});
      }
    });
  }
};

} // namespace alder

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(alder::log_batch)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(alder::log_batch_done)

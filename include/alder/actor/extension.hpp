// How actors of your own come into the daemon: an extension is a shared library that a configuration names under
// `extensions`; it says what it offers, and under which names.
//
//   #include <alder/actor/extension.hpp>
//
//   static void offer(alder::extension_registry& daemon) {
//     daemon.add_log_destination(alder::log_destination_of<my_destination>("mine", {"port"}));
//   }
//   ALDER_EXTENSION(offer)
//
// It is code of the daemon from then on, in C++ with the daemon's own compiler and CAF, which is checked when it is
// loaded. It is loaded once and never unloaded.
#pragma once

#include "alder/actor/log_destination.hpp"

#include <caf/config.hpp>
#include <caf/scheduled_actor.hpp>
#include <caf/spawn_options.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace alder {

/// A kind of destination for log lines. Both functions are called on the daemon's thread, where nothing may wait.
struct log_destination_kind {
  std::string name;                 ///< what the configuration calls it
  std::vector<std::string> options; ///< those it has; the daemon refuses others
  /// Throws a std::exception when the options are wrong, whose text people then read; may be empty. Called before
  /// anything is started or changed, for no service in particular; it has no effects.
  std::function<void(const log_destination_settings&)> check;
  /// Starts one. When it throws, that is tried again later, as if the actor had ended.
  std::function<log_destination_actor(caf::scheduled_actor& host, const log_destination_settings&)> start;
};

/// A kind whose actors are of the class `Actor`, each with a thread of its own, so that they may wait for files and
/// networks. `Actor` is constructed from (caf::actor_config&, const log_destination_settings&); its static
/// `check(const log_destination_settings&)`, if there is one, is that of the kind.
template <class Actor> log_destination_kind log_destination_of(std::string name, std::vector<std::string> options) {
  log_destination_kind kind{std::move(name), std::move(options), {}, {}};
  if constexpr (requires(const log_destination_settings& settings) { Actor::check(settings); })
    kind.check = [](const log_destination_settings& settings) { Actor::check(settings); };
  kind.start = [](caf::scheduled_actor& host, const log_destination_settings& settings) -> log_destination_actor {
    return host.spawn<Actor, caf::detached>(settings);
  };
  return kind;
}

/// What an extension is given to say what it offers.
class extension_registry {
public:
  extension_registry() = default;
  extension_registry(const extension_registry&) = delete;
  extension_registry& operator=(const extension_registry&) = delete;
  virtual ~extension_registry() = default;

  /// A name that is offered already makes that the whole extension is refused.
  virtual void add_log_destination(log_destination_kind kind) = 0;
};

#define ALDER_TEXT_OF(value) #value
#define ALDER_VALUE_OF(value) ALDER_TEXT_OF(value)
/// Of what both sides must have the same; the first number changes with these headers.
#define ALDER_EXTENSION_MADE_FOR                                                                                       \
  "extensions 1, CAF " ALDER_VALUE_OF(CAF_VERSION) ", g++ " ALDER_VALUE_OF(__GNUC__) ", C++ ABI " ALDER_VALUE_OF(      \
      __GXX_ABI_VERSION) "/" ALDER_VALUE_OF(_GLIBCXX_USE_CXX11_ABI)

/// What the daemon finds in the library. The first two members stay as they are in all versions.
struct extension_entry {
  const char* magic;
  const char* made_for;
  /// May throw: then the extension is refused with that text.
  void (*offer)(extension_registry& daemon);
};
inline constexpr const char* extension_magic = "alder extension";

} // namespace alder

/// Once in a library, outside of all namespaces.
#define ALDER_EXTENSION(offer)                                                                                         \
  extern "C" __attribute__((visibility("default"))) const alder::extension_entry alder_extension;                      \
  const alder::extension_entry alder_extension{alder::extension_magic, ALDER_EXTENSION_MADE_FOR, offer};

// The base class of every actor: sets all of CAF's handlers, so that nothing dies unheard or prints to stdout.
#pragma once

#include <caf/all.hpp>

#include <exception>
#include <functional>
#include <map>
#include <string>
#include <utility>

namespace alder::actors {

/// `Handle` is the typed handle of the actor. CAF's own defaults print to stdout and end the actor.
template <class Handle> class actor_base : public Handle::base {
public:
  using handle = Handle;

  explicit actor_base(caf::actor_config& config) : Handle::base(config) {
    this->set_default_handler(caf::drop);
    this->set_exception_handler([](std::exception_ptr& thrown) -> caf::error {
      try {
        std::rethrow_exception(thrown);
      } catch (const std::exception& e) {
        return caf::make_error(caf::sec::runtime_error, std::string{e.what()});
      } catch (...) {
        return caf::make_error(caf::sec::runtime_error, std::string{"unknown exception"});
      }
    });
    this->set_down_handler([this](caf::down_msg& down) {
      const auto found = watched_.find(down.source);
      if (found == watched_.end()) return;
      const auto react = std::move(found->second);
      watched_.erase(found);
      react(down.reason);
    });
    this->set_error_handler([](caf::error&) {}); // an answer nobody waits for any more
  }

protected:
  /// Calls `react` once, when the actor behind `other` is gone.
  template <class Other> void watch(const Other& other, std::function<void(const caf::error&)> react) {
    watched_[other.address()] = std::move(react);
    this->monitor(other);
  }
  template <class Other> void unwatch(const Other& other) {
    if (watched_.erase(other.address()) > 0) this->demonitor(other.address());
  }
  [[nodiscard]] Handle self() { return Handle{this}; }

private:
  std::map<caf::actor_addr, std::function<void(const caf::error&)>> watched_;
};

} // namespace alder::actors

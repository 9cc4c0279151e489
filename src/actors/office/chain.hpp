// Things to do one after the other, each of which answers later.
#pragma once

#include "actors/base/messages.hpp"
#include "actors/office/outcomes.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <optional>

namespace alder::actors {

/// Each calls what follows it. The first failure is kept; the rest is done all the same, for a change is not left half
/// done. Loop thread only.
struct chain {
  using then = std::function<void(const call_outcome&)>;
  std::deque<std::function<void(const then&)>> steps;
  std::optional<wire::operation_result> failure;
  bool changed = false;

  /// Calls `done` when the last one has answered.
  static void run(const std::shared_ptr<chain>& self, const std::function<void()>& done) {
    if (self->steps.empty()) return done();
    const auto step = std::move(self->steps.front());
    self->steps.pop_front();
    step([self, done](const call_outcome& outcome) {
      self->changed = self->changed || outcome.changed;
      if (!outcome.ok() && !self->failure) self->failure = result_of(outcome);
      run(self, done);
    });
  }
};

} // namespace alder::actors

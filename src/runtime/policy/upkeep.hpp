// What a service with a schedule or a watch is to do when time passes or its files change: the wishes that a person
// would have. Pure: the clocks and the state of the service in, wishes out.
//
//   it is              its time comes (task)   (service)   too old      files change
//   running            skipped, with a warning restart     restart      restart
//   starting, stopping skipped, with a warning –           –            looked at again soon
//   backoff, finished, failed   start          –           –            start
//   stopped by itself  start                   –           –            –
//   stopped on request –                       –           –            –
#pragma once

#include "alder/cause.hpp"
#include "alder/event.hpp"
#include "alder/snapshot.hpp"
#include "alder/spec.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

namespace alder::policy {

/// The clock is looked at once a minute at least: that of the schedule may be set, and timers sleep with the machine.
inline constexpr milliseconds longest_look{60'000};
/// A service that is being started or stopped is restarted a bit later.
inline constexpr milliseconds busy_wait{250};

struct upkeep_wish {
  enum class op : std::uint8_t { start, restart } what = op::start;
  cause why;
  bool operator==(const upkeep_wish&) const = default;
};

class upkeep {
public:
  /// From 0 to 1, at random.
  using chance = std::function<double()>;
  /// What the clocks say: the one that the schedule follows, and the one that nobody sets.
  struct moment {
    wall_time wall{};
    wall_time steady{};
  };
  struct clock_answer {
    std::optional<upkeep_wish> wanted;
    std::string warning;     ///< empty: none
    bool is_planned = false; ///< `next` was found out anew
  };
  struct files_answer {
    std::optional<upkeep_wish> wanted;
    std::optional<milliseconds> again; ///< the same question then
  };

  /// The specification must outlive this.
  upkeep(const service_spec& spec, chance draw) : spec_(spec), draw_(std::move(draw)) {}

  /// Finds out when the expression comes true next; what it said while nobody looked is not made up for.
  void plan(wall_time now);
  /// None: there is no expression, or it never does.
  [[nodiscard]] const std::optional<wall_time>& next() const { return next_; }
  /// How long to wait until `on_clock`. `node`: as the service is seen now; null: it is not.
  [[nodiscard]] milliseconds time_to_look(const moment& now, const node_snapshot* node);
  [[nodiscard]] clock_answer on_clock(const moment& now, const node_snapshot* node);
  /// What runs is restarted, and what has ended by itself is tried again; what was stopped by hand stays down.
  [[nodiscard]] static files_answer on_files(const std::string& path, const node_snapshot* node);

private:
  [[nodiscard]] clock_answer come_round(const node_snapshot* node) const;
  [[nodiscard]] std::optional<milliseconds> life_left(wall_time steady, const node_snapshot* node);

  const service_spec& spec_;
  chance draw_;
  std::optional<wall_time> next_;
  generation aging_ = 0;   ///< the process whose age limit was drawn
  generation renewed_ = 0; ///< the process that is being replaced because of its age
  milliseconds limit_{0};
};

} // namespace alder::policy

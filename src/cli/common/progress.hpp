// The progress of a change, from its events: one repainted line per service on a terminal, one plain line per
// transition elsewhere.
#pragma once

#include "cli/common/answers.hpp"
#include "cli/common/look.hpp"

#include "alder/event.hpp"

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace alder::cli {

/// What a change does to services, in the words it is told with.
struct change_words {
  std::string done;          ///< "started": of the summary
  bool counts_stops = false; ///< services that stop are what is counted
  bool counts_both = false;  ///< those that start, too
};

class progress {
public:
  /// `rows` of the terminal, 0 unknown: more services than fit are told in plain lines.
  progress(look on, unsigned rows, change_words words, wall_time begin);

  /// What to print after an event. Events of supervisors show nothing of their own.
  [[nodiscard]] std::string on_event(const event_view& event, wall_time now);
  /// The lines again, with moved spinners and times; nothing when nothing is repainted.
  [[nodiscard]] std::string on_tick(wall_time now);
  /// Whether a service has come to be what the change is about, so that there is something to count.
  [[nodiscard]] bool has_counted() const;
  /// "4 started in 2.1s". Services that were restarted by themselves meanwhile, because they had ended, do not count.
  [[nodiscard]] std::string summary(wall_time now) const;
  /// Services that failed or ended by themselves and are not up again, at most 3, as tree/name.
  [[nodiscard]] std::vector<std::string> failed() const;
  /// Of these, those whose start failed.
  [[nodiscard]] std::vector<std::string> failed_to_start() const;

private:
  enum class phase { active, done, failed };
  struct entry {
    std::string tree;
    std::string name;
    phase now = phase::active;
    std::string text; ///< what it is doing
    wall_time begin{};
    wall_time end{};
    bool has_started = false;
    bool has_stopped = false;
    bool is_of_change = false; ///< not only of what happens besides
    bool waits = false;        ///< it ended by itself, and its next start is planned
  };

  /// nullptr: the event is of a supervisor, or of the daemon.
  entry* entry_of(const event_view& event, wall_time now);
  static void update(entry& one, const event_view& event, wall_time now);
  [[nodiscard]] std::ptrdiff_t counted() const;
  [[nodiscard]] std::string line_of(const entry& one, wall_time now) const;
  [[nodiscard]] std::string repaint(wall_time now);

  look on_;
  unsigned rows_;
  change_words words_;
  wall_time begin_;
  std::vector<entry> entries_;                ///< in order of appearance; as many as there are services
  std::map<std::string, std::size_t> places_; ///< in entries_, by tree/name
  std::size_t painted_ = 0;                   ///< lines on the screen that are ours
  unsigned turn_ = 0;                         ///< of the spinner
};

} // namespace alder::cli

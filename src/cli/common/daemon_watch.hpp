// What a command does while the daemon lets it wait: it has the keeper look whether the daemon lives, and says so.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

namespace alder::cli {

/// A daemon that lets a command wait this long is looked at by its keeper, and again after as long.
inline constexpr std::chrono::milliseconds slow_after{3000};
/// With a keeper that looks after the daemon, a command waits this long for an answer: the keeper gives a daemon 20 s
/// for a sign of life, and twice as long to one that hung while it was starting.
inline constexpr std::chrono::milliseconds replacement_patience{75000};

/// One command's concern about the daemon of one home.
class daemon_watch {
public:
  /// `note` shows a remark to the person.
  daemon_watch(std::string run_dir, std::function<void(std::string_view)> note);

  /// Asks the keeper to look whether the daemon lives, and tells the person the first time. True: a keeper runs and
  /// will have a daemon that answers, so it is worth waiting; false when there is none, or its daemons keep ending.
  bool ask_keeper();
  /// Asks the daemon whether it is there; when it lets the question wait, as ask_keeper().
  void look(const std::string& socket);

  /// The keeper was asked to look after the daemon at least once.
  [[nodiscard]] bool was_silent() const { return was_silent_; }

private:
  std::string run_dir_;
  std::function<void(std::string_view)> note_;
  bool was_silent_ = false;
};

/// Whether the daemons of this home end again and again as soon as they were started, as their keeper noted.
[[nodiscard]] bool keeps_ending(const std::string& run_dir);

} // namespace alder::cli

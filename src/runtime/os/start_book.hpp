// The keeper's children in a file that outlives the keeper: which process is the main one of which service, recorded by
// the process itself right before it becomes the program. So if keeper and daemon are killed together, at any moment,
// their successors know for each start whether it happened, in which process, or that it will never happen.
//
// State      set by                                   what a successor does
// asked      the keeper, before there is a process    cancels it: the process can no longer become the program
// running    the process, right before exec           looks whether that process is still alive
// failed     the process: exec failed                 knows that the program never ran
// cancelled  a successor                              may start it anew
// ended      the keeper, which has reaped it          knows how it ended
//
// Each change of `asked` compares and exchanges one word that holds the state, the pid and a number that is unique to
// this use of the slot, so that exactly one of process and successor wins.
#pragma once

#include "runtime/base/unique_fd.hpp"

#include "alder/cause.hpp"
#include "alder/error.hpp"
#include "alder/exit_status.hpp"
#include "alder/node_id.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace alder::os {

/// Where the book of a home is.
[[nodiscard]] inline std::string start_book_in(const std::string& run_dir) { return run_dir + "/starts"; }

/// What a process that is being started needs to note itself. Plain numbers: it has no memory of its own yet.
struct start_ticket {
  std::uint64_t* word = nullptr; ///< null: there is no book
  std::uint64_t asked = 0;       ///< what the word must be
  std::int64_t* exec_ns = nullptr;
  int parent = 0;
};

/// In the process, right before exec, with the parent's memory. False: its start was cancelled.
[[nodiscard]] bool claim_start(const start_ticket& ticket);
/// In the process: exec failed.
void give_back_start(const start_ticket& ticket);

/// One start as the book has it.
struct booked_start {
  enum class state : std::uint8_t { asked = 1, running, failed, cancelled, ended };
  node_id id;
  alder::generation generation = 0;
  state what = state::asked;
  int pid = 0;
  std::uint64_t start_ticks = 0; ///< as in /proc/PID/stat; 0: the keeper did not come to note it
  std::int64_t asked_ns = 0;     ///< CLOCK_BOOTTIME before there was a process …
  std::int64_t exec_ns = 0;      ///< … and right before exec
  std::int64_t started_ms = 0;   ///< Unix time in milliseconds
  std::uint64_t out = 0;         ///< inodes of the pipes it writes its output to; 0: there is none
  std::uint64_t err = 0;
  std::string note; ///< what the keeper keeps with it; its first 63 bytes
  std::optional<exit_status> exited;
};

/// The start in /proc/PID/stat of the process that was started so, if that still lives: a process of this number that
/// was made between the two moments.
[[nodiscard]] std::optional<std::uint64_t> start_ticks_of(const booked_start& start);

/// The keeper's. One thread.
class start_book {
public:
  using key = std::pair<node_id, generation>;

  /// Opens the book at `path`, or makes it, for the line of keepers with this mark; what is in it of another line is
  /// forgotten. `is_new`: the line begins now, so that the book has all of it. Starts that were asked for and not made
  /// are cancelled. Errors: denied, io.
  [[nodiscard]] static result<start_book> open(const std::string& path, const std::string& line, bool is_new);
  /// The starts in it; nothing when there is no book of this line, or it does not have all of them.
  [[nodiscard]] static std::optional<std::vector<booked_start>> read(const std::string& path, const std::string& line);

  start_book(start_book&& other) noexcept;
  start_book& operator=(start_book&&) = delete;
  start_book(const start_book&) = delete;
  start_book& operator=(const start_book&) = delete;
  ~start_book();

  /// Before the process is made. Without room in the book there is no ticket, and the book is not complete any more.
  [[nodiscard]] start_ticket ask(const key& who, const std::string& note);
  void set_output(const key& who, std::uint64_t out, std::uint64_t err);
  /// It runs, or ended; by whomever it was started.
  void enter(const booked_start& start);
  void set_note(const key& who, const std::string& note);
  void set_exit(const key& who, exit_status how);
  void forget(const key& who);
  /// Forgets all that `is_known` does not know. `count`: how many are known; if it has them all it is complete.
  void keep(const std::function<bool(const key&)>& is_known, std::size_t count);

private:
  struct header;
  struct slot;
  start_book() = default;
  [[nodiscard]] outcome map(const std::string& path);
  void begin(const std::string& line, bool is_new);
  void load();
  [[nodiscard]] slot* at(std::size_t place) const;
  [[nodiscard]] slot* find(const key& who) const;
  [[nodiscard]] slot* place_for(const key& who);
  [[nodiscard]] bool grow();

  unique_fd file_;
  void* memory_ = nullptr;
  std::size_t size_ = 0; ///< slots the file has room for
  std::map<key, std::size_t> places_;
  std::vector<std::size_t> free_;
};

} // namespace alder::os

// Looks after archives on a thread of its own: compresses them, and deletes those that are too many, too old or too
// large. What is to be done is seen in the directory each time, so that a crash changes nothing but when.
#pragma once

#include "alder/log_spec.hpp"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace alder::logs {

struct archive_entry;

/// The calls may come from any thread. The thread begins with the first of them and sleeps while there is nothing.
class log_press {
public:
  log_press() = default;
  ~log_press();
  log_press(const log_press&) = delete;
  log_press& operator=(const log_press&) = delete;

  /// What one service's files are to obey.
  struct order {
    std::vector<std::string> live; ///< its output files
    log_spec rules;
  };
  /// Sees to the archives of this service soon. Orders with the same first file that wait become one.
  void look_after(order what);

  /// Deletes the oldest archives in the directory of `live_path` at once, at least `bytes` together. Returns how many
  /// bytes that made.
  std::uint64_t make_room(const std::string& live_path, std::uint64_t bytes);

  /// Returns when everything that was asked for is done; a seam of tests, nobody else waits.
  void settle();

private:
  struct packing {
    std::string archive;
    log_compression how;
  };

  void run();
  void press(std::map<std::string, order>&& orders);
  void tidy(const std::string& directory, const std::vector<order>& orders, std::vector<packing>& to_compress);
  void compress(const packing& what);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, order> waiting_;
  bool is_busy_ = false;
  bool is_hurried_ = false; ///< somebody waits for it
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

} // namespace alder::logs

// What becomes of a service's output: where it goes, how its files are kept small, and what gives way under pressure.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace alder {

/// How a line stands in its file.
enum class log_format : std::uint8_t {
  raw,  ///< byte for byte
  time, ///< behind the moment it was written
  json, ///< as one JSON object
};

/// What gives way when a file cannot be written or a service is faster than its rate.
enum class log_pressure : std::uint8_t {
  drop_newest, ///< what comes then is lost, and counted
  drop_oldest, ///< old archives are deleted to make room; else as drop_newest
  block,       ///< nothing is lost: the service waits when its pipe is full
};

struct log_spec {
  bool keep = true; ///< false: read and thrown away
  std::string out;  ///< absolute path; empty: in the log directory
  std::string err;
  unsigned mode = 0600; ///< of new files
  log_format format = log_format::raw;
  std::string date_format; ///< moment's tokens; empty: ISO 8601
  log_pressure pressure = log_pressure::drop_newest;
  unsigned max_rate = 0; ///< lines a second; 0: no limit

  std::uint64_t max_size = std::uint64_t{64} * 1024 * 1024; ///< of one file; 0: no limit
  std::chrono::milliseconds rotate_every{0};                ///< 0: by size alone
  unsigned max_files = 10;                                  ///< archives a file has
  std::uint64_t max_total = 0;                              ///< bytes of all files of the service; 0: no limit
  std::uint64_t tree_total = 0;                             ///< bytes of all files in the tree's log directory
  std::uint64_t min_free = 0;                               ///< bytes the file system keeps free; 0: does not matter
  std::chrono::milliseconds max_age{0};                     ///< of an archive; 0: no limit
  bool compress = true;

  bool operator==(const log_spec&) const = default;
};

} // namespace alder

// How a service's output is logged: where it goes, how files are kept small, what is dropped if it cannot be written.
#pragma once

#include "alder/schedule.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace alder {

/// How a line stands in its file.
enum class log_format : std::uint8_t {
  raw,  ///< byte for byte
  time, ///< behind the moment it was written
  json, ///< as one JSON object
};

/// Where output goes.
enum class log_target : std::uint8_t {
  file,
  none,    ///< read and thrown away
  syslog,  ///< a datagram a line, as syslog() sends them
  journal, ///< a datagram a line, in the journal's own protocol
  actor,   ///< an actor of the user's own
};

enum class syslog_format : std::uint8_t {
  rfc3164, ///< as the C library writes it
  rfc5424,
};

/// How `alder run` shows it.
enum class log_show : std::uint8_t {
  prefixed, ///< behind the time and the name of the service
  raw,      ///< as it is, standard error on standard error
  none,
};

/// Whose new files are.
struct log_owner {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::string text; ///< as it was given
  bool operator==(const log_owner&) const = default;
};

/// What gives way when a file cannot be written or a service is faster than its rate.
enum class log_pressure : std::uint8_t {
  drop_newest, ///< what comes then is lost, and counted
  drop_oldest, ///< old archives are deleted to make room; else as drop_newest
  block,       ///< nothing is lost: the service waits when its pipe is full
  spill,       ///< put into another directory until the file can be written; beyond its limit as drop_newest
};

/// How archives are compressed.
enum class log_compression : std::uint8_t {
  none,
  gzip,
  zstd, ///< about as small, in a third of the time
};

struct log_spec {
  log_target to = log_target::file;
  std::string out; ///< absolute path; empty: in the log directory
  std::string err;
  bool merge = false;             ///< both streams go to `out`
  std::string shared_as;          ///< the name of files that instances share; empty: each has its own
  unsigned instance = 0;          ///< which of those that share them
  unsigned mode = 0600;           ///< of new files
  std::optional<log_owner> owner; ///< none: the daemon's
  std::string tag;                ///< the program's name for syslog and journal; empty: the service's
  std::string socket;             ///< where these listen; empty: where they do usually
  std::string actor; ///< the name under which an extension offers the actor, and options: NAME KEY=VALUE …
  syslog_format syslog = syslog_format::rfc3164;
  unsigned facility = 3; ///< of syslog; 3: daemon
  log_show show = log_show::prefixed;
  log_format format = log_format::raw;
  std::string date_format;       ///< moment's tokens; empty: ISO 8601
  std::optional<time_zone> zone; ///< of `date_format`; none: the machine's
  log_pressure pressure = log_pressure::drop_newest;
  std::string spill_to;                                      ///< directory
  std::uint64_t spill_max = std::uint64_t{64} * 1024 * 1024; ///< bytes put there for one file
  unsigned max_rate = 0;                                     ///< lines a second; 0: no limit

  std::uint64_t max_size = std::uint64_t{64} * 1024 * 1024; ///< of one file; 0: no limit
  std::chrono::milliseconds rotate_every{0};                ///< 0: by size alone
  unsigned max_files = 10;                                  ///< archives a file has
  std::uint64_t max_total = 0;                              ///< bytes of all files of the service; 0: no limit
  std::uint64_t tree_total = 0;                             ///< bytes of all files in the tree's log directory
  std::uint64_t min_free = 0;                               ///< bytes the file system keeps free; 0: does not matter
  std::chrono::milliseconds max_age{0};                     ///< of an archive; 0: no limit
  log_compression compress = log_compression::gzip;

  bool operator==(const log_spec&) const = default;
};

} // namespace alder

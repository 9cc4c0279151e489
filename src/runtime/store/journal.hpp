// What must survive the daemon: values by key, in memory and in an append-only file (wire/journal_record.hpp).
//
// Memory is the truth while the daemon lives. A change is in the file after the next write(); on a disk that takes
// nothing the journal falls behind, says so, and catches up when it can.
#pragma once

#include "runtime/wire/journal_record.hpp"

#include "alder/error.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>

namespace alder::store {

/// The file below, a seam for disks that fail.
class journal_disk {
public:
  journal_disk() = default;
  journal_disk(const journal_disk&) = delete;
  journal_disk& operator=(const journal_disk&) = delete;
  virtual ~journal_disk() = default;

  struct contents {
    bool is_there = false;  ///< there is a journal, though perhaps an empty one
    std::string bytes;      ///< from its beginning
    std::uint64_t size = 0; ///< of the whole; more than of `bytes` when it is larger than any journal of ours
  };
  /// A missing file is none, and no error. Errors: invalid_input (no file but a directory, a device …), denied, io.
  [[nodiscard]] virtual result<contents> read() = 0;
  /// Keeps what is there beside, under a name of its own, which is returned; it may have both names until replace().
  /// Errors: denied, io.
  [[nodiscard]] virtual result<std::string> keep() = 0;
  /// At the end; after an error a part may be there. Errors: denied, io.
  virtual outcome append(std::string_view bytes) = 0;
  /// Cuts off what is behind `size`. Errors: io.
  virtual outcome cut(std::size_t size) = 0;
  /// All of it anew: after a crash there is the old content or the new. Errors: denied, io.
  virtual outcome replace(std::string_view bytes) = 0;
  /// What was appended survives a power cut. Errors: io.
  virtual outcome sync() = 0;
};

/// `path`, mode 0600: it holds environments.
[[nodiscard]] std::unique_ptr<journal_disk> journal_file(std::string path);

class journal {
public:
  /// What was found at the start.
  struct opened {
    bool is_first = false;   ///< there was none
    std::size_t records = 0; ///< that were read
    std::string problem;     ///< what is wrong with it, as "… is empty"; nothing: all of it was read
    std::string kept;        ///< where it was kept as it was, if there is a problem; nothing: it could not be, and
                             ///< stays where it is: nothing is written until it can
    [[nodiscard]] bool is_sound() const { return problem.empty(); }
  };

  explicit journal(std::unique_ptr<journal_disk> disk) : disk_(std::move(disk)) {}

  /// Reads all that can be read. Of what cannot the whole file is kept beside, and the next write() makes a new one.
  opened open();

  [[nodiscard]] const std::map<std::string, std::string>& values() const { return values_; }
  /// `json` without a control character and not empty.
  void set(const std::string& key, std::string json);
  void forget(const std::string& key);

  enum class durable : std::uint8_t {
    daemon,  ///< survives the end of the daemon, not a power cut
    machine, ///< survives that too
  };
  /// Brings the file up to date. Errors: denied, io; everything is tried again with the next call. A file that is to be
  /// kept and cannot be is never written to.
  outcome write(durable how = durable::daemon);
  /// The file has outgrown what counts in it by far.
  [[nodiscard]] bool wants_compaction() const;
  /// Writes the file anew if it wants that. It takes a sync, so it is done when nobody waits, and before long.
  void compact();
  [[nodiscard]] bool has_changes() const { return !changed_.empty() || is_damaged_; }
  [[nodiscard]] std::size_t file_size() const { return size_; }

private:
  outcome rewrite();
  [[nodiscard]] std::string read();

  std::unique_ptr<journal_disk> disk_;
  std::map<std::string, std::string> values_;
  std::set<std::string> changed_; ///< keys that differ from the file
  std::size_t live_ = 0;          ///< bytes of values_ with their keys
  std::size_t size_ = 0;          ///< of the good part of the file
  std::size_t compact_at_ = 0;
  bool is_new_ = true;      ///< the file must be made or replaced
  bool is_damaged_ = false; ///< what is there is not what values_ are
  bool must_keep_ = false;  ///< and was not kept yet
  std::size_t records_ = 0; ///< that were read
  bool behind_ = false;
};

} // namespace alder::store

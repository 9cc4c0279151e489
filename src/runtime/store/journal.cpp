#include "runtime/store/journal.hpp"

#include "runtime/base/units.hpp"
#include "runtime/os/damaged_file.hpp"
#include "runtime/os/files.hpp"

#include <algorithm>

namespace alder::store {
namespace {

constexpr std::size_t largest_journal = 256UL * 1024 * 1024; // as much is read
/// A file is written anew when it has outgrown both this and four times what counts in it; of what has outgrown the
/// second, a quarter is enough.
constexpr std::size_t smallest_compaction = 256UL * 1024;
constexpr std::size_t usual_compaction = largest_journal / 4;
constexpr std::size_t record_overhead = 11; // checksum, two tabs, line end

class file_on_disk final : public journal_disk {
public:
  explicit file_on_disk(std::string path) : path_(std::move(path)) {}

  result<contents> read() override {
    const auto facts = os::facts_of(path_);
    if (!facts && facts.failure().kind == error_kind::not_found && !os::is_taken(path_)) return contents{};
    if (!facts) return facts.failure();
    if (!facts->is_regular) return error{error_kind::invalid_input, path_ + " is not a regular file", 0};
    auto file = os::open_for_reading(path_);
    if (!file) return file.failure();
    contents found{true, std::string(std::min<std::uint64_t>(facts->size, largest_journal), '\0'), facts->size};
    const auto got = os::read_at(file->get(), 0, found.bytes);
    if (!got) return got.failure();
    found.bytes.resize(*got);
    return found;
  }
  result<std::string> keep() override {
    file_.reset(); // it is another file afterwards
    return os::keep_damaged(path_);
  }
  outcome append(std::string_view bytes) override {
    if (!file_) {
      auto opened = os::open_for_append(path_);
      if (!opened) return opened.failure();
      file_ = std::move(*opened);
    }
    return os::write_all(file_.get(), bytes);
  }
  outcome cut(std::size_t size) override {
    if (!file_) {
      auto opened = os::open_for_append(path_);
      if (!opened) return opened.failure();
      file_ = std::move(*opened);
    }
    return os::cut_file(file_.get(), size);
  }
  outcome replace(std::string_view bytes) override {
    file_.reset(); // it is another file afterwards
    return os::write_file_atomically(path_, bytes);
  }
  outcome sync() override { return file_ ? os::sync_data(file_.get()) : success(); }

private:
  std::string path_;
  unique_fd file_; ///< open while it is being appended to
};

std::size_t bytes_of(const std::string& key, const std::string& value) {
  return key.size() + value.size() + record_overhead;
}

} // namespace

std::unique_ptr<journal_disk> journal_file(std::string path) { return std::make_unique<file_on_disk>(std::move(path)); }

/// What is wrong with it; nothing: it is there as it was written, or not there.
std::string journal::read() {
  const auto found = disk_->read();
  if (!found) return "cannot be read: " + found.failure().message;
  if (!found->is_there) return {};
  is_new_ = false;
  auto read = wire::read_journal(found->bytes);
  if (!read) return "cannot be read: " + read.failure().message;
  values_ = std::move(read->values);
  for (const auto& [key, value] : values_)
    live_ += bytes_of(key, value);
  size_ = found->bytes.size();
  records_ = read->records;
  const auto unread = found->size - found->bytes.size() + read->lost_bytes;
  const auto rest = "; " + std::to_string(unread) + " bytes could not be read, " + std::to_string(records_) +
                    (records_ == 1 ? " record was" : " records were") + " read";
  if (found->size == 0) return "is empty, which should never happen";
  if (found->size > found->bytes.size()) return "is larger than any journal (" + format_size(found->size) + ")" + rest;
  if (read->damaged > 0)
    return "is damaged in " + std::to_string(read->damaged) + (read->damaged == 1 ? " place" : " places") + rest;
  if (read->is_torn) return "ends in the middle of a record" + rest;
  if (read->is_irregular) return "has changed line ends or lost its first line; all records were read";
  if (records_ == 0) return "contains no records, which should never happen";
  return {};
}

journal::opened journal::open() {
  opened found;
  found.problem = read();
  found.is_first = is_new_ && found.is_sound();
  found.records = records_;
  if (found.is_sound()) return found;
  is_new_ = true; // written anew, and until then as it is
  is_damaged_ = true;
  auto kept = disk_->keep();
  must_keep_ = !kept;
  if (kept)
    found.kept = std::move(*kept);
  else
    found.problem += " (" + kept.failure().message + ")";
  return found;
}

void journal::set(const std::string& key, std::string json) {
  const auto found = values_.find(key);
  if (found != values_.end()) {
    if (found->second == json) return;
    live_ -= bytes_of(key, found->second);
  }
  live_ += bytes_of(key, json);
  values_.insert_or_assign(key, std::move(json));
  changed_.insert(key);
}

void journal::forget(const std::string& key) {
  const auto found = values_.find(key);
  if (found == values_.end()) return;
  live_ -= bytes_of(key, found->second);
  values_.erase(found);
  changed_.insert(key);
}

bool journal::wants_compaction() const {
  if (size_ <= std::max(smallest_compaction, compact_at_)) return false;
  return size_ > 4 * live_ || (size_ > usual_compaction && size_ > live_ + live_ / 4);
}

outcome journal::rewrite() {
  if (must_keep_) {
    if (const auto kept = disk_->keep(); !kept && kept.failure().kind != error_kind::not_found) return kept.failure();
    must_keep_ = false;
  }
  std::string bytes = wire::journal_header();
  for (const auto& [key, value] : values_)
    bytes += wire::journal_record(key, value);
  if (auto replaced = disk_->replace(bytes); !replaced) return replaced;
  size_ = bytes.size();
  compact_at_ = 0;
  is_new_ = false;
  is_damaged_ = false;
  changed_.clear();
  return success();
}

outcome journal::write(durable how) {
  if (changed_.empty() && !is_new_) return success();
  outcome written = success();
  if (is_new_) {
    written = rewrite();
  } else {
    std::string bytes;
    for (const auto& key : changed_) {
      const auto found = values_.find(key);
      bytes += wire::journal_record(key, found == values_.end() ? std::string{} : found->second);
    }
    written = disk_->append(bytes);
    if (written) {
      size_ += bytes.size();
      changed_.clear();
      if (how == durable::machine) written = disk_->sync();
    } else if (!disk_->cut(size_)) { // half a record must not stand before whole ones
      is_new_ = true;
    }
  }
  behind_ = !written.ok();
  return written;
}

void journal::compact() {
  if (behind_ || !wants_compaction()) return;
  // A journal that cannot be made smaller is still right; it is tried again when it has doubled.
  if (!rewrite()) compact_at_ = 2 * size_;
}

} // namespace alder::store

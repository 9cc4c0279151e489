#include "runtime/store/journal.hpp"

#include "runtime/os/files.hpp"

#include <algorithm>

namespace alder::store {
namespace {

constexpr std::size_t largest_journal = 512UL * 1024 * 1024;
/// A file is written anew when it has outgrown both this and four times what counts in it.
constexpr std::size_t smallest_compaction = 256UL * 1024;
constexpr std::size_t record_overhead = 11; // checksum, two tabs, line end

class file_on_disk final : public journal_disk {
public:
  explicit file_on_disk(std::string path) : path_(std::move(path)) {}

  result<std::string> read() override {
    auto text = os::read_file(path_, largest_journal);
    if (!text && text.failure().kind == error_kind::not_found) return std::string{};
    return text;
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

result<journal::opened> journal::open() {
  const auto bytes = disk_->read();
  if (!bytes) return bytes.failure();
  auto read = wire::read_journal(*bytes);
  if (!read) return read.failure();
  values_ = std::move(read->values);
  for (const auto& [key, value] : values_)
    live_ += bytes_of(key, value);
  size_ = read->good_bytes;
  is_new_ = size_ == 0;
  // Whether it can be cut off or not: a record that is not complete is never read as one.
  if (read->torn_bytes > 0 && !disk_->cut(size_)) is_new_ = true;
  return opened{read->damaged, read->torn_bytes > 0};
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
  return size_ > std::max(smallest_compaction, compact_at_) && size_ > 4 * live_;
}

outcome journal::rewrite() {
  std::string bytes = wire::journal_header();
  for (const auto& [key, value] : values_)
    bytes += wire::journal_record(key, value);
  if (auto replaced = disk_->replace(bytes); !replaced) return replaced;
  size_ = bytes.size();
  compact_at_ = 0;
  is_new_ = false;
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

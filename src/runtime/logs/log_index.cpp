#include "runtime/logs/log_index.hpp"

#include "runtime/logs/packed_file.hpp"

#include <algorithm>
#include <utility>

namespace alder::logs {

namespace {

constexpr std::size_t most_unpacked = std::size_t{64} * 1024 * 1024; // of a compressed index; the rest has no times

std::string unpack(maybe_packed&& index) {
  packed_reader reader{std::move(index.file), index.how};
  std::string all;
  std::array<char, 65536> block{};
  while (all.size() < most_unpacked) {
    const auto got = reader.read(block);
    if (!got || *got == 0) break;
    all.append(block.data(), *got);
  }
  return all;
}

} // namespace

std::optional<std::uint64_t> find_chunk(std::uint64_t count, const record_at& record, std::uint64_t offset) {
  std::uint64_t low = 0; // records before it do not begin after `offset`
  std::uint64_t high = count;
  while (low < high) {
    const auto middle = low + (high - low) / 2;
    const auto found = record(middle);
    if (!found) return std::nullopt;
    if (found->offset <= offset) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low == 0 ? std::nullopt : std::optional{low - 1};
}

log_index::log_index(const std::string& file) : path_(wire::log_index_path(file)) {}

void log_index::refresh(os::file_time otherwise) {
  otherwise_ = otherwise;
  if (!fd_ && !path_.empty()) {
    if (auto opened = open_packed(path_); opened && opened->how == log_compression::none) {
      fd_ = std::move(opened->file);
    } else if (opened && unpacked_.empty()) {
      unpacked_ = unpack(std::move(*opened));
    }
  }
  if (!unpacked_.empty()) {
    count_ = unpacked_.size() / wire::log_index_record_size;
    return;
  }
  const auto facts = fd_ ? os::facts_of(fd_.get()) : result<os::file_facts>{os::file_facts{}};
  const auto count = facts ? facts->size / wire::log_index_record_size : 0;
  if (count < count_) { // it was begun anew
    block_count_ = 0;
    last_found_.reset();
  }
  count_ = count;
}

std::optional<wire::log_index_record> log_index::record(std::uint64_t position) {
  if (position >= count_) return std::nullopt;
  if (!unpacked_.empty()) return wire::decode_log_index(unpacked_.data() + position * wire::log_index_record_size);
  if (position < block_first_ || position >= block_first_ + block_count_) {
    block_first_ = position - position % block_records;
    const auto got = os::read_at(fd_.get(), block_first_ * wire::log_index_record_size, block_);
    block_count_ = got ? *got / wire::log_index_record_size : 0;
    if (position >= block_first_ + block_count_) return std::nullopt;
  }
  return wire::decode_log_index(block_.data() + (position - block_first_) * wire::log_index_record_size);
}

bool log_index::is_in_chunk(std::uint64_t position, std::uint64_t offset) {
  const auto own = record(position);
  if (!own || own->offset > offset) return false;
  const auto next = record(position + 1);
  return position + 1 >= count_ || (next && next->offset > offset);
}

std::optional<std::uint64_t> log_index::first_since(os::file_time since) {
  const auto ns = since.time_since_epoch().count();
  if (ns <= 0) return 0;
  std::uint64_t low = 0; // records before it are older
  std::uint64_t high = count_;
  while (low < high) {
    const auto middle = low + (high - low) / 2;
    const auto found = record(middle);
    if (!found) return std::nullopt;
    if (found->moment_ns() < static_cast<std::uint64_t>(ns)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  const auto found = record(low);
  return found ? std::optional{found->offset} : std::nullopt;
}

std::optional<os::file_time> log_index::begun() {
  const auto first = record(0);
  if (!first || !first->is_behind_archive()) return std::nullopt;
  return os::file_time{std::chrono::nanoseconds{static_cast<std::int64_t>(first->moment_ns())}};
}

std::vector<os::file_time> log_index::ends_of_runs(std::size_t most, std::optional<unsigned> instance) {
  std::vector<os::file_time> ends;
  for (auto position = count_; position > 0 && ends.size() < most; --position) {
    const auto found = record(position - 1);
    if (found && found->ends_run() && (!instance || found->origin.instance == *instance))
      ends.emplace_back(std::chrono::nanoseconds{static_cast<std::int64_t>(found->moment_ns())});
  }
  return ends;
}

std::optional<std::uint64_t> log_index::end_of_last_run(std::optional<unsigned> instance) {
  for (auto position = count_; position > 0; --position) {
    const auto found = record(position - 1);
    if (found && found->ends_run() && (!instance || found->origin.instance == *instance)) return found->offset;
  }
  return std::nullopt;
}

log_index::chunk log_index::chunk_at(std::uint64_t offset) {
  if (count_ == 0) return {otherwise_};
  auto position = last_found_;
  if (position && !is_in_chunk(*position, offset))
    position = is_in_chunk(*position + 1, offset) ? std::optional{*position + 1} : std::nullopt;
  // What was written before the index began is no younger than its first record.
  if (!position)
    position = find_chunk(
                   count_, [this](std::uint64_t at) { return record(at); }, offset)
                   .value_or(0);
  const auto found = record(*position);
  if (!found || found->moment_ns() == ~wire::log_index_record::end_of_run) return {otherwise_}; // damage
  last_found_ = position;
  return {os::file_time{std::chrono::nanoseconds{static_cast<std::int64_t>(found->moment_ns())}}, found->origin};
}

} // namespace alder::logs

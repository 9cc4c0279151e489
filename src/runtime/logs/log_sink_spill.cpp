// The part of a log sink that keeps output in another directory while the file cannot be written.
#include "runtime/logs/log_sink.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace alder::logs {
namespace {

constexpr std::chrono::milliseconds between_looks{1}; // at a full directory that is being emptied

} // namespace

/// What has no room there is lost while the file cannot be written, and else left to the caller.
void log_sink::put_aside(std::string_view rest, moment now, log_stage* stage, report& told) {
  // What is missing now must not glue the line before to the one after.
  if (owes_line_end_ && in_line() && spill_->put("\n", now.wall, writer_.origin, nullptr).number == 0)
    owes_line_end_ = false;
  const auto put = spill_->put(rest, now.wall, writer_.origin, stage);
  rest.remove_prefix(put.taken);
  if (put.taken > 0 && !rest.empty()) { // one write at a time is staged
    told.taken -= rest.size();
    busy_until_ = now.steady;
    return;
  }
  if (rest.empty()) return;
  if (!next_try_) {
    told.taken -= rest.size();
    busy_until_ = now.steady + between_looks;
    return;
  }
  drop(rest);
  if (std::exchange(spill_told_, true)) return;
  told.spill_failed = put.number;
  told.spill_why = spill_->refusal();
}

std::optional<log_sink::steady_time> log_sink::write_back_at() const {
  if (!spill_ || !spill_->any()) return std::nullopt;
  return std::max(next_try_.value_or(steady_time::min()), busy_until_);
}

log_sink::report log_sink::write_back(moment now, unsettled_bytes* unsettled) {
  const auto due = write_back_at();
  if (!due || now.steady < *due) return {};
  if (!file_) {
    if (const int number = open_files(); number != 0) return fail(number, {}, now);
  }
  report told;
  const auto waiting = spill_->waiting();
  if (const auto piece = spill_->front()) {
    const auto writer = std::exchange(writer_.origin, piece->who);
    const int number = write_piece_back(*piece, now, told, unsettled);
    writer_.origin = writer;
    if (number != 0) {
      told.failed = fail(number, {}, now).failed;
      return told;
    }
  } else { // it cannot be read, and was given up
    told.spill_failed = EIO;
    bytes_lost_ += waiting;
    lost_this_time_ += waiting;
  }
  next_try_.reset();
  if (spill_->any()) return told;
  told.recovered = std::exchange(lost_this_time_, 0);
  spill_told_ = false;
  spill_.reset(); // it may be another's, by other rules
  if (rules_.pressure == log_pressure::spill) spill_.emplace(rules_.spill_to, path_, rules_.spill_max);
  return told;
}

/// 0 or an errno.
int log_sink::write_piece_back(const log_spill::piece& piece, moment now, report& told, unsettled_bytes* unsettled) {
  const moment then{piece.at, now.steady};
  if (piece.bytes.empty()) {
    if (size_ > 0) add_to_index(size_, then, piece.who, wire::log_index_record::end_of_run);
    spill_->took(0);
    return 0;
  }
  const auto bytes = piece.bytes.substr(0, portion_of_file(piece.bytes, now, told));
  if (size_ == 0 && rules_.rotate_every.count() > 0) begin_period(now.wall);
  const auto done = write_chunk(bytes, then, [&](std::size_t size) {
    spill_->begin_write_back(file_.get(), size);
    if (file_addition adding; unsettled != nullptr && about_to_add(file_.get(), size, adding)) unsettled->begin(adding);
  });
  if (done.taken > 0) spill_->took(done.taken);
  if (unsettled != nullptr) unsettled->end();
  told.taken = done.taken;
  return done.number;
}

void log_sink::inherit(log_sink& from) {
  if (from.path_ != path_ || from.spilled() == 0) return;
  spill_ = std::move(from.spill_);
  owes_line_end_ = from.owes_line_end_;
  from.spill_.reset();
}

void log_sink::forget_spilled() {
  if (spill_) spill_->clear();
}

} // namespace alder::logs

#include "actors/http/open_streams.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace alder::actors {
namespace {

constexpr std::chrono::milliseconds between_looks{10};

} // namespace

open_streams::stream_id open_streams::add(std::function<void()> finish, std::chrono::milliseconds patience) {
  open_[++last_] = {std::move(finish), patience};
  return last_;
}

bool open_streams::is_waited_for(std::chrono::milliseconds idle) const {
  return std::any_of(open_.begin(), open_.end(), [&](const auto& one) { return idle < one.second.patience; });
}

void open_streams::finish_all(boost::asio::io_context& loop, std::function<bool()> is_ready,
                              std::function<void()> then) {
  auto end = std::make_shared<ending>(loop);
  end->is_ready = std::move(is_ready);
  end->then = std::move(then);
  look(end);
}

void open_streams::look(const std::shared_ptr<ending>& end) {
  if (!end->has_begun && (end->idle >= usual_patience || end->is_ready())) {
    end->has_begun = true;
    end->idle = {};
  }
  if (end->has_begun) {
    std::vector<std::function<void()>> begun; // also those that came meanwhile
    for (auto& [id, one] : open_)
      if (one.finish) begun.push_back(std::exchange(one.finish, nullptr));
    for (const auto& finish : begun)
      finish();
    if (std::exchange(end->seen, progress_) != progress_) end->idle = {};
    if (!is_waited_for(end->idle)) return end->then();
  }
  end->idle += between_looks;
  end->timer.expires_after(between_looks);
  end->timer.async_wait([this, end](const boost::system::error_code& failed) {
    if (!failed) look(end);
  });
}

} // namespace alder::actors

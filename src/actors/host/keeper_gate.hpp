// The one way by which the bridge does something to a process or has the keeper do it. What an act follows from is in
// the journal before it is done (docs/decisions/0040-journal.md): every act here writes first, so that none can forget
// to. Looking is free.
#pragma once

#include "actors/host/conversation.hpp"

#include "runtime/keeper/client.hpp"
#include "runtime/os/descendants.hpp"
#include "runtime/os/member_table.hpp"

#include "alder/error.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace alder::actors {

class keeper_gate {
public:
  /// Brings the journal up to date; costs nothing when it is.
  std::function<void()> before_acting;

  void attach(std::unique_ptr<keeper::client> client) { client_ = std::move(client); }
  explicit operator bool() const { return client_ != nullptr; }

  // -- looking

  const keeper::client* operator->() const { return client_.get(); }
  const keeper::client& operator*() const { return *client_; }
  [[nodiscard]] std::vector<keeper::child> take_inventory() { return client_->take_inventory(); }
  [[nodiscard]] os::log_stage_files take_log_stage() { return client_->take_log_stage(); }
  [[nodiscard]] std::vector<keeper::client::unanswered> take_unanswered() { return client_->take_unanswered(); }
  void on_readable() { client_->on_readable(); }
  void on_writable() { client_->on_writable(); } ///< sends what acts have queued

  // -- acting

  void write_first() const {
    if (before_acting) before_acting();
  }
  /// The keeper, to be asked for something.
  [[nodiscard]] keeper::client& act() {
    write_first();
    return *client_;
  }
  /// Errors: not_found (it has ended just now, which its exit will tell).
  outcome signal(const unique_fd& pidfd, int signal) const;
  void signal(const std::vector<os::member>& members, int signal) const;
  void kill(os::member_table& members, const std::string& mark, const std::string& cgroup = {}) const;
  void kill_cgroup(const std::string& group) const;
  /// Errors: as conversation's.
  outcome write_input(conversation& talk, std::string_view bytes) const;
  outcome send_message(conversation& talk, std::string_view json) const;

private:
  std::unique_ptr<keeper::client> client_;
};

} // namespace alder::actors

// What is said between the daemon and the processes it holds. What one says while nobody looks after it waits for its
// next owner. Loop thread only.
#pragma once

#include "actors/host/conversation.hpp"
#include "actors/host/keeper_channel.hpp"
#include "actors/host/process_members.hpp"
#include "actors/host/process_table.hpp"

#include "alder/error.hpp"

#include <boost/asio/io_context.hpp>

#include <functional>
#include <string_view>

namespace alder::actors {

class conversations {
public:
  /// `changed_main`: another process of it is the main one now.
  conversations(boost::asio::io_context& loop, process_table& table, process_members& members, keeper_channel& keeper,
                std::function<void(const process_id&)> changed_main);

  /// Listens to what a process says through `held`, if it has anything to say it through: takes it out.
  void begin(const process_id& id, holdings& held);
  /// It said this, or somebody heard it elsewhere.
  void hear(const process_id& id, wire::program_notice notice, conversation::receipt until_handled = {});
  /// Hears at once what a process said before it ended.
  void hear_last_words(held_process& of);
  /// Its new owner is told what it said meanwhile.
  void tell_unheard(held_process& of);

  // Errors: not_found (it does not run), and those of conversation.

  /// Writes to the standard input of a node's process, as a whole or not at all.
  outcome send_input(const node_id& node, std::string_view bytes);
  /// Sends a JSON document over IPC.
  outcome send_message(const node_id& node, std::string_view json);
  outcome send_message(const process_id& id, std::string_view json);

private:
  [[nodiscard]] bool is_said_by(const process_id& id, int pid, std::uint32_t uid);
  [[nodiscard]] wire::program_notice change_main(const process_id& id, held_process& of, int pid);

  boost::asio::io_context& loop_;
  process_table& table_;
  process_members& members_;
  keeper_channel& keeper_;
  std::function<void(const process_id&)> changed_main_;
};

} // namespace alder::actors

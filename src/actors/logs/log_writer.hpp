// The actor that owns one service's output: its two files, and what is said about them. The bytes themselves move in
// the log pump.
#pragma once

#include "actors/base/actor_base.hpp"
#include "actors/logs/log_hub.hpp"

#include <memory>
#include <string>

namespace alder::actors {

class log_writer final : public actor_base<log_writer_actor> {
public:
  log_writer(caf::actor_config& config, runtime& shared, log_hub& hub, node_id node, parent_actor parent);
  const char* name() const override { return "log_writer"; }
  behavior_type make_behavior() override;
  void on_exit() override;

private:
  void on_start(const start_order& order);
  void on_attach(const attach_output& attach);
  [[nodiscard]] std::shared_ptr<awaited_line> line_awaited(const attach_output& attach);
  void look_back(const std::shared_ptr<awaited_line>& line, alder::generation generation);
  void open_files();
  void warn(const std::string& text);
  [[nodiscard]] std::string file_of(logs::stream_id stream) const;

  runtime& shared_;
  log_hub& hub_;
  node_id node_; ///< whose output it is
  parent_actor parent_;
  alder::generation generation_ = 0; ///< its own, as a child of its supervisor
  log_hub::stream_pair streams_;
};

} // namespace alder::actors

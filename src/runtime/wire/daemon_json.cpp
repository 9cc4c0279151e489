#include "runtime/wire/daemon_json.hpp"

#include "runtime/base/words.hpp"
#include "runtime/wire/time_text.hpp"

#include <nlohmann/json.hpp>

namespace alder::wire {

std::string ping_json(const ping_answer& answer) {
  return written({{"schema", answer_schema}, {"pong", true}, {"version", answer.version}, {"pid", answer.pid}});
}

result<ping_answer> read_pong(std::string_view text) {
  const auto document = parse_answer(text);
  if (!document) return document.failure();
  bool is_pong = false;
  take(*document, "pong", is_pong);
  if (!is_pong) return not_promised("it is not a reply to a ping");
  ping_answer answer;
  take(*document, "version", answer.version);
  take(*document, "pid", answer.pid);
  return answer;
}

std::string info_json(const daemon_info& info) {
  auto counts = json_value::object();
  for (const auto state : {node_state::stopped, node_state::starting, node_state::running, node_state::stopping,
                           node_state::backoff, node_state::finished, node_state::failed})
    counts[std::string{word(state)}] = 0;
  for (const auto& [state, number] : info.counts)
    counts[state] = number;
  json_value value{
      {"schema", answer_schema}, {"version", info.version}, {"pid", info.pid}, {"keeper_pid", info.keeper_pid}};
  if (info.started_at) value["started_at"] = time_text(*info.started_at);
  value["uptime_ms"] = info.uptime.count();
  value["epoch"] = info.epoch;
  value["socket"] = info.socket;
  value["state_dir"] = info.state_dir;
  value["log_dir"] = info.log_dir;
  value["trees"] = info.trees;
  value["counts"] = std::move(counts);
  if (!info.notices.empty()) value["notices"] = info.notices;
  return written(value);
}

result<daemon_info> read_info(std::string_view text) {
  const auto document = parse_answer(text);
  if (!document) return document.failure();
  daemon_info info;
  info.epoch = 0;
  take(*document, "version", info.version);
  take(*document, "pid", info.pid);
  take(*document, "keeper_pid", info.keeper_pid);
  take(*document, "started_at", info.started_at);
  take(*document, "uptime_ms", info.uptime);
  take(*document, "epoch", info.epoch);
  take(*document, "socket", info.socket);
  take(*document, "state_dir", info.state_dir);
  take(*document, "log_dir", info.log_dir);
  take(*document, "trees", info.trees);
  take(*document, "notices", info.notices);
  if (const auto* counts = object_in(*document, "counts"))
    for (const auto& [state, number] : counts->items())
      if (number.is_number_unsigned()) info.counts.emplace(state, number.get<std::size_t>());
  return info;
}

std::string configs_json(const std::vector<tree_config>& trees) {
  json_value value{{"schema", answer_schema}, {"trees", json_value::array()}};
  for (const auto& one : trees) {
    json_value tree{{"tree", one.tree}, {"file", one.file}, {"text", one.text}};
    if (one.up_since) tree["up_since"] = time_text(*one.up_since);
    value["trees"].push_back(std::move(tree));
  }
  return written(value);
}

result<std::vector<tree_config>> read_configs(std::string_view text) {
  const auto document = parse_answer(text);
  if (!document) return document.failure();
  std::vector<tree_config> trees;
  each_in(*document, "trees", [&trees](const json_value& one) {
    auto& tree = trees.emplace_back();
    take(one, "tree", tree.tree);
    take(one, "file", tree.file);
    take(one, "text", tree.text);
    take(one, "up_since", tree.up_since);
  });
  return trees;
}

} // namespace alder::wire

#include "runtime/config/read_tree.hpp"
#include "runtime/config/values.hpp"

#include <array>
#include <memory>
#include <utility>

namespace alder::config {
namespace {

constexpr milliseconds default_ready_timeout{30000};

/// The one check of `ready` that is given; reports none and several.
const field* only_check(context& in, const fields& keys, const field& ready) {
  const field* found = nullptr;
  bool any = false;
  for (const auto* name : {"tcp", "http", "exec", "after"}) {
    any = any || keys.has(name);
    const auto* check = keys.find(name);
    if (check != nullptr && found != nullptr)
      in.mistakes.add(
          code::exclusive_keys, check->key_where, "'ready' has two checks",
          {"there is '" + std::string{found->key->name} + "' already", {"give one of tcp, http, exec and after"}});
    if (found == nullptr) found = check;
  }
  if (!any)
    in.mistakes.add(code::missing_key, ready.key_where, "'ready' has no check",
                    {"", {"give one of tcp, http, exec and after"}});
  return found;
}

ready_spec read_ready(context& in, const field* ready, const instance_scope& which) {
  ready_spec spec;
  if (ready == nullptr) return spec;
  const fields keys{in, *ready->value, place::ready};
  const auto* check = only_check(in, keys, *ready);
  const auto timeout = read_duration(in, keys.find("timeout"));
  spec.timeout = timeout.value_or(default_ready_timeout);
  spec.interval = read_duration(in, keys.find("interval")).value_or(spec.interval);
  if (check == nullptr) return spec;
  if (const auto tcp = read_tcp(in, keys.find("tcp"), which)) spec.check = *tcp;
  if (const auto http = read_http(in, keys.find("http"), which)) spec.check = *http;
  if (auto exec = read_command(in, keys.find("exec"), which)) spec.check = ready_exec{std::move(*exec)};
  const auto after = read_duration(in, keys.find("after"));
  if (!after) return spec;
  spec.check = ready_after{*after};
  if (timeout && *after >= *timeout)
    in.mistakes.add(code::impossible, check->value->where, "'after' is not shorter than 'timeout'",
                    {"it would never be ready in time", {}});
  if (!timeout && *after >= default_ready_timeout) spec.timeout = *after + default_ready_timeout;
  return spec;
}

std::vector<std::string> read_service_command(context& in, const fields& keys, const instance_scope& which) {
  const auto* command = keys.find("command");
  const bool shell = read_boolean(in, keys.find("shell")).value_or(false);
  if (command == nullptr || !shell) return read_command(in, command, which).value_or(std::vector<std::string>{});
  if (command->value->is == node::shape::sequence) {
    in.mistakes.add(code::bad_command, command->value->where, "with 'shell: true' the command is one text",
                    {"this is a list", {"leave 'shell' out, or write the command as one text"}});
    return {};
  }
  auto script = read_text(in, *command->value, which);
  if (script && script->find_first_not_of(" \t\r\n") == std::string::npos)
    in.mistakes.add(code::bad_command, command->value->where, "'command' is empty", {"there is no program", {}});
  return {"/bin/sh", "-c", script.value_or("")};
}

std::size_t bytes_of(const service_spec& spec) {
  std::size_t bytes = sizeof(spec);
  for (const auto& word : spec.command)
    bytes += word.size();
  for (const auto& [name, value] : spec.environment)
    bytes += name.size() + value.size() + 64; // 64: of the map itself
  return bytes;
}

/// Reads what the instances of one service have in common and what they differ in.
class service_reader {
public:
  service_reader(context& in, const fields& keys, const settings& own, const surroundings& around)
      : in_(in), keys_(keys), own_(own), around_(around) {}

  /// What all instances have in common.
  void read_common(const std::string& name) {
    common_.name = name;
    const auto terms = read_child_terms(in_, keys_, *around_.supervisor);
    common_.restart = terms.restart;
    common_.significant = terms.significant;
    common_.stop = own_.stop;
    common_.backoff = own_.backoff;
    common_.umask = own_.umask;
    common_.clean_exit_codes = read_exit_codes(in_, keys_.find("clean_exit_codes")).value_or(common_.clean_exit_codes);
    common_.clean_signals = read_signals(in_, keys_.find("clean_signals")).value_or(common_.clean_signals);
    count_ = static_cast<unsigned>(read_whole_number(in_, keys_.find("instances")).value_or(1));
  }

  /// One process; what is wrong with it is reported.
  service_spec read_instance(unsigned index) {
    const instance_scope which = instance{index, count_};
    auto spec = common_;
    spec.command = read_service_command(in_, keys_, which);
    spec.cwd = directory_of(in_, own_, which);
    spec.environment = environment_of(in_, own_, which);
    if (keys_.has("instances")) spec.environment["ALDER_INSTANCE"] = std::to_string(index);
    const auto* input = keys_.find("stdin");
    if (input != nullptr && !input->value->is_null()) spec.stdin_file = read_path(in_, input, which).value_or("");
    spec.ready = read_ready(in_, keys_.find("ready"), which);
    if (count_ > 1) spec.name += ":" + std::to_string(index);
    in_.spec_bytes += bytes_of(spec);
    return spec;
  }

  supervisor_spec empty_pool() {
    supervisor_spec pool;
    pool.name = common_.name;
    pool.pool = true;
    pool.strategy = strategy::simple_one_for_one;
    pool.backoff = own_.backoff;
    pool.intensity = read_intensity(in_, keys_.find("intensity"), around_.supervisor->intensity);
    return pool;
  }

  [[nodiscard]] unsigned count() const { return count_; }
  [[nodiscard]] const service_spec& common() const { return common_; }

private:
  context& in_;
  const fields& keys_;
  const settings& own_;
  const surroundings& around_;
  service_spec common_;
  unsigned count_ = 1;
};

void warn_about_service(context& in, const fields& keys, const service_reader& service, const surroundings& around) {
  const auto& common = service.common();
  const auto* name = keys.find("service");
  const auto at = name == nullptr ? span{} : name->value->where;
  if (!common.stop.timeout) {
    const auto* stop = keys.find("stop");
    const auto* timeout = stop == nullptr ? nullptr : stop->value->find("timeout");
    in.mistakes.add(code::endless_stop, timeout == nullptr ? at : timeout->value->where,
                    "'" + common.name + "' may take for ever to stop",
                    {"never killed", {"a limit such as 'timeout: 60s' makes sure that the tree can be stopped"}});
  }
  const auto strategy = around.supervisor->strategy;
  const auto* restart = keys.find("restart");
  if (strategy != strategy::one_for_one && common.restart != restart_kind::permanent && restart != nullptr) {
    const bool transient = common.restart == restart_kind::transient;
    in.mistakes.add(code::revived_by_group, restart->value->where,
                    "a restart of the group " + std::string{transient ? "starts '" + common.name + "' again"
                                                                      : "ends '" + common.name + "' for good"},
                    {transient ? "also when it had finished" : "when a sibling takes it along",
                     {"put it under a supervisor of its own, or use strategy one_for_one"}});
  }
  const auto* intensity = keys.find("intensity");
  if (intensity != nullptr && service.count() == 1)
    in.mistakes.add(code::no_effect, intensity->key_where, "'intensity' does nothing for a single process",
                    {"it is that of a pool", {"a service counts against the intensity of its supervisor"}});
}

/// Room for `count` more processes in the tree; reports when there is none.
bool reserve(context& in, unsigned count, span where) {
  in.services += count;
  if (in.services <= max_services) return true;
  in.mistakes.add(code::too_large, where, "a tree has at most " + std::to_string(max_services) + " services",
                  {"one too many, instances counted", {}});
  return false;
}

std::optional<child_spec> make_instances(context& in, service_reader& reader, span where) {
  auto pool = reader.empty_pool();
  const auto errors = in.mistakes.errors();
  for (unsigned index = 0; index < reader.count(); ++index) {
    auto one = reader.read_instance(index);
    if (in.mistakes.errors() != errors) return std::nullopt; // the others would repeat the same mistakes
    if (in.spec_bytes > max_spec_bytes) {
      in.mistakes.add(code::too_large, where, "the commands and environments of the tree have more than 256 MiB");
      return std::nullopt;
    }
    if (reader.count() == 1) return one;
    pool.children.emplace_back(std::move(one));
  }
  return std::make_shared<const supervisor_spec>(std::move(pool));
}

} // namespace

std::optional<child_spec> read_service(context& in, const node& mapping, const surroundings& around) {
  const auto errors = in.mistakes.errors();
  const fields keys{in, mapping, place::service};
  const auto* name_field = keys.find("service");
  const auto at = name_field == nullptr ? mapping.where : name_field->value->where;
  const auto name = name_field == nullptr ? std::nullopt : read_text(in, *name_field->value);
  if (name) check_name(in, *name, at);
  if (!keys.has("command"))
    in.mistakes.add(code::missing_key, at,
                    name ? "the service '" + *name + "' has no 'command'" : "this service has no 'command'",
                    {"", {"for example: command: node server.js"}});

  const auto own = settings_below(in, *around.settings, keys);
  service_reader reader{in, keys, own, around};
  reader.read_common(name.value_or(""));
  if (reader.count() > 1 && reader.common().significant)
    in.mistakes.add(code::impossible, keys.find("significant")->value->where,
                    "instances of a pool cannot be significant",
                    {"a pool never shuts itself down", {"put a supervisor around it"}});
  warn_about_service(in, keys, reader, around);
  if (!reserve(in, reader.count(), at)) return std::nullopt;
  auto child = make_instances(in, reader, at);
  return in.mistakes.errors() == errors ? std::move(child) : std::nullopt;
}

} // namespace alder::config

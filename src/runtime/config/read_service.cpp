#include "runtime/base/known_by.hpp"
#include "runtime/base/overloaded.hpp"
#include "runtime/base/text.hpp"
#include "runtime/config/dependencies.hpp"
#include "runtime/config/known_programs.hpp"
#include "runtime/config/program_check.hpp"
#include "runtime/config/read_attributes.hpp"
#include "runtime/config/read_checks.hpp"
#include "runtime/config/read_log.hpp"
#include "runtime/config/read_routines.hpp"
#include "runtime/config/read_schedule.hpp"
#include "runtime/config/read_tree.hpp"
#include "runtime/config/shared_checks.hpp"
#include "runtime/config/values.hpp"

#include "alder/node_id.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <string>
#include <utility>

namespace alder::config {
namespace {

std::vector<std::string> read_service_command(context& in, const fields& keys, const instance_scope& which) {
  const auto* command = keys.find("command");
  const bool shell = read_boolean(in, keys.find("shell")).value_or(false);
  if (command == nullptr || !shell) return read_command(in, command, which).value_or(std::vector<std::string>{});
  if (command->value->is == node::shape::sequence) {
    in.mistakes.add(code::bad_command, command->value->where, "with 'shell: true', 'command' must be a single text",
                    {"this is a list", {"remove 'shell', or write the command as a single text"}});
    return {};
  }
  auto script = read_text(in, *command->value, which);
  if (script && script->find_first_not_of(" \t\r\n") == std::string::npos)
    in.mistakes.add(code::bad_command, command->value->where, "'command' is empty", {"there is no program", {}});
  return {"/bin/sh", "-c", script.value_or("")};
}

/// What the values of a service take in memory, roughly: all that a text can make large.
class byte_count {
public:
  explicit byte_count(const service_spec& spec) : sum_(sizeof spec) {
    add(spec.command), add(spec.environment), add(spec.secrets), add(spec.after);
    add(spec.cwd), add(spec.stdin_file);
    add(spec.ready.check);
    if (spec.health) add(spec.health->check);
    for (const auto& step : spec.stop.steps)
      if (const auto* command = std::get_if<std::vector<std::string>>(&step.how)) add(*command);
    add(spec.watch.paths), add(spec.watch.ignore);
    for (const auto* hook :
         {&spec.hooks.before_start, &spec.hooks.after_start, &spec.hooks.before_stop, &spec.hooks.after_exit})
      add(*hook);
    const auto& log = spec.log;
    for (const auto* text : {&log.out, &log.err, &log.socket, &log.tag, &log.actor, &log.date_format, &log.spill_to})
      add(*text);
    add(spec.attributes.read_only_paths), add(spec.attributes.left_out);
  }
  [[nodiscard]] std::size_t sum() const { return sum_; }

private:
  void add(const std::string& text) { sum_ += sizeof text + text.size(); }
  void add(const std::vector<std::string>& list) {
    for (const auto& text : list)
      add(text);
  }
  void add(const std::map<std::string, std::string>& texts) {
    for (const auto& [name, text] : texts)
      add(name), add(text);
  }
  void add(const check_spec& check) {
    std::visit(overloaded{[](const std::monostate&) {}, [](const ready_after&) {},
                          [&](const ready_tcp& tcp) { add(tcp.host); },
                          [&](const ready_http& http) { add(http.host), add(http.path), add(http.body); },
                          [&](const ready_exec& exec) { add(exec.command); },
                          [&](const ready_file& file) { add(file.path); }, [](const ready_notify&) {},
                          [](const ready_message&) {}, [](const ready_descriptor&) {},
                          [&](const ready_log& log) { add(log.pattern); }},
               check);
  }

  std::size_t sum_;
};

/// 0 is clean whatever else is.
std::vector<int> with_zero(std::optional<std::vector<int>> codes) {
  auto all = std::move(codes).value_or(std::vector<int>{});
  if (std::find(all.begin(), all.end(), 0) == all.end()) all.insert(all.begin(), 0);
  return all;
}

/// Reads what the instances of one service have in common and what they differ in.
class service_reader {
public:
  service_reader(context& in, const fields& keys, const settings& own, const surroundings& around)
      : in_(in), keys_(keys), own_(own), around_(around) {}

  /// What all instances have in common.
  void read_common(const std::string& name) {
    common_.name = name;
    read_task();
    const auto otherwise = common_.task ? restart_kind::transient : restart_kind::permanent;
    const auto terms = read_child_terms(in_, keys_, *around_.supervisor, otherwise);
    common_.restart = terms.restart;
    common_.significant = terms.significant;
    check_task();
    common_.after = read_after(in_, keys_.find("after"), name);
    common_.backoff = own_.backoff;
    common_.umask = own_.umask;
    const auto limits = read_limits(in_, keys_.find("limits"));
    common_.limits = limits.usage;
    auto launch = read_attributes(in_, own_, limits);
    common_.attributes = std::move(launch.attributes);
    user_ = std::move(launch.user);
    common_.heartbeat = read_heartbeat(in_, keys_.find("heartbeat"));
    common_.restart_limit = read_restart_limit(in_, keys_.find("restart_limit"));
    common_.fatal_exit_codes = read_exit_codes(in_, keys_.find("fatal_exit_codes")).value_or(common_.fatal_exit_codes);
    common_.clean_exit_codes = with_zero(read_exit_codes(in_, keys_.find("clean_exit_codes")));
    common_.clean_signals = read_signals(in_, keys_.find("clean_signals")).value_or(common_.clean_signals);
    count_ = static_cast<unsigned>(read_whole_number(in_, keys_.find("instances")).value_or(1));
    if (const auto wanted = in_.from.instances.find(name); wanted != in_.from.instances.end()) {
      count_ = wanted->second;
      scaled_ = true;
    }
    common_.stop = stop_of(in_, own_, instance{0, count_});
  }

  /// One process; what is wrong with it is reported.
  service_spec read_instance(unsigned index) {
    in_.begin_node();
    const instance_scope which = instance{index, count_};
    auto spec = common_;
    spec.command = read_service_command(in_, keys_, which);
    spec.stop = stop_of(in_, own_, which);
    spec.cwd = directory_of(in_, own_, which);
    spec.environment = environment_of(in_, own_, which, user_ ? &*user_ : nullptr);
    spec.secrets = secrets_of(in_, own_, which);
    for (const auto& [name, file] : spec.secrets)
      spec.environment.erase(name);
    if (keys_.has("instances")) spec.environment["ALDER_INSTANCE"] = std::to_string(index);
    const auto* input = keys_.find("stdin");
    spec.stdin_pipe = input != nullptr && input->value->text == "pipe";
    if (input != nullptr && !input->value->is_null() && !spec.stdin_pipe)
      spec.stdin_file = read_path(in_, input, which).value_or("");
    spec.terminal = read_boolean(in_, keys_.find("pty")).value_or(spec.terminal);
    if (spec.terminal && index == 0) check_terminal();
    if (spec.terminal && input != nullptr && index == 0)
      in_.mistakes.add(code::impossible, input->key_where, "'stdin' and 'pty' cannot be combined",
                       {"the terminal is the standard input", {"remove 'stdin': 'alder send' writes to the terminal"}});
    spec.ready = read_ready(in_, keys_.find("ready"), which);
    spec.health = read_health(in_, keys_.find("health"), which);
    if (spec.task) check_condition(spec.ready);
    if (spec.attributes.private_tmp && index == 0) check_private_tmp(spec);
    spec.watch = read_watch(in_, keys_.find("watch"), spec.cwd, which);
    spec.hooks = read_hooks(in_, keys_.find("hooks"), which);
    spec.log = read_log(in_, own_.log, which, count_, spec.name);
    spec.ipc = wants_ipc(spec);
    if (is_pool()) {
      spec.name = instance_name(spec.name, index);
      spec.after.clear(); // the pool waits as a whole
    }
    in_.spec_bytes += byte_count{spec}.sum();
    return spec;
  }

  supervisor_spec empty_pool() {
    supervisor_spec pool;
    pool.name = common_.name;
    pool.pool = true;
    pool.strategy = strategy::simple_one_for_one;
    pool.backoff = own_.backoff;
    pool.after = common_.after;
    pool.parallel_start = around_.supervisor->parallel_start;
    pool.intensity = read_intensity(in_, keys_.find("intensity"), around_.supervisor->intensity);
    return pool;
  }

  [[nodiscard]] unsigned count() const { return count_; }
  [[nodiscard]] bool is_pool() const { return count_ > 1 || scaled_; }
  [[nodiscard]] const service_spec& common() const { return common_; }

private:
  void read_task() {
    common_.autostart = read_boolean(in_, keys_.find("autostart")).value_or(common_.autostart);
    common_.task = read_boolean(in_, keys_.find("task")).value_or(common_.task);
    common_.schedule = read_schedule(in_, keys_.find("schedule"), common_.task);
    const auto* timeout = keys_.find("task_timeout");
    common_.task_timeout = read_duration(in_, timeout).value_or(common_.task_timeout);
    if (timeout != nullptr && !common_.task)
      in_.mistakes.add(code::no_effect, timeout->key_where, "'task_timeout' has no effect without 'task: true'",
                       {"only tasks have a time limit", {}});
  }

  void check_task() {
    if (!common_.task) return;
    const auto* restart = keys_.find("restart");
    const bool scheduled = common_.waits_for_schedule();
    if (restart != nullptr && (common_.restart == restart_kind::permanent || scheduled))
      in_.mistakes.add(code::impossible, restart->value->where,
                       scheduled ? "a task with a 'schedule' runs again only at its scheduled times"
                                 : "a permanent task would run over and over again",
                       {"a task ends by itself", {"remove 'restart', or add a 'schedule'"}});
    for (const auto* name : {"health", "heartbeat"}) {
      const auto* lonely = keys_.find(name);
      if (lonely == nullptr) continue;
      in_.mistakes.add(code::no_effect, lonely->key_where, "'" + std::string{name} + "' has no effect for a task",
                       {"a task has started when it has exited", {"to limit how long it runs: 'task_timeout'"}});
    }
  }

  /// `auto`: for the programs that know the channel, and for those whose readiness needs it.
  bool wants_ipc(const service_spec& spec) {
    const auto word = read_word(in_, keys_.find("ipc")).value_or("auto");
    const bool needs = told_over(spec.ready.check) == ready_channel::ipc;
    if (word == "false" && needs)
      in_.mistakes.add(code::impossible, keys_.place_of("ipc"), "'ready: { message: true }' needs 'ipc'",
                       {"without an IPC channel it can never become ready", {}});
    if (word != "auto") return word == "true";
    const auto program = spec.command.empty() ? std::string{} : spec.command.front();
    const auto name = program.substr(program.rfind('/') + 1);
    return needs || name == "node" || name == "bun" || name == "deno";
  }

  void check_terminal() {
    const auto* here = in_.from.here.get();
    if (here == nullptr || here->was_accepted || !here->terminal_trouble) return;
    if (const auto trouble = here->terminal_trouble())
      in_.mistakes.add(code::not_allowed, keys_.find("pty")->value->where, "pseudo-terminals are not available here",
                       {trouble->cause, {trouble->remedy}});
  }

  void check_private_tmp(const service_spec& spec) {
    const auto where = own_.attributes.find("private_tmp")->second->value->where;
    const auto refuse = [&](const std::string& what, const std::string& why) {
      in_.mistakes.add(code::impossible, where, "'private_tmp' hides " + what,
                       {why, {"use a directory outside /tmp and /var/tmp"}});
    };
    if (is_in_tmp(spec.cwd)) refuse("the working directory " + spec.cwd, "the private /tmp is empty");
    if (!spec.command.empty() && is_in_tmp(spec.command[0]))
      refuse("the program " + spec.command[0], "the private /tmp is empty");
    for (const auto* check : {&spec.ready.check, spec.health ? &spec.health->check : nullptr}) {
      const auto* file = check == nullptr ? nullptr : std::get_if<ready_file>(check);
      if (file != nullptr && is_in_tmp(file->path))
        refuse("the file " + file->path, "the check does not see the private /tmp");
    }
  }

  /// After a task has ended only what it leaves behind can be looked at.
  void check_condition(const ready_spec& ready) {
    const auto source = known_by(ready.check);
    if (source == check_source::none || source == check_source::polled) return;
    in_.mistakes.add(code::impossible, keys_.place_of("ready"), "this check needs a running program",
                     {"'ready' of a task is checked after it has exited", {"use file, exec, tcp or http"}});
  }

  context& in_;
  const fields& keys_;
  const settings& own_;
  const surroundings& around_;
  service_spec common_;
  std::optional<account> user_;
  unsigned count_ = 1;
  bool scaled_ = false; ///< the number of instances is not the text's
};

void warn_about_service(context& in, const fields& keys, const service_reader& service, const surroundings& around) {
  const auto& common = service.common();
  const auto* name = keys.find("service");
  const auto at = name == nullptr ? span{} : name->value->where;
  if (!common.stop.timeout) {
    const auto* stop = keys.find("stop");
    const auto* timeout = stop == nullptr ? nullptr : stop->value->find("timeout");
    in.mistakes.add(code::endless_stop, timeout == nullptr ? at : timeout->value->where,
                    "'" + common.name + "' may never stop",
                    {"never killed", {"set a limit such as 'timeout: 60s', so that the tree can always be stopped"}});
  }
  const auto strategy = around.supervisor->strategy;
  const auto* restart = keys.find("restart");
  if (strategy != strategy::one_for_one && common.restart != restart_kind::permanent && restart != nullptr) {
    const bool transient = common.restart == restart_kind::transient;
    in.mistakes.add(code::revived_by_group, restart->value->where,
                    "a restart of the group " + std::string{transient ? "starts '" + common.name + "' again"
                                                                      : "ends '" + common.name + "' for good"},
                    {transient ? "even if it had finished" : "when a sibling restarts the group",
                     {"put it under a supervisor of its own, or use strategy one_for_one"}});
  }
  const auto* intensity = keys.find("intensity");
  if (intensity != nullptr && service.count() == 1)
    in.mistakes.add(code::no_effect, intensity->key_where, "'intensity' has no effect for a single process",
                    {"it applies to pools", {"a service counts against the intensity of its supervisor"}});
}

/// What is known of stopping its program; of a pool the first instance speaks.
void warn_about_stop(context& in, const fields& keys, const service_spec& service) {
  const auto* stop = keys.find("stop");
  const bool is_own_signal =
      stop != nullptr && (stop->value->find("signal") != nullptr || stop->value->find("steps") != nullptr);
  const auto* command = keys.find("command");
  if (command == nullptr) return;
  if (auto advice = advise_stop(service, is_own_signal))
    in.mistakes.add(code::stops_badly, command->value->where, std::move(advice->message),
                    {std::move(advice->label), {std::move(advice->help)}});
}

/// Room for `count` more processes in the tree; reports when there is none.
bool reserve(context& in, unsigned count, span where) {
  in.services += count;
  if (in.services <= max_services) return true;
  in.mistakes.add(code::too_large, where, "a tree has at most " + std::to_string(max_services) + " services",
                  {"too many, counting instances", {}});
  return false;
}

/// Of instances that are all asked at one place, the first would answer for all, and the others not get it.
void warn_about_sharing(context& in, const fields& keys, const supervisor_spec& pool, std::size_t count) {
  const auto& first = std::get<service_ptr>(pool.children[0]);
  const auto& second = std::get<service_ptr>(pool.children[1]);
  const auto warn = [&](const char* key, const std::optional<std::string>& place) {
    const auto* given = keys.find(key);
    if (!place) return;
    in.mistakes.add(code::shared_check, given == nullptr ? span{} : given->value->where,
                    "all " + std::to_string(count) + " instances of '" + pool.name + "' are checked at " + *place,
                    {"'" + std::string{key} + "' is the same for every instance",
                     {"use ${INSTANCE} to make them differ, for example tcp: \"300${INSTANCE}\"",
                      "ignore this if they share it on purpose (SO_REUSEPORT)"}});
  };
  warn("ready", shared_place(first->ready.check, second->ready.check));
  if (first->health && second->health) warn("health", shared_place(first->health->check, second->health->check));
}

std::optional<child_spec> make_instances(context& in, const fields& keys, service_reader& reader, span where) {
  auto pool = reader.empty_pool();
  const auto errors = in.mistakes.errors();
  for (unsigned index = 0; index < reader.count(); ++index) {
    auto one = reader.read_instance(index);
    if (in.mistakes.errors() != errors) return std::nullopt; // the others would repeat the same mistakes
    if (in.spec_bytes > max_spec_bytes) {
      in.mistakes.add(code::too_large, where, "the values of all services together exceed 256 MiB");
      return std::nullopt;
    }
    if (index == 0) warn_about_stop(in, keys, one);
    if (index == 0) warn_about_programs(in, keys, one);
    auto child = std::make_shared<const service_spec>(std::move(one));
    if (!reader.is_pool()) return child;
    pool.children.emplace_back(std::move(child));
    if (index == 1) warn_about_sharing(in, keys, pool, reader.count());
  }
  return std::make_shared<const supervisor_spec>(std::move(pool));
}

} // namespace

std::optional<child_spec> read_service(context& in, const node& mapping, const surroundings& around) {
  in.begin_node();
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
    in.mistakes.add(code::impossible, keys.place_of("significant"), "instances of a pool cannot be significant",
                    {"a pool never shuts itself down", {"put a supervisor around it"}});
  warn_about_service(in, keys, reader, around);
  if (!reserve(in, reader.count(), at)) return std::nullopt;
  auto child = make_instances(in, keys, reader, at);
  return in.mistakes.errors() == errors ? std::move(child) : std::nullopt;
}

} // namespace alder::config

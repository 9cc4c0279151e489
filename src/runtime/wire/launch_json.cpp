#include "runtime/wire/launch_json.hpp"

#include "runtime/base/words.hpp"
#include "runtime/wire/spec_words.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

namespace alder::wire {
namespace {

constexpr double thousandths = 1000; // of a processor, in cpu_max

/// "0022"
std::string octal_text(unsigned number) {
  std::string digits;
  for (; number > 0; number /= 8)
    digits.insert(digits.begin(), static_cast<char>('0' + number % 8));
  return digits.insert(0, 4 - std::min<std::size_t>(digits.size(), 4), '0');
}

bool take_octal(const json_value& object, const char* key, unsigned& into) {
  std::string text;
  if (!take(object, key, text)) return false;
  const auto* end = text.data() + text.size();
  return std::from_chars(text.data(), end, into, 8).ptr == end;
}

json_value value_of(const identity& who) {
  return {{"text", who.text}, {"uid", who.uid}, {"gid", who.gid}, {"groups", who.groups}};
}

void read(const json_value& value, identity& who) {
  take(value, "text", who.text);
  take(value, "uid", who.uid);
  take(value, "gid", who.gid);
  take(value, "groups", who.groups);
}

json_value value_of(const cgroup_limits& limits) {
  json_value value = json_value::object();
  if (limits.memory_max > 0) value["memory_max"] = limits.memory_max;
  if (limits.memory_high > 0) value["memory_high"] = limits.memory_high;
  if (limits.cpu_max > 0) value["cpu_max"] = limits.cpu_max / thousandths;
  if (limits.pids_max > 0) value["pids_max"] = limits.pids_max;
  return value;
}

void read(const json_value& value, cgroup_limits& limits) {
  take(value, "memory_max", limits.memory_max);
  take(value, "memory_high", limits.memory_high);
  take(value, "pids_max", limits.pids_max);
  double processors = 0;
  constexpr double most = 4e6;
  if (take(value, "cpu_max", processors) && processors > 0 && processors < most)
    limits.cpu_max = static_cast<std::uint32_t>(std::lround(processors * thousandths));
}

/// A limit that is not there is unlimited.
json_value value_of(const resource_limit& limit) {
  json_value value{{"resource", resource_name(limit.resource)}};
  if (limit.soft != resource_limit::unlimited) value["soft"] = limit.soft;
  if (limit.hard != resource_limit::unlimited) value["hard"] = limit.hard;
  return value;
}

[[nodiscard]] bool read(const json_value& value, resource_limit& limit) {
  std::string name;
  take(value, "resource", name);
  const auto resource = resource_named(name);
  if (!resource) return false;
  limit.resource = *resource;
  take(value, "soft", limit.soft);
  take(value, "hard", limit.hard);
  return true;
}

json_value io_value(unsigned priority) {
  return {{"class", word_in(io_class_words, (priority >> 13U) & 3U)}, {"level", priority & 7U}};
}

[[nodiscard]] bool read_io(const json_value& value, std::uint16_t& priority) {
  unsigned which = 0;
  unsigned level = 0;
  take(value, "level", level);
  if (!take_word(value, "class", io_class_words, which)) return false;
  priority = io_priority_of(which, level & 7U);
  return true;
}

json_value value_of(const process_attributes& attributes, std::optional<unsigned> umask) {
  json_value value = json_value::object();
  if (attributes.who) value["user"] = value_of(*attributes.who);
  if (attributes.nice) value["nice"] = *attributes.nice;
  if (attributes.io_priority) value["ionice"] = io_value(*attributes.io_priority);
  if (attributes.oom_score_adj) value["oom_score_adj"] = *attributes.oom_score_adj;
  for (const auto& limit : attributes.limits)
    value["rlimits"].push_back(value_of(limit));
  if (!attributes.cpus.empty()) value["cpus"] = attributes.cpus;
  if (attributes.no_new_privileges) value["no_new_privileges"] = true;
  if (attributes.private_tmp) value["private_tmp"] = true;
  if (!attributes.read_only_paths.empty()) value["read_only_paths"] = attributes.read_only_paths;
  if (attributes.cgroup) value["cgroup"] = value_of(*attributes.cgroup);
  if (!attributes.left_out.empty()) value["ignored"] = attributes.left_out;
  if (umask) value["umask"] = octal_text(*umask);
  return value;
}

[[nodiscard]] bool read_attributes(const json_value& value, process_attributes& attributes) {
  if (const auto* user = object_in(value, "user")) read(*user, attributes.who.emplace());
  take(value, "nice", attributes.nice);
  take(value, "oom_score_adj", attributes.oom_score_adj);
  take(value, "cpus", attributes.cpus);
  take(value, "no_new_privileges", attributes.no_new_privileges);
  take(value, "private_tmp", attributes.private_tmp);
  take(value, "read_only_paths", attributes.read_only_paths);
  take(value, "ignored", attributes.left_out);
  if (const auto* cgroup = object_in(value, "cgroup")) read(*cgroup, attributes.cgroup.emplace());
  bool is_known = true;
  each_in(value, "rlimits",
          [&](const json_value& one) { is_known = read(one, attributes.limits.emplace_back()) && is_known; });
  const auto* io = object_in(value, "ionice");
  return is_known && (io == nullptr || read_io(*io, attributes.io_priority.emplace()));
}

/// "null", "pipe", "pty", or "file" with `stdin_file` beside it.
std::string_view stdin_word(const service_spec& spec) {
  if (!spec.stdin_file.empty()) return "file";
  if (spec.terminal) return "pty";
  return spec.stdin_pipe ? "pipe" : "null";
}

} // namespace

std::optional<int> signal_of(std::string_view name) {
  constexpr std::string_view unnamed = "signal ";
  return signal_named(name.substr(name.rfind(unnamed, 0) == 0 ? unnamed.size() : 0));
}

bool take_signal(const json_value& object, const char* key, int& into) {
  std::string name;
  const auto signal = take(object, key, name) ? signal_of(name) : std::nullopt;
  if (signal) into = *signal;
  return signal.has_value();
}

void write_launch(json_value& value, const service_spec& spec) {
  value["stdin"] = stdin_word(spec);
  if (!spec.stdin_file.empty()) value["stdin_file"] = spec.stdin_file;
  if (!spec.secrets.empty()) value["secrets"] = spec.secrets;
  value["attributes"] = value_of(spec.attributes, spec.umask);
}

bool read_launch(const json_value& value, service_spec& spec) {
  std::string stdin_is;
  take(value, "stdin", stdin_is);
  spec.stdin_pipe = stdin_is == "pipe";
  spec.terminal = stdin_is == "pty";
  take(value, "stdin_file", spec.stdin_file);
  take(value, "secrets", spec.secrets);
  const auto* attributes = object_in(value, "attributes");
  if (attributes == nullptr) return true;
  if (unsigned umask = 0; take_octal(*attributes, "umask", umask)) spec.umask = umask;
  return read_attributes(*attributes, spec.attributes);
}

json_value log_value(const log_spec& log) {
  json_value value{{"to", word_in(log_target_words, log.to)}};
  const auto add = [&value](const char* key, const std::string& text) {
    if (!text.empty()) value[key] = text;
  };
  add("out", log.out);
  add("err", log.err);
  value["merge"] = log.merge;
  add("shared_as", log.shared_as);
  if (!log.shared_as.empty()) value["instance"] = log.instance;
  value["mode"] = octal_text(log.mode);
  if (log.owner) value["owner"] = {{"text", log.owner->text}, {"uid", log.owner->uid}, {"gid", log.owner->gid}};
  add("tag", log.tag);
  add("socket", log.socket);
  add("actor", log.actor);
  value["syslog"] = word_in(syslog_words, log.syslog);
  value["facility"] = log.facility;
  value["show"] = word_in(log_show_words, log.show);
  value["format"] = word_in(log_format_words, log.format);
  add("date_format", log.date_format);
  if (log.zone) value["zone"] = log.zone->name;
  value["pressure"] = word_in(log_pressure_words, log.pressure);
  add("spill_to", log.spill_to);
  value["spill_max"] = log.spill_max;
  value["max_rate"] = log.max_rate;
  value["max_size"] = log.max_size;
  value["rotate_every_ms"] = log.rotate_every.count();
  value["max_files"] = log.max_files;
  value["max_total"] = log.max_total;
  value["tree_total"] = log.tree_total;
  value["min_free"] = log.min_free;
  value["max_age_ms"] = log.max_age.count();
  value["compress"] = word_in(log_compression_words, log.compress);
  return value;
}

bool read_log(const json_value& value, log_spec& log) {
  take(value, "out", log.out);
  take(value, "err", log.err);
  take(value, "merge", log.merge);
  take(value, "shared_as", log.shared_as);
  take(value, "instance", log.instance);
  (void)take_octal(value, "mode", log.mode); // absent: as usual
  if (const auto* owner = object_in(value, "owner")) {
    take(*owner, "text", log.owner.emplace().text);
    take(*owner, "uid", log.owner->uid);
    take(*owner, "gid", log.owner->gid);
  }
  take(value, "tag", log.tag);
  take(value, "socket", log.socket);
  take(value, "actor", log.actor);
  take(value, "facility", log.facility);
  take(value, "date_format", log.date_format);
  if (has(value, "zone")) take(value, "zone", log.zone.emplace().name);
  take(value, "spill_to", log.spill_to);
  take(value, "spill_max", log.spill_max);
  take(value, "max_rate", log.max_rate);
  take(value, "max_size", log.max_size);
  take(value, "rotate_every_ms", log.rotate_every);
  take(value, "max_files", log.max_files);
  take(value, "max_total", log.max_total);
  take(value, "tree_total", log.tree_total);
  take(value, "min_free", log.min_free);
  take(value, "max_age_ms", log.max_age);
  return take_word(value, "to", log_target_words, log.to) && take_word(value, "syslog", syslog_words, log.syslog) &&
         take_word(value, "show", log_show_words, log.show) &&
         take_word(value, "format", log_format_words, log.format) &&
         take_word(value, "pressure", log_pressure_words, log.pressure) &&
         take_word(value, "compress", log_compression_words, log.compress);
}

} // namespace alder::wire

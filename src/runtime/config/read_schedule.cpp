#include "runtime/config/read_schedule.hpp"

#include "runtime/config/cron_text.hpp"
#include "runtime/config/values.hpp"
#include "runtime/config/zone_file.hpp"

#include <optional>
#include <string>
#include <utility>

namespace alder::config {
namespace {

std::optional<cron_expression> read_cron(context& in, const field* f) {
  const auto text = f == nullptr ? std::nullopt : read_text(in, *f->value);
  if (!text) return std::nullopt;
  auto when = parse_cron(*text);
  if (when) return std::move(*when);
  in.mistakes.add(code::bad_schedule, f->value->where, "'cron' is not a valid cron expression",
                  {when.failure().message, {}});
  return std::nullopt;
}

} // namespace

time_zone read_zone(context& in, const field* f) {
  const auto text = f == nullptr ? std::nullopt : read_text(in, *f->value);
  time_zone utc;
  utc.name = "UTC";
  const auto name = text.value_or("");
  if (text && !is_zone_name(*text)) {
    in.mistakes.add(code::bad_schedule, f->value->where, "unknown time zone '" + *text + "'",
                    {"not a name such as Europe/Berlin", {}});
    return utc;
  }
  if (name == "UTC" || !in.from.here || !in.from.here->zone_data) return utc;
  const auto bytes = in.from.here->zone_data(name);
  if (!bytes && !text) return utc; // a machine without /etc/localtime runs on UTC
  auto zone = bytes ? parse_zone_file(*bytes, name.empty() ? "local" : name) : result<time_zone>{bytes.failure()};
  if (zone) return std::move(*zone);
  const auto at = f == nullptr ? span{} : f->value->where;
  in.mistakes.add(code::bad_schedule, at, "unknown time zone '" + (text ? name : "local") + "'",
                  {zone.failure().message, {"valid names are the files below /usr/share/zoneinfo (package tzdata)"}});
  return utc;
}

namespace {

void warn_without(context& in, const fields& keys, const char* name, const char* needed) {
  const auto* lonely = keys.find(name);
  if (lonely == nullptr || keys.has(needed)) return;
  in.mistakes.add(code::no_effect, lonely->key_where,
                  "'" + std::string{name} + "' has no effect without '" + needed + "'",
                  {"it applies to '" + std::string{needed} + "'", {}});
}

} // namespace

schedule_spec read_schedule(context& in, const field* schedule, bool task) {
  schedule_spec spec;
  if (schedule == nullptr) return spec;
  const fields keys{in, *schedule->value, place::schedule};
  if (!keys.has("cron") && !keys.has("max_age"))
    in.mistakes.add(code::missing_key, schedule->key_where, "'schedule' has neither 'cron' nor 'max_age'",
                    {"", {"for example: schedule: { cron: \"0 3 * * *\" }"}});
  spec.cron = read_cron(in, keys.find("cron"));
  if (spec.cron) spec.zone = read_zone(in, keys.find("zone"));
  spec.max_age = read_duration(in, keys.find("max_age")).value_or(spec.max_age);
  spec.jitter = read_share(in, keys.find("jitter")).value_or(spec.jitter);
  warn_without(in, keys, "zone", "cron");
  warn_without(in, keys, "jitter", "max_age");
  if (const auto* age = keys.find("max_age"); task && age != nullptr)
    in.mistakes.add(code::impossible, age->key_where, "'max_age' does not apply to a task",
                    {"a task ends by itself", {"to limit how long it runs: 'task_timeout'"}});
  return spec;
}

} // namespace alder::config

#include "runtime/config/read_log.hpp"

#include "runtime/base/actor_call.hpp"
#include "runtime/config/read_schedule.hpp"
#include "runtime/config/values.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <string>

namespace alder::config {
namespace {

constexpr std::string_view nowhere = "/dev/null";
constexpr std::size_t longest_socket_path = 107;
constexpr std::uint64_t least_spill = std::uint64_t{64} * 1024;

/// In the order of their numbers; those between ftp and local0 have no names.
constexpr std::array<std::string_view, 24> facilities{
    "kern", "user", "mail", "daemon", "auth",   "syslog", "lpr",    "news",   "uucp",   "cron",   "authpriv", "ftp",
    "",     "",     "",     "",       "local0", "local1", "local2", "local3", "local4", "local5", "local6",   "local7"};

/// Sizes may be 0 here: no limit.
std::optional<std::uint64_t> read_limit(context& in, const field* f) {
  if (f != nullptr && read_text(in, *f->value) == "0") return 0;
  return read_size(in, f);
}

/// "1000" as a number; nothing for a name.
std::optional<std::uint32_t> id_of(std::string_view text) {
  std::uint32_t id = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), id);
  const bool whole = failed == std::errc{} && end == text.data() + text.size();
  return whole && id != std::numeric_limits<std::uint32_t>::max() ? std::optional{id} : std::nullopt;
}

void refuse_account(context& in, const field& f, const std::string& what) {
  in.mistakes.add(code::unknown_account, f.value->where, "there is no " + what,
                  {"not in the user and group databases", {"'getent passwd' and 'getent group' list them"}});
}

/// USER or USER:GROUP, each a name or a number.
std::optional<log_owner> find_owner(context& in, const machine& here, const field& f, const std::string& text) {
  const auto colon = text.find(':');
  const auto user = text.substr(0, colon);
  const auto uid = id_of(user);
  const auto known = uid ? here.user_with_id(*uid) : here.user_named(user);
  if (!known && !uid) {
    refuse_account(in, f, "user '" + user + "'");
    return std::nullopt;
  }
  log_owner owner{known ? known->uid : *uid, known ? known->gid : 0, text};
  if (colon != std::string::npos) {
    const auto group = text.substr(colon + 1);
    auto gid = id_of(group);
    if (!gid) gid = here.group_named(group);
    if (!gid) {
      refuse_account(in, f, "group '" + group + "'");
      return std::nullopt;
    }
    owner.gid = *gid;
  } else if (!known) {
    in.mistakes.add(code::missing_key, f.value->where, "the group of user " + user + " is not known",
                    {"not in the user database", {"write USER:GROUP"}});
    return std::nullopt;
  }
  return owner;
}

void read_owner(context& in, const field* f, log_spec& spec) {
  const auto* here = in.from.here.get();
  const auto text = f == nullptr ? std::nullopt : read_text(in, *f->value);
  if (!text || here == nullptr) return;
  auto owner = find_owner(in, *here, *f, *text);
  if (!owner) return;
  const auto own = here->user_with_id(here->uid);
  const bool is_own = owner->uid == here->uid &&
                      (!own || std::find(own->groups.begin(), own->groups.end(), owner->gid) != own->groups.end());
  if (!here->may_change_user && !is_own) {
    in.mistakes.add(code::not_allowed, f->value->where, "this user cannot give files to '" + *text + "'",
                    {"needs root", {"start the daemon as root, or remove 'owner'"}});
    return;
  }
  spec.owner = std::move(*owner);
}

void read_files(context& in, const fields& keys, const instance_scope& which, unsigned instances, log_spec& spec) {
  for (const auto* name : {"out", "err"}) {
    const auto* given = keys.find(name);
    const auto path = read_path(in, given, which);
    if (!path) continue;
    (name == std::string_view{"out"} ? spec.out : spec.err) = *path;
    if (instances < 2 || path == nowhere || !spec.shared_as.empty() ||
        read_path(in, given, instance{1, instances}) != read_path(in, given, instance{0, instances}))
      continue;
    in.mistakes.add(code::impossible, given->value->where, "all instances would write to the same file",
                    {"the same for every instance", {"add ${INSTANCE} to the name, or set 'share: true'"}});
  }
  if (spec.merge && keys.has("err"))
    in.mistakes.add(code::no_effect, keys.place_of("err"), "'err' has no effect with 'merge: true'",
                    {"standard error goes to the same place as standard output", {}});
  if (!spec.out.empty() && spec.out == spec.err && spec.out != nowhere && !spec.merge)
    in.mistakes.add(code::impossible, keys.place_of("err"), "'out' and 'err' are the same file",
                    {"", {"give each a file of its own, or write 'merge: true' with 'out' alone"}});
}

/// A text that is written again with every line.
std::string read_short(context& in, const field* f, const instance_scope& which, std::string otherwise) {
  constexpr std::size_t longest = 255;
  const auto text = f == nullptr ? std::nullopt : read_text(in, *f->value, which);
  if (!text) return otherwise;
  if (text->size() <= longest) return *text;
  in.mistakes.add(code::out_of_range, f->value->where, "'" + std::string{f->key->name} + "' is too long",
                  {"at most 255 bytes", {}});
  return otherwise;
}

void read_socket(context& in, const fields& keys, const instance_scope& which, log_spec& spec) {
  spec.tag = read_short(in, keys.find("tag"), which, spec.tag);
  spec.socket = read_path(in, keys.find("socket"), which).value_or(spec.socket);
  if (spec.socket.size() > longest_socket_path)
    in.mistakes.add(code::out_of_range, keys.place_of("socket"), "the path of 'socket' is too long",
                    {"at most 107 bytes", {}});
  if (const auto format = read_word(in, keys.find("syslog")))
    spec.syslog = *format == "rfc5424" ? syslog_format::rfc5424 : syslog_format::rfc3164;
  if (const auto facility = read_word(in, keys.find("facility"))) {
    const auto found = std::find(facilities.begin(), facilities.end(), *facility);
    spec.facility = static_cast<unsigned>(found - facilities.begin());
  }
}

/// Whether the actor is there and takes these options is known when its extension is loaded.
void check_actor(context& in, const std::vector<const field*>& layers, const log_spec& spec) {
  const auto& last = *layers.back();
  auto at = last.value->where;
  for (const auto* layer : layers)
    if (const auto* named = layer->value->find("actor")) at = named->value->where;
  if (spec.to != log_target::actor) {
    if (const auto* actor = last.value->find("actor"))
      in.mistakes.add(code::no_effect, actor->where, "'actor' has no effect without 'to: actor'",
                      {"the output does not go to an actor", {}});
    return;
  }
  const auto call = parse_actor_call(spec.actor);
  if (spec.actor.empty())
    return in.mistakes.add(code::missing_key, at, "'to: actor' needs the name of an actor",
                           {"", {"add 'actor: NAME' with an actor of one of the 'extensions'"}});
  if (!call)
    return in.mistakes.add(code::bad_command, at, "'actor' is not a name with options",
                           {"expected NAME OPTION=VALUE …", {"for example: actor: ship port=5514 match='a b'"}});
  if (in.extensions.empty())
    return in.mistakes.add(code::bad_extension, at, "no 'extensions' are given that could provide '" + call->name + "'",
                           {"actors are provided by shared libraries",
                            {"list the library at the top of the file: 'extensions: [./libNAME.so]'"}});
  if (spec.pressure != log_pressure::drop_newest && spec.pressure != log_pressure::block)
    in.mistakes.add(code::impossible, last.value->where, "this 'pressure' works only with files",
                    {"output goes to an actor", {"choose 'drop_newest' or 'block'"}});
  const auto is_same = [&](const named_actor& known) {
    return known.name == call->name && known.options == call->options;
  };
  if (std::none_of(in.actors.begin(), in.actors.end(), is_same))
    in.actors.push_back({call->name, call->options, in.mistakes.unsaid(code::bad_extension, at)});
}

/// What has no meaning for the destination.
void check_destination(context& in, const field& last, const log_spec& spec) {
  const bool sends = spec.to == log_target::syslog || spec.to == log_target::journal;
  if (sends && spec.pressure == log_pressure::drop_oldest)
    in.mistakes.add(code::impossible, last.value->where, "'pressure: drop_oldest' works only with files",
                    {"a socket has no archives to delete", {"choose 'drop_newest' or 'block'"}});
  if (sends && spec.pressure == log_pressure::spill)
    in.mistakes.add(
        code::impossible, last.value->where, "'pressure: spill' works only with files",
        {"output waits separately for each file, and a socket has none", {"choose 'drop_newest' or 'block'"}});
  const bool has_no_files = sends || spec.to == log_target::actor;
  if (has_no_files && (!spec.out.empty() || !spec.err.empty() || spec.format != log_format::raw))
    in.mistakes.add(code::no_effect, last.value->where, "'out', 'err' and 'format' have no effect without 'to: file'",
                    {"lines are sent as they are", {}});
  if (!sends && !spec.socket.empty())
    in.mistakes.add(code::no_effect, last.value->where, "'socket' has no effect without 'to: syslog' or 'to: journal'",
                    {"files do not use a socket", {}});
}

void check_spill(context& in, const field& last, const log_spec& spec) {
  const bool spills = spec.pressure == log_pressure::spill;
  if (spills && spec.spill_to.empty())
    in.mistakes.add(code::missing_key, last.value->where, "'pressure: spill' needs 'spill_to'",
                    {"the directory where output waits until its file can be written",
                     {"name a directory on another file system: 'spill_to: /dev/shm/alder'"}});
  const auto* here = in.from.here.get();
  if (spills && !spec.spill_to.empty() && here != nullptr && here->can_have_directory && !here->was_accepted) {
    if (const auto possible = here->can_have_directory(spec.spill_to); !possible)
      in.mistakes.add(code::not_allowed, last.value->where, "'spill_to' cannot be used: " + spec.spill_to,
                      {possible.failure().message, {"name a directory that is writable or can be created"}});
  }
  if (spills && spec.spill_max < least_spill)
    in.mistakes.add(code::out_of_range, last.value->where, "'spill_max' is too small", {"at least 64K", {}});
  if (!spills && !spec.spill_to.empty())
    in.mistakes.add(code::no_effect, last.value->where, "'spill_to' has no effect without 'pressure: spill'",
                    {"no output is stored there", {}});
}

void read_layer(context& in, const fields& keys, const instance_scope& which, unsigned instances,
                const std::string& service, log_spec& spec) {
  spec.merge = read_boolean(in, keys.find("merge")).value_or(spec.merge);
  if (const auto share = read_boolean(in, keys.find("share"))) {
    spec.shared_as = *share ? service : "";
    spec.instance = *share && which ? which->index : 0;
  }
  if (const auto to = read_word(in, keys.find("to")))
    spec.to = *to == "none"      ? log_target::none
              : *to == "syslog"  ? log_target::syslog
              : *to == "journal" ? log_target::journal
              : *to == "actor"   ? log_target::actor
                                 : log_target::file;
  read_socket(in, keys, which, spec);
  if (const auto* actor = keys.find("actor")) spec.actor = read_text(in, *actor->value, which).value_or("");
  read_files(in, keys, which, instances, spec);
  read_owner(in, keys.find("owner"), spec);
  spec.mode = read_octal(in, keys.find("mode")).value_or(spec.mode);
  if (const auto format = read_word(in, keys.find("format")))
    spec.format = *format == "raw" ? log_format::raw : *format == "time" ? log_format::time : log_format::json;
  spec.date_format = read_short(in, keys.find("date_format"), std::nullopt, spec.date_format);
  if (const auto show = read_word(in, keys.find("show")))
    spec.show = *show == "raw" ? log_show::raw : *show == "none" ? log_show::none : log_show::prefixed;
  if (const auto* zone = keys.find("zone")) spec.zone = read_zone(in, zone);
  if (const auto pressure = read_word(in, keys.find("pressure")))
    spec.pressure = *pressure == "block"         ? log_pressure::block
                    : *pressure == "drop_oldest" ? log_pressure::drop_oldest
                    : *pressure == "spill"       ? log_pressure::spill
                                                 : log_pressure::drop_newest;
  spec.spill_to = read_path(in, keys.find("spill_to"), which).value_or(spec.spill_to);
  spec.spill_max = read_limit(in, keys.find("spill_max")).value_or(spec.spill_max);
  if (const auto rate = read_whole_number(in, keys.find("max_rate"))) spec.max_rate = static_cast<unsigned>(*rate);
  spec.max_size = read_limit(in, keys.find("max_size")).value_or(spec.max_size);
  spec.rotate_every = read_duration(in, keys.find("rotate_every")).value_or(spec.rotate_every);
  if (const auto most = read_whole_number(in, keys.find("max_files"))) spec.max_files = static_cast<unsigned>(*most);
  spec.max_total = read_limit(in, keys.find("max_total")).value_or(spec.max_total);
  spec.tree_total = read_limit(in, keys.find("tree_total")).value_or(spec.tree_total);
  spec.min_free = read_limit(in, keys.find("min_free")).value_or(spec.min_free);
  spec.max_age = read_duration(in, keys.find("max_age")).value_or(spec.max_age);
  if (const auto how = read_word(in, keys.find("compress")))
    spec.compress = *how == "false"  ? log_compression::none
                    : *how == "zstd" ? log_compression::zstd
                                     : log_compression::gzip;
}

} // namespace

log_spec read_log(context& in, const std::vector<const field*>& layers, const instance_scope& which, unsigned instances,
                  const std::string& service) {
  log_spec spec;
  for (const auto* layer : layers) {
    const fields keys{in, *layer->value, place::log};
    read_layer(in, keys, which, instances, service, spec);
  }
  // Without a limit for one file the files being written could grow beyond any total.
  const auto written = spec.max_size * (spec.merge ? 1 : 2);
  if (!layers.empty() && spec.max_total > 0 && (spec.max_size == 0 || written > spec.max_total))
    in.mistakes.add(code::impossible, layers.back()->value->where,
                    "'max_total' is too small for the files being written",
                    {"less than 'max_size' for each of them", {"lower 'max_size' or raise 'max_total'"}});
  if (!spec.date_format.empty() && spec.format == log_format::raw)
    in.mistakes.add(code::no_effect, layers.back()->value->where, "'date_format' has no effect with 'format: raw'",
                    {"lines are written without a time", {"add 'format: time' or 'format: json'"}});
  if (!layers.empty()) {
    check_destination(in, *layers.back(), spec);
    check_spill(in, *layers.back(), spec);
    check_actor(in, layers, spec);
  }
  return spec;
}

} // namespace alder::config

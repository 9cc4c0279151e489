// Small configurations around one key of the table, wherever the key may be: with a value of it, or as they are
// without.
#pragma once

#include "tests/runtime/config/config_fixture.hpp"

#include "runtime/base/text.hpp"
#include "runtime/config/schema.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace alder::config {

/// A key at one of its places. Of a key in a mapping of a node also in which mapping: that of the root, of a
/// supervisor or of a service.
struct key_at {
  const key_entry* key = nullptr;
  place where = place::root;
  place node = place::root;       ///< `where` itself, or the node that has the mapping
  const key_entry* top = nullptr; ///< the key of the node

  [[nodiscard]] std::string text() const {
    return std::string{key->name} + " in " + std::string{phrase(where)} + " of " + std::string{phrase(node)};
  }
};

inline bool is_node(place where) {
  return where == place::root || where == place::supervisor || where == place::service;
}

/// The key whose value is this mapping.
inline const key_entry& holder_of(place mapping) {
  for (const auto& key : key_table())
    if (key.inner == mapping) return key;
  ADD_FAILURE() << "no key has the mapping " << phrase(mapping);
  return key_table().front();
}

/// All keys at all their places.
inline std::vector<key_at> all_keys() {
  std::vector<key_at> all;
  for (const auto& key : key_table()) {
    for (const auto& [where, name, words] : all_places) {
      if (!key.places.has(where)) continue;
      const auto* top = &key;
      for (auto at = where; !is_node(at);) {
        top = &holder_of(at);
        for (const auto& [outer, its_name, its_words] : all_places)
          if (top->places.has(outer)) at = outer;
      }
      for (const auto node : {place::root, place::supervisor, place::service})
        if (is_node(where) ? node == where : top->places.has(node)) all.push_back({&key, where, node, top});
    }
  }
  return all;
}

using key_values = std::map<std::string, std::string>;

/// What is in the mapping besides the key, so that it is right and the key has a meaning. A value that is given for the
/// key comes in the place of what is here.
inline key_values beside(place where, const std::string& key) {
  const key_values check{{"tcp", "81"}};
  const key_values http{{"tcp", ""}, {"http", "'http://127.0.0.1/'"}};
  const std::map<place, key_values> usual{
      {place::root, {{"children", "[{service: web, command: x}]"}}},
      {place::supervisor, {{"supervisor", "back"}, {"children", "[{service: web, command: x}]"}}},
      {place::service, {{"service", "web"}, {"command", "x"}}},
      {place::env_file, {{"path", "common.env"}}},
      {place::limits, {{"pids_max", "5"}}},
      {place::schedule, {{"cron", "'@hourly'"}}},
      {place::stop_step, {{"signal", "HUP"}}},
      {place::ready, check},
      {place::health, check},
  };
  const std::map<std::pair<place, std::string>, key_values> special{
      // "": not there
      {{place::supervisor, "significant"}, {{"restart", "transient"}}},
      {{place::service, "significant"}, {{"restart", "transient"}}},
      {{place::service, "intensity"}, {{"instances", "2"}}},
      {{place::service, "instances"}, {{"instances", "2"}}},
      {{place::service, "task_timeout"}, {{"task", "true"}}},
      {{place::ready, "status"}, http},
      {{place::ready, "body"}, http},
      {{place::health, "status"}, http},
      {{place::health, "body"}, http},
      {{place::limits, "pids_max"}, {{"pids_max", ""}, {"memory", "1M"}}},
      {{place::schedule, "jitter"}, {{"cron", ""}, {"max_age", "2h"}}},
      {{place::log, "date_format"}, {{"format", "time"}}},
      {{place::log, "spill_to"}, {{"pressure", "spill"}, {"spill_to", "/other"}}},
  };
  auto pairs = usual.count(where) > 0 ? usual.at(where) : key_values{};
  const auto changes = special.find({where, key});
  if (changes == special.end()) return pairs;
  for (const auto& [name, value] : changes->second)
    pairs[name] = value;
  std::erase_if(pairs, [](const auto& pair) { return pair.second.empty(); });
  return pairs;
}

/// Of keys that exclude each other the usual one makes room.
inline void make_room(place where, const std::string& key, key_values& pairs) {
  static const std::map<place, std::vector<std::string>> one_of{
      {place::ready, {"tcp", "http", "exec", "file", "notify", "message", "descriptor", "log", "after"}},
      {place::health, {"tcp", "http", "exec", "file"}},
      {place::stop_step, {"signal", "command", "message"}}};
  const auto found = one_of.find(where);
  if (found == one_of.end()) return;
  if (std::find(found->second.begin(), found->second.end(), key) == found->second.end()) return;
  for (const auto& other : found->second)
    if (other != key) pairs.erase(other);
}

inline std::string flow(const key_values& pairs) {
  std::vector<std::string> texts;
  for (const auto& [key, value] : pairs)
    texts.push_back(key + ": " + value);
  return "{" + join(texts, ", ") + "}";
}

/// A configuration with this value of the key; none: as it is without.
inline std::string text_with(const key_at& at, const std::optional<std::string>& value) {
  const auto name = std::string{at.key->name};
  auto pairs = beside(at.where, name);
  if (value) {
    make_room(at.where, name, pairs);
    pairs[name] = *value;
  }
  for (auto where = at.where; !is_node(where);) {
    const auto& holder = holder_of(where);
    const auto list = holder.kind == value_kind::groups;
    const auto text = list ? "[" + flow(pairs) + "]" : flow(pairs);
    place outer = at.node;
    if (!holder.places.has(outer))
      for (const auto& [p, its_name, its_words] : all_places)
        if (holder.places.has(p)) outer = p;
    pairs = beside(outer, std::string{holder.name});
    pairs[std::string{holder.name}] = text;
    where = outer;
  }
  if (at.node != place::root)
    return "auto_shutdown: any_significant\nchildren: [" + flow(pairs) +
           ", {service: db, command: x}, {service: migrate, command: x, task: true}]\n";
  std::string text;
  for (const auto& [key, its] : pairs)
    text += key + ": " + its + "\n";
  return text;
}

/// A file of the time zone database that says UTC.
inline std::string utc_zone_bytes() {
  const auto header = [](char types, char letters) {
    auto bytes = "TZif2" + std::string(39, '\0'); // five of the six counts are 0
    bytes[39] = types;
    bytes[43] = letters;
    return bytes;
  };
  return header(1, 1) + std::string(7, '\0') + header(1, 4) + std::string(6, '\0') + std::string("UTC\0", 4) +
         "\nUTC0\n";
}

/// A machine on which everything is there and allowed.
inline std::shared_ptr<const machine> willing_machine() {
  auto here = std::make_shared<machine>();
  const account web{"www-data", 33, 33, {33, 4}, "/var/www", "/usr/sbin/nologin"};
  here->user_named = [web](const std::string& name) { return name == web.name ? std::optional{web} : std::nullopt; };
  here->user_with_id = [web](std::uint32_t uid) {
    return uid == 0 ? account{"root", 0, 0, {0}, "/root", "/bin/sh"} : web;
  };
  here->group_named = [](const std::string& name) {
    return std::optional<std::uint32_t>{name == "adm" ? 4 : name == "ssl-cert" ? 5 : 33};
  };
  here->can_read = here->can_read_file = here->can_have_directory = [](const std::string&) { return success(); };
  here->zone_data = [](const std::string&) -> result<std::string> { return utc_zone_bytes(); };
  here->may_change_user = here->may_raise_priority = here->may_raise_limits = true;
  here->cpus = {0, 1, 2, 3};
  return here;
}

inline loaded load_with(const key_at& at, const std::optional<std::string>& value) {
  config_file file{text_with(at, value)};
  file.from.here = willing_machine();
  file.with_file("/srv/shop/common.env", "A=1\nC=\"${D:-x}\"\n").with_file("/srv/shop/api.env", "B=1");
  return file.load();
}

} // namespace alder::config

#include "runtime/config/read_tree.hpp"

#include "runtime/base/text.hpp"
#include "runtime/base/words.hpp"
#include "runtime/config/dependencies.hpp"
#include "runtime/config/values.hpp"

#include <memory>
#include <set>
#include <string>
#include <utility>

namespace alder::config {
namespace {

void read_flags(context& in, const fields& keys, supervisor_spec& spec) {
  if (const auto word = read_word(in, keys.find("strategy")))
    spec.strategy = strategy_named(*word).value_or(spec.strategy);
  if (const auto word = read_word(in, keys.find("auto_shutdown")))
    spec.auto_shutdown = auto_shutdown_named(*word).value_or(spec.auto_shutdown);
  spec.intensity = read_intensity(in, keys.find("intensity"), default_intensity);
  spec.sticky_stop = read_boolean(in, keys.find("sticky_stop")).value_or(spec.sticky_stop);
  spec.finish_starts = read_boolean(in, keys.find("finish_starts")).value_or(spec.finish_starts);
  if (const auto order = read_word(in, keys.find("start"))) spec.parallel_start = *order == "parallel";
}

void warn_about_supervisor(context& in, const fields& keys, const supervisor_spec& spec) {
  const auto* restart = keys.find("restart");
  if (restart != nullptr && spec.restart != restart_kind::permanent && spec.auto_shutdown == auto_shutdown::never)
    in.mistakes.add(code::swallows_escalation, restart->value->where,
                    "if '" + spec.name + "' gives up, it stays down and does not escalate",
                    {"stops escalation", {"use permanent, so that the supervisor above it reacts"}});
  const auto* shutdown = keys.find("auto_shutdown");
  if (shutdown != nullptr && spec.restart == restart_kind::permanent && spec.auto_shutdown != auto_shutdown::never)
    in.mistakes.add(code::restarts_after_shutdown, shutdown->value->where,
                    "'" + spec.name + "' is restarted each time it shuts itself down",
                    {"it is permanent", {"use 'restart: transient' or 'restart: temporary'"}});
}

/// Finds the mistakes of what a supervisor hands down, also when there is no service below it.
void check_environment(context& in, const fields& keys, const settings& own) {
  const instance_scope any_service = instance{};
  if (keys.has("env") || keys.has("env_file") || keys.has("inherit_env")) (void)environment_of(in, own, any_service);
  if (keys.has("cwd")) (void)directory_of(in, own, any_service);
}

void read_children(context& in, const field* list, const settings& own, supervisor_spec& spec);

supervisor_ptr read_supervisor(context& in, const node& mapping, const surroundings& around) {
  in.begin_node();
  const fields keys{in, mapping, place::supervisor};
  auto spec = std::make_shared<supervisor_spec>();
  const auto* name = keys.find("supervisor");
  const auto at = name == nullptr ? mapping.where : name->value->where;
  if (name != nullptr) {
    if (const auto text = read_text(in, *name->value)) {
      spec->name = *text;
      check_name(in, *text, at);
    }
  }
  read_flags(in, keys, *spec);
  spec->after = read_after(in, keys.find("after"), spec->name);
  const auto terms = read_child_terms(in, keys, *around.supervisor);
  spec->restart = terms.restart;
  spec->significant = terms.significant;
  warn_about_supervisor(in, keys, *spec);
  const auto own = settings_below(in, *around.settings, keys);
  check_environment(in, keys, own);
  spec->backoff = own.backoff;
  if (!keys.has("children"))
    in.mistakes.add(code::missing_key, at, "the supervisor '" + spec->name + "' has no 'children'",
                    {"", {"write 'children: []' if there are none yet"}});
  read_children(in, keys.find("children"), own, *spec);
  return spec;
}

/// What a child is meant to be: `service` or `supervisor`, or, if neither key is there, what its other keys look like.
place kind_of_child(context& in, const node& child) {
  const auto* service = child.find("service");
  const auto* supervisor = child.find("supervisor");
  if (service != nullptr && supervisor != nullptr) {
    in.mistakes.add(code::exclusive_keys,
                    (service->where.begin > supervisor->where.begin ? service : supervisor)->where,
                    "a child is a service or a supervisor, not both", {"both are given", {}});
    return place::supervisor;
  }
  if (service != nullptr) return place::service;
  if (supervisor != nullptr) return place::supervisor;
  for (const auto& entry : child.entries) {
    const auto near = nearest(entry.key, {"service", "supervisor"});
    const bool known =
        find_key(place::service, entry.key) != nullptr || find_key(place::supervisor, entry.key) != nullptr;
    if (near && !known) return *near == "service" ? place::service : place::supervisor; // reported as an unknown key
  }
  in.mistakes.add(code::missing_key, child.entries.empty() ? child.where : child.entries.front().where,
                  "a child without a name", {"", {"start it with 'service: NAME' or 'supervisor: NAME'"}});
  return child.find("children") != nullptr || child.find("strategy") != nullptr ? place::supervisor : place::service;
}

void read_children(context& in, const field* list, const settings& own, supervisor_spec& spec) {
  if (list == nullptr) return;
  const surroundings around{&spec, &own};
  const auto first = in.dependencies.size();
  std::set<std::string> known;
  for (const auto& child : list->value->items) {
    if (child->refused) continue;
    for (const auto* key : {"service", "supervisor"}) {
      const auto* name = child->find(key);
      const auto text = name != nullptr && name->value->is_scalar() ? read_text(in, *name->value) : std::nullopt;
      if (text) known.insert(*text); // and what is wrong with it is reported
    }
    if (child->is != node::shape::mapping) {
      wrong_type(in, "children", child->where, "a mapping with 'service' or 'supervisor' as a child",
                 found_phrase(*child));
    } else if (kind_of_child(in, *child) == place::supervisor) {
      spec.children.emplace_back(read_supervisor(in, *child, around));
    } else if (auto service = read_service(in, *child, around)) {
      spec.children.push_back(std::move(*service));
    }
  }
  order_children(in, first, known, spec);
}

/// Before the children, who may want what they offer.
void read_extensions(context& in, const field* given) {
  if (given == nullptr) return;
  for (const auto* item : scalars_of(in, *given)) {
    const auto text = read_text(in, *item);
    if (!text) continue;
    if (text->empty())
      in.mistakes.add(code::impossible, item->where, "an extension without a name", {"empty", {}});
    else
      in.extensions.push_back({absolute_path(in, *text), in.mistakes.unsaid(code::bad_extension, item->where)});
  }
}

/// The root is named after the directory of the file if it has no name of its own.
std::string root_name(context& in, const fields& keys) {
  const auto* given = keys.find("name");
  if (given != nullptr) {
    const auto name = read_text(in, *given->value);
    if (name) check_name(in, *name, given->value->where);
    return name.value_or("");
  }
  const auto directory = absolute_path(in, "");
  auto name = made_valid(directory.substr(directory.rfind('/') + 1));
  check_name(in, name, {});
  return name;
}

} // namespace

intensity read_intensity(context& in, const field* given, intensity base) {
  if (given == nullptr) return base;
  const fields keys{in, *given->value, place::intensity};
  if (const auto max = read_whole_number(in, keys.find("max_restarts"))) {
    base.max_restarts = static_cast<unsigned>(*max);
    if (*max == 0)
      in.mistakes.add(code::no_restarts, keys.place_of("max_restarts"),
                      "with no restarts allowed, the first one makes the supervisor give up",
                      {"nothing below is ever restarted", {}});
  }
  base.within = read_duration(in, keys.find("within")).value_or(base.within);
  return base;
}

child_terms read_child_terms(context& in, const fields& keys, const supervisor_spec& parent, restart_kind otherwise) {
  child_terms terms;
  terms.restart = otherwise;
  const auto word = read_word(in, keys.find("restart"));
  if (word) terms.restart = restart_named(*word).value_or(terms.restart);
  const auto* significant = keys.find("significant");
  terms.significant = read_boolean(in, significant).value_or(terms.significant);
  if (!terms.significant) return terms;
  const auto at = significant->value->where;
  const bool restart_is_known = word || !keys.has("restart");
  if (terms.restart == restart_kind::permanent && restart_is_known)
    in.mistakes.add(code::impossible, at, "a permanent child cannot be significant",
                    {"it never ends for good", {"use 'restart: transient' or 'restart: temporary'"}});
  if (parent.auto_shutdown == auto_shutdown::never)
    in.mistakes.add(code::impossible, at, "'significant' needs a supervisor with 'auto_shutdown'",
                    {"'" + parent.name + "' never shuts itself down",
                     {"give it 'auto_shutdown: any_significant' or 'all_significant'"}});
  return terms;
}

supervisor_spec read_root(context& in, const node& document) {
  const fields keys{in, document, place::root};
  supervisor_spec root;
  root.name = root_name(in, keys);
  read_flags(in, keys, root);
  read_extensions(in, keys.find("extensions"));
  const auto own = settings_below(in, settings{}, keys);
  check_environment(in, keys, own);
  root.backoff = own.backoff;
  if (!keys.has("children"))
    in.mistakes.add_whole(code::missing_key, "'children' is missing",
                          {"", {"a tree needs services: see docs/config.md for an example"}});
  read_children(in, keys.find("children"), own, root);
  return root;
}

} // namespace alder::config

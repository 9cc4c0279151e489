#include "actors/base/extensions.hpp"

#include "runtime/base/text.hpp"

#include <algorithm>
#include <cstring>
#include <exception>
#include <set>
#include <utility>

namespace alder::actors {
namespace {

constexpr const char* entry_symbol = "alder_extension";

std::string list_of(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names)
    text += (text.empty() ? "'" : ", '") + name + "'";
  return text;
}

std::string hint(const std::string& word, const std::vector<std::string>& known) {
  const auto near = nearest(word, known);
  return near ? "did you mean '" + *near + "'?" : "";
}

/// The same file by another name: the loader knows libraries by their paths, and would not look again at one that was
/// refused and has been built anew meanwhile.
std::string fresh(const std::string& path, unsigned attempt) {
  const auto slash = path.rfind('/');
  auto directory = path.substr(0, slash + 1);
  for (unsigned i = 0; i < attempt; ++i)
    directory += "./";
  return directory + path.substr(slash + 1);
}

/// Calls foreign code; the text of what it throws.
template <class Call> outcome guarded(Call&& call) {
  try {
    call();
    return success();
  } catch (const std::exception& e) {
    return error{error_kind::invalid_input, e.what()};
  } catch (...) {
    return error{error_kind::invalid_input, "it threw an exception of unknown type"};
  }
}

config::diagnostic said(const config::diagnostic& place, std::string message, std::string label,
                        std::vector<std::string> help = {}) {
  auto d = place;
  d.message = std::move(message);
  d.label = std::move(label);
  d.help = std::move(help);
  return d;
}

} // namespace

/// Collects what an extension offers, so that it is admitted as a whole or not at all.
class extensions::registry final : public extension_registry {
public:
  void add_log_destination(log_destination_kind kind) override { kinds.push_back(std::move(kind)); }
  std::vector<log_destination_kind> kinds;
};

extensions::extensions(loader load) : load_(std::move(load)) {}

const log_destination_kind* extensions::find(const std::string& name) const {
  const auto found = offers_.find(name);
  return found == offers_.end() ? nullptr : &found->second.kind;
}

result<const extension_entry*> extensions::load(const std::string& path) {
  if (const auto known = loaded_.find(path); known != loaded_.end()) return known->second;
  const auto symbol = load_(fresh(path, attempts_[path]++), entry_symbol);
  if (!symbol) return symbol.failure();
  const auto* entry = static_cast<const extension_entry*>(*symbol);
  // Nothing of it is called, and nothing but its first two members looked at, before this is known.
  if (entry->magic == nullptr || std::strcmp(entry->magic, extension_magic) != 0)
    return error{error_kind::invalid_input, "its 'alder_extension' is not what ALDER_EXTENSION makes"};
  if (std::strcmp(entry->made_for, ALDER_EXTENSION_MADE_FOR) != 0)
    return error{error_kind::unavailable, std::string{"it was built for \""} + entry->made_for +
                                              "\", but this daemon is \"" + ALDER_EXTENSION_MADE_FOR + "\""};
  const bool is_known = std::any_of(loaded_.begin(), loaded_.end(), [&](const auto& l) { return l.second == entry; });
  if (!is_known) { // else it is the same file under another path
    if (auto admitted = admit(*entry); !admitted) return admitted.failure();
  }
  loaded_[path] = entry;
  return entry;
}

outcome extensions::admit(const extension_entry& entry) {
  registry offered;
  if (auto called = guarded([&] { entry.offer(offered); }); !called) return called;
  std::set<std::string> names;
  for (const auto& kind : offered.kinds) {
    if (kind.name.empty() || !kind.start)
      return error{error_kind::invalid_input, "it provides a log destination without a name or a way to start it"};
    if (offers_.count(kind.name) > 0 || !names.insert(kind.name).second)
      return error{error_kind::conflict, "'" + kind.name + "' is already provided"};
  }
  for (auto& kind : offered.kinds) {
    const auto name = kind.name;
    offers_[name] = {std::move(kind), &entry};
  }
  return success();
}

std::vector<config::diagnostic> extensions::take_up(const config::loaded& configuration) {
  std::vector<config::diagnostic> wrong;
  entries own;
  for (const auto& extension : configuration.extensions) {
    const auto loaded = load(extension.path);
    if (loaded) {
      own.insert(*loaded);
      continue;
    }
    const bool is_other_version = loaded.failure().kind == error_kind::unavailable;
    wrong.push_back(said(extension.place, "the extension " + extension.path + " cannot be used",
                         loaded.failure().message,
                         {is_other_version ? "rebuild it with the headers and the compiler of this daemon"
                                           : "docs/extensions.md describes how to build an extension"}));
  }
  if (!wrong.empty()) return wrong; // what is not offered follows from that
  for (const auto& wanted : configuration.actors)
    for (auto& fault : faults_of(wanted, own))
      wrong.push_back(std::move(fault));
  return wrong;
}

/// Only what its own extensions offer counts: those of another tree may not be there the next time.
std::vector<config::diagnostic> extensions::faults_of(const config::named_actor& wanted, const entries& own) const {
  const auto found = offers_.find(wanted.name);
  if (found == offers_.end() || own.count(found->second.from) == 0) {
    std::vector<std::string> names;
    for (const auto& [name, offered] : offers_)
      if (own.count(offered.from) > 0) names.push_back(name);
    return {said(wanted.place, "no extension provides the actor '" + wanted.name + "'", hint(wanted.name, names),
                 {names.empty() ? "the extensions listed here provide none" : "available: " + list_of(names)})};
  }
  const auto& kind = found->second.kind;
  std::vector<config::diagnostic> wrong;
  for (const auto& [option, value] : wanted.options) {
    if (std::find(kind.options.begin(), kind.options.end(), option) != kind.options.end()) continue;
    wrong.push_back(said(wanted.place, "the actor '" + wanted.name + "' has no option '" + option + "'",
                         hint(option, kind.options),
                         {kind.options.empty() ? "it has no options" : "its options: " + list_of(kind.options)}));
  }
  if (!wrong.empty() || !kind.check) return wrong;
  const auto checked = guarded([&] { kind.check({{}, {}, wanted.options}); });
  if (!checked)
    wrong.push_back(said(wanted.place, "the actor '" + wanted.name + "' does not accept its options",
                         checked.failure().message, {"its extension defines which options are valid"}));
  return wrong;
}

} // namespace alder::actors

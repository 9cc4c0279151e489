// The extensions that this daemon has loaded, and what they offer. Loop thread only.
#pragma once

#include "runtime/config/load_tree.hpp"

#include "alder/actor/extension.hpp"
#include "alder/error.hpp"

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace alder::actors {

class extensions {
public:
  /// Finds the entry of the library at a path; a seam for tests. Errors: as os::load_symbol.
  using loader = std::function<result<const void*>(const std::string& path, const std::string& symbol)>;
  explicit extensions(loader load);

  /// Loads what the configuration names, and asks whether what it wants is offered and can be had with its options.
  /// Returns what is wrong; then a part may be loaded already, which changes nothing.
  [[nodiscard]] std::vector<config::diagnostic> take_up(const config::loaded& configuration);

  /// Null: nobody offers it.
  [[nodiscard]] const log_destination_kind* find(const std::string& name) const;

private:
  struct offered_kind {
    log_destination_kind kind;
    const extension_entry* from = nullptr;
  };
  using entries = std::set<const extension_entry*>;
  class registry;
  [[nodiscard]] result<const extension_entry*> load(const std::string& path);
  [[nodiscard]] outcome admit(const extension_entry& entry);
  [[nodiscard]] std::vector<config::diagnostic> faults_of(const config::named_actor& wanted, const entries& own) const;

  loader load_;
  std::map<std::string, unsigned> attempts_;             ///< to load what is at a path
  std::map<std::string, const extension_entry*> loaded_; ///< by path
  std::map<std::string, offered_kind> offers_;           ///< by name
};

} // namespace alder::actors

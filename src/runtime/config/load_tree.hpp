// From the text of a configuration file, YAML or JSON, to the tree it describes, or to everything that is wrong with
// it.
#pragma once

#include "runtime/config/diagnostic.hpp"

#include "alder/error.hpp"
#include "alder/machine.hpp"
#include "alder/spec.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace alder::config {

/// A configuration and its surroundings. This floor does no I/O: the caller reads files.
struct source {
  std::string file;                               ///< absolute path; relative paths in the text start at its directory
  std::string text;                               ///< at most 1 MiB; JSON when `file` ends in ".json", else YAML
  std::map<std::string, std::string> environment; ///< the caller's: for ${VAR}, and for services that inherit it
  std::function<result<std::string>(const std::string& path)> read_file; ///< for `env_file`; paths are absolute
  std::shared_ptr<const machine> here =
      {}; ///< null: what depends on the machine is not checked, and no user name is known
  std::map<std::string, unsigned> instances = {}; ///< by service: how many, whatever the text says; from 1
  bool through_link =
      false; ///< the directory of `file` is reached through a link: ".." in a path is left to the kernel
};

/// A shared library that the configuration names.
struct named_extension {
  std::string path; ///< absolute
  diagnostic place; ///< what can be said of it: without a message yet
};
/// An actor that it wants to have lines, and that one of its extensions is to offer.
struct named_actor {
  std::string name;
  std::map<std::string, std::string> options;
  diagnostic place; ///< likewise
};

/// What came of it. Whether extensions can be loaded and offer what is wanted is not known here.
struct loaded {
  std::optional<tree_spec> tree;       ///< only when there is no error; then complete
  std::vector<diagnostic> diagnostics; ///< errors and warnings in order of position, at most 152
  std::vector<named_extension> extensions;
  std::vector<named_actor> actors; ///< each with its options once
};

/// Reads a configuration. All mistakes are reported at once. Pure but for `read_file`, which is called at most once a
/// path.
[[nodiscard]] loaded load_tree(const source& from);

/// A JSON Schema (draft 2020-12) of the file format, for editors; made from the table the parser uses.
[[nodiscard]] std::string json_schema();

} // namespace alder::config

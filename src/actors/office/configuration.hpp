// A configuration as somebody gives it, or as it was brought up, read with all that it names.
#pragma once

#include "runtime/config/load_tree.hpp"
#include "runtime/store/saved_trees.hpp"

#include "alder/error.hpp"
#include "alder/machine.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace alder::wire {
struct config_request;
}

namespace alder::actors {

class extensions;

/// Whether a text is new, or was accepted once: then its services may run, in control groups that could not be had
/// where the daemon is now.
enum class text_is : std::uint8_t { given, known };

/// What was found where a configuration points to, asked once and then known: so that what may take long is asked for
/// by a thread, and answered to the loop.
struct file_notes {
  std::map<std::string, result<std::string>> contents; ///< of env files
  std::map<std::string, outcome> readable;
  std::map<std::string, outcome> readable_files;
  std::map<std::string, outcome> directories;
  std::map<std::string, result<std::string>> zones;
  std::map<std::string, std::optional<program_trouble>> programs; ///< by name, PATH and directory, lines of one key
  std::map<std::string, bool> through_links;    ///< whether a link is on the way to the directory of a configuration
  std::map<std::string, bool> same_files;       ///< by both names, with a line end between them
  std::map<std::string, std::uint64_t> secrets; ///< by service: the fingerprint of the files of its secrets
};

/// Reads the configuration in `source`. The files it names are read from disk once and kept in `source.files`: what is
/// up must mean the same later, whatever became of the files. An ad-hoc service has no `file`; its text is JSON. What
/// was scaled, removed and added by hand is part of the answer.
/// What `notes` has is not asked for again, and what is asked for is added. Any thread.
[[nodiscard]] config::loaded read_configuration(store::saved_tree& source, text_is from, file_notes* notes = nullptr);

/// A configuration, and what was read.
struct configuration {
  store::saved_tree source;
  config::loaded loaded;
};
/// The same of what somebody sends. Any thread.
[[nodiscard]] configuration read_configuration(const wire::config_request& request);

/// Loads what extensions it names; it is wrong when they do not offer what it wants.
void load_extensions(config::loaded& configuration, extensions& offered);

} // namespace alder::actors

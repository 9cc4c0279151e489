// What supervisors hand down to everything below them, and the environment that comes of it.
#pragma once

#include "runtime/config/context.hpp"
#include "runtime/config/fields.hpp"

#include "alder/machine.hpp"
#include "alder/spec.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace alder::config {

/// Defaults for one level of the tree. Fields point into the document: they are read anew for each instance.
struct settings {
  struct layer {
    const node* env = nullptr;
    const field* env_file = nullptr;
    const field* secrets = nullptr;
  };
  std::vector<layer> environment;                      ///< outermost supervisor first
  const field* inherit_env = nullptr;                  ///< null: inherit all
  const field* cwd = nullptr;                          ///< null: the directory of the file
  std::map<std::string_view, const field*> attributes; ///< user, nice, rlimits …: read_attributes.hpp
  std::vector<const field*> log;                       ///< outermost first: read_log.hpp
  alder::backoff backoff = default_backoff;
  std::vector<const field*> stop; ///< outermost first
  std::optional<unsigned> umask;
};

/// The settings of a supervisor or service with these keys below `above`: `env`, `stop` and `backoff` key by key, the
/// others as a whole. `own` must outlive the result.
[[nodiscard]] settings settings_below(context& in, const settings& above, const fields& own);

/// How a process is stopped.
[[nodiscard]] stop_spec stop_of(context& in, const settings& of, const instance_scope& which);

/// The environment of a process: what is inherited, then what `user` (null: the same as
/// ours) makes of it, then level by level the env files and `env`; PATH always is set.
[[nodiscard]] std::map<std::string, std::string>
environment_of(context& in, const settings& of, const instance_scope& which, const account* user = nullptr);

/// The files that hold the values of variables, by variable. One that `env` sets further in is not among them.
[[nodiscard]] std::map<std::string, std::string> secrets_of(context& in, const settings& of,
                                                            const instance_scope& which);

/// The working directory of a process.
[[nodiscard]] std::string directory_of(context& in, const settings& of, const instance_scope& which);

} // namespace alder::config

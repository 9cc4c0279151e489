// The codes of all mistakes and warnings a configuration can have; what they mean is in codes.cpp.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace alder::config {

enum class code : std::uint8_t {
  bad_syntax,
  too_large,
  not_a_tree,
  bad_alias,
  duplicate_key,
  too_many,
  unknown_key,
  wrong_type,
  unknown_word,
  bad_duration,
  out_of_range,
  missing_key,
  bad_name,
  duplicate_name,
  exclusive_keys,
  bad_command,
  impossible,
  bad_address,
  unknown_account,
  not_allowed,
  bad_pattern,
  unknown_sibling,
  circle,
  bad_schedule,
  undefined_variable,
  bad_variable,
  unreadable_env_file,
  bad_env_line,
  bad_extension,
  swallows_escalation,
  restarts_after_shutdown,
  endless_stop,
  no_restarts,
  revived_by_group,
  no_effect,
  more_warnings,
  left_out,
  odd_variable,
  stops_badly,
  shared_check,
  no_program,
};

struct code_entry {
  code what;
  std::string_view text; ///< "E012": E for errors, W for warnings
  std::string_view explanation;
};

/// One entry a code, in the order of the texts.
[[nodiscard]] const std::vector<code_entry>& code_table();

[[nodiscard]] const code_entry& entry_of(code what);

} // namespace alder::config

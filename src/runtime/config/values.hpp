// Reads single values: variables replaced, then checked. What is wrong is reported; the answer then is nothing.
#pragma once

#include "runtime/config/fields.hpp"

#include "alder/spec.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace alder::config {

/// All take a null field (the key is not there) for nothing. `which` gives ${INSTANCE} its meaning.

/// The text of a scalar with its variables replaced.
[[nodiscard]] std::optional<std::string> read_text(context& in, const node& scalar, const instance_scope& which = {});

[[nodiscard]] std::optional<std::string> read_path(context& in, const field* f, const instance_scope& which = {});
/// One of the words of the key; reports others with the list.
[[nodiscard]] std::optional<std::string> read_word(context& in, const field* f);
[[nodiscard]] std::optional<bool> read_boolean(context& in, const field* f);
/// Likewise for one item of a list of words.
[[nodiscard]] std::optional<std::string> read_word_of(context& in, const field& f, const node& item);
/// In the range of the key.
[[nodiscard]] std::optional<long> read_whole_number(context& in, const field* f);
[[nodiscard]] std::optional<double> read_number(context& in, const field* f);
/// "10%" or "0.1": from 0 to 1.
[[nodiscard]] std::optional<double> read_share(context& in, const field* f);
/// At least the key's `low` in milliseconds.
[[nodiscard]] std::optional<milliseconds> read_duration(context& in, const field* f);
/// From 0 to 0777.
[[nodiscard]] std::optional<unsigned> read_octal(context& in, const field* f);
[[nodiscard]] std::optional<int> read_signal(context& in, const field* f);
[[nodiscard]] std::optional<std::vector<int>> read_signals(context& in, const field* f);
/// HTTP statuses: numbers from 100 to 599, or 2xx for a hundred of them.
[[nodiscard]] std::optional<std::vector<int>> read_statuses(context& in, const field* f);
/// Bytes, more than 0.
[[nodiscard]] std::optional<std::uint64_t> read_size(context& in, const field* f);
/// "80%" or "1.5": of one processor, more than 0.
[[nodiscard]] std::optional<double> read_processors(context& in, const field* f);
/// Exit codes from 0 to 255.
[[nodiscard]] std::optional<std::vector<int>> read_exit_codes(context& in, const field* f);
/// The scalar itself, or the scalars of a list; reports other elements.
[[nodiscard]] std::vector<const node*> scalars_of(context& in, const field& f);
/// Their texts.
[[nodiscard]] std::optional<std::vector<std::string>> read_texts(context& in, const field* f,
                                                                 const instance_scope& which = {});
/// The words of a command, at least one, the first not empty.
[[nodiscard]] std::optional<std::vector<std::string>> read_command(context& in, const field* f,
                                                                   const instance_scope& which = {});
[[nodiscard]] std::optional<ready_tcp> read_tcp(context& in, const field* f, const instance_scope& which = {});
[[nodiscard]] std::optional<ready_http> read_http(context& in, const field* f, const instance_scope& which = {});

} // namespace alder::config

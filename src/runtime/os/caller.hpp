// What a program takes over from whoever started it: environment, working directory, terminal, and the files it names.
#pragma once

#include "runtime/os/paths.hpp"

#include "alder/error.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace alder::os {

/// This process's environment; of a name that stands twice, the first value.
[[nodiscard]] std::map<std::string, std::string> environment();

/// The user, working directory and environment of this process, for `locate`. cwd is the name by which the caller came
/// there ($PWD), if that names it, links and all; "/" when it is gone.
[[nodiscard]] surroundings current_surroundings();

/// What `ps` and `top` call this process; without it, one that was started through /proc/self/fd has a number for a
/// name.
void name_process(const char* name);

/// The file of this program. Error (io): /proc is not there.
[[nodiscard]] result<std::string> own_program();

/// The directory this program's file is in. Error (io): /proc is not there.
[[nodiscard]] result<std::string> own_directory();

[[nodiscard]] int process_id();

/// Gives free memory back to the system, which the C library does of its own accord only at the end of the heap.
void release_free_memory();

struct terminal_size {
  unsigned columns = 0; ///< 0: unknown, or no terminal
  unsigned rows = 0;
};
[[nodiscard]] bool is_terminal(int fd);
/// $COLUMNS does not matter: the terminal itself is asked.
[[nodiscard]] terminal_size size_of_terminal(int fd);

/// What a person answers: the next line without its end; empty at the end of the input.
[[nodiscard]] std::string read_terminal_line(int fd);

/// Sets the character set from LC_ALL, LC_CTYPE or LANG; whether it is UTF-8. Once, before any text is measured.
bool use_locale();

/// A write to a pipe nobody reads then fails instead of ending the program.
void ignore_broken_pipes();
/// Whether `fd` is a pipe or socket whose reader has gone.
[[nodiscard]] bool reader_is_gone(int fd);

/// The absolute name of the file that the kernel takes `word` for in the directory `cwd` (absolute): links keep their
/// names, and ".." is taken away as text where it means the same.
[[nodiscard]] std::string name_of_file(const std::string& word, const std::string& cwd);
/// Whether both are there and are one file, whatever it is called.
[[nodiscard]] bool is_same_file(const std::string& a, const std::string& b);
/// Whether a link is on the way to the directory of this file.
[[nodiscard]] bool is_through_link(const std::string& file);

[[nodiscard]] bool file_exists(const std::string& path);
/// The first of `names` that exists in `directory`, else in its parent, and so on; its absolute path. Parents are those
/// by name; when there is none, those behind the links.
[[nodiscard]] std::optional<std::string> find_upwards(const std::string& directory,
                                                      const std::vector<std::string>& names);

} // namespace alder::os

#include "runtime/config/context.hpp"

#include "runtime/base/path.hpp"
#include "runtime/base/text.hpp"

#include <algorithm>
#include <vector>

namespace alder::config {
namespace {

constexpr std::size_t longest_name = 64;
constexpr const char* nothing_left = "tree"; // the name when none of the characters can stay

bool starts_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}
bool continues_name(char c) { return starts_name(c) || c == '.' || c == '-'; }

/// What is wrong with a name; empty: nothing.
std::string name_problem(const std::string& name) {
  if (name.empty()) return "a name must not be empty";
  if (name.size() > longest_name) return "a name has at most 64 characters";
  if (!std::all_of(name.begin(), name.end(), continues_name)) return "letters, digits, '_', '.' and '-' are allowed";
  if (!starts_name(name.front())) return "a name starts with a letter, a digit or '_'";
  return {};
}

} // namespace

/// Behind a link the parent directory is not the one that the text names.
std::string absolute_path(const context& in, std::string_view path) {
  const bool climbs = path.substr(0, 2) == ".." || path.find("/..") != std::string_view::npos;
  if (!in.from.through_link || !climbs || path.front() == '/') return alder::absolute_path(path, in.directory);
  return in.directory + std::string{path};
}

std::string made_valid(std::string_view name) {
  std::string valid;
  for (const char c : name.substr(0, longest_name)) {
    if (continues_name(c)) {
      valid += c;
    } else if (valid.empty() || valid.back() != '-') {
      valid += '-';
    }
  }
  const auto begin = std::find_if(valid.begin(), valid.end(), starts_name);
  valid.erase(valid.begin(), begin);
  while (!valid.empty() && valid.back() == '-')
    valid.pop_back();
  return valid.empty() ? nothing_left : valid;
}

void check_name(context& in, const std::string& name, span where) {
  const auto problem = name_problem(name);
  if (!problem.empty()) {
    std::vector<std::string> help;
    if (name.find_first_of(":/") != std::string::npos)
      help.emplace_back("':' is reserved for instances (api:0), '/' for full names (shop/api)");
    if (const auto valid = made_valid(name); valid != nothing_left) help.push_back("a valid name: '" + valid + "'");
    in.mistakes.add(code::bad_name, where, "'" + name + "' is not a valid name", {problem, help});
    return;
  }
  const auto [first, is_new] = in.names.emplace(name, where);
  if (is_new) return;
  std::string help = "the first is at " + in.mistakes.place(first->second);
  if (first->second == span{})
    help = "the tree itself has this name, that of its directory; give it another with 'name:'";
  in.mistakes.add(code::duplicate_name, where, "the name '" + name + "' is used twice", {"used again", {help}});
}

} // namespace alder::config

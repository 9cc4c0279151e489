// Loads configurations in tests: a fixed file name and environment, env files out of a map.
#pragma once

#include "runtime/config/load_tree.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace alder::config {

/// A configuration at /srv/shop/alder.yaml.
struct config_file {
  source from{"/srv/shop/alder.yaml",
              "",
              {{"HOME", "/home/ann"}, {"PATH", "/bin"}, {"PORT", "6400"}, {"SPACED", "a b 'c"}},
              {}};
  std::map<std::string, std::string> files;

  explicit config_file(std::string text) { from.text = std::move(text); }

  config_file& named(std::string file) {
    from.file = std::move(file);
    return *this;
  }
  config_file& with_file(const std::string& path, std::string text) {
    files[path] = std::move(text);
    return *this;
  }
  loaded load() {
    from.read_file = [this](const std::string& path) -> result<std::string> {
      const auto found = files.find(path);
      if (found == files.end()) return error{error_kind::not_found, "no such file or directory (ENOENT)", 2};
      return found->second;
    };
    return load_tree(from);
  }
};

inline loaded load(const std::string& text) { return config_file{text}.load(); }

/// "E012 6:14" for each diagnostic, in order.
inline std::vector<std::string> places(const loaded& l) {
  std::vector<std::string> all;
  for (const auto& d : l.diagnostics)
    all.push_back(d.code + " " + std::to_string(d.line) + ":" + std::to_string(d.column));
  return all;
}

/// The codes of the mistakes in one service with these keys, "E012 W006".
inline std::string codes_of(const std::string& keys) {
  std::string codes;
  for (const auto& d : load("children: [{service: a, command: x, " + keys + "}]").diagnostics)
    codes += (codes.empty() ? "" : " ") + d.code;
  return codes;
}

/// The tree of a text that must be right; prints its diagnostics otherwise.
inline supervisor_spec tree_of(const loaded& l) {
  EXPECT_TRUE(l.tree.has_value()) << render(l.diagnostics, false);
  return l.tree ? l.tree->root : supervisor_spec{};
}
inline supervisor_spec tree_of(const std::string& text) { return tree_of(load(text)); }

/// The child at `index` as a service or a supervisor; an empty one when it is none.
inline service_spec service_at(const supervisor_spec& parent, std::size_t index) {
  if (index >= parent.children.size() || !std::holds_alternative<service_ptr>(parent.children[index])) {
    ADD_FAILURE() << "there is no service at " << index;
    return {};
  }
  return *std::get<service_ptr>(parent.children[index]);
}
inline supervisor_spec supervisor_at(const supervisor_spec& parent, std::size_t index) {
  if (index >= parent.children.size() || std::holds_alternative<service_ptr>(parent.children[index])) {
    ADD_FAILURE() << "there is no supervisor at " << index;
    return {};
  }
  return *std::get<supervisor_ptr>(parent.children[index]);
}

/// The one service of a tree, written as the rest of its mapping: "command: x, env: {A: b}".
inline service_spec service_with(const std::string& keys) {
  return service_at(tree_of("children: [{service: web, " + keys + "}]"), 0);
}
inline loaded load_service(const std::string& keys) { return load("children: [{service: web, " + keys + "}]"); }

inline std::string file_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// Compares with tests/golden/`name`; ALDER_UPDATE_GOLDEN=1 writes it instead.
inline void expect_golden(const std::string& name, const std::string& text) {
  const std::string path = ALDER_SOURCE_DIR "/tests/golden/" + name;
  const char* update = std::getenv("ALDER_UPDATE_GOLDEN");
  if (update != nullptr && std::string{update} == "1") std::ofstream(path, std::ios::binary) << text;
  EXPECT_EQ(text, file_text(path)) << "in " << path << "; ALDER_UPDATE_GOLDEN=1 rewrites it";
}

} // namespace alder::config

#include "runtime/config/load_tree.hpp"

#include "runtime/config/context.hpp"
#include "runtime/config/parse_document.hpp"
#include "runtime/config/read_tree.hpp"

#include <string_view>
#include <utility>

namespace alder::config {
namespace {

bool is_json(std::string_view file) {
  constexpr std::string_view ending = ".json";
  return file.size() > ending.size() && file.substr(file.size() - ending.size()) == ending;
}

} // namespace

loaded load_tree(const source& from) {
  context in{from};
  loaded result;
  const auto document = parse_document(from.text, is_json(from.file) ? syntax::json : syntax::yaml, in.mistakes);
  if (document != nullptr) {
    auto root = read_root(in, *document);
    if (!in.mistakes.failed()) result.tree = tree_spec{std::move(root), from.file};
  }
  result.extensions = std::move(in.extensions);
  result.actors = std::move(in.actors);
  result.diagnostics = in.mistakes.take();
  return result;
}

} // namespace alder::config

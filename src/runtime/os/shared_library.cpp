#include "runtime/os/shared_library.hpp"

#include "runtime/os/files.hpp"

#include <dlfcn.h>

namespace alder::os {
namespace {

/// What the loader says, without the path, which the caller knows.
std::string reason(const std::string& path) {
  const char* said = ::dlerror();
  std::string text = said == nullptr ? "it cannot be loaded" : said;
  const auto prefix = path + ": ";
  if (text.rfind(prefix, 0) == 0) text.erase(0, prefix.size());
  return text;
}

} // namespace

result<const void*> load_symbol(const std::string& path, const std::string& symbol) {
  const auto facts = facts_of(path);
  if (!facts) return facts.failure();
  if (!facts->is_regular) return error{error_kind::invalid_input, "it is not a regular file"};
  // Now, not when it is first called, is the time to find out that a function is missing. Local, because two extensions
  // may have functions of the same name.
  void* const library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return error{error_kind::io, reason(path)};
  const void* const found = ::dlsym(library, symbol.c_str());
  if (found == nullptr) return error{error_kind::invalid_input, "it has no '" + symbol + "'"};
  return found;
}

} // namespace alder::os

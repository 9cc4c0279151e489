#include "actors/host/secret_reader.hpp"

#include "runtime/os/files.hpp"
#include "runtime/os/fingerprint.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <utility>

namespace alder::actors {
namespace {

constexpr std::size_t largest_secret = std::size_t{64} * 1024;
constexpr std::chrono::seconds patience{10};

/// On a thread.
result<secret_reader::environment> with_secrets(secret_reader::environment variables,
                                                const std::map<std::string, std::string>& secrets) {
  for (const auto& [name, file] : secrets) {
    auto value = os::read_file(file, largest_secret);
    if (!value)
      return error{value.failure().kind, "the secret " + name + " cannot be read: " + value.failure().message};
    if (!value->empty() && value->back() == '\n') value->pop_back();
    if (value->find('\0') != std::string::npos)
      return error{error_kind::invalid_input, "the secret " + name + " in " + file + " holds a NUL byte"};
    variables[name] = std::move(*value);
  }
  return variables;
}

} // namespace

void secret_reader::read(const std::string& what, const service_spec& spec,
                         std::function<void(result<environment>)> then,
                         const std::shared_ptr<std::uint64_t>& fingerprint) {
  if (spec.secrets.empty()) return then(spec.environment);
  std::function<result<environment>()> read = [variables = spec.environment, secrets = spec.secrets, fingerprint] {
    if (fingerprint) *fingerprint = os::fingerprint_of(secrets); // first: what is written meanwhile is seen later
    return with_secrets(variables, secrets);
  };
  threads_.ask<result<environment>>(
      "secrets of " + what, std::move(read), patience,
      [then = std::move(then)](std::optional<result<environment>> variables) {
        if (variables) return then(std::move(*variables));
        then(error{error_kind::timed_out,
                   "its secrets could not be read within 10s; check that their file system responds"});
      });
}

} // namespace alder::actors

// The environment of a start with the secrets of its service, which are read anew each time: a file that was replaced
// counts from the next start on.
#pragma once

#include "runtime/os/off_loop.hpp"

#include "alder/error.hpp"
#include "alder/spec.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>

namespace alder::actors {

class secret_reader {
public:
  using environment = std::map<std::string, std::string>;

  explicit secret_reader(os::off_loop& threads) : threads_(threads) {}

  /// Calls `then` with the environment of a service and its secrets: at once when it has none, else on the loop when a
  /// thread has read them, which takes 10 s at most. `what` wants them: "shop/web". `fingerprint`: where that of their
  /// files is left. Errors: those of os::read_file, invalid_input (a NUL byte), timed_out.
  void read(const std::string& what, const service_spec& spec, std::function<void(result<environment>)> then,
            const std::shared_ptr<std::uint64_t>& fingerprint = {});

private:
  os::off_loop& threads_;
};

} // namespace alder::actors

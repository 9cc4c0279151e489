// How operations fail: `error`, and `result<T>` that holds a value or one.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>

namespace alder {

/// What a program can branch on; the sentence in `error::message` is for people.
enum class error_kind : std::uint8_t {
  invalid_input, ///< the request itself is wrong
  not_found,     ///< the thing named does not exist
  conflict,      ///< it exists already, or something else is under way
  denied,        ///< permission
  unavailable,   ///< the other side is not there (any more)
  timed_out,
  too_large, ///< a stated limit was exceeded
  io,        ///< the operating system refused; `os_errno` says why
};

/// A failure in operation. `message` is one sentence, outermost context first, without a full stop;
/// `os_errno` is the errno that caused it, 0 when there is none.
struct error {
  error_kind kind = error_kind::io;
  std::string message;
  int os_errno = 0;

  bool operator==(const error&) const = default;
};

/// A value or an `error`. As LevelDB's `Status` with a value, or SerenityOS' `ErrorOr`.
template <class T> class [[nodiscard]] result {
public:
  result(T value) : state_(std::in_place_index<0>, std::move(value)) {} // NOLINT(google-explicit-constructor)
  result(error e) : state_(std::in_place_index<1>, std::move(e)) {}     // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  /// Only when `ok()`.
  [[nodiscard]] const T& value() const& { return std::get<0>(state_); }
  [[nodiscard]] T& value() & { return std::get<0>(state_); }
  [[nodiscard]] T&& value() && { return std::get<0>(std::move(state_)); }
  const T* operator->() const { return &value(); }
  T* operator->() { return &value(); }
  const T& operator*() const& { return value(); }
  T& operator*() & { return value(); }
  T&& operator*() && { return std::get<0>(std::move(state_)); }

  /// Only when not `ok()`.
  [[nodiscard]] const alder::error& failure() const { return std::get<1>(state_); }

private:
  std::variant<T, alder::error> state_;
};

/// The result of an operation that returns nothing.
using outcome = result<std::monostate>;

/// The value of a successful `outcome`.
inline outcome success() { return std::monostate{}; }

} // namespace alder

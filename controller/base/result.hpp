// Errors are values: a Result is what was asked for, or the Error that says why not.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace trainyard {

using Duration = std::chrono::milliseconds;

/// What may be done about a failure. Code decides by kind and reason, never by the text.
enum class ErrorKind {
  NotFound,      // the thing named is not there
  Conflict,      // somebody else changed it, or it is busy: read again
  Throttled,     // too many requests: wait as told
  Transient,     // the network or the service failed; the same again may work
  Unauthorized,  // 401: the credential is not accepted
  Forbidden,     // 403: the credential may not do this
  Quota,         // a quota or capacity limit of the service
  Invalid,       // the request, or what a user wrote, is wrong: repeating does not help
  Canceled,      // stopped by us, or our own deadline passed
  Internal       // a bug
};
std::string_view to_string(ErrorKind kind);

struct Error {
  ErrorKind kind = ErrorKind::Internal;
  std::string reason;                  // CamelCase, becomes condition.reason; Azure's error.code where there is one
  std::string message;                 // one stable sentence for a user: no secret, no time, no request id
  std::optional<Duration> retry_after = std::nullopt;  // what the server asked for
  bool maybe_applied = false;          // a write that may have landed: observe before repeating it
  std::string request_id = {};         // the service's, for the log only
  int status = 0;                      // HTTP status that brought it, 0 if none did

  /// The same error with "while <what>" told: "<what>: <message>".
  [[nodiscard]] Error while_doing(std::string_view what) const;
};

struct Done {};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: as std::expected
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT
  explicit operator bool() const { return state_.index() == 0; }
  [[nodiscard]] bool has_value() const { return state_.index() == 0; }
  T& value() & { return std::get<0>(state_); }
  T const& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  T const& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  T const* operator->() const { return &value(); }
  [[nodiscard]] Error const& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

/// Throws std::logic_error, in release builds too: for what only a broken program can do.
void check(bool condition, char const* what);

}  // namespace trainyard

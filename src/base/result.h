#pragma once

#include <cassert>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

namespace liquid {

/// Why an operation did not succeed. Every code maps to one HTTP status (api/error_status.h).
enum class ErrorCode {
  invalid_argument,    ///< The caller sent something that can never be accepted as it is.
  not_found,           ///< The named thing does not exist.
  conflict,            ///< The thing exists already, or somebody else's change was first.
  invalid_state,       ///< The thing's state (deleted, ended) forbids the change.
  unauthenticated,     ///< Who is asking is unknown, and must be known.
  permission_denied,   ///< Who is asking is known, and may not.
  resource_exhausted,  ///< A limit of the caller (rate, quota, size) is used up.
  unavailable,         ///< Something needed is down or full; the same call may succeed later.
  deadline_exceeded,   ///< The time allowed was used up.
  cancelled,           ///< Somebody asked to stop.
  data_corrupt,        ///< Stored or received bytes are not what their format promises.
  unsupported,         ///< Understood, and deliberately not done.
  internal,            ///< A defect of ours.
};

/// Stable lower-case name, e.g. "not_found"; used in logs and JSON error bodies.
constexpr const char* error_code_name(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_argument: return "invalid_argument";
    case ErrorCode::not_found: return "not_found";
    case ErrorCode::conflict: return "conflict";
    case ErrorCode::invalid_state: return "invalid_state";
    case ErrorCode::unauthenticated: return "unauthenticated";
    case ErrorCode::permission_denied: return "permission_denied";
    case ErrorCode::resource_exhausted: return "resource_exhausted";
    case ErrorCode::unavailable: return "unavailable";
    case ErrorCode::deadline_exceeded: return "deadline_exceeded";
    case ErrorCode::cancelled: return "cancelled";
    case ErrorCode::data_corrupt: return "data_corrupt";
    case ErrorCode::unsupported: return "unsupported";
    case ErrorCode::internal: return "internal";
  }
  return "internal";
}

/// A failure a caller can meet in normal life. The message names what was wrong, its value, and
/// what was expected; it is fit to be shown to the user.
struct [[nodiscard]] Error {
  ErrorCode code = ErrorCode::internal;
  std::string message;

  bool operator==(const Error&) const = default;

  /// Puts "context: " before the message, once, at the place that knows it.
  Error with_context(std::string_view context) && {
    message.insert(0, std::string(context) + ": ");
    return std::move(*this);
  }
};

/// A value or an `Error`. The interface is a subset of `std::expected<T, Error>`.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& value() & { return checked(); }
  const T& value() const& { return const_cast<Result*>(this)->checked(); }
  T&& value() && { return std::move(checked()); }
  T& operator*() & { return checked(); }
  const T& operator*() const& { return const_cast<Result*>(this)->checked(); }
  T&& operator*() && { return std::move(checked()); }
  T* operator->() { return &checked(); }
  const T* operator->() const { return &const_cast<Result*>(this)->checked(); }

  const Error& error() const& {
    assert(!has_value());
    return *std::get_if<1>(&state_);
  }
  Error&& error() && {
    assert(!has_value());
    return std::move(*std::get_if<1>(&state_));
  }

  T value_or(T fallback) && { return has_value() ? std::move(checked()) : std::move(fallback); }

 private:
  T& checked() {
    assert(has_value());
    return *std::get_if<0>(&state_);
  }

  std::variant<T, Error> state_;
};

/// Success without a value, or an `Error`.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)), failed_(true) {}

  bool has_value() const { return !failed_; }
  explicit operator bool() const { return has_value(); }
  const Error& error() const& {
    assert(failed_);
    return error_;
  }
  Error&& error() && {
    assert(failed_);
    return std::move(error_);
  }

 private:
  Error error_;
  bool failed_ = false;
};

}  // namespace liquid

// Errors of the C++ layer. `Error` is a value and may be thrown; `Status` is an Error or nothing.
//
// One style: endpoint code (Source, Sink) throws Error, and the ABI thunks turn it into a sluice_error;
// staging and the host return Status. Nothing thrown ever crosses the ABI.
#pragma once

#include <algorithm>
#include <cstring>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "sluice/abi/error.h"

namespace sluice {

enum class ErrorClass : int32_t {
  config = SLUICE_CONFIG,
  transient = SLUICE_TRANSIENT,
  system = SLUICE_SYSTEM,
  cancelled = SLUICE_CANCELLED,
  damaged = SLUICE_DAMAGED,
};

constexpr std::string_view to_string(ErrorClass cls) {
  switch (cls) {
    case ErrorClass::config:
      return "config";
    case ErrorClass::transient:
      return "transient";
    case ErrorClass::system:
      return "system";
    case ErrorClass::cancelled:
      return "cancelled";
    case ErrorClass::damaged:
      return "damaged";
  }
  return "system";
}

// A failure: what kind, a stable code, and a sentence that names the thing, the reason and the way out.
class Error : public std::exception {
 public:
  // No failure in particular: what containers of results need to exist.
  Error() = default;
  Error(ErrorClass cls, std::string code, std::string message, std::string where = {}, std::string hint = {})
      : cls_(cls),
        code_(std::move(code)),
        message_(std::move(message)),
        where_(std::move(where)),
        hint_(std::move(hint)) {}

  ErrorClass error_class() const { return cls_; }
  const std::string& code() const { return code_; }
  const std::string& message() const { return message_; }
  const std::string& where() const { return where_; }
  const std::string& hint() const { return hint_; }
  bool transient() const { return cls_ == ErrorClass::transient; }
  const char* what() const noexcept override { return message_.c_str(); }

  Error&& at(std::string where) && {
    where_ = std::move(where);
    return std::move(*this);
  }
  Error&& try_this(std::string hint) && {
    hint_ = std::move(hint);
    return std::move(*this);
  }

 private:
  ErrorClass cls_ = ErrorClass::system;
  std::string code_, message_, where_, hint_;
};

// Success, or an Error. One pointer wide; allocation happens only on failure.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Error error)
      : error_(std::make_unique<Error>(std::move(error))) {}  // NOLINT(google-explicit-constructor)

  bool ok() const { return !error_; }
  explicit operator bool() const { return ok(); }
  const Error& error() const { return *error_; }  // only when !ok()
  Error take_error() && { return std::move(*error_); }
  void throw_if_failed() const {
    if (error_) throw *error_;
  }

 private:
  std::unique_ptr<Error> error_;
};

inline std::string_view view(sluice_str text) {
  return text.data ? std::string_view(text.data, text.size) : std::string_view();
}
inline sluice_str abi(std::string_view text) {
  return {text.data(), text.size()};
}

namespace detail {

// Copies as much as fits, never splitting a UTF-8 sequence, always NUL-terminated.
template <size_t N>
void copy_text(char (&to)[N], std::string_view from) {
  size_t size = std::min(from.size(), N - 1);
  if (size < from.size())
    while (size > 0 && (static_cast<unsigned char>(from[size]) & 0xC0u) == 0x80u) --size;
  std::memcpy(to, from.data(), size);
  to[size] = '\0';
}

template <size_t N>
std::string bounded_text(const char (&from)[N]) {
  return std::string(from, strnlen(from, N));
}

}  // namespace detail

// An empty error struct, ready to be passed to an ABI call.
inline sluice_error new_abi_error() {
  sluice_error error;
  std::memset(&error, 0, sizeof error);
  error.size = sizeof error;
  return error;
}

// Fills the caller's struct (may be null) and returns the status to hand back across the ABI.
inline sluice_status to_abi(const Error& from, sluice_error* to) noexcept {
  if (to && to->size >= sizeof(sluice_error)) {
    to->error_class = static_cast<int32_t>(from.error_class());
    detail::copy_text(to->code, from.code());
    detail::copy_text(to->message, from.message());
    detail::copy_text(to->where, from.where());
    detail::copy_text(to->hint, from.hint());
  }
  return static_cast<sluice_status>(from.error_class());
}

// What a plugin answered, as a Status. Texts are outside data: bounded here, class forced into the known
// range.
inline Status from_abi(sluice_status status, const sluice_error& error) {
  if (status == SLUICE_OK) return {};
  auto cls = status >= SLUICE_CONFIG && status <= SLUICE_DAMAGED ? static_cast<ErrorClass>(status)
                                                                 : ErrorClass::system;
  std::string code = detail::bounded_text(error.code), message = detail::bounded_text(error.message);
  if (code.empty()) code = "E_PLUGIN";
  if (message.empty()) message = "failed with status " + std::to_string(status) + " and no message";
  return Error(cls, std::move(code), std::move(message), detail::bounded_text(error.where),
               detail::bounded_text(error.hint));
}

}  // namespace sluice

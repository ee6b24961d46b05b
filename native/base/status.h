// The outcome of an operation that can fail: an errno and the system call that gave it, or a value.
// The core is built without exceptions, so every failure travels as one of these two types; both are
// [[nodiscard]], and a caller that ignores one on purpose says why beside the call.
// Nothing here makes a message: text is the business of the TypeScript side, which knows the language's
// error classes and realm.
#pragma once

#include <cassert>
#include <cerrno>
#include <optional>
#include <utility>

namespace readyloop::base {

class [[nodiscard]] Status {
 public:
  // Success.
  constexpr Status() noexcept = default;

  // A failure: a positive errno, and the name of the call that failed (a string literal).
  constexpr Status(int error, const char* syscall) noexcept : error_(error), syscall_(syscall) {}

  // The failure that the system call just made has left in errno.
  static Status from_errno(const char* syscall) noexcept { return Status(errno, syscall); }

  [[nodiscard]] constexpr bool ok() const noexcept { return error_ == 0; }
  [[nodiscard]] constexpr int error() const noexcept { return error_; }
  [[nodiscard]] constexpr const char* syscall() const noexcept { return syscall_; }

 private:
  int error_ = 0;
  const char* syscall_ = "";
};

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) noexcept : value_(std::move(value)) {}
  Result(Status failure) noexcept : status_(failure) {
    assert(!failure.ok() && "a Result without a value must carry a failure");
  }

  [[nodiscard]] bool ok() const noexcept { return value_.has_value(); }
  [[nodiscard]] Status status() const noexcept { return status_; }
  [[nodiscard]] int error() const noexcept { return status_.error(); }

  // Only for a Result that is ok().
  [[nodiscard]] T& value() noexcept {
    assert(ok() && "value() of a failed Result");
    return *value_;
  }
  [[nodiscard]] T take() noexcept {
    assert(ok() && "take() of a failed Result");
    return std::move(*value_);
  }

 private:
  std::optional<T> value_;
  Status status_;
};

}  // namespace readyloop::base

// Reading what JavaScript passed, and making what it gets back.
//
// This is the one place where JavaScript's milliseconds become nanoseconds and
// back. Everything here lives on the caller's stack: a hot call (arm, disarm)
// costs one napi_get_cb_info plus one napi_get_value_* per argument.
//
// A native method never has a receiver to check. Measured on Node 20, x64, for a
// method with three numbers: 92 ns with unwrap and type-tag check, 52 ns with
// unwrap alone, 18 ns when the function itself carries its LoopObject as
// `data`. So each method is a closure over its object (see loop_object.h);
// calling it on another receiver is not an error, because it has none.
#ifndef READYLOOP_ADDON_ARGS_H_
#define READYLOOP_ADDON_ARGS_H_

#include <node_api.h>

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/clock.h"

namespace readyloop::addon {

// Node-API answers `napi_pending_exception` to nearly everything while its
// thread is being terminated, and our callers are about to be unwound anyway;
// other failures of the calls wrapped by this one would be misuse on our side.
// Consequence: a failed call leaves its output null, which JavaScript sees as
// undefined. Named so that each ignored status is ignored on purpose.
inline void ignore_status(napi_status) noexcept {}

// Milliseconds since the clock's origin, as `now()` reports them.
[[nodiscard]] double to_milliseconds(base::Instant instant) noexcept;

// The span of `ms` milliseconds, rounded up to whole nanoseconds so that no wait
// ends early; negative is zero, Infinity and the unrepresentable saturate.
[[nodiscard]] base::Duration to_duration(double ms) noexcept;

// The first instant for which to_milliseconds() is not below `ms`; saturates.
[[nodiscard]] base::Instant to_instant(double ms) noexcept;

// `instant + span`, saturating at the last representable instant.
[[nodiscard]] base::Instant add_saturating(base::Instant instant, base::Duration span) noexcept;

[[nodiscard]] inline napi_value make_number(napi_env env, double value) noexcept {
  napi_value result = nullptr;
  ignore_status(napi_create_double(env, value, &result));
  return result;
}

[[nodiscard]] inline napi_value make_int(napi_env env, std::int32_t value) noexcept {
  napi_value result = nullptr;
  ignore_status(napi_create_int32(env, value, &result));
  return result;
}

[[nodiscard]] inline napi_value make_bool(napi_env env, bool value) noexcept {
  napi_value result = nullptr;
  ignore_status(napi_get_boolean(env, value, &result));
  return result;
}

[[nodiscard]] inline napi_value make_string(napi_env env, const char* text) noexcept {
  napi_value result = nullptr;
  ignore_status(napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &result));
  return result;
}

// The N arguments of one call. A missing or mistyped one reads as zero and makes
// ok() false; the method then returns throw_type_error() without any effect.
template <std::size_t N>
class Args {
 public:
  Args(napi_env env, napi_callback_info info) noexcept : env_(env) {
    std::size_t count = N;  // missing ones are filled with undefined
    note(napi_get_cb_info(env, info, &count, N == 0 ? nullptr : values_, nullptr, &closure_));
  }
  Args(const Args&) = delete;
  Args& operator=(const Args&) = delete;

  // What the function was created with.
  template <typename Object>
  [[nodiscard]] Object& closure() const noexcept {
    return *static_cast<Object*>(closure_);
  }

  [[nodiscard]] napi_value raw(std::size_t index) const noexcept { return values_[index]; }

  [[nodiscard]] std::uint32_t uint32(std::size_t index) noexcept {
    std::uint32_t value = 0;
    note(napi_get_value_uint32(env_, values_[index], &value));
    return value;
  }

  [[nodiscard]] std::int32_t int32(std::size_t index) noexcept {
    std::int32_t value = 0;
    note(napi_get_value_int32(env_, values_[index], &value));
    return value;
  }

  // NaN is refused: it would compare false with every bound and never fire.
  [[nodiscard]] double milliseconds(std::size_t index) noexcept {
    double value = 0;
    note(napi_get_value_double(env_, values_[index], &value));
    if (value != value) ok_ = false;
    return value;
  }

  [[nodiscard]] bool boolean(std::size_t index) noexcept {
    bool value = false;
    note(napi_get_value_bool(env_, values_[index], &value));
    return value;
  }

  [[nodiscard]] bool ok() const noexcept { return ok_; }

  // Leaves a TypeError pending that shows `signature`, the call as it is meant.
  napi_value throw_type_error(const char* signature) const noexcept {
    ignore_status(napi_throw_type_error(env_, "ERR_INVALID_ARG_TYPE", signature));
    return nullptr;
  }

 private:
  void note(napi_status status) noexcept {
    if (status != napi_ok) ok_ = false;
  }

  napi_env env_;
  napi_value values_[N == 0 ? 1 : N] = {};
  void* closure_ = nullptr;
  bool ok_ = true;
};

}  // namespace readyloop::addon

#endif  // READYLOOP_ADDON_ARGS_H_

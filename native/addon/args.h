// Reading what JavaScript passed, and making what it gets back. Milliseconds become nanoseconds here
// and nowhere else. Everything lives on the caller's stack: a hot call (arm, disarm) costs one
// napi_get_cb_info plus one napi_get_value_* per argument.
//
// A method has no receiver to check. Measured on Node 20, x64, for three numbers: 92 ns with napi_unwrap
// and a type-tag check, 52 ns with napi_unwrap alone, 18 ns when the function itself carries its object.
// So each method is a closure over its LoopObject, and there is no receiver that could be the wrong one.
#pragma once

#include <node_api.h>

#include <cstddef>
#include <cstdint>

#include "base/instant.h"
#include "loop/timer_heap.h"

namespace readyloop::addon {

// For calls that can fail in two ways only: by a mistake of ours, or because the thread is being terminated,
// when Node-API refuses everything that could touch JavaScript. Consequence of the second: an output
// stays null, which JavaScript would see as undefined if it ran again, and it does not.
inline void ignore_status(napi_status) noexcept {}

// The span of `ms` milliseconds in whole nanoseconds, rounded up so that no wait ends early.
// Negative is zero; Infinity and whatever else is too long saturates.
[[nodiscard]] base::Duration to_duration(double ms) noexcept;

// The first instant that base::to_milliseconds() does not show before `ms`; saturates.
[[nodiscard]] base::Instant to_instant(double ms) noexcept;

[[nodiscard]] inline napi_value make_number(napi_env env, double value) noexcept {
  napi_value result = nullptr;
  ignore_status(napi_create_double(env, value, &result));
  return result;
}

[[nodiscard]] inline napi_value make_int32(napi_env env, std::int32_t value) noexcept {
  napi_value result = nullptr;
  ignore_status(napi_create_int32(env, value, &result));
  return result;
}

[[nodiscard]] inline napi_value make_boolean(napi_env env, bool value) noexcept {
  napi_value result = nullptr;
  ignore_status(napi_get_boolean(env, value, &result));
  return result;
}

// Leaves a TypeError pending; `signature` shows the call as it is meant. Null, for the caller to return.
inline napi_value throw_type_error(napi_env env, const char* signature) noexcept {
  ignore_status(napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", signature));
  return nullptr;
}

// The N arguments of one call. A missing or mistyped one reads as zero and makes ok() false; the method then
// returns throw_type_error() before it has had any effect.
template <std::size_t N>
class Args {
 public:
  Args(napi_env env, napi_callback_info info) noexcept : env_(env) {
    std::size_t count = N;  // the missing ones are filled with undefined
    note(napi_get_cb_info(env, info, &count, N == 0 ? nullptr : values_, nullptr, &closure_));
  }
  Args(const Args&) = delete;
  Args& operator=(const Args&) = delete;

  // What the function was made with.
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

  // Of a timer. What no sink can have is refused, because the table of positions grows with the highest slot.
  [[nodiscard]] std::uint32_t slot(std::size_t index) noexcept {
    const std::uint32_t value = uint32(index);
    if (value >= loop::kSlotLimit) ok_ = false;
    return value;
  }

  [[nodiscard]] std::int32_t int32(std::size_t index) noexcept {
    std::int32_t value = 0;
    note(napi_get_value_int32(env_, values_[index], &value));
    return value;
  }

  // NaN is refused: it compares false with every bound, so the wait would have no meaning.
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

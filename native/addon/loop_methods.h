// NativeLoop as JavaScript sees it: the class, and the functions that each of its objects carries.
#pragma once

#include <node_api.h>

namespace readyloop::addon {

// The constructor `new NativeLoop(ring: ArrayBuffer, selector: string)`, or null if an exception is pending.
[[nodiscard]] napi_value define_native_loop(napi_env env) noexcept;

}  // namespace readyloop::addon

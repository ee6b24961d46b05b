// The sockets of one NativeLoop as JavaScript sees them: an object with one function for each command, made when the
// first socket is wanted. Like the loop's, its functions carry the LoopObject and count as references to it.
#pragma once

#include <node_api.h>

#include "addon/loop_object.h"

namespace readyloop::addon {

// transports(slab: ArrayBuffer, outbox: ArrayBuffer): the object, or a negative errno.
[[nodiscard]] napi_value open_transports(napi_env env, napi_callback_info info) noexcept;

}  // namespace readyloop::addon

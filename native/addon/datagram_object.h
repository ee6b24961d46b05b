// The commands for sockets of datagrams and packets, beside those of the other transports on the same object.
#pragma once

#include <node_api.h>

#include "addon/loop_object.h"

namespace readyloop::addon {

// False: an exception is pending.
[[nodiscard]] bool define_datagram_methods(napi_env env, napi_value target, LoopObject& object) noexcept;

}  // namespace readyloop::addon

// `kernelFeatures()` of the addon: an object from the names of base/kernel_features.h to booleans, asked at each call.
#pragma once

#include <node_api.h>

namespace readyloop::addon {

// The function, or null with a failure of Node-API.
[[nodiscard]] napi_value define_kernel_features(napi_env env) noexcept;

}  // namespace readyloop::addon

// Giving an object functions that carry a LoopObject, each of which keeps it alive.
#pragma once

#include <node_api.h>

#include <cstddef>
#include <optional>
#include <string>

#include "addon/args.h"
#include "addon/loop_object.h"
#include "base/status.h"

namespace readyloop::addon {

struct Method {
  const char* name;
  napi_callback call;
};

// False: an exception is pending.
[[nodiscard]] bool define_methods(napi_env env, napi_value target, LoopObject& object, const Method* methods,
                                  std::size_t count) noexcept;

// No value: it is no string.
[[nodiscard]] std::optional<std::string> read_string(napi_env env, napi_value value) noexcept;

[[nodiscard]] inline napi_value make_text(napi_env env, const std::string& text) noexcept {
  napi_value result = nullptr;
  ignore_status(napi_create_string_utf8(env, text.data(), text.size(), &result));
  return result;
}

[[nodiscard]] inline napi_value make_errno(napi_env env, const base::Status& status) noexcept {
  return make_int32(env, status.ok() ? 0 : -status.error());
}

}  // namespace readyloop::addon

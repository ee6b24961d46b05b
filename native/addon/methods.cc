// See methods.h.
#include "addon/methods.h"

namespace readyloop::addon {

namespace {

void release_function(napi_env, void* object, void*) noexcept { static_cast<LoopObject*>(object)->release(); }

}  // namespace

// Each function keeps the LoopObject alive, so the reference is taken before its finalizer can run.
bool define_methods(napi_env env, napi_value target, LoopObject& object, const Method* methods,
                    std::size_t count) noexcept {
  for (std::size_t i = 0; i < count; ++i) {
    const Method& method = methods[i];
    napi_value function = nullptr;
    if (napi_create_function(env, method.name, NAPI_AUTO_LENGTH, method.call, &object, &function) != napi_ok) {
      return false;
    }
    object.retain();
    if (napi_add_finalizer(env, function, &object, release_function, nullptr, nullptr) != napi_ok) {
      object.release();
      return false;
    }
    if (napi_set_named_property(env, target, method.name, function) != napi_ok) return false;
  }
  return true;
}

std::optional<std::string> read_string(napi_env env, napi_value value) noexcept {
  std::size_t length = 0;
  if (napi_get_value_string_utf8(env, value, nullptr, 0, &length) != napi_ok) return std::nullopt;
  std::string text(length, '\0');
  if (napi_get_value_string_utf8(env, value, text.data(), length + 1, &length) != napi_ok) return std::nullopt;
  return text;
}

}  // namespace readyloop::addon

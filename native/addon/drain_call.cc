// The one napi_make_callback of the addon, and what surrounds it.
#include "addon/drain_call.h"

#include <cstdint>

#include "addon/args.h"
#include "loop/record.h"

namespace readyloop::addon {

bool DrainCall::open(napi_env env, napi_value drain, napi_value resource) noexcept {
  env_ = env;
  napi_valuetype drain_type = napi_undefined;
  napi_valuetype resource_type = napi_undefined;
  napi_value name = nullptr;
  // The references are strong on purpose: Node-API keeps only a weak one to the resource, and a resource that
  // was collected takes the AsyncLocalStorage stores with it.
  const bool opened =
      napi_typeof(env, drain, &drain_type) == napi_ok && drain_type == napi_function &&
      napi_typeof(env, resource, &resource_type) == napi_ok && resource_type == napi_object &&
      napi_create_string_utf8(env, "readyloop", NAPI_AUTO_LENGTH, &name) == napi_ok &&
      napi_create_reference(env, drain, 1, &drain_) == napi_ok &&
      napi_create_reference(env, resource, 1, &resource_) == napi_ok &&
      napi_async_init(env, resource, name, &context_) == napi_ok;
  if (!opened) release();
  return opened;
}

void DrainCall::run() noexcept {
  while (!stopped_ && call()) {
  }
}

bool DrainCall::call() noexcept {
  napi_handle_scope scope = nullptr;
  if (napi_open_handle_scope(env_, &scope) != napi_ok) return false;
  napi_value drain = nullptr;
  napi_value receiver = nullptr;
  napi_value answer = nullptr;
  std::int32_t code = loop::kDrainDone;
  // The receiver is the resource itself: with another object, Node versions differ in which of the two carries
  // the AsyncLocalStorage stores (nodejs/node#43038).
  const bool called =
      napi_get_reference_value(env_, drain_, &drain) == napi_ok &&
      napi_get_reference_value(env_, resource_, &receiver) == napi_ok &&
      napi_make_callback(env_, context_, receiver, drain, 0, nullptr, &answer) == napi_ok;
  if (!called) {
    report_exception();
  } else if (napi_get_value_int32(env_, answer, &code) != napi_ok) {
    code = loop::kDrainDone;
  }
  ignore_status(napi_close_handle_scope(env_, scope));
  return code == loop::kDrainReenter;
}

// A thread that is being terminated has no exception, or one that Node refuses to report; either way the call
// ends quietly here and the cleanup hook does the rest.
void DrainCall::report_exception() noexcept {
  bool pending = false;
  napi_value exception = nullptr;
  if (napi_is_exception_pending(env_, &pending) != napi_ok || !pending) return;
  if (napi_get_and_clear_last_exception(env_, &exception) != napi_ok) return;
  ignore_status(napi_fatal_exception(env_, exception));
}

void DrainCall::release() noexcept {
  stopped_ = true;
  if (context_ != nullptr) ignore_status(napi_async_destroy(env_, context_));
  if (resource_ != nullptr) ignore_status(napi_delete_reference(env_, resource_));
  if (drain_ != nullptr) ignore_status(napi_delete_reference(env_, drain_));
  context_ = nullptr;
  resource_ = nullptr;
  drain_ = nullptr;
}

}  // namespace readyloop::addon

// The two ways into JavaScript, and what surrounds them.
#include "addon/drain_call.h"

#include <cstdint>

#include "addon/args.h"
#include "loop/record.h"

namespace readyloop::addon {
namespace {

// A thread that is being terminated has no exception, or one that Node refuses to report; either way the call
// ends quietly here and the cleanup hook does the rest.
void report_exception(napi_env env) noexcept {
  bool pending = false;
  napi_value exception = nullptr;
  if (napi_is_exception_pending(env, &pending) != napi_ok || !pending) return;
  if (napi_get_and_clear_last_exception(env, &exception) != napi_ok) return;
  ignore_status(napi_fatal_exception(env, exception));
}

DrainAnswer read_answer(napi_env env, bool called, napi_value answer) noexcept {
  std::int32_t code = loop::kDrainDone;
  if (!called) {
    report_exception(env);
    return DrainAnswer::kFailed;
  }
  if (napi_get_value_int32(env, answer, &code) != napi_ok) return DrainAnswer::kDone;
  return code == loop::kDrainReenter ? DrainAnswer::kReenter : DrainAnswer::kDone;
}

}  // namespace

DrainAnswer call_drain_in_scope(napi_env env, napi_value drain) noexcept {
  napi_value receiver = nullptr;
  napi_value answer = nullptr;
  const bool called = napi_get_undefined(env, &receiver) == napi_ok &&
                      napi_call_function(env, receiver, drain, 0, nullptr, &answer) == napi_ok;
  return read_answer(env, called, answer);
}

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
  while (!stopped_ && call() == DrainAnswer::kReenter) {
  }
}

DrainAnswer DrainCall::call() noexcept {
  napi_handle_scope scope = nullptr;
  if (napi_open_handle_scope(env_, &scope) != napi_ok) return DrainAnswer::kFailed;
  napi_value drain = nullptr;
  napi_value receiver = nullptr;
  napi_value answer = nullptr;
  // The receiver is the resource itself: with another object, Node versions differ in which of the two carries
  // the AsyncLocalStorage stores (nodejs/node#43038).
  const bool called =
      napi_get_reference_value(env_, drain_, &drain) == napi_ok &&
      napi_get_reference_value(env_, resource_, &receiver) == napi_ok &&
      napi_make_callback(env_, context_, receiver, drain, 0, nullptr, &answer) == napi_ok;
  const DrainAnswer result = read_answer(env_, called, answer);
  ignore_status(napi_close_handle_scope(env_, scope));
  return result;
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

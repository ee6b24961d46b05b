// The calls from C++ into JavaScript: the drain of a hosted loop, by either driver. Nothing else in the addon calls a
// JavaScript function.
//
// Each call is a callback scope of its own: when it closes, the host runs process.nextTick callbacks and
// microtasks. That is why the drain can ask to be entered again: whatever it left for promise reactions runs
// between the two entries. The async context is made once, from the resource that the run gave, so that
// AsyncLocalStorage and async_hooks see one resource for the whole run and not one per turn.
#pragma once

#include <node_api.h>

namespace readyloop::addon {

// How one entry of a drain ended.
enum class DrainAnswer {
  kDone,
  kReenter,  // microtasks first, then the drain again
  kFailed,   // by an exception, which was reported, or because the environment ends
};

// Calls drain() once, in a scope that the caller's caller has opened and will close: that of a thread-safe function.
[[nodiscard]] DrainAnswer call_drain_in_scope(napi_env env, napi_value drain) noexcept;

// Calls drain() in callback scopes of its own.
class DrainCall {
 public:
  DrainCall() noexcept = default;
  DrainCall(const DrainCall&) = delete;
  DrainCall& operator=(const DrainCall&) = delete;

  // False: `drain` is no function, `resource` no object, or the environment is ending.
  [[nodiscard]] bool open(napi_env env, napi_value drain, napi_value resource) noexcept;

  // Calls drain() until it no longer asks to be entered again. An exception goes to 'uncaughtException', as from
  // any callback of Node's; what it left undrained is the next turn's. The caller has a handle scope open.
  void run() noexcept;

  // No call begins after this; JavaScript may say it from inside run().
  void stop() noexcept { stopped_ = true; }

  // Gives back what open() took. Not from inside run(): Node still uses the async context then.
  void release() noexcept;

 private:
  [[nodiscard]] DrainAnswer call() noexcept;

  napi_env env_ = nullptr;
  napi_ref drain_ = nullptr;
  napi_ref resource_ = nullptr;
  napi_async_context context_ = nullptr;
  bool stopped_ = false;
};

}  // namespace readyloop::addon

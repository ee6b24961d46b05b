// The hosted driver on libuv: Node's loop blocks, and ours is a descriptor in it. This is the only part that knows libuv,
// and it finds libuv's functions when it runs: a host without them can load the addon all the same.
//
// Before Node blocks, a prepare hook looks once. If a record waits or a timer is due, an idle handle keeps Node from
// blocking and a check handle runs the turn right after its poll; otherwise one uv_timer stands for the next
// deadline and nothing else is active, so an idle process makes no wake-ups. A turn also follows when
// the selector's descriptor becomes readable. At most one turn runs per iteration of Node's loop.
//
// Invariant: the uv handles never keep the process alive, except the one that set_ref(true) refers to.
// Lifetime: two parties hold a driver, its owner and libuv; it is deleted when both have let go. After
// release() it never touches the loop again.
#pragma once

#include <node_api.h>
#include <poll.h>

#include <memory>
#include <vector>

#include "addon/drain_call.h"
#include "addon/hosted_driver.h"
#include "base/clock.h"
#include "base/status.h"
#include "loop/loop.h"
#include "loop/poller_thread.h"

namespace readyloop::addon {

class UvDriver final : public HostedDriver {
 public:
  [[nodiscard]] static base::Result<HostedDriver*> start(napi_env env, loop::Loop& loop, base::Clock& clock,
                                                         napi_value drain, napi_value resource) noexcept;

  void set_ref(bool referenced) noexcept override;
  void release() noexcept override;
  // The prepare hook does all that: nobody has to ask.
  [[nodiscard]] bool settle() noexcept override { return false; }
  void ask_turn() noexcept override {}

 private:
  struct Handles;
  struct OnHost;  // the C callbacks, in the one file that knows their types

  UvDriver(napi_env env, loop::Loop& loop, base::Clock& clock) noexcept;
  ~UvDriver() override;

  [[nodiscard]] base::Status open(napi_value drain, napi_value resource) noexcept;
  [[nodiscard]] base::Status open_anchor() noexcept;
  [[nodiscard]] base::Status start_anchor() noexcept;
  void open_hooks() noexcept;

  void prepare() noexcept;
  void start_spinning() noexcept;
  void start_waiting() noexcept;
  void arm_poller() noexcept;
  void turn_unless_spinning() noexcept;
  void turn() noexcept;

  void close_handles() noexcept;
  void handle_closed() noexcept;
  void finish() noexcept;

  napi_env env_;
  loop::Loop& loop_;
  base::Clock& clock_;
  DrainCall drain_;
  std::unique_ptr<Handles> handles_;
  // Only beside a selector without a descriptor: the thread, and what it is to wait for.
  std::unique_ptr<loop::PollerThread> poller_;
  std::vector<pollfd> snapshot_;
  napi_async_cleanup_hook_handle cleanup_hook_ = nullptr;
  base::Instant timer_deadline_ = base::Instant::never();  // what the uv_timer stands for, when it is active
  bool in_turn_ = false;
  bool has_turned_ = false;  // since the last prepare
  bool closing_ = false;
  bool released_ = false;
  bool finished_ = false;
};

// Whether this process has every function of libuv that the driver calls, and this thread a loop of libuv's. A host may
// export functions that do nothing but abort (Bun does): that cannot be found out here, and is known by the host's name.
[[nodiscard]] bool has_uv(napi_env env) noexcept;

// The descriptor that becomes readable when something waits for this thread's Node loop, or -1 if there is none.
[[nodiscard]] int host_backend_descriptor(napi_env env) noexcept;

// Requests to the system and jobs of threads that this thread's Node loop waits for, or -1 if that is not known.
[[nodiscard]] int host_requests(napi_env env) noexcept;

}  // namespace readyloop::addon

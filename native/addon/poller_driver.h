// The hosted driver for hosts whose loop cannot be joined: Bun, Deno, and Node when it is told so. A thread waits on the
// selector's descriptor and for the next deadline; when there is something to do, it calls a thread-safe function, and
// the turn runs in that call, on the loop's own thread. Needs nothing but Node-API.
//
// Nobody asks this driver before the host blocks, so whoever changes something outside of a turn says so with settle(),
// which flushes, arms the thread, and answers whether a turn is needed; and so does the drain at its end. The turn is
// asked for with ask_turn(), once the host has had its say: many calls of a thread-safe function may be made in one
// iteration of the host's loop, and Node's own callbacks would not get a word in.
// Only the rest of a turn whose drain wants microtasks first is asked for at once: between two calls they run.
//
// Invariant: at most one call is under way, however many ask; between two turns the thread asks at most once, so
// an idle loop makes no wake-ups. Only set_ref(true) keeps the process alive.
// Lifetime: two parties hold a driver, its owner and the thread-safe function; it is deleted when both have let go. After
// release() it never touches the loop again. The thread is joined before either lets go.
#pragma once

#include <node_api.h>
#include <poll.h>

#include <atomic>
#include <memory>
#include <vector>

#include "addon/hosted_driver.h"
#include "base/clock.h"
#include "base/status.h"
#include "loop/loop.h"
#include "loop/poller_thread.h"

namespace readyloop::addon {

class PollerDriver final : public HostedDriver {
 public:
  [[nodiscard]] static base::Result<HostedDriver*> start(napi_env env, loop::Loop& loop, base::Clock& clock,
                                                         napi_value drain, napi_value resource) noexcept;

  void set_ref(bool referenced) noexcept override;
  void release() noexcept override;
  [[nodiscard]] bool settle() noexcept override;
  void ask_turn() noexcept override;

 private:
  struct OnHost;  // the C callbacks

  PollerDriver(napi_env env, loop::Loop& loop, base::Clock& clock) noexcept;
  ~PollerDriver() override;

  [[nodiscard]] base::Status open(napi_value drain, napi_value resource) noexcept;
  // Any thread.
  void call() noexcept;

  void called(napi_value drain) noexcept;
  void turn(napi_value drain) noexcept;
  [[nodiscard]] bool select() noexcept;
  void arm_thread() noexcept;

  void close() noexcept;
  void host_let_go() noexcept;

  napi_env env_;
  loop::Loop& loop_;
  base::Clock& clock_;
  napi_threadsafe_function function_ = nullptr;
  std::unique_ptr<loop::PollerThread> thread_;
  std::vector<pollfd> wanted_;
  std::atomic<bool> is_called_{false};    // a call is under way
  std::atomic<bool> host_closed_{false};  // the host has closed the function by itself: it must not be named again
  bool is_asked_ = false;                 // JavaScript wants its drain to be called, whether there are records or not
  bool is_mid_turn_ = false;              // the drain wants to be entered again
  bool in_turn_ = false;
  bool has_hook_ = false;
  bool closing_ = false;
  bool released_ = false;
  bool finished_ = false;
};

}  // namespace readyloop::addon

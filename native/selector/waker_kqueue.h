// The waker of a kqueue: a user event in the queue itself, which needs no descriptor.
//
// Invariant: as in FdWaker, pending_ is true from the first wake() until drain(), and only the wake() that set it
// triggers the event. EV_CLEAR resets the event when it is collected, before drain() lets the next wake() trigger it.
#pragma once

#include <atomic>

#include "selector/kqueue_syscalls.h"
#include "selector/waker.h"

namespace readyloop::selector {

class KqueueWaker final : public Waker {
 public:
  // `queue` is the descriptor of the selector that will be attached.
  KqueueWaker(int queue, const KqueueSyscalls& syscalls) noexcept : syscalls_(syscalls), queue_(queue) {}

  base::Status attach(Selector& selector, base::Token token) noexcept override;
  void wake() noexcept override;
  void drain() noexcept override;

 private:
  const KqueueSyscalls& syscalls_;
  int queue_;
  base::Token token_;
  std::atomic<bool> pending_{false};
  static_assert(std::atomic<bool>::is_always_lock_free, "wake() runs in signal handlers");
};

}  // namespace readyloop::selector

// A waker made of descriptors: a byte count is written into one end, and the other end polls readable. One class
// serves eventfd (both ends are one descriptor) and a pipe.
//
// Invariant: pending_ is true from the first wake() until drain() has read, and only the wake() that set it writes. So
// at most one write is unread, and no wake-up is lost: one that finds pending_ true comes before the end of a drain(),
// after which the sleeper looks at what the wakers left.
#pragma once

#include <atomic>

#include "base/fd.h"
#include "base/syscalls.h"
#include "selector/waker.h"

namespace readyloop::selector {

class FdWaker final : public Waker {
 public:
  // `writer` is empty if `reader` is also what is written to.
  FdWaker(base::Fd reader, base::Fd writer, const base::Syscalls& syscalls) noexcept;

  base::Status attach(Selector& selector, base::Token token) noexcept override;
  void wake() noexcept override;
  void drain() noexcept override;

 private:
  base::Fd reader_;
  base::Fd writer_;
  const base::Syscalls& syscalls_;
  std::atomic<bool> pending_{false};
  static_assert(std::atomic<bool>::is_always_lock_free, "wake() runs in signal handlers");
};

}  // namespace readyloop::selector

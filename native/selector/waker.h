// Ends a blocking select from another thread or from a signal handler. Wake-ups coalesce: any number
// of them before the loop looks are one event. After drain() whoever sleeps must look at what the wakers left
// for it; a wake() that comes later ends the next select.
// A waker carries no data. It must be attached to one selector before the first wake, and that selector must
// outlive it.
#pragma once

#include <memory>

#include "base/status.h"
#include "base/token.h"
#include "selector/selector.h"

namespace readyloop::selector {

class Waker {
 public:
  // The waker that fits this selector best: eventfd beside epoll, EVFILT_USER in a kqueue, a pipe beside poll(2).
  [[nodiscard]] static base::Result<std::unique_ptr<Waker>> create(const Selector& selector);

  Waker() = default;
  Waker(const Waker&) = delete;
  Waker& operator=(const Waker&) = delete;
  virtual ~Waker() = default;

  // From now on a wake-up is an event with this token.
  virtual base::Status attach(Selector& selector, base::Token token) noexcept = 0;

  // Any thread, any number of times, also from a signal handler; errno is kept.
  virtual void wake() noexcept = 0;

  // On the loop's thread, when the event was seen.
  virtual void drain() noexcept = 0;
};

}  // namespace readyloop::selector

// Waits for a selector that has no descriptor of its own: poll(2). Node's loop cannot watch such a selector, so
// a thread waits in its stead on a copy of the descriptors, and says once when one is ready. It does not
// consume anything: the turn that follows asks the selector itself.
//
// Invariant: between two arms the thread notifies at most once, and while nothing is armed it sleeps, so a
// readiness that nobody takes cannot spin it.
// It knows neither the loop nor libuv.
#pragma once

#include <poll.h>
#include <pthread.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "base/status.h"
#include "selector/selector.h"
#include "selector/waker.h"

namespace readyloop::addon {

class HostPoller {
 public:
  using Notify = void (*)(void* receiver) noexcept;

  // `notify` is called on the poller's thread, never after the destructor has returned.
  [[nodiscard]] static base::Result<std::unique_ptr<HostPoller>> start(Notify notify, void* receiver) noexcept;

  HostPoller(const HostPoller&) = delete;
  HostPoller& operator=(const HostPoller&) = delete;
  ~HostPoller();

  // Waits for these from now on, instead of what was armed before. Costs a comparison while the revision is the same.
  // Comparing the descriptors would not do: a number that was closed and opened anew looks as before, and the thread
  // would go on waiting for the old file, which its poll keeps alive.
  void arm(const std::vector<pollfd>& wanted, std::uint64_t revision) noexcept;

 private:
  HostPoller(Notify notify, void* receiver, std::unique_ptr<selector::Selector> own_selector,
             std::unique_ptr<selector::Waker> waker) noexcept;

  static void* run_thread(void* poller) noexcept;
  void run() noexcept;
  [[nodiscard]] bool load(std::vector<pollfd>& out) noexcept;
  void report_once() noexcept;

  const Notify notify_;
  void* const receiver_;

  // What ends the thread's poll: a waker, in a selector of its own that only lends the waker's pollfd. Borrowed from
  // the core so that pipes and their flags stay in one place per system.
  std::unique_ptr<selector::Selector> own_selector_;
  std::unique_ptr<selector::Waker> waker_;

  std::mutex mutex_;  // guards the next five
  std::vector<pollfd> wanted_;
  std::uint64_t revision_ = 0;
  bool armed_ = false;
  bool changed_ = false;  // the thread still waits for an older list
  bool stopping_ = false;

  pthread_t thread_{};
  bool started_ = false;
};

}  // namespace readyloop::addon

// A thread that waits in the place of somebody who cannot: of Node's loop, which cannot watch poll(2), or of a host's loop
// that nobody can join. It waits on a copy of descriptors and until a deadline, and says once when there is something
// to do. It consumes nothing: the turn that follows asks the selector and the timers itself.
//
// Invariant: between two arms the thread notifies at most once, and while nothing is armed it sleeps, so a
// readiness that nobody takes cannot spin it. It is never early: a deadline that was moved back meanwhile is waited for.
// It knows neither the loop nor its host.
#pragma once

#include <poll.h>
#include <pthread.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "selector/poll_wait.h"
#include "selector/selector.h"
#include "selector/waker.h"

namespace readyloop::loop {

class PollerThread {
 public:
  using Notify = void (*)(void* receiver) noexcept;

  // `notify` is called on the thread, never after the destructor has returned. The clock is read by the thread; it and
  // the table of calls outlive the thread.
  [[nodiscard]] static base::Result<std::unique_ptr<PollerThread>> start(
      Notify notify, void* receiver, base::Clock& clock,
      const selector::PollSyscalls& syscalls = selector::kPollSyscalls) noexcept;

  PollerThread(const PollerThread&) = delete;
  PollerThread& operator=(const PollerThread&) = delete;
  ~PollerThread();

  // Waits for these from now on, and for the deadline, instead of what was armed before. Costs a comparison while it is
  // armed for the same revision and no later deadline.
  // Comparing the descriptors would not do: a number that was closed and opened anew looks as before, and the thread
  // would go on waiting for the old file, which its poll keeps alive.
  void arm(const std::vector<pollfd>& wanted, std::uint64_t revision,
           base::Instant deadline = base::Instant::never()) noexcept;

 private:
  PollerThread(Notify notify, void* receiver, base::Clock& clock, const selector::PollSyscalls& syscalls,
               std::unique_ptr<selector::Selector> own_selector, std::unique_ptr<selector::Waker> waker) noexcept;

  static void* run_thread(void* thread) noexcept;
  void run() noexcept;
  [[nodiscard]] bool load(std::vector<pollfd>& out, base::Duration& wait) noexcept;
  void report_once(bool by_deadline) noexcept;

  const Notify notify_;
  void* const receiver_;
  base::Clock& clock_;
  const selector::PollSyscalls& syscalls_;

  // What ends the thread's poll: a waker, in a selector of its own that only lends the waker's pollfd. Borrowed from
  // the core so that pipes and their flags stay in one place per system.
  std::unique_ptr<selector::Selector> own_selector_;
  std::unique_ptr<selector::Waker> waker_;

  std::mutex mutex_;  // guards what follows, up to the thread
  std::vector<pollfd> wanted_;
  std::uint64_t revision_ = 0;
  base::Instant deadline_ = base::Instant::never();
  base::Instant planned_ = base::Instant::never();  // the deadline that the thread's present wait ends at
  bool armed_ = false;
  bool changed_ = false;  // the thread still waits for an older list
  bool stopping_ = false;

  pthread_t thread_{};
  bool started_ = false;
};

}  // namespace readyloop::loop

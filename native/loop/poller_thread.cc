// The thread of poller_thread.h.
#include "loop/poller_thread.h"

#include <signal.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/token.h"
#include "loop/loop.h"

namespace readyloop::loop {

PollerThread::PollerThread(Notify notify, void* receiver, base::Clock& clock, const selector::PollSyscalls& syscalls,
                           std::unique_ptr<selector::Selector> own_selector,
                           std::unique_ptr<selector::Waker> waker) noexcept
    : notify_(notify),
      receiver_(receiver),
      clock_(clock),
      syscalls_(syscalls),
      own_selector_(std::move(own_selector)),
      waker_(std::move(waker)) {}

base::Result<std::unique_ptr<PollerThread>> PollerThread::start(Notify notify, void* receiver, base::Clock& clock,
                                                                const selector::PollSyscalls& syscalls) noexcept {
  auto own_selector = selector::Selector::create("poll");
  if (!own_selector.ok()) return own_selector.status();
  auto waker = selector::Waker::create(*own_selector.value());
  if (!waker.ok()) return waker.status();
  const base::Status attached = waker.value()->attach(*own_selector.value(), base::Token{});
  if (!attached.ok()) return attached;

  std::unique_ptr<PollerThread> made(
      new PollerThread(notify, receiver, clock, syscalls, own_selector.take(), waker.take()));
  // A thread inherits its creator's mask. Signals belong to Node's threads; one that was handled here would
  // interrupt nothing that waits for it.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  // Not std::thread, which reports a failure by throwing, and this code is built without exceptions.
  const int error = pthread_create(&made->thread_, nullptr, run_thread, made.get());
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (error != 0) return base::Status(error, "pthread_create");
  made->started_ = true;
  return made;
}

PollerThread::~PollerThread() {
  if (!started_) return;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  waker_->wake();
  pthread_join(thread_, nullptr);
}

void PollerThread::arm(const std::vector<pollfd>& wanted, std::uint64_t revision, base::Instant deadline) noexcept {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    const bool same = armed_ && revision == revision_;
    deadline_ = deadline;
    // A thread that still has to look finds the deadline by itself; one that waits for an earlier one finds out then.
    if (same && (changed_ || planned_ <= deadline)) return;
    if (!same) wanted_ = wanted;
    revision_ = revision;
    armed_ = true;
    changed_ = true;
  }
  waker_->wake();
}

void* PollerThread::run_thread(void* thread) noexcept {
  static_cast<PollerThread*>(thread)->run();
  return nullptr;
}

void PollerThread::run() noexcept {
  std::vector<pollfd> descriptors;
  base::Duration wait = kLongestWait;
  while (load(descriptors, wait)) {
    const int ready = syscalls_.wait(descriptors.data(), static_cast<nfds_t>(descriptors.size()), wait);
    if (ready < 0 && errno == EINTR) continue;
    // The waker's is the first. Both may be ready: then the newer list is loaded, and what is ready stays so.
    // A failure (ENOMEM, or EINVAL beyond RLIMIT_NOFILE) counts as readiness: the turn's own select meets it again.
    if (ready > 0 && descriptors.front().revents != 0) {
      waker_->drain();
    } else {
      report_once(ready == 0);
    }
  }
}

// What to wait for now, the waker first, and for how long; false: no more.
bool PollerThread::load(std::vector<pollfd>& out, base::Duration& wait) noexcept {
  out.clear();
  own_selector_->append_pollfds(out);
  const std::lock_guard<std::mutex> lock(mutex_);
  if (armed_) out.insert(out.end(), wanted_.begin(), wanted_.end());
  planned_ = armed_ ? deadline_ : base::Instant::never();
  wait = std::min(kLongestWait, base::until(clock_.now(), planned_));
  changed_ = false;
  return !stopping_;
}

void PollerThread::report_once(bool by_deadline) noexcept {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    // Armed anew since: what is ready may not be wanted any more, and if it is the next poll says so.
    if (changed_) return;
    if (by_deadline && (!armed_ || clock_.now() < deadline_)) return;
    armed_ = false;
  }
  notify_(receiver_);
}

}  // namespace readyloop::loop

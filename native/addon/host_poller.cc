// The poller thread of host_poller.h.
#include "addon/host_poller.h"

#include <signal.h>

#include <cerrno>
#include <utility>

#include "base/token.h"

namespace readyloop::addon {

HostPoller::HostPoller(Notify notify, void* receiver, std::unique_ptr<selector::Selector> own_selector,
                       std::unique_ptr<selector::Waker> waker) noexcept
    : notify_(notify), receiver_(receiver), own_selector_(std::move(own_selector)), waker_(std::move(waker)) {}

base::Result<std::unique_ptr<HostPoller>> HostPoller::start(Notify notify, void* receiver) noexcept {
  auto own_selector = selector::Selector::create("poll");
  if (!own_selector.ok()) return own_selector.status();
  auto waker = selector::Waker::create(*own_selector.value());
  if (!waker.ok()) return waker.status();
  const base::Status attached = waker.value()->attach(*own_selector.value(), base::Token{});
  if (!attached.ok()) return attached;

  std::unique_ptr<HostPoller> poller(new HostPoller(notify, receiver, own_selector.take(), waker.take()));
  // A thread inherits its creator's mask. Signals belong to Node's threads; one that was handled here would
  // interrupt nothing that waits for it.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  // Not std::thread, which reports a failure by throwing, and this code is built without exceptions.
  const int error = pthread_create(&poller->thread_, nullptr, run_thread, poller.get());
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (error != 0) return base::Status(error, "pthread_create");
  poller->started_ = true;
  return poller;
}

HostPoller::~HostPoller() {
  if (!started_) return;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  waker_->wake();
  pthread_join(thread_, nullptr);
}

void HostPoller::arm(const std::vector<pollfd>& wanted, std::uint64_t revision) noexcept {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (armed_ && revision == revision_) return;
    wanted_ = wanted;
    revision_ = revision;
    armed_ = true;
    changed_ = true;
  }
  waker_->wake();
}

void* HostPoller::run_thread(void* poller) noexcept {
  static_cast<HostPoller*>(poller)->run();
  return nullptr;
}

void HostPoller::run() noexcept {
  std::vector<pollfd> descriptors;
  while (load(descriptors)) {
    const int ready = ::poll(descriptors.data(), static_cast<nfds_t>(descriptors.size()), -1);
    // The waker's is the first. Both may be ready: then the newer list is loaded, and what is ready stays so.
    // A failure (ENOMEM, or EINVAL beyond RLIMIT_NOFILE) counts as readiness: the turn's own select meets it again.
    if (ready > 0 && descriptors.front().revents != 0) {
      waker_->drain();
    } else {
      report_once();
    }
  }
}

// What to wait for now, the waker first; false: no more.
bool HostPoller::load(std::vector<pollfd>& out) noexcept {
  out.clear();
  own_selector_->append_pollfds(out);
  const std::lock_guard<std::mutex> lock(mutex_);
  if (armed_) out.insert(out.end(), wanted_.begin(), wanted_.end());
  changed_ = false;
  return !stopping_;
}

void HostPoller::report_once() noexcept {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    // Armed anew since: what is ready may not be wanted any more, and if it is the next poll says so.
    if (changed_) return;
    armed_ = false;
  }
  notify_(receiver_);
}

}  // namespace readyloop::addon

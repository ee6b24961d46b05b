// Waking through EVFILT_USER. See waker_kqueue.h.
#include "selector/waker_kqueue.h"

#include <cassert>
#include <cerrno>

#include "selector/backends.h"
#include "selector/kqueue_change.h"

namespace readyloop::selector {

namespace {

// User events have a number space of their own; we have one event in it.
constexpr std::uintptr_t kWakerIdent = 1;

}  // namespace

base::Status KqueueWaker::attach(Selector& selector, base::Token token) noexcept {
  assert(selector.descriptor() == queue_ && "the event lives in this queue");
  static_cast<void>(selector);
  token_ = token;
  const struct kevent change = make_change(kWakerIdent, EVFILT_USER, EV_ADD | EV_CLEAR, token);
  struct kevent receipt {};
  const int answered = syscalls_.kevent(queue_, &change, 1, &receipt, 1, nullptr);
  if (answered < 0) return base::Status::from_errno("kevent");
  const int error = receipt_error(receipt);
  return error == 0 ? base::Status() : base::Status(error, "kevent");
}

void KqueueWaker::wake() noexcept {
  if (pending_.exchange(true, std::memory_order_acq_rel)) return;
  const int kept = errno;
  struct kevent trigger {};
  trigger.ident = kWakerIdent;
  trigger.filter = EVFILT_USER;
  trigger.fflags = NOTE_TRIGGER;
  // Quirk: any change of an event that exists replaces its user data (BSD; macOS by version), so a trigger without the
  // token would wake the loop under token zero. (waker_kqueue_test: "a trigger keeps the token")
  trigger.udata = to_user_data(token_);
  const int answered = syscalls_.kevent(queue_, &trigger, 1, nullptr, 0, nullptr);
  // EINTR: the manual promises that the change was applied.
  assert((answered >= 0 || errno == EINTR) && "the queue is open and has the event");
  static_cast<void>(answered);
  errno = kept;
}

void KqueueWaker::drain() noexcept { pending_.exchange(false, std::memory_order_acq_rel); }

base::Result<std::unique_ptr<Waker>> open_kqueue_waker(const Selector& selector) noexcept {
  return std::unique_ptr<Waker>(new KqueueWaker(selector.descriptor(), kKqueueSyscalls));
}

}  // namespace readyloop::selector
